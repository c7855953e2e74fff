/// The variants of endpoints: FIPS, dual-stack, and addresses of one's own.
package struct EndpointSettings: Sendable, Equatable {
    package var useFIPS = false
    package var useDualStack = false
    /// `AWS_ENDPOINT_URL`.
    package var url: String?
    /// By the service's id: `AWS_ENDPOINT_URL_SSM` and others.
    package var urls: [String: String] = [:]

    package init() {}

    /// The address of `service` in `region`: where to send, and the path before every other.
    ///
    /// - Throws: `configuration` when the region is no region's name, or an address is not `http://` or `https://`.
    package func endpoint(
        _ service: AWSService, region: String
    ) throws(AWSError) -> (origin: Origin, path: String) {
        if let url = urls[service.id] ?? url {
            guard let endpoint = Origin.parse(url) else {
                throw AWSError(
                    .configuration,
                    "the endpoint of \(service.id) is not http:// or https:// with a host: check AWS_ENDPOINT_URL")
            }
            return endpoint
        }
        guard Partition.isRegionName(region) else {
            throw AWSError(.configuration, "\(region) is not the name of a region, such as eu-west-1")
        }
        return (Origin(host: host(service, region, Partition.of(region))), "")
    }

    /// Whether an own address is set, where a bucket's name goes into the path.
    func isOwn(_ service: AWSService) -> Bool { (urls[service.id] ?? url) != nil }

    private func host(_ service: AWSService, _ region: String, _ partition: Partition) -> String {
        let region = service == .organizations ? partition.organizationsRegion : region
        let fips = useFIPS && !isFIPSAlready(service, partition) ? "-fips" : ""
        if service == .s3 {
            return "s3\(fips)\(useDualStack ? ".dualstack" : "").\(region).\(partition.suffix)"
        }
        let suffix = useDualStack ? partition.dualStackSuffix : partition.suffix
        return "\(service.prefix)\(fips).\(region).\(suffix)"
    }

    /// The ordinary endpoints of us-gov are FIPS endpoints, and have no other name; its dual-stack ones do.
    private func isFIPSAlready(_ service: AWSService, _ partition: Partition) -> Bool {
        partition == .usGov && service != .s3 && (!useDualStack || service == .organizations)
    }
}
