import Foundation
import Inventory

/// The metrics of backups that a collector takes by itself; without any, they have no values.
struct BackupMetrics: Sendable {
    private let age: Gauge
    private let checkAge: Gauge
    private let isLate: Gauge
    private let taken: Counter
    private let checksFailed: Counter

    init(_ registry: MetricsRegistry) {
        age = registry.gauge(
            "dbcensus_backup_age_seconds", "Seconds since the newest backup was taken.", unit: .seconds)
        checkAge = registry.gauge(
            "dbcensus_backup_check_age_seconds", "Seconds since a backup was last restored and checked.",
            unit: .seconds)
        isLate = registry.gauge(
            "dbcensus_backup_late",
            "1 when the newest backup is older than twice backup.every, or the last check failed; otherwise 0.")
        taken = registry.counter("dbcensus_backups_total", "Backups that were tried, by outcome.")
        checksFailed = registry.counter(
            "dbcensus_backup_check_failures_total", "Backups that could not be restored and checked.")
    }

    func sample(_ status: BackupStatus?, now: Date) {
        guard let status else { return }
        age.reset()
        checkAge.reset()
        if let newest = status.newest { age.set(max(0, now.timeIntervalSince(newest))) }
        if let checked = status.checked { checkAge.set(max(0, now.timeIntervalSince(checked))) }
        isLate.set(status.isLate(now: now) ? 1 : 0)
        taken.set(Double(status.taken), [("outcome", "ok")])
        taken.set(Double(status.failed), [("outcome", "failed")])
        checksFailed.set(Double(status.checksFailed))
    }
}
