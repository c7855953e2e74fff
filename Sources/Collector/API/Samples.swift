import Foundation
import Report
import Store

extension Backend {
    /// What the store and the queue are now, as metrics; some reads of small tables.
    func samples(_ store: InventoryStore, now: Date = Date()) throws -> [Metrics.Sample] {
        func gauge(
            _ name: String, _ help: String, _ value: Double, _ labels: [(String, String)] = []
        ) -> Metrics.Sample {
            .init(definition: .init(name: name, help: help, type: "gauge"), labels: labels, value: value)
        }
        let depth = queue.depth
        let summary = try store.summary()
        var samples = [
            gauge("dbcensus_build_info", "The collector's version.", 1, [("version", CollectorCommand.version)]),
            gauge("dbcensus_queue_reports", "Reports that wait to be stored.", Double(depth.reports)),
            gauge("dbcensus_queue_bytes", "Bytes of reports that are worked on, inflated.", Double(depth.bytes)),
            gauge("dbcensus_store_bytes", "The store's files together.", Double(summary.bytes)),
            gauge("dbcensus_store_free_bytes", "Free space on the store's disk.", Double(summary.freeBytes)),
            gauge("dbcensus_dead_letters", "Reports that were refused and are kept.", Double(summary.deadLetters)),
        ]
        if let oldest = summary.oldestHost.flatMap(Timestamp.parse) {
            samples.append(
                gauge(
                    "dbcensus_oldest_host_seconds",
                    "Seconds since the least recently seen host last reported, retired hosts left out.",
                    max(0, now.timeIntervalSince(oldest))))
        }
        for (status, count) in try store.hostCounts().sorted(by: { $0.key < $1.key }) {
            samples.append(
                gauge(
                    "dbcensus_hosts", "Hosts, by the result of their last scan.", Double(count),
                    [("scan_status", status)]))
        }
        for item in try store.stats(groupBy: ["engine", "state"]).items.prefix(200) {
            let labels = ["engine", "state"].map { ($0, (item.group[$0] ?? nil) ?? "") }
            // A group of the state "missing" has no database that is there.
            samples.append(
                gauge(
                    "dbcensus_databases", "Databases, by engine and state.", Double(item.databases + item.missing),
                    labels))
        }
        for (kind, count) in try store.hostEventCounts().sorted(by: { $0.key < $1.key }) {
            samples.append(
                .init(
                    definition: .init(
                        name: "dbcensus_host_events_total",
                        help: "Changes of hosts' senders, accounts and identities, and refused ones, by kind.",
                        type: "counter"), labels: [("kind", kind)], value: Double(count)))
        }
        return samples
    }
}
