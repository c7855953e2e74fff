import Inventory

/// The metrics of copies of the store; without any, they have no values.
struct ReplicaMetrics: Sendable {
    private let lag: Gauge
    private let isUsed: Gauge
    private let reads: Counter

    init(_ registry: MetricsRegistry) {
        lag = registry.gauge(
            "dbcensus_replica_lag_seconds",
            "Everything that was committed before so many seconds is in the copy of the store. Absent if not known.",
            unit: .seconds)
        isUsed = registry.gauge("dbcensus_replica_used", "1 while questions go to the copy of the store; otherwise 0.")
        reads = registry.counter(
            "dbcensus_replica_reads_total", "Questions to copies of the store, by outcome: answered or failed.")
    }

    func sample(_ replicas: [ReadReplica]) {
        lag.reset()
        isUsed.reset()
        for replica in replicas {
            let label = ("replica", replica.name)
            if let seconds = replica.secondsBehind { lag.set(seconds, [label]) }
            isUsed.set(replica.isUsed ? 1 : 0, [label])
            reads.set(Double(replica.reads), [label, ("outcome", "answered")])
            reads.set(Double(replica.failedReads), [label, ("outcome", "failed")])
        }
    }
}
