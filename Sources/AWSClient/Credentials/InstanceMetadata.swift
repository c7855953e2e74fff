import Foundation

/// IMDSv2: the role and the region of the EC2 instance. IMDSv1 is never asked.
///
/// Source: "Use the Instance Metadata Service to access instance metadata", EC2 User Guide.
package struct InstanceMetadata: CredentialsProvider {
    static let tokenSeconds = 21_600
    private static let roles = "/latest/meta-data/iam/security-credentials/"

    let environment: AWSEnvironment
    let origin: Origin
    let path: String

    /// - Returns: `nil` when `AWS_EC2_METADATA_DISABLED` is true.
    package init?(_ environment: AWSEnvironment, profile: ProfileFile.Section = [:]) throws(AWSError) {
        self.environment = environment
        if environment.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" { return nil }
        let mode =
            environment.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
            ?? profile["ec2_metadata_service_endpoint_mode"]
        let address =
            environment.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? profile["ec2_metadata_service_endpoint"]
            ?? (mode?.lowercased() == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254")
        guard let (origin, path) = Origin.parse(address) else {
            throw AWSError(.configuration, "AWS_EC2_METADATA_SERVICE_ENDPOINT is not an http:// address")
        }
        self.origin = origin
        self.path = path
    }

    private var http: MetadataHTTP {
        let seconds = environment.variable("AWS_METADATA_SERVICE_TIMEOUT").flatMap { Double($0) } ?? 1
        let attempts = environment.variable("AWS_METADATA_SERVICE_NUM_ATTEMPTS").flatMap { Int($0) } ?? 1
        return MetadataHTTP(
            environment: environment, source: "the instance metadata service", timeout: .seconds(max(seconds, 0.1)),
            attempts: max(attempts, 1))
    }

    private func token() async throws(AWSError) -> NamedValue {
        let answer = try await http.send(
            HTTPCall(
                "PUT", origin, path: path + "/latest/api/token",
                headers: [NamedValue("X-aws-ec2-metadata-token-ttl-seconds", String(Self.tokenSeconds))]))
        guard answer.status == 200, !answer.body.isEmpty else {
            throw AWSError(
                .credentials, "the instance metadata service gave no token (status \(answer.status)): allow IMDSv2",
                status: answer.status)
        }
        return NamedValue("X-aws-ec2-metadata-token", String(decoding: answer.body, as: UTF8.self))
    }

    package func credentials() async throws(AWSError) -> AWSCredentials {
        let token = try await token()
        let list = try await http.send(HTTPCall("GET", origin, path: path + Self.roles, headers: [token]))
        let role = String(decoding: list.body.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard list.status == 200, !role.isEmpty else {
            throw AWSError(
                .credentials, "this instance has no IAM role: attach an instance profile", status: list.status)
        }
        let name = PercentEncoding.encode(role)
        return try await http.json(
            MetadataCredentials.self, HTTPCall("GET", origin, path: path + Self.roles + name, headers: [token])
        ).credentials(from: "the instance's role \(role)")
    }

    /// The region that the instance runs in.
    package func region() async throws(AWSError) -> String {
        let call = HTTPCall(
            "GET", origin, path: path + "/latest/meta-data/placement/region", headers: [try await token()])
        let answer = try await http.send(call)
        let region = String(decoding: answer.body, as: UTF8.self)
        guard answer.status == 200, Partition.isRegionName(region) else {
            throw AWSError(.configuration, "the instance metadata service named no region", status: answer.status)
        }
        return region
    }
}
