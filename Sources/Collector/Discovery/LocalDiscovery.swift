import AWSClient
import Fleet
import Foundation
import Inventory
import Logging
import Store
import Synchronization

/// Discovery in this process: the session with AWS is made when a run first needs it.
final class LocalDiscovery: Sendable {
    let discovery: Discovery
    let metrics = FleetMetrics()
    private let session: SessionOnce
    private let environment: FleetEnvironment

    /// - Parameters:
    ///   - profile: instead of `AWS_PROFILE`.
    ///   - region: instead of the settings' region.
    init(
        _ configuration: Configuration.Discovery, _ store: InventoryStore, profile: String? = nil,
        region: String? = nil, logger: Logger
    ) {
        let session = SessionOnce(profile: profile, region: region, logger: logger)
        self.session = session
        environment = FleetEnvironment(
            store: store, catalog: store.catalog,
            hub: { () async throws(AWSError) in try await session.hub() },
            externalID: { () throws(AWSError) in
                do throws(ConfigurationError) { return try configuration.readExternalID() } catch {
                    throw AWSError(.configuration, error.message)
                }
            }, logger: logger, metrics: metrics)
        discovery = Discovery(environment, concurrency: configuration.settings.concurrency)
    }

    /// What a run would do.
    func preview(_ settings: DiscoverySettings, _ request: ScanRequest) async throws -> Preview {
        try await Preview(environment, settings, request)
    }

    /// Calls to AWS so far.
    func calls() async -> AWSCallMetrics? { await session.metrics }

    func close() async { await session.close() }
}

/// One session with AWS, made when it is first wanted.
private actor SessionOnce {
    private let profile: String?
    private let region: String?
    private let logger: Logger
    private var session: AWSSession?

    init(profile: String?, region: String?, logger: Logger) {
        self.profile = profile
        self.region = region
        self.logger = logger
    }

    var metrics: AWSCallMetrics? { session?.traffic.metrics }

    func hub() async throws(AWSError) -> AWSClient {
        if session == nil {
            let made = try await AWSSession(
                variables: ProcessInfo.processInfo.environment, profile: profile, logger: logger)
            if session == nil { session = made } else { await made.close() }
        }
        guard let session else { throw AWSError(.credentials, "there is no session with AWS") }
        return session.client(region: region)
    }

    func close() async {
        await session?.close()
        session = nil
    }
}
