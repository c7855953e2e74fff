/// What discovery counts of itself since the program began.
public struct DiscoveryCounters: Sendable, Equatable {
    /// Calls of one action of AWS with one outcome.
    public struct Calls: Sendable, Equatable {
        /// `service:Action`.
        public var action: String
        /// `ok`, or the kind of the error.
        public var outcome: String
        /// Attempts, retries included.
        public var attempts: Int
        /// Seconds from sending to the answer, together.
        public var seconds: Double

        /// Calls.
        public init(action: String, outcome: String, attempts: Int, seconds: Double) {
            self.action = action
            self.outcome = outcome
            self.attempts = attempts
            self.seconds = seconds
        }
    }

    /// Runs that ended, by their end.
    public var runs: [String: Int] = [:]
    /// Hosts by reason.
    public var hosts: [String: Int] = [:]
    /// Commands that were sent.
    public var commands = 0
    /// Reads of the state of a command.
    public var polls = 0
    /// Outputs that were read one by one, because they were cut.
    public var longOutputs = 0
    /// Seconds in each phase of tasks, all workers together.
    public var seconds: [String: Double] = [:]
    /// Workers that have a task now.
    public var workers = 0
    /// Calls to AWS.
    public var calls: [Calls] = []

    /// Nothing yet.
    public init() {}
}
