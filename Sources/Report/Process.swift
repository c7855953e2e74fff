import FoundationEssentials

extension Report {
    /// A database's server process.
    public struct Process: Codable, Sendable, Equatable {
        /// Its number in the host's pid namespace.
        public var pid: Int32
        /// Its parent's number.
        @ExplicitNull public var ppid: Int32?
        /// The name of its effective user, from the passwd file that the process sees.
        @ExplicitNull public var user: String?
        /// Its effective user's number, as the host counts.
        @ExplicitNull public var uid: UInt32?
        /// The running program's file, as the kernel names it.
        @ExplicitNull public var executable: String?
        /// The file was deleted or replaced since: upgraded on disk, old code running. Null where the link was
        /// unreadable.
        @ExplicitNull public var executableDeleted: Bool?
        /// Allow-listed arguments only, in their order.
        public var arguments: [String]
        /// When it started, by the kernel's clock ticks.
        @ExplicitNull public var startedAt: Date?
        /// Resident memory, in bytes.
        @ExplicitNull public var memoryBytes: Int64?
        /// Its number in its own pid namespace, where that is another.
        @ExplicitNull public var containerPid: Int32?

        /// The process `pid`, of which nothing else is known yet.
        public init(pid: Int32) {
            self.pid = pid
            arguments = []
        }

        enum CodingKeys: String, CodingKey {
            case pid, ppid, user, uid, executable
            case executableDeleted = "executable_deleted"
            case arguments
            case startedAt = "started_at"
            case memoryBytes = "memory_bytes"
            case containerPid = "container_pid"
        }
    }
}
