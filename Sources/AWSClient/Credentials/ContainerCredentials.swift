import Foundation

/// The endpoint of an ECS task or of EKS Pod Identity.
///
/// Source: "Container credential provider", AWS SDKs and Tools Reference Guide.
struct ContainerCredentials: CredentialsProvider {
    /// Where plain HTTP is allowed to go: ECS and EKS on the instance, besides loopback.
    static let hosts: Set<String> = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]"]
    static let tokenLimit = 16 << 10

    let environment: AWSEnvironment
    let origin: Origin
    let path: String
    let query: [NamedValue]

    /// - Returns: `nil` when no variable names an endpoint.
    init?(_ environment: AWSEnvironment) throws(AWSError) {
        self.environment = environment
        if let relative = environment.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard relative.hasPrefix("/"), !relative.contains(where: \.isWhitespace) else {
                throw AWSError(.configuration, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with a slash")
            }
            origin = Origin(scheme: "http", host: "169.254.170.2")
            (path, query) = Self.split(relative)
        } else if let full = environment.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            let (address, query) = Self.split(full)
            guard let parsed = Origin.parse(address) else {
                throw AWSError(
                    .configuration, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not an http:// or https:// address")
            }
            guard parsed.origin.scheme == "https" || Self.isAllowed(parsed.origin.host) else {
                throw AWSError(
                    .configuration,
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI names \(parsed.origin.host) without https://: "
                        + "plain HTTP may go to loopback and to the ECS and EKS endpoints only")
            }
            (origin, path, self.query) = (parsed.origin, parsed.path.isEmpty ? "/" : parsed.path, query)
        } else {
            return nil
        }
    }

    private static func isAllowed(_ host: String) -> Bool {
        hosts.contains(host) || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    }

    private static func split(_ text: String) -> (String, [NamedValue]) {
        let parts = text.split(separator: "?", maxSplits: 1).map(String.init)
        let query = parts.count > 1 ? URLComponents(string: "?" + parts[1])?.queryItems ?? [] : []
        return (parts[0], query.map { NamedValue($0.name, $0.value ?? "") })
    }

    func credentials() async throws(AWSError) -> AWSCredentials {
        var call = HTTPCall(
            "GET", origin, path: path, query: query, headers: [NamedValue("Accept", "application/json")])
        if let token = try token() { call.headers.append(NamedValue("Authorization", token)) }
        let http = MetadataHTTP(environment: environment, source: "the container's credential endpoint")
        return try await http.json(MetadataCredentials.self, call).credentials(from: http.source)
    }

    /// Read each time: EKS replaces the file.
    private func token() throws(AWSError) -> String? {
        var token = environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        if let path = environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            guard let bytes = try environment.files.read(path, limit: Self.tokenLimit) else {
                throw AWSError(
                    .credentials, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names \(path), which does not exist")
            }
            token = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard token?.contains(where: { $0.isNewline }) != true else {
            throw AWSError(.credentials, "the container's authorization token has a line end in it")
        }
        return token
    }
}
