import Synchronization

/// What discovery counts of itself since the program began.
package final class FleetMetrics: Sendable {
    /// The counters.
    package struct Counts: Sendable, Equatable {
        /// Runs that ended, by their end.
        package var runs: [String: Int] = [:]
        /// Hosts by reason.
        package var hosts: [String: Int] = [:]
        /// Commands that were sent, and reads of their state.
        package var commands = 0
        package var polls = 0
        /// Outputs that were read one by one, because they were cut.
        package var longOutputs = 0
        /// Seconds in each phase of tasks, all workers together.
        package var seconds: [String: Double] = [:]
        /// Workers that have a task now.
        package var workers = 0
    }

    private let counts = Mutex(Counts())

    package init() {}

    /// The counters now.
    package var now: Counts { counts.withLock { $0 } }

    func change(_ body: (inout Counts) -> Void) { counts.withLock { body(&$0) } }
}
