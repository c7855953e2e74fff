import FoundationEssentials

/// Up to 50 hosts of a task that get one command.
public struct Batch: Sendable, Equatable {
    /// How far it is.
    public enum State: String, Sendable {
        /// Nothing was sent.
        case planned
        /// AWS was asked to send it, and its answer is not known yet.
        case sending
        case sent
        case done
    }

    /// Its row.
    public var row: Int64
    /// The comment of its command, which no other command has.
    public var comment: String
    /// How far it is.
    public var state: State
    /// The agent's architecture.
    public var architecture: String
    /// Whether the hosts download the agent.
    public var fetches: Bool
    /// The command, once AWS answered.
    public var commandID: String?
    /// When AWS was first asked to send it.
    public var sendingAt: Date?
    /// The hosts that have no reason yet, and how often each was asked, this time included.
    public var hosts: [String: Int]

    /// A batch.
    public init(
        row: Int64, comment: String, state: State, architecture: String, fetches: Bool, commandID: String?,
        sendingAt: Date?, hosts: [String: Int]
    ) {
        self.row = row
        self.comment = comment
        self.state = state
        self.architecture = architecture
        self.fetches = fetches
        self.commandID = commandID
        self.sendingAt = sendingAt
        self.hosts = hosts
    }
}

/// What a task does next with its hosts.
public enum BatchStep: Sendable, Equatable {
    /// A batch to send.
    case batch(Batch)
    /// No host waits, or none may be asked now.
    case nothing
    /// The run was told to stop.
    case stopped
}
