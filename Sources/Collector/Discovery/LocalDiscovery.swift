import AWSClient
import Fleet
import Foundation
import Inventory
import Logging
import Report
import Store
import Synchronization

/// Discovery in this process: the session with AWS is made when a run first needs it.
final class LocalDiscovery: Sendable {
    let discovery: Discovery
    let metrics = FleetMetrics()
    let scheduler: Scheduler?
    private let configuration: Configuration.Discovery
    private let session: SessionOnce
    private let environment: FleetEnvironment

    /// - Parameters:
    ///   - profile: instead of `AWS_PROFILE`.
    ///   - region: instead of the settings' region.
    init(
        _ configuration: Configuration.Discovery, _ store: InventoryStore, profile: String? = nil,
        region: String? = nil, logger: Logger, audit: @escaping @Sendable (AuditEntry) -> Void
    ) {
        self.configuration = configuration
        let session = SessionOnce(profile: profile, region: region, logger: logger)
        self.session = session
        environment = FleetEnvironment(
            store: store, catalog: store.catalog,
            hub: { () async throws(AWSError) in try await session.hub() },
            externalID: { () throws(AWSError) in
                do throws(ConfigurationError) { return try configuration.readExternalID() } catch {
                    throw AWSError(.configuration, error.message)
                }
            }, logger: logger, metrics: metrics, audit: audit)
        let discovery = Discovery(
            environment, concurrency: configuration.settings.concurrency, takesTasks: configuration.takesTasks)
        self.discovery = discovery
        guard let text = configuration.schedule.cron,
            let cron = try? Cron(text, timeZone: configuration.schedule.timeZone)
        else {
            scheduler = nil
            return
        }
        scheduler = Scheduler(
            environment, cron: cron, jitter: configuration.schedule.jitter / .seconds(1),
            begin: { due in
                try discovery.begin(
                    JobMaker.job(
                        ScanRequest(), configuration.settings, origin: "schedule", requestedBy: "schedule",
                        idempotencyKey: "\(Int(due.timeIntervalSince1970 / 60))", now: store.now()), dueAt: due)
            })
    }

    /// What a run would do.
    func preview(_ settings: DiscoverySettings, _ request: ScanRequest) async throws -> Preview {
        try await Preview(environment, settings, request)
    }

    /// Removes the agent from all hosts.
    func clean(_ settings: DiscoverySettings) async throws -> [HostCleaner.Scope] {
        try await HostCleaner(environment, settings).run()
    }

    /// A client of the collector's own identity.
    func hub() async throws(AWSError) -> AWSClient { try await session.hub() }

    func close() async { await session.close() }
}

extension LocalDiscovery: DiscoveryControl {
    func begin(
        _ request: ScanRequest, origin: String, requestedBy: String, traceparent: String?, idempotencyKey: String?
    ) throws -> (job: Job, isNew: Bool) {
        try discovery.begin(
            JobMaker.job(
                request, configuration.settings, origin: origin, requestedBy: requestedBy, traceparent: traceparent,
                idempotencyKey: idempotencyKey, now: environment.now()))
    }

    func wake() { discovery.wake() }

    var nextRun: Date? { scheduler?.next }

    func isOverdue(_ last: String?, now: Date) -> Bool {
        scheduler?.isOverdue(since: last.flatMap(Timestamp.parse), now: now) ?? false
    }

    func counters() -> DiscoveryCounters {
        var counters = metrics.now
        counters.calls = session.calls.snapshot().map { key, counts in
            .init(action: key.action, outcome: key.outcome, attempts: counts.attempts, seconds: counts.seconds)
        }
        return counters
    }
}

/// One session with AWS, made when it is first wanted.
private actor SessionOnce {
    private let profile: String?
    private let region: String?
    private let logger: Logger
    private var session: AWSSession?
    /// Counts the calls of every session.
    nonisolated let calls = AWSCallMetrics()

    init(profile: String?, region: String?, logger: Logger) {
        self.profile = profile
        self.region = region
        self.logger = logger
    }

    func hub() async throws(AWSError) -> AWSClient {
        if session == nil {
            let made = try await AWSSession(
                variables: ProcessInfo.processInfo.environment, profile: profile, logger: logger)
            if session == nil { session = made } else { await made.close() }
        }
        guard let session else { throw AWSError(.credentials, "there is no session with AWS") }
        var client = session.client(region: region)
        client.traffic = AWSTraffic(metrics: calls)
        return client
    }

    func close() async {
        await session?.close()
        session = nil
    }
}
