import Inventory
import Report
import SQL

/// The counts that `stats` reads: databases by account, region, engine and more, and hosts by the status of their
/// scans; how many databases each host has; and when accounts were seen.
///
/// What a transaction changes is summed here and written at its end, each count once and in the order of its key: a
/// report of a thousand databases changes a count once, and writers that change the same counts do not wait for each
/// other in circles.
final class Census {
    private let database: any SQLConnection
    private var databases: [[ByteText]: (databases: Int64, bytes: Int128)] = [:]
    private var hosts: [[ByteText]: Int64] = [:]
    private var accounts: [String: Seen] = [:]
    /// How many more hosts there are than before.
    private(set) var hostsAdded: Int64 = 0

    /// What was summed until a moment.
    struct Sums {
        fileprivate var databases: [[ByteText]: (databases: Int64, bytes: Int128)]
        fileprivate var hosts: [[ByteText]: Int64]
        fileprivate var accounts: [String: Seen]
        fileprivate var hostsAdded: Int64
    }

    /// When an account was seen, and whether its row says so.
    fileprivate struct Seen {
        var first: String
        var last: String
        var isWritten = false
    }

    /// Set back when what was done since is undone.
    var sums: Sums {
        get { Sums(databases: databases, hosts: hosts, accounts: accounts, hostsAdded: hostsAdded) }
        set {
            (databases, hosts, hostsAdded) = (newValue.databases, newValue.hosts, newValue.hostsAdded)
            accounts = newValue.accounts
        }
    }

    init(_ database: any SQLConnection) { self.database = database }

    private static let columns = """
        COALESCE(account_id, ''), COALESCE(region, ''), engine, COALESCE(vendor, ''), COALESCE(version, ''),
        \(Schema.presentState("")), COALESCE(exposure, ''), COALESCE(role, ''), COALESCE(bytes, 0)
        """

    /// Does `body`, which changes rows of the databases of places, and their hosts.
    ///
    /// - Parameters:
    ///   - before: the numbers of the places that may change and are there.
    ///   - after: those that are there afterwards, by what `body` returned.
    @discardableResult
    func recount<Value>(_ before: [Int64], after: (Value) -> [Int64], _ body: () throws -> Value) throws -> Value {
        let start = sums
        do {
            for place in before { try add(place, -1) }
            let value = try body()
            for place in after(value) { try add(place, 1) }
            return value
        } catch {
            sums = start
            throw error
        }
    }

    private func add(_ place: Int64, _ factor: Int64) throws {
        var present: Int64 = 0
        for row in try database.all("SELECT \(Self.columns) FROM databases WHERE place = ?", [place]) {
            let key = try (0..<8).map { ByteText(try row[$0]) }
            let bytes: Int64 = try row[8]
            if key[5].text != "missing" { present += 1 }
            databases[key, default: (0, 0)].databases += factor
            databases[key, default: (0, 0)].bytes += Int128(factor) * Int128(bytes)
        }
        guard place > 0 else { return }
        let sql = """
            SELECT COALESCE(account_id, ''), COALESCE(region, ''), scan_status, databases FROM hosts WHERE row_id = ?
            """
        guard let host = try database.one(sql, [place]) else { return }
        if factor > 0, try host[3] as Int64 != present {
            try database.run("UPDATE hosts SET databases = ? WHERE row_id = ?", [present, place])
        }
        let key = try (0..<3).map { ByteText(try host[$0]) }
        hosts[key, default: 0] += factor
        hostsAdded += factor
    }

    /// Does `body`, which changes one place, and writes what that changes.
    @discardableResult
    static func recount<Value>(_ place: Int64, _ database: any SQLConnection, _ body: () throws -> Value) throws
        -> Value
    {
        let census = Census(database)
        let value = try census.recount([place], after: { _ in [place] }, body)
        try census.write()
        return value
    }

    /// An account was seen at a time. Its row is there afterwards; of all times of the transaction the first and the
    /// last are written.
    func see(_ account: String, at time: String) throws {
        guard var seen = accounts[account] else {
            accounts[account] = Seen(first: time, last: time, isWritten: true)
            return try write(account, time, time)
        }
        guard time < seen.first || time > seen.last else { return }
        (seen.first, seen.last, seen.isWritten) = (min(seen.first, time), max(seen.last, time), false)
        accounts[account] = seen
    }

    private func write(_ account: String, _ first: String, _ last: String) throws {
        try database.post(
            """
            INSERT INTO accounts (id, first_seen, last_seen) VALUES (?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                first_seen = CASE WHEN excluded.first_seen < accounts.first_seen THEN excluded.first_seen
                    ELSE accounts.first_seen END,
                last_seen = CASE WHEN excluded.last_seen > accounts.last_seen THEN excluded.last_seen
                    ELSE accounts.last_seen END
            WHERE excluded.last_seen > accounts.last_seen OR excluded.first_seen < accounts.first_seen
            """, [account, first, last])
    }

    private static func precedes(_ one: [ByteText], _ other: [ByteText]) -> Bool {
        one.lexicographicallyPrecedes(other) { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
    }

    /// Writes what was summed.
    func write() throws {
        for (key, change) in databases.sorted(by: { Self.precedes($0.key, $1.key) })
        where change != (0, 0) {
            try database.post(
                """
                INSERT INTO census VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (account_id, region, engine, vendor, version, state, exposure, role)
                DO UPDATE SET databases = census.databases + excluded.databases, bytes = census.bytes + excluded.bytes
                """, key.map(\.text) + [change.databases, Int64(clamping: change.bytes)])
        }
        for (key, change) in hosts.sorted(by: { Self.precedes($0.key, $1.key) }) where change != 0 {
            try database.post(
                """
                INSERT INTO host_census VALUES (?, ?, ?, ?)
                ON CONFLICT (account_id, region, scan_status) DO UPDATE SET hosts = host_census.hosts + excluded.hosts
                """, key.map(\.text) + [change])
        }
        for (account, seen) in accounts.sorted(by: { $0.key < $1.key }) where !seen.isWritten {
            try write(account, seen.first, seen.last)
        }
        (databases, hosts, accounts) = ([:], [:], [:])
    }
}
