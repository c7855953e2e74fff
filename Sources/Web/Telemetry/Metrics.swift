import Foundation
import Inventory
import Report

/// The metrics of a collector.
public final class Metrics: Sendable {
    let registry = MetricsRegistry()
    let requests: Counter
    /// All requests and those that failed here, without labels: alarms of CloudWatch cannot add up labels.
    let answers: Counter
    let serverErrors: Counter
    let requestSeconds: HistogramMetric
    let refusals: Counter
    let reports: Counter
    let commitSeconds: HistogramMetric
    let batchReports: HistogramMetric
    let auditDropped: Counter
    private let build: Gauge
    private let queueReports: Gauge
    private let queueBytes: Gauge
    private let storeBytes: Gauge
    private let storeFreeBytes: Gauge
    private let storeFreePercent: Gauge
    private let deadLetters: Gauge
    private let oldestHost: Gauge
    private let hosts: Gauge
    private let databases: Gauge
    private let hostEvents: Counter
    let spool: SpoolMetrics
    private let replicas: ReplicaMetrics
    private let discovery: DiscoveryMetrics
    private let backups: BackupMetrics

    private static let seconds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let sizes: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]

    init() {
        discovery = DiscoveryMetrics(registry)
        backups = BackupMetrics(registry)
        spool = SpoolMetrics(registry)
        replicas = ReplicaMetrics(registry)
        build = registry.gauge("dbcensus_build_info", "The version of the collector.")
        queueReports = registry.gauge("dbcensus_queue_reports", "Reports that wait to be stored.")
        queueBytes = registry.gauge(
            "dbcensus_queue_bytes", "Bytes of reports in work, inflated.", unit: .bytes)
        storeBytes = registry.gauge("dbcensus_store_bytes", "Size of the store's files.", unit: .bytes)
        storeFreeBytes = registry.gauge("dbcensus_store_free_bytes", "Free space on the store's disk.", unit: .bytes)
        storeFreePercent = registry.gauge(
            "dbcensus_store_free_percent", "Free space on the store's disk, in percent.", unit: .percent)
        deadLetters = registry.gauge("dbcensus_dead_letters", "Rejected reports that are kept.")
        oldestHost = registry.gauge(
            "dbcensus_oldest_host_seconds",
            "Seconds since the least recently seen host last reported. Retired hosts do not count.", unit: .seconds)
        hosts = registry.gauge("dbcensus_hosts", "Hosts, by the status of their last scan.")
        databases = registry.gauge("dbcensus_databases", "Databases, by engine and state.")
        hostEvents = registry.counter(
            "dbcensus_host_events_total",
            "Changes of the sender, account or identity of hosts, and rejected ones, by kind.")
        reports = registry.counter("dbcensus_reports_total", "Reports received, by outcome.")
        requests = registry.counter(
            "dbcensus_http_requests_total", "HTTP requests, by route, method and status.")
        answers = registry.counter("dbcensus_http_answers_total", "HTTP requests that were answered.")
        serverErrors = registry.counter(
            "dbcensus_http_server_errors_total", "HTTP requests that were answered with a status of 500 or more.")
        refusals = registry.counter(
            "dbcensus_access_refusals_total", "Requests rejected by access checks and limits, by reason.")
        auditDropped = registry.counter(
            "dbcensus_audit_dropped_total", "Lines of the audit log that could not be written.")
        requestSeconds = registry.histogram(
            "dbcensus_http_request_duration_seconds", "Duration of HTTP requests, by route.", unit: .seconds,
            Self.seconds)
        commitSeconds = registry.histogram(
            "dbcensus_commit_duration_seconds", "Duration of commits of reports.", unit: .seconds, Self.seconds)
        batchReports = registry.histogram("dbcensus_batch_reports", "Reports of one commit.", Self.sizes)
    }

    /// Reads what this process knows without its store.
    func sample(_ backend: Backend) {
        let now = backend.store.now()
        backups.sample(backend.backups(), now: now)
        spool.sample(backend.spool, backend.reach, now: now)
        replicas.sample(backend.replicated?.readReplicas ?? [])
        build.set(1, [("version", backend.live.value.version)])
        let depth = backend.queue.depth
        queueReports.set(Double(depth.reports))
        queueBytes.set(Double(depth.bytes))
    }

    /// Reads what the store has now; some reads of small tables.
    func sample(_ store: any WebStore, _ control: (any DiscoveryControl)?) throws {
        let now = store.now()
        try discovery.sample(store, control, now: now)
        let summary = try store.summary()
        storeBytes.set(Double(summary.bytes))
        // A server's disk is the server's to watch.
        storeFreeBytes.reset()
        storeFreePercent.reset()
        if summary.diskBytes > 0 {
            storeFreeBytes.set(Double(summary.freeBytes))
            storeFreePercent.set(100 * Double(summary.freeBytes) / Double(summary.diskBytes))
        }
        deadLetters.set(Double(summary.deadLetters))
        oldestHost.reset()
        if let oldest = summary.oldestHost.flatMap(Timestamp.parse) {
            oldestHost.set(max(0, now.timeIntervalSince(oldest)))
        }
        hosts.reset()
        for (status, count) in try store.hostCounts() { hosts.set(Double(count), [("scan_status", status)]) }
        databases.reset()
        for item in try store.stats(groupBy: ["engine", "state"], conditions: [], bounds: Bounds()).items.prefix(200) {
            let labels = ["engine", "state"].map { ($0, (item.group[$0] ?? nil) ?? "") }
            // A group of the state "missing" has no database that is there.
            databases.set(Double(item.databases + item.missing), labels)
        }
        for (kind, count) in try store.hostEventCounts() { hostEvents.set(Double(count), [("kind", kind)]) }
    }
}

extension Backend {
    /// Reads what the store and the process are now into the metrics. Where there is a spool, those of
    /// the store keep their last values while it cannot be reached.
    public func sampleMetrics() async throws {
        metrics.sample(self)
        do { try await reach.ask { try metrics.sample(store, discovery) } } catch is StoreReach.Away {
            metrics.sample(self)
        }
    }

    /// How many hosts each account has, and how many of them reported in their last run.
    ///
    /// Of an organisation with more than `Coverage.limit` groups of accounts and reasons, those with the most hosts.
    public func accountCoverage() throws -> [(id: String, hosts: Int, answered: Int)] {
        var accounts: [String: (hosts: Int, answered: Int)] = [:]
        for item in try store.coverage(groupBy: ["account", "reason"], conditions: [], bounds: Bounds()).items {
            let reason = (item.group["reason"] ?? nil).flatMap(Reason.init(rawValue:))
            let account = (item.group["account"] ?? nil) ?? ""
            accounts[account, default: (0, 0)].hosts += item.hosts
            if reason?.isAnswered ?? false { accounts[account, default: (0, 0)].answered += item.hosts }
        }
        return accounts.sorted { $0.key < $1.key }.map { ($0.key, $0.value.hosts, $0.value.answered) }
    }
}
