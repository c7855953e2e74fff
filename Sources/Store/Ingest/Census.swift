import Inventory
import Report
import SQL

/// The counts that `stats` reads: databases by account, region, engine and more, and hosts by the status of their
/// scans.
///
/// What a transaction changes is summed here and written at its end, each count once and in the order of its key: a
/// report of a thousand databases changes a count once, and writers that change the same counts do not wait for each
/// other in circles.
final class Census {
    private let database: any SQLConnection
    private var databases: [[ByteText]: (databases: Int64, bytes: Int128)] = [:]
    private var hosts: [[ByteText]: Int64] = [:]
    /// How many more hosts there are than before.
    private(set) var hostsAdded: Int64 = 0

    /// What was summed until a moment.
    struct Sums {
        fileprivate var databases: [[ByteText]: (databases: Int64, bytes: Int128)]
        fileprivate var hosts: [[ByteText]: Int64]
        fileprivate var hostsAdded: Int64
    }

    /// Set back when what was done since is undone.
    var sums: Sums {
        get { Sums(databases: databases, hosts: hosts, hostsAdded: hostsAdded) }
        set { (databases, hosts, hostsAdded) = (newValue.databases, newValue.hosts, newValue.hostsAdded) }
    }

    init(_ database: any SQLConnection) { self.database = database }

    private static let columns = """
        COALESCE(account_id, ''), COALESCE(region, ''), engine, COALESCE(vendor, ''), COALESCE(version, ''),
        \(Schema.presentState("")), COALESCE(exposure, ''), COALESCE(role, ''), COALESCE(bytes, 0)
        """

    /// Does `body`, which changes rows of the databases of places, and their hosts.
    ///
    /// - Parameters:
    ///   - before: the places that may change and are there.
    ///   - after: those that are there afterwards, by what `body` returned.
    @discardableResult
    func recount<Value>(_ before: [Place], after: (Value) -> [Place], _ body: () throws -> Value) throws -> Value {
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

    /// Whose databases are counted.
    enum Place: Equatable {
        /// A host by its row.
        case host(Int64)
        /// A listing by its row.
        case listing(Int64)
    }

    private func add(_ place: Place, _ factor: Int64) throws {
        let condition: (String, Int64) =
            switch place {
            case .host(let row): ("host_row_id = ?", row)
            case .listing(let row): ("listing_row_id = ?", row)
            }
        let rows = try database.all("SELECT \(Self.columns) FROM databases WHERE \(condition.0)", [condition.1])
        for row in rows {
            let key = try (0..<8).map { ByteText(try row[$0]) }
            let bytes: Int64 = try row[8]
            databases[key, default: (0, 0)].databases += factor
            databases[key, default: (0, 0)].bytes += Int128(factor) * Int128(bytes)
        }
        guard case .host(let row) = place else { return }
        let sql = "SELECT COALESCE(account_id, ''), COALESCE(region, ''), scan_status FROM hosts WHERE row_id = ?"
        guard let host = try database.one(sql, [row]) else { return }
        let key = try (0..<3).map { ByteText(try host[$0]) }
        hosts[key, default: 0] += factor
        hostsAdded += factor
    }

    /// Does `body`, which changes one place, and writes what that changes.
    @discardableResult
    static func recount<Value>(_ place: Place, _ database: any SQLConnection, _ body: () throws -> Value) throws
        -> Value
    {
        let census = Census(database)
        let value = try census.recount([place], after: { _ in [place] }, body)
        try census.write()
        return value
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
        (databases, hosts) = ([:], [:])
    }
}
