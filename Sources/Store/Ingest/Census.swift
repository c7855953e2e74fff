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
    /// Places whose rows change: what they had before is counted, and what they have now is not yet.
    private var touched: Set<Int64> = []
    /// Hosts that were added.
    private(set) var hostsAdded: Int64 = 0

    /// What was summed until a moment.
    struct Sums {
        fileprivate var databases: [[ByteText]: (databases: Int64, bytes: Int128)]
        fileprivate var hosts: [[ByteText]: Int64]
        fileprivate var accounts: [String: Seen]
        fileprivate var hostsAdded: Int64
        fileprivate var touched: Set<Int64>
    }

    /// When an account was seen, and whether its row says so.
    fileprivate struct Seen {
        var first: String
        var last: String
        var isWritten = false
    }

    /// Set back when what was done since is undone.
    var sums: Sums {
        get {
            Sums(databases: databases, hosts: hosts, accounts: accounts, hostsAdded: hostsAdded, touched: touched)
        }
        set {
            (databases, hosts, hostsAdded) = (newValue.databases, newValue.hosts, newValue.hostsAdded)
            (accounts, touched) = (newValue.accounts, newValue.touched)
        }
    }

    init(_ database: any SQLConnection) { self.database = database }

    private static let columns = """
        place, COALESCE(account_id, ''), COALESCE(region, ''), engine, COALESCE(vendor, ''), COALESCE(version, ''),
        \(Schema.presentState("")), COALESCE(exposure, ''), COALESCE(role, ''), COALESCE(bytes, 0)
        """
    private static let hostColumns = """
        row_id, COALESCE(account_id, ''), COALESCE(region, ''), scan_status, databases
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
            try touch(before)
            let value = try body()
            touched.formUnion(after(value))
            return value
        } catch {
            sums = start
            throw error
        }
    }

    /// Counts what places have, which change after that. What they have in the end is counted when all is written.
    func touch(_ places: [Int64]) throws {
        let new = places.filter { !touched.contains($0) }
        guard !new.isEmpty else { return }
        try touch(new, database.all(questions(new)))
    }

    /// The same with the answers to `questions`.
    func touch(_ places: [Int64], _ answers: [[SQLRow]]) throws {
        touched.formUnion(places)
        _ = try add(answers, -1)
    }

    /// A host was added.
    func addHost() { hostsAdded += 1 }

    /// Asks for what places have: their databases, then the hosts among them.
    func questions(_ places: [Int64]) -> [SQLQuestion] {
        guard !places.isEmpty else { return [] }
        guard database.dialect == .postgresql else {
            return places.flatMap { place -> [SQLQuestion] in
                [
                    ("SELECT \(Self.columns) FROM databases WHERE place = ?", [place]),
                    ("SELECT \(Self.hostColumns) FROM hosts WHERE row_id = ?", [place]),
                ]
            }
        }
        let array = ArrayText.of(places)
        return [
            ("SELECT \(Self.columns) FROM databases WHERE place = ANY(CAST(? AS BIGINT[]))", [array]),
            ("SELECT \(Self.hostColumns) FROM hosts WHERE row_id = ANY(CAST(? AS BIGINT[]))", [array]),
        ]
    }

    /// Adds what the answers to `questions` say; gives how many databases are there and not missing in each place, and
    /// how many its host's row has.
    private func add(_ answers: [[SQLRow]], _ factor: Int64) throws -> (present: [Int64: Int64], stored: [Int64: Int64])
    {
        var (present, stored): ([Int64: Int64], [Int64: Int64]) = ([:], [:])
        for rows in stride(from: 0, to: answers.count, by: 2).map({ answers[$0] }) {
            for row in rows {
                let key = try (1..<9).map { ByteText(try row[$0]) }
                let bytes: Int64 = try row[9]
                if key[5].text != "missing" { present[try row[0], default: 0] += 1 }
                databases[key, default: (0, 0)].databases += factor
                databases[key, default: (0, 0)].bytes += Int128(factor) * Int128(bytes)
            }
        }
        for row in stride(from: 1, to: answers.count, by: 2).flatMap({ answers[$0] }) {
            hosts[try (1..<4).map { ByteText(try row[$0]) }, default: 0] += factor
            stored[try row[0]] = try row[4]
        }
        return (present, stored)
    }

    /// Counts what the places that changed have now.
    private func settle() throws {
        let places = touched.sorted()
        touched = []
        for start in stride(from: 0, to: places.count, by: Self.step) {
            let answers = try database.all(questions(Array(places[start..<min(start + Self.step, places.count)])))
            let (present, stored) = try add(answers, 1)
            for (place, count) in stored where count != present[place, default: 0] {
                try database.post(
                    "UPDATE hosts SET databases = ? WHERE row_id = ?", [present[place, default: 0], place])
            }
        }
    }

    /// So many places are asked for at once.
    private static let step = 500

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
        try settle()
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
