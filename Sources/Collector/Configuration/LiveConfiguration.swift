import Logging
import Synchronization

/// The configuration of a collector that serves: some of it may change meanwhile.
final class LiveConfiguration: Sendable {
    private let current: Mutex<Configuration>

    init(_ configuration: Configuration) { current = Mutex(configuration) }

    /// What holds now.
    var value: Configuration { current.withLock { $0 } }

    /// Takes from `new` what needs no restart; true when that is all that differs.
    func take(_ new: Configuration) -> Bool {
        current.withLock { now in
            now.retention = new.retention
            now.log.level = new.log.level
            now.metrics.needsToken = new.metrics.needsToken
            now.limits.requestsPerSecond = new.limits.requestsPerSecond
            now.limits.requestBurst = new.limits.requestBurst
            now.limits.bodyBytes = new.limits.bodyBytes
            now.limits.inflatedBytes = new.limits.inflatedBytes
            now.limits.reportBytes = new.limits.reportBytes
            now.limits.reports = new.limits.reports
            return now == new
        }
    }
}
