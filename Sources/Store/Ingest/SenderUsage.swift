import FoundationEssentials
import GRDB
import Inventory
import Report

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
        guard quota != .none, source != Observation.commandLine else { return false }
        let use = try use(of: source)
        return use.rows >= quota.rows || use.bytes >= quota.bytes || use.hosts >= quota.hosts
    }

    /// Does `body` and counts what it wrote for `source`.
    func counting<Value>(_ source: String, _ body: () throws -> Value) throws -> Value {
        guard quota != .none, source != Observation.commandLine else { return try body() }
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
