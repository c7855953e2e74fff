import FoundationEssentials
import Inventory
import Report
import SQL

/// A table of a server's database that is kept in partitions by time: what is old goes by dropping one, which costs the
/// same however many rows it has. Rows of a time that has none are in the partition for all others.
struct Partitions: Sendable {
    let table: String
    /// The column with the time, as text that sorts by its bytes.
    let column: String
    let period: Period

    /// How much time a partition has.
    enum Period: Sendable {
        /// From Monday to Sunday, in UTC.
        case week
        /// Three months of the calendar.
        case quarter
    }

    /// Reports by the time at which they began: a report is looked for by that, so one partition is asked.
    static let reports = Partitions(table: "reports", column: "started_at", period: .week)
    /// Sizes are asked for through all time: few partitions.
    static let sizes = Partitions(table: "observations", column: "at", period: .quarter)

    /// The partition for rows that no other one takes.
    var others: String { table + "_default" }

    /// How many periods are made ahead.
    private static let ahead = 2
    /// How many periods of what is copied get partitions of their own.
    private static let most = 160
    /// A lock that others wait for behind this is not waited for longer.
    private static let wait = "SET LOCAL lock_timeout = '2s'"

    /// Makes the partitions of the periods that begin until a few after `now`, from the one of `first` on.
    ///
    /// One that cannot be made is left out: its rows are in the partition for all others.
    func make(from first: Date? = nil, _ now: Date, _ database: any SQLConnection) throws {
        try database.script(Self.wait)
        var begin = period.start(of: min(first ?? now, now))
        var begins: [Date] = []
        while begin <= now || begins.count(where: { $0 > now }) < Self.ahead {
            begins.append(begin)
            begin = period.next(begin)
        }
        for begin in begins.suffix(Self.most) {
            let (from, to) = (Self.day(begin), Self.day(period.next(begin)))
            let name = "\(table)_\(from.replacing("-", with: ""))"
            let isThere: Bool? = try database.value("SELECT to_regclass(?) IS NOT NULL", [name])
            guard isThere != true else { continue }
            do {
                try database.savepoint {
                    try database.script(
                        "CREATE TABLE \(name) PARTITION OF \(table) FOR VALUES FROM ('\(from)') TO ('\(to)')")
                }
            } catch let error as SQLError where error.code != .lost && error.code != .again { continue }
        }
    }

    /// Drops the partitions that end before `time`.
    ///
    /// - Parameter keeping: the condition of rows that stay, given their table: they go into the partition for all
    ///   others. Nil for none.
    /// - Returns: how many rows are gone.
    func drop(
        before time: String, _ database: any SQLConnection, keeping: ((_ table: String) -> String)? = nil
    ) throws -> Int {
        let names: [String] = try database.values(
            """
            SELECT CAST(c.relname AS TEXT) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = to_regclass(?) AND substring(pg_get_expr(c.relpartbound, c.oid)
                FROM 'TO \\(''([-0-9]+)''\\)') COLLATE "C" <= ? ORDER BY 1
            """, [table, String(time.prefix(10))])
        var gone = 0
        for name in names {
            gone += try database.patiently {
                try database.script(Self.wait)
                try database.script("ALTER TABLE \(table) DETACH PARTITION \(name)")
                var rows: Int = try database.value("SELECT COUNT(*) FROM \(name)", [], .once) ?? 0
                if let keeping {
                    rows -= try database.run("INSERT INTO \(table) SELECT * FROM \(name) WHERE \(keeping(name))", [])
                }
                try database.script("DROP TABLE \(name)")
                return rows
            }
        }
        return gone
    }

    private static func day(_ date: Date) -> String { String(Timestamp.format(date).prefix(10)) }
}

extension Partitions.Period {
    private static let day = 86_400.0

    /// When the period began that has `date`.
    fileprivate func start(of date: Date) -> Date {
        let days = (date.timeIntervalSince1970 / Self.day).rounded(.down)
        switch self {
        case .week:
            // The first day was a Thursday.
            return Date(timeIntervalSince1970: (((days + 3) / 7).rounded(.down) * 7 - 3) * Self.day)
        case .quarter:
            let text = Timestamp.format(date)
            let month = Int(text.dropFirst(5).prefix(2)) ?? 1
            let first = (month - 1) / 3 * 3 + 1
            return Timestamp.parse("\(text.prefix(5))\(first < 10 ? "0" : "")\(first)-01T00:00:00Z") ?? date
        }
    }

    /// The beginning of the period after the one that begins at `begin`.
    fileprivate func next(_ begin: Date) -> Date {
        switch self {
        case .week: begin.addingTimeInterval(7 * Self.day)
        case .quarter: start(of: begin.addingTimeInterval(100 * Self.day))
        }
    }
}

extension InventoryStore {
    /// Makes the partitions that a server's database needs soon; in a file there is nothing to do.
    func makePartitions(now: Date = Date()) throws {
        guard database.dialect == .postgresql else { return }
        try write { database in
            for partitions in [Partitions.reports, .sizes] { try partitions.make(now, database) }
        }
    }
}
