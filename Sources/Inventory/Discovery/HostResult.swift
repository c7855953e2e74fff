import FoundationEssentials

/// How an invocation ended for one host.
public struct HostResult: Sendable, Equatable {
    /// The instance.
    public var instanceID: String
    /// How it ended.
    public var reason: Reason
    /// More about it.
    public var detail: String?
    /// When AWS took the command.
    public var startedAt: Date?
    /// When it ended.
    public var endedAt: Date?
    /// Databases in its report.
    public var databases: Int?
    /// It is asked once more, after this; `fetches` when it has to download the agent first.
    public var again: Again?

    /// How a host is asked once more.
    public struct Again: Sendable, Equatable {
        /// Whether it downloads the agent.
        public var fetches: Bool
        /// The agent's architecture, when it turned out to be another; nil for the same.
        public var architecture: String?

        /// Asked again.
        public init(fetches: Bool, architecture: String? = nil) {
            self.fetches = fetches
            self.architecture = architecture
        }
    }

    /// A result.
    public init(_ instanceID: String, _ reason: Reason, detail: String? = nil) {
        self.instanceID = instanceID
        self.reason = reason
        self.detail = detail
    }
}
