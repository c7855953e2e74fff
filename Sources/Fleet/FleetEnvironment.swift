import AWSClient
import Foundation
import Inventory
import Logging
import NIOPosix

/// What discovery takes from outside: the store, AWS, the clock, randomness and the log.
package struct FleetEnvironment: Sendable {
    package var store: any DiscoveryQueue & ReportSink
    /// The columns that reports fill.
    package var catalog: Catalog
    /// Makes the client of the collector's own identity; called when a run first needs it.
    package var hub: @Sendable () async throws(AWSError) -> AWSClient
    /// What the roles' trust policies ask for.
    package var externalID: @Sendable () throws(AWSError) -> String?
    package var now: @Sendable () -> Date
    package var logger: Logger
    /// What discovery counts of itself.
    package var metrics: FleetMetrics
    /// Keeps who began which run, and how it ended.
    package var audit: @Sendable (AuditEntry) -> Void

    package init(
        store: any DiscoveryQueue & ReportSink, catalog: Catalog = .current,
        hub: @escaping @Sendable () async throws(AWSError) -> AWSClient,
        externalID: @escaping @Sendable () throws(AWSError) -> String?,
        now: (@Sendable () -> Date)? = nil, logger: Logger, metrics: FleetMetrics = FleetMetrics(),
        audit: @escaping @Sendable (AuditEntry) -> Void = { _ in }
    ) {
        self.store = store
        self.catalog = catalog
        self.hub = hub
        self.externalID = externalID
        self.now = now ?? { store.now() }
        self.logger = logger
        self.metrics = metrics
        self.audit = audit
    }

    /// What the API does with the store does not wait behind large reports.
    private static let pool: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }()

    /// Reads or writes the store on threads of its own.
    func stored<Value: Sendable>(
        _ body: @escaping @Sendable (any DiscoveryQueue & ReportSink) throws -> Value
    ) async throws -> Value {
        try await Self.pool.runIfActive { [store] in try body(store) }
    }

    /// A log that names the run, and the scope.
    func logger(_ lease: TaskLease) -> Logger {
        var logger = logger
        logger[metadataKey: "job"] = "\(lease.job.id)"
        if lease.accountID != "*" { logger[metadataKey: "account"] = "\(lease.accountID)" }
        if lease.region != "*" { logger[metadataKey: "region"] = "\(lease.region)" }
        return logger
    }
}
