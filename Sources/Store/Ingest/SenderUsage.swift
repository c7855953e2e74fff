import FoundationEssentials
import Inventory
import Report
import SQL

/// What senders wrote today, as one transaction counts it.
final class SenderUsage {
    private struct Use {
        var rows: Int64
        var bytes: Int64
        var hosts: Int64
    }

    private let database: any SQLConnection
    private let quota: SenderQuota
    private let census: Census?
    private let day: String
    /// When the next day begins.
    let reset: String
    private var uses: [String: Use] = [:]
    private var asked: Set<String> = []

    /// - Parameter census: counts the hosts that are added; nil where none are.
    init(_ database: any SQLConnection, _ quota: SenderQuota, now: Date, census: Census? = nil) {
        self.census = census
        self.database = database
        self.quota = quota
        day = String(Timestamp.format(now).prefix(10))
        let midnight = Timestamp.parse(day + "T00:00:00Z") ?? now
        reset = Timestamp.format(midnight.addingTimeInterval(86_400))
    }

    /// Whether `source` has used up what it may write today.
    func isUsedUp(_ source: String) throws -> Bool {
        guard quota != .none, source != Observation.commandLine else { return false }
        let use = try use(of: source)
        return use.rows >= quota.rows || use.bytes >= quota.bytes || use.hosts >= quota.hosts
    }

    /// Does `body` and counts what it wrote for `source`.
    @discardableResult
    func counting<Value>(_ source: String, _ body: () throws -> Value) throws -> Value {
        guard quota != .none, source != Observation.commandLine else { return try body() }
        var use = try use(of: source)
        let (before, hosts) = (try database.written(), census?.hostsAdded ?? 0)
        defer { uses[source] = use }
        let value = try body()
        let after = try database.written()
        use.rows += after.rows - before.rows
        use.bytes += max(0, after.bytes - before.bytes)
        use.hosts += max(0, (census?.hostsAdded ?? 0) - hosts)
        return value
    }

    /// Keeps what was counted.
    func write() throws {
        for (source, use) in uses.sorted(by: { $0.key < $1.key }) {
            try database.post(
                """
                INSERT INTO token_usage VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (token_id, day) DO UPDATE SET rows = excluded.rows, bytes = excluded.bytes, hosts = excluded.hosts
                """, [source, day, use.rows, use.bytes, use.hosts])
        }
    }

    /// Asks for what senders wrote, all of them at once; nil where nothing has to be known.
    func question(_ sources: Set<String>) -> SQLQuestion? {
        let counted = sources.filter { $0 != Observation.commandLine && !$0.contains("\0") }
        guard quota != .none, !counted.isEmpty else { return nil }
        let sql =
            "SELECT rows, bytes, hosts, token_id FROM token_usage WHERE day = ? AND token_id = ANY(CAST(? AS TEXT[]))"
        asked = counted
        return (sql, [day, ArrayText.of(counted.sorted())])
    }

    /// Takes the answer to `question`.
    func take(_ rows: [SQLRow]) throws {
        for source in asked { uses[source] = Use(rows: 0, bytes: 0, hosts: 0) }
        for row in rows { uses[try row[3]] = try Use(rows: row[0], bytes: row[1], hosts: row[2]) }
    }

    private func use(of source: String) throws -> Use {
        if let known = uses[source] { return known }
        let sql = "SELECT rows, bytes, hosts FROM token_usage WHERE token_id = ? AND day = ?"
        let row = try database.one(sql, [source, day])
        let use = try row.map { try Use(rows: $0[0], bytes: $0[1], hosts: $0[2]) } ?? Use(rows: 0, bytes: 0, hosts: 0)
        uses[source] = use
        return use
    }
}
