import Logging

/// What a program that talks to AWS needs: the transport, the settings and the identity, from the environment.
///
/// Call `close()` at the end.
package struct AWSSession: Sendable {
    package let environment: AWSEnvironment
    package let settings: AWSSettings
    package let credentials: any CredentialsProvider
    package let traffic: AWSTraffic
    private let transport: AsyncHTTPTransport

    /// - Parameter profile: instead of `AWS_PROFILE`.
    /// - Throws: `configuration` or `credentials`, before any request is sent.
    package init(variables: [String: String], profile: String? = nil, logger: Logger) async throws(AWSError) {
        // The profile may name the certificates that the transport trusts: files are read before it is made.
        let files = AWSEnvironment(variables: variables, transport: NoTransport(), logger: logger)
        let profiles = try Profiles(files, profile: profile)
        settings = try AWSSettings(variables: variables, profiles: profiles)
        transport = try AsyncHTTPTransport(variables: variables, authorities: settings.caBundle)
        environment = AWSEnvironment(variables: variables, transport: transport, logger: logger)
        do throws(AWSError) {
            credentials = try CredentialChain(environment, profiles, settings).provider()
        } catch {
            await transport.shutdown()
            throw error
        }
        traffic = AWSTraffic()
    }

    /// A client for the region, or for the settings' region.
    package func client(region: String? = nil, account: String = "-") -> AWSClient {
        AWSClient(
            environment: environment, settings: settings, credentials: credentials, account: account,
            region: region ?? settings.region ?? AWSSettings.fallbackRegion, traffic: traffic)
    }

    package func close() async { await transport.shutdown() }
}

private struct NoTransport: HTTPTransport {
    func send(_ call: HTTPCall, timeout: Duration, limit: Int) async throws(TransportError) -> HTTPAnswer {
        throw TransportError(.connection, "there is no network yet")
    }
}
