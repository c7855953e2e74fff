import Foundation
import Inventory
import Report

/// The metrics of a spool; without one, they have no values.
struct SpoolMetrics: Sendable {
    /// Reports that were delivered, by what became of them.
    let delivered: Counter
    /// Reports that the store took in no way.
    let refused: Counter
    private let isReachable: Gauge
    private let reports: Gauge
    private let bytes: Gauge
    private let oldest: Gauge

    init(_ registry: MetricsRegistry) {
        isReachable = registry.gauge(
            "dbcensus_store_reachable", "1 while the store takes reports; 0 while only the spool does.")
        reports = registry.gauge("dbcensus_spool_reports", "Reports that wait on the collector's disk for the store.")
        bytes = registry.gauge("dbcensus_spool_bytes", "Size of the spool's files.", unit: .bytes)
        oldest = registry.gauge(
            "dbcensus_spool_oldest_seconds", "Seconds since the first report of the spool was received.",
            unit: .seconds)
        delivered = registry.counter(
            "dbcensus_spool_delivered_total", "Spooled reports that reached the store, by outcome.")
        refused = registry.counter(
            "dbcensus_spool_refused_total", "Spooled reports that the store did not take: they are in refused.ndjson.")
    }

    func sample(_ spool: Spool?, _ reach: StoreReach, now: Date) {
        guard let spool else { return }
        isReachable.set(reach.isCutOff ? 0 : 1)
        let depth = spool.depth
        reports.set(Double(depth.reports))
        bytes.set(Double(depth.bytes))
        let first = depth.oldest.flatMap(Timestamp.parse)
        oldest.set(first.map { max(0, now.timeIntervalSince($0)) } ?? 0)
    }
}
