import Synchronization

/// Counters of calls, by action and outcome.
package final class AWSCallMetrics: Sendable {
    package struct Key: Hashable, Sendable {
        /// `service:Action`.
        package var action: String
        /// `ok`, or the kind of the error.
        package var outcome: String
    }

    package struct Counts: Sendable, Equatable {
        /// Attempts that had this outcome.
        package var attempts = 0
        /// Of those, how many came after another attempt of the same call.
        package var retries = 0
        /// Time from sending to the answer, together.
        package var seconds = 0.0
    }

    private let counts = Mutex<[Key: Counts]>([:])

    package init() {}

    func record(action: String, outcome: String, attempt: Int, seconds: Double) {
        counts.withLock { counts in
            var entry = counts[Key(action: action, outcome: outcome)] ?? Counts()
            entry.attempts += 1
            entry.retries += attempt > 1 ? 1 : 0
            entry.seconds += seconds
            counts[Key(action: action, outcome: outcome)] = entry
        }
    }

    /// All counters now.
    package func snapshot() -> [Key: Counts] { counts.withLock { $0 } }
}
