/// The standard settings: each from its variable, then from the chosen profile, then its default.
///
/// Source: "Settings reference", AWS SDKs and Tools Reference Guide.
package struct AWSSettings: Sendable, Equatable {
    /// Whether a rate limit for each account, region and action slows calls down after AWS throttled one.
    package enum RetryMode: String, Sendable { case standard, adaptive }

    /// The region for requests that need one and were given none.
    static let fallbackRegion = "us-east-1"
    static let mostAttempts = 20

    /// `AWS_REGION`, `AWS_DEFAULT_REGION`, `region`.
    package var region: String?
    package var endpoints = EndpointSettings()
    /// `AWS_MAX_ATTEMPTS`, `max_attempts`.
    package var maxAttempts = 3
    /// `AWS_RETRY_MODE`, `retry_mode`. `adaptive` unless the setting says `standard`.
    package var retryMode = RetryMode.adaptive
    /// `AWS_CA_BUNDLE`, `ca_bundle`.
    package var caBundle: String?

    package init() {}

    /// - Throws: `configuration`, naming the setting.
    package init(variables: [String: String], profiles: Profiles) throws(AWSError) {
        let section = profiles.chosen
        func setting(_ names: [String], _ key: String) -> (name: String, text: String)? {
            for name in names { if let text = variables[name], !text.isEmpty { return (name, text) } }
            return section[key].flatMap { $0.isEmpty ? nil : (key, $0) }
        }
        func flag(_ name: String, _ key: String) throws(AWSError) -> Bool {
            guard let (name, text) = setting([name], key) else { return false }
            switch text.lowercased() {
            case "true": return true
            case "false": return false
            default: throw AWSError(.configuration, "\(name) is \(text): write true or false")
            }
        }
        region = setting(["AWS_REGION", "AWS_DEFAULT_REGION"], "region")?.text
        if let region, !Partition.isRegionName(region) {
            throw AWSError(
                .configuration, "AWS_REGION is \(region), which is not the name of a region, such as eu-west-1")
        }
        caBundle = setting(["AWS_CA_BUNDLE"], "ca_bundle")?.text
        endpoints.useFIPS = try flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
        endpoints.useDualStack = try flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
        if let (name, text) = setting(["AWS_MAX_ATTEMPTS"], "max_attempts") {
            guard let number = Int(text), (1...Self.mostAttempts).contains(number) else {
                throw AWSError(.configuration, "\(name) is \(text): write a number from 1 to \(Self.mostAttempts)")
            }
            maxAttempts = number
        }
        if let (name, text) = setting(["AWS_RETRY_MODE"], "retry_mode") {
            // The legacy mode was replaced by the standard one.
            guard let mode = RetryMode(rawValue: text.lowercased() == "legacy" ? "standard" : text.lowercased()) else {
                throw AWSError(.configuration, "\(name) is \(text): write standard or adaptive")
            }
            retryMode = mode
        }
        guard variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() != "true" else { return }
        endpoints.url = setting(["AWS_ENDPOINT_URL"], "endpoint_url")?.text
        let services = section["services"].flatMap { profiles.file.services[$0] } ?? [:]
        for (key, text) in services where key.hasSuffix(".endpoint_url") {
            endpoints.urls[key.dropLast(".endpoint_url".count).uppercased()] = text
        }
        // A variable for all services is weaker than a variable for one, and stronger than the profile.
        if variables["AWS_ENDPOINT_URL"]?.isEmpty == false { endpoints.urls = [:] }
        for (name, text) in variables where name.hasPrefix("AWS_ENDPOINT_URL_") && !text.isEmpty {
            endpoints.urls[String(name.dropFirst("AWS_ENDPOINT_URL_".count))] = text
        }
    }
}
