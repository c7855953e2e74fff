import Foundation

extension AWSClient {
    /// A password with which `user` signs in to a server of RDS or Aurora. It is valid for 15 minutes, over TLS only.
    ///
    /// Nothing is sent: it is a signed request that the server checks. It needs `rds-db:connect`. Source: "IAM database
    /// authentication", RDS User Guide.
    package func databasePassword(host: String, port: Int, user: String) async throws(AWSError) -> String {
        guard let credentials else { throw AWSError(.credentials, "this client has no credentials") }
        let call = HTTPCall(
            "GET", Origin(host: host, port: port),
            query: [NamedValue("Action", "connect"), NamedValue("DBUser", user)])
        let signer = SigV4(
            credentials: try await credentials.credentials(), region: region, service: "rds-db",
            date: environment.now())
        return String(signer.presign(call, seconds: 900, hash: SigV4.emptyHash).url.dropFirst("https://".count))
    }
}
