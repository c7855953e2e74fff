import FoundationEssentials

/// What one agent says about one host: the wire contract `dbcensus.report/1`.
///
/// As JSON the keys are sorted and in snake_case, times are RFC 3339 in UTC with milliseconds, sizes are bytes as
/// integers, and a value that could not be learned is `null`. `docs/report.schema.json` is the same in JSON Schema.
public struct Report: Codable, Sendable, Equatable {
    /// The schema that this code writes. A reader takes every `dbcensus.report/1`, and ignores keys that it does not
    /// know.
    public static let currentSchema = "dbcensus.report/1"

    /// The schema's name and its major version.
    public var schema: String
    /// Who wrote the report.
    public var agent: Agent
    /// The machine that was looked at.
    public var host: Host
    /// How the scan went.
    public var scan: Scan
    /// The databases, sorted by `key`; keys are unique within a report.
    public var databases: [Database]

    /// A report of `currentSchema`.
    public init(agent: Agent, host: Host, scan: Scan, databases: [Database]) {
        schema = Self.currentSchema
        self.agent = agent
        self.host = host
        self.scan = scan
        self.databases = databases
    }

    /// The program that wrote a report.
    public struct Agent: Codable, Sendable, Equatable {
        /// The agent's own version, such as `0.1.0`.
        public var version: String
        /// The architecture that it was built for, such as `x86_64`.
        public var architecture: String

        /// The agent `version`, built for `architecture`.
        public init(version: String, architecture: String) {
            self.version = version
            self.architecture = architecture
        }
    }

    /// How a scan went, and what it could not do.
    public struct Scan: Codable, Sendable, Equatable {
        /// Whether everything was seen that there was to see.
        public enum Status: String, Codable, Sendable { case complete, partial }

        /// When the scan began, by the host's clock.
        public var startedAt: Date
        /// How long it took, in milliseconds of the monotonic clock.
        public var durationMs: Int
        /// `partial` when a problem of the host means that a database or a field may be missing.
        public var status: Status
        /// Whether the agent ran as root.
        public var privileged: Bool
        /// What the kernel enforced on the agent.
        public var sandbox: Sandbox
        /// Processes in the table, kernel threads left out.
        public var processesSeen: Int
        /// Users of whose databases something may be missing, although the scan is complete: what an ordinary user's
        /// processes and files cause limits what is known of that user alone. From `subordinateUsers` on, one number
        /// stands for the users of its group.
        public var limitedUsers: [UInt32]
        /// How the part of each engine went that was looked for; empty in reports of earlier agents.
        public var engines: [EngineRun]
        /// What went wrong or was cut short, in the order it was met.
        public var problems: [Problem]

        /// The most users that are listed; with more the scan is partial.
        public static let limitedUsersLimit = 1_000
        /// Where subordinate users begin (subuid(5)); login.defs(5) gives them out in groups of 65,536.
        public static let subordinateUsers: UInt32 = 100_000

        /// The user that stands for `uid` and all who are given out together with it.
        public static func userGroup(of uid: UInt32) -> UInt32 {
            uid < subordinateUsers ? uid : uid - (uid - subordinateUsers) % 65_536
        }

        /// Whether something of the databases of `uid` may be missing.
        public func limits(_ uid: UInt32) -> Bool { limitedUsers.contains(Self.userGroup(of: uid)) }

        /// A finished scan.
        public init(
            startedAt: Date, durationMs: Int, status: Status, privileged: Bool, sandbox: Sandbox, processesSeen: Int,
            engines: [EngineRun] = [], problems: [Problem], limitedUsers: [UInt32] = []
        ) {
            self.startedAt = startedAt
            self.durationMs = durationMs
            self.status = status
            self.privileged = privileged
            self.sandbox = sandbox
            self.processesSeen = processesSeen
            self.engines = engines
            self.problems = problems
            self.limitedUsers = limitedUsers
        }

        /// Reads a scan; earlier agents list neither engines nor limited users.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            startedAt = try values.decode(Date.self, forKey: .startedAt)
            durationMs = try values.decode(Int.self, forKey: .durationMs)
            status = try values.decode(Status.self, forKey: .status)
            privileged = try values.decode(Bool.self, forKey: .privileged)
            sandbox = try values.decode(Sandbox.self, forKey: .sandbox)
            processesSeen = try values.decode(Int.self, forKey: .processesSeen)
            engines = try values.decodeIfPresent([EngineRun].self, forKey: .engines) ?? []
            problems = try values.decode([Problem].self, forKey: .problems)
            limitedUsers = try values.decodeIfPresent([UInt32].self, forKey: .limitedUsers) ?? []
        }

        enum CodingKeys: String, CodingKey {
            case startedAt = "started_at"
            case durationMs = "duration_ms"
            case status, privileged, sandbox
            case processesSeen = "processes_seen"
            case limitedUsers = "limited_users"
            case engines, problems
        }
    }

    /// Which kernel barriers held while the agent looked.
    public struct Sandbox: Codable, Sendable, Equatable {
        /// A seccomp filter was in force.
        public var seccomp: Bool
        /// A Landlock ruleset was in force.
        public var landlock: Bool

        /// The barriers that held.
        public init(seccomp: Bool, landlock: Bool) {
            self.seccomp = seccomp
            self.landlock = landlock
        }
    }

    /// Something that could not be read, was cut short, or does not fit together.
    public struct Problem: Codable, Sendable, Equatable, Hashable {
        /// A stable word for programs, such as `unreadable` (docs/report.md lists them).
        public var code: String
        /// What it is about: a path, a pid, a database's key.
        public var subject: String
        /// One sentence for people.
        public var message: String

        /// The problem `code` with `subject`.
        public init(code: String, subject: String, message: String) {
            self.code = code
            self.subject = subject
            self.message = message
        }
    }
}
