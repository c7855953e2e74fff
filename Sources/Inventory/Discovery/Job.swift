import FoundationEssentials
import Report

/// What a run of discovery looks at; an empty list is everything that the settings name.
public struct ScanRequest: Codable, Sendable, Equatable {
    /// Accounts: twelve digits each.
    public var accounts: [String]
    /// Regions; `*` stands for any letters.
    public var regions: [String]
    /// Ids of instances and managed nodes.
    public var instances: [String]
    /// Tags of instances: a key, or `KEY=VALUE`; all of them must be there.
    public var tags: [String]

    /// The most values of each list.
    public static let most = 1_000

    /// A run.
    public init(accounts: [String] = [], regions: [String] = [], instances: [String] = [], tags: [String] = []) {
        self.accounts = accounts
        self.regions = regions
        self.instances = instances
        self.tags = tags
    }

    /// A request of the API: a list that is not there is empty, and other members are refused.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: AnyKey.self)
        let known = Set(["accounts", "regions", "instances", "tags"])
        if let other = members.allKeys.first(where: { !known.contains($0.stringValue) }) {
            throw DecodingError.dataCorruptedError(
                forKey: other, in: members, debugDescription: "there is no member \(other.stringValue)")
        }
        func list(_ name: String) throws -> [String] {
            try members.decodeIfPresent([String].self, forKey: AnyKey(name)) ?? []
        }
        self.init(
            accounts: try list("accounts"), regions: try list("regions"), instances: try list("instances"),
            tags: try list("tags"))
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// What is wrong with it; nil when nothing is.
    public var invalid: String? {
        for (name, values) in [
            ("accounts", accounts), ("regions", regions), ("instances", instances), ("tags", tags),
        ] where values.count > Self.most { return "\(name) has more than \(Self.most) values" }
        if let wrong = accounts.first(where: { $0.wholeMatch(of: /[0-9]{12}/) == nil }) {
            return "invalid account \"\(wrong.prefix(40))\": write 12 digits"
        }
        if let wrong = regions.first(where: { $0.wholeMatch(of: /[a-z0-9*-]{1,40}/) == nil }) {
            return "invalid region \"\(wrong.prefix(40))\": write eu-west-1, or eu-*"
        }
        if let wrong = instances.first(where: { $0.wholeMatch(of: /m?i-[0-9a-f]{8,17}/) == nil }) {
            return "invalid instance \"\(wrong.prefix(40))\": write i-0123456789abcdef0"
        }
        if let wrong = tags.first(where: { $0.isEmpty || $0.hasPrefix("=") || $0.utf8.count > 400 }) {
            return "invalid tag \"\(wrong.prefix(40))\": write KEY or KEY=VALUE"
        }
        return nil
    }
}

/// How far a run is.
public enum JobState: String, CaseIterable, Sendable, Codable {
    /// It waits for a worker.
    case queued
    case running
    /// It was cancelled or halted, and what was sent comes to its end.
    case stopping
    case completed
    /// The collector stopped it, because too many hosts failed.
    case halted
    case cancelled
    /// It could not begin: no account could be listed.
    case failed

    /// Whether nothing more happens to it.
    public var isEnded: Bool { [.completed, .halted, .cancelled, .failed].contains(self) }
}

/// Which hosts a run may ask now.
public enum JobStage: String, Sendable, Codable {
    /// None yet: the hosts for the canary are chosen when all accounts are listed.
    case planning
    /// The hosts of the canary.
    case canary
    /// All.
    case rest
}

/// A run of discovery as it is asked for.
public struct NewJob: Sendable {
    /// What `document` begins with when it does not tell one document from every other: no run proves it for others.
    public static let unproven = "?"

    /// Its id, which goes through logs, session names, command comments and the API.
    public var id: String
    /// `schedule`, `api` or `cli`.
    public var origin: String
    /// Who asked: a token's id, a user, or `schedule`.
    public var requestedBy: String
    /// What it looks at.
    public var request: ScanRequest
    /// The settings with which all its work is done, as JSON.
    public var settings: String
    /// The document that it runs: name, version and hash.
    public var document: String
    /// The W3C trace that asked for it.
    public var traceparent: String?
    /// The client's key: the same one gives the same job.
    public var idempotencyKey: String?

    /// A run.
    public init(
        id: String, origin: String, requestedBy: String, request: ScanRequest, settings: String, document: String,
        traceparent: String? = nil, idempotencyKey: String? = nil
    ) {
        self.id = id
        self.origin = origin
        self.requestedBy = requestedBy
        self.request = request
        self.settings = settings
        self.document = document
        self.traceparent = traceparent
        self.idempotencyKey = idempotencyKey
    }
}

/// A run of discovery as workers need it.
public struct Job: Sendable, Equatable {
    /// Its id.
    public var id: String
    /// Its row.
    public var row: Int64
    /// How far it is.
    public var state: JobState
    /// Which hosts it may ask.
    public var stage: JobStage
    /// How it will end, once it is told to stop.
    public var stop: JobState?
    /// Who asked.
    public var requestedBy: String
    /// What it looks at.
    public var request: ScanRequest
    /// Its settings, as JSON.
    public var settings: String
    /// The document that it runs.
    public var document: String
    /// When it was asked for: RFC 3339, UTC.
    public var createdAt: String

    /// A run.
    public init(
        id: String, row: Int64, state: JobState, stage: JobStage, stop: JobState?, requestedBy: String,
        request: ScanRequest, settings: String, document: String, createdAt: String
    ) {
        self.id = id
        self.row = row
        self.state = state
        self.stage = stage
        self.stop = stop
        self.requestedBy = requestedBy
        self.request = request
        self.settings = settings
        self.document = document
        self.createdAt = createdAt
    }
}

/// How far a run is, in numbers.
public struct JobProgress: Codable, Sendable, Equatable {
    /// The run's id.
    public var id: String
    /// How far it is.
    public var state: JobState
    /// Why it was halted or failed, for programs.
    @ExplicitNull public var code: String?
    /// The same, for people.
    @ExplicitNull public var detail: String?
    /// Accounts of the run.
    public var accounts: Int
    /// Those of them whose regions are done.
    public var accounts_done: Int
    /// Tasks: an account and a region each.
    public var tasks: Int
    /// Those that are done.
    public var tasks_done: Int
    /// Tasks by the code of their scope.
    public var scopes: [String: Int]
    /// Instances that were found.
    public var hosts: Int
    /// Those that have their reason.
    public var hosts_done: Int
    /// Hosts by reason.
    public var reasons: [String: Int]
    /// Databases in the reports.
    public var databases: Int
    /// When it began: RFC 3339, UTC.
    @ExplicitNull public var started_at: String?
    /// When it ended.
    @ExplicitNull public var ended_at: String?

    /// A run without work.
    public init(id: String, state: JobState) {
        self.id = id
        self.state = state
        (accounts, accounts_done, tasks, tasks_done, hosts, hosts_done, databases) = (0, 0, 0, 0, 0, 0, 0)
        (scopes, reasons) = ([:], [:])
    }

    /// Hosts that were asked and did not answer.
    public var failures: Int { reasons.reduce(0) { $0 + (Reason(rawValue: $1.key)?.isFailure == true ? $1.value : 0) } }
    /// Hosts that answered.
    public var answered: Int {
        reasons.reduce(0) { $0 + (Reason(rawValue: $1.key)?.isAnswered == true ? $1.value : 0) }
    }
    /// Scopes in which something is wrong.
    public var failedScopes: Int {
        scopes.reduce(0) { $0 + (ScopeCode(rawValue: $1.key)?.isFailure == true ? $1.value : 0) }
    }
}
