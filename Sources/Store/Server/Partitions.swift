import FoundationEssentials
import Inventory
import Report
import SQL

/// A table of a server's database that is kept in partitions by time: what is old goes by dropping one, which leaves no
/// dead rows behind. Rows of a time that has none are in the partition for all others.
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

    /// Reports by the time at which they began: whether a report is there already is asked of one partition.
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

    /// The partitions that are not there, of the periods that begin from the one of `first` until a few after `now`.
    func missing(from first: Date? = nil, _ now: Date, _ database: any SQLConnection) throws -> [Date] {
        let there: [String] = try database.values(
            """
            SELECT CAST(c.relname AS TEXT) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = to_regclass(?)
            """, [table])
        var begin = period.start(of: min(first ?? now, now))
        var begins: [Date] = []
        while begin <= now || begins.count(where: { $0 > now }) < Self.ahead {
            begins.append(begin)
            begin = period.next(begin)
        }
        return begins.suffix(Self.most).filter { !there.contains(name($0)) }
    }

    /// Makes the partition of the period that begins at `begin`.
    func make(_ begin: Date, _ database: any SQLConnection) throws {
        let (from, to) = (Self.day(begin), Self.day(period.next(begin)))
        try database.script(Self.wait)
        try database.patiently {
            try database.script(
                "CREATE TABLE \(name(begin)) PARTITION OF \(table) FOR VALUES FROM ('\(from)') TO ('\(to)')")
        }
    }

    private func name(_ begin: Date) -> String { "\(table)_\(Self.day(begin).replacing("-", with: ""))" }

    /// The names of the partitions that end before `time`, as SQL.
    func old(before time: String, _ database: any SQLConnection) throws -> [String] {
        try database.values(
            """
            SELECT CAST(CAST(i.inhrelid AS REGCLASS) AS TEXT) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = to_regclass(?) AND substring(pg_get_expr(c.relpartbound, c.oid)
                FROM 'TO \\(''([-0-9]+)''\\)') COLLATE "C" <= ? ORDER BY 1
            """, [table, String(time.prefix(10))])
    }

    /// Drops a partition.
    ///
    /// - Parameter keeping: a question for the numbers of rows that stay, which go into the partition for all others.
    ///   Nil for none.
    /// - Returns: how many rows are gone.
    func drop(_ name: String, keeping: String?, _ database: any SQLConnection) throws -> Int {
        try database.patiently {
            // Others may read until it is known what stays.
            let rows: Int = try database.value("SELECT COUNT(*) FROM \(name)", [], .once) ?? 0
            let kept: [Int64] = try keeping.map { try database.values($0, [], .once) } ?? []
            try database.script(Self.wait)
            try database.script("ALTER TABLE \(table) DETACH PARTITION \(name)")
            for start in stride(from: 0, to: kept.count, by: 500) {
                let numbers = kept[start..<min(start + 500, kept.count)].map(String.init).joined(separator: ",")
                try database.script("INSERT INTO \(table) SELECT * FROM \(name) WHERE row_id IN (\(numbers))")
            }
            try database.script("DROP TABLE \(name)")
            return rows - kept.count
        }
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
    /// Makes the partitions that a server's database needs soon, each in a transaction of its own; in a file there is
    /// nothing to do.
    ///
    /// - Parameter first: since when they are needed; nil for now.
    func makePartitions(_ all: [Partitions] = [.reports, .sizes], from first: Date? = nil, now: Date? = nil) throws {
        let now = now ?? self.now()
        guard database.dialect == .postgresql else { return }
        for partitions in all {
            let missing = try look { try partitions.missing(from: first, now, $0) }
            for begin in missing {
                do { try write { try partitions.make(begin, $0) } } catch let error as StoreError
                    where [.contradiction, .failed, .unreachable, .cannotOpen].contains(error.code)
                {
                    // Its rows are there already, another session reads the table, or the user does not own it.
                    continue
                }
            }
        }
    }

    /// Drops the oldest partition that ends before `time`.
    ///
    /// - Parameter keeping: given the partition, a question for the numbers of rows that stay.
    /// - Returns: how many rows are gone; nil when there is no such partition.
    func dropPartition(
        of partitions: Partitions, before time: String, keeping: ((_ table: String) -> String)? = nil
    ) throws -> Int? {
        guard let name = try look({ try partitions.old(before: time, $0) }).first else { return nil }
        return try write { try partitions.drop(name, keeping: keeping?(name), $0) }
    }
}
