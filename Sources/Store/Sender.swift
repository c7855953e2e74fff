import FoundationEssentials
import GRDB
import Report

/// What the holder of a token may report; nil and empty stand for everything.
public struct SenderBounds: Sendable, Equatable {
    /// AWS accounts.
    public var accounts: [String]
    /// Regions; `*` stands for any letters.
    public var regions: [String]
    /// Ids and names of hosts; `*` stands for any letters.
    public var hosts: [String]
    /// It may also report for hosts that another sender reported first.
    public var takesOver: Bool

    /// The bounds of a token.
    public init(accounts: [String] = [], regions: [String] = [], hosts: [String] = [], takesOver: Bool = false) {
        self.accounts = accounts
        self.regions = regions
        self.hosts = hosts
        self.takesOver = takesOver
    }

    /// Why a report is none of this sender's; nil when it may send it.
    func refusal(_ host: Report.Host, id: String) -> Refusal? {
        func isAmong(_ value: String?, _ patterns: [String]) -> Bool {
            patterns.isEmpty || value.map { value in patterns.contains { Pattern.matches($0, value) } } == true
        }
        func refuse(_ what: String) -> Refusal {
            Refusal(.outOfBounds, "the token may not report for \(what): see `dbcensus-collector token list`")
        }
        if !isAmong(host.cloud?.accountID, accounts) {
            return refuse("account \(host.cloud?.accountID?.prefix(40) ?? "(none)")")
        }
        if !isAmong(host.cloud?.region, regions) {
            return refuse("region \(host.cloud?.region?.prefix(40) ?? "(none)")")
        }
        let isHost = isAmong(id, hosts) || isAmong(host.hostname, hosts)
        return isHost ? nil : refuse("host \(id.prefix(80))")
    }
}

/// A text with `*` for any letters.
enum Pattern {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return pattern == text }
        guard let first = parts.first, let last = parts.last, text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}

/// What one sender may write in a day (UTC).
public struct SenderQuota: Sendable, Equatable {
    /// Rows of the store that its reports insert, change or remove.
    public var rows: Int64
    /// Bytes by which they make the store grow.
    public var bytes: Int64
    /// Hosts that they add.
    public var hosts: Int64

    /// No limits: the command line's.
    public static let none = SenderQuota(rows: .max, bytes: .max, hosts: .max)

    /// So many rows, bytes and hosts.
    public init(rows: Int64, bytes: Int64, hosts: Int64) {
        self.rows = rows
        self.bytes = bytes
        self.hosts = hosts
    }
}

/// What senders wrote today, as one transaction counts it.
final class SenderUsage {
    private struct Use {
        var rows: Int64
        var bytes: Int64
        var hosts: Int64
    }

    private let database: Database
    private let quota: SenderQuota
    private let day: String
    /// When the next day begins.
    let reset: String
    private var uses: [String: Use] = [:]

    init(_ database: Database, _ quota: SenderQuota, now: Date) {
        self.database = database
        self.quota = quota
        day = String(Timestamp.format(now).prefix(10))
        let midnight = Timestamp.parse(day + "T00:00:00Z") ?? now
        reset = Timestamp.format(midnight.addingTimeInterval(86_400))
    }

    /// Whether `source` has used up what it may write today.
    func isUsedUp(_ source: String) throws -> Bool {
        guard quota != .none, source != IncomingReport.commandLine else { return false }
        let use = try use(of: source)
        return use.rows >= quota.rows || use.bytes >= quota.bytes || use.hosts >= quota.hosts
    }

    /// Does `body` and counts what it wrote for `source`.
    func counting<Value>(_ source: String, _ body: () throws -> Value) throws -> Value {
        guard quota != .none, source != IncomingReport.commandLine else { return try body() }
        var use = try use(of: source)
        let (rows, bytes, hosts) = (database.totalChangesCount, try size(), try hostCount())
        defer { uses[source] = use }
        let value = try body()
        use.rows += Int64(database.totalChangesCount - rows)
        use.bytes += max(0, try size() - bytes)
        use.hosts += max(0, try hostCount() - hosts)
        return value
    }

    /// Keeps what was counted.
    func write() throws {
        for (source, use) in uses {
            try database.run(
                """
                INSERT INTO token_usage VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET rows = excluded.rows, bytes = excluded.bytes, hosts = excluded.hosts
                """, [source, day, use.rows, use.bytes, use.hosts])
        }
    }

    private func use(of source: String) throws -> Use {
        if let known = uses[source] { return known }
        let sql = "SELECT rows, bytes, hosts FROM token_usage WHERE token_id = ? AND day = ?"
        let row = try Row.fetchOne(database.cachedStatement(sql: sql), arguments: [source, day])
        let use = row.map { Use(rows: $0[0], bytes: $0[1], hosts: $0[2]) } ?? Use(rows: 0, bytes: 0, hosts: 0)
        uses[source] = use
        return use
    }

    /// Pages in use, in bytes; free ones may be used again.
    private func size() throws -> Int64 {
        let pages = try Int64.fetchOne(database.cachedStatement(sql: "PRAGMA page_count")) ?? 0
        let free = try Int64.fetchOne(database.cachedStatement(sql: "PRAGMA freelist_count")) ?? 0
        return (pages - free) * 4096
    }

    private func hostCount() throws -> Int64 {
        try Int64.fetchOne(database.cachedStatement(sql: "SELECT COALESCE(SUM(hosts), 0) FROM host_census")) ?? 0
    }
}
