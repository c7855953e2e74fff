import FoundationEssentials
import Report

/// Stores reports. What it answered is durable.
public protocol ReportSink: StoreClock {
    /// Stores the observations, keeps rejected reports as dead letters, and answers each report, in their order.
    ///
    /// - Parameter quota: what each sender may write a day.
    /// - Throws: `StoreError` when the store cannot write; then nothing is stored.
    func take(_ groups: [(reports: [IncomingReport], sender: String)], quota: SenderQuota) throws -> [[IngestResult]]

    /// The digests of the last reports of hosts, nil where there is none.
    func digests(of hosts: [HostIdentity]) throws -> [Int64?]

    /// The ids among `ids` of tokens that are valid now.
    func validTokens(_ ids: Set<String>, now: Date?) throws -> Set<String>

    /// Throws unless the store can be read and has room to write.
    func probe() throws

    /// Throws unless the store commits a transaction.
    func probeCommit() throws
}

/// The limits of one transaction.
public enum IngestBatch {
    /// The most reports of one transaction.
    public static let reports = 256
    /// The most databases of one transaction, unless one report has more.
    public static let databases = 2_000
}

/// Reports that were rejected.
public protocol DeadLetterStore: Sendable {
    /// The bytes of a dead letter, as they came; nil when there is none of that number.
    func deadLetterBody(_ id: Int64) throws -> [UInt8]?

    /// Tries a dead letter again, and removes it when it is stored; nil when there is none of that number.
    ///
    /// - Parameter takesOver: an operator lets its sender report for the host from now on.
    func retryDeadLetter(_ id: Int64, takesOver: Bool, now: Date?) throws -> IngestOutcome?
}

/// What operators do with hosts. Each method answers false or nil when there is no such host.
public protocol HostAdministration: StoreClock {
    /// A host's tags.
    func tags(_ hostID: String) throws -> [String: String]

    /// Sets some of a host's tags, and removes those that are nil.
    func setTags(_ hostID: String, _ tags: [String: String?]) throws -> Bool

    /// Marks a host as retired: it no longer exists, its databases are missing, and no alert counts it. A report brings
    /// it back.
    func retireHost(_ id: String, source: String, now: Date?) throws -> Bool

    /// Removes a host with its databases, history, changes, sizes, reports and tags.
    func forgetHost(_ id: String, source: String, now: Date?) throws -> Bool

    /// Sorts a host's reports again: those of another sender or another machine become hosts of their own.
    func splitHost(_ id: String, source: String, now: Date?) throws -> HostSplit?
}

/// What became of a host that was split.
public struct HostSplit: Codable, Sendable, Equatable {
    /// The hosts that its reports belong to now.
    public var hosts: [String]
    /// Reports that their host's sender did not send: they are dead letters now.
    public var refused: Int

    /// The result of a split.
    public init(hosts: [String], refused: Int) {
        self.hosts = hosts
        self.refused = refused
    }
}

/// The audit log.
public protocol AuditLog: StoreClock {
    /// Adds lines, and the times at which tokens were used, in one transaction.
    func record(_ lines: [AuditEntry], tokensUsed: [String: Date]) throws
}

/// One line of the audit log: who asked for what, or changed what. `List.audit` documents the columns.
public struct AuditEntry: Sendable, Equatable {
    /// When it happened: RFC 3339, UTC.
    public var at: String
    /// A token's id; `cli` for the command line; `-` for none.
    public var actor: String
    /// The peer's address, or the user of the command line.
    public var address: String?
    /// The method and the route, or the command.
    public var action: String
    /// The path and the query, without secrets.
    public var target: String?
    /// The HTTP status.
    public var status: Int?
    /// The id of the last request.
    public var requestID: String?
    /// How many equal requests it stands for.
    public var count = 1

    /// A line for one request or command.
    public init(
        at: Date, actor: String, address: String?, action: String, target: String?, status: Int?, requestID: String?
    ) {
        self.at = Timestamp.format(at)
        self.actor = actor
        self.address = address
        self.action = action
        self.target = target
        self.status = status
        self.requestID = requestID
    }
}

/// Removes what is older than the retention, in small steps.
public protocol Retention: StoreClock {
    /// One step; false when nothing is left to do in this run.
    func retain(_ policy: RetentionPolicy, _ progress: inout RetentionProgress, now: Date?) throws -> Bool
}

/// How long data is kept. Current state is kept for ever, unless a host was not seen for too long.
public struct RetentionPolicy: Sendable, Equatable {
    /// Raw reports, in days; the report that a database was last seen in stays.
    public var reportDays = 90
    /// All sizes, in days; after that one a day, as long as history.
    public var sizeDays = 30
    /// Lines of the audit log, in days.
    public var auditDays = 400
    /// Dead letters, in days.
    public var deadLetterDays = 30
    /// What became of each host of a run of discovery, in days; the counts of a run are history.
    public var runDays = 90
    /// Changes, events of hosts, what databases were before, their sizes, and runs of discovery, in days.
    public var historyDays = 730
    /// Hosts that were not seen for so many days are removed with everything known about them; 0 keeps them for ever.
    public var unseenDays = 0

    /// 90, 30, 400, 30, 90, 730 days, and hosts for ever.
    public init() {}
}

/// How far a run of the retention has come.
public struct RetentionProgress: Sendable, Equatable {
    /// The last report looked at.
    public var report = Int64(0)
    /// The last database looked at.
    public var database = Int64(0)
    /// The last row looked at of each table whose rows have a time of their own.
    public var passed: [String: Int64] = [:]
    /// Partitions that are too old cannot be dropped: their rows are removed one by one.
    public var areRowsRemoved = false
    /// Reports that were removed.
    public var reports = 0
    /// Sizes that were removed.
    public var sizes = 0
    /// Lines of the audit log, dead letters, changes and rows of history that were removed.
    public var others = 0
    /// Hosts that were removed.
    public var hosts = 0

    /// At the beginning.
    public init() {}
}

/// The state of the store itself.
public protocol StoreStatus: StoreClock {
    /// How large it is, and what waits in it.
    func summary() throws -> StoreSummary
    /// Hosts counted by the status of their last scan.
    func hostCounts() throws -> [String: Int64]
    /// How often each kind of host event happened since the store was created; it never falls.
    func hostEventCounts() throws -> [String: Int64]
}

/// How large the store is, and what waits in it.
public struct StoreSummary: Sendable {
    /// Below this much free space on its disk the store accepts no reports.
    public static let leastFreeBytes: Int64 = 16 << 20

    /// The store's files together, in bytes.
    public var bytes: Int64
    /// Free space on its disk, in bytes.
    public var freeBytes: Int64
    /// Size of its disk, in bytes; 0 when it is not known.
    public var diskBytes: Int64
    /// Rejected reports that are kept.
    public var deadLetters: Int
    /// When the least recently seen host was last seen, retired ones left out; nil without hosts.
    public var oldestHost: String?

    /// The state of a store.
    public init(bytes: Int64, freeBytes: Int64, diskBytes: Int64, deadLetters: Int, oldestHost: String?) {
        self.bytes = bytes
        self.freeBytes = freeBytes
        self.diskBytes = diskBytes
        self.deadLetters = deadLetters
        self.oldestHost = oldestHost
    }
}
