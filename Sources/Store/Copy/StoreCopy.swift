import Foundation
import Inventory
import Report
import SQL

/// Copies a store into another one, of the same engine or of another, and compares both afterwards.
///
/// The source is read in one state. The target has a mark until the copy is complete, and cannot be used before; a copy
/// that was interrupted goes on where it ended.
public struct StoreCopy {
    private let source: InventoryStore
    private let target: InventoryStore
    /// Called with a table and the rows of it that were copied so far.
    private let progress: (_ table: String, _ rows: Int) -> Void

    /// The key in `meta` of a target that is not complete.
    static let mark = "copying"
    /// Rows that one transaction copies.
    private static let step = 1_000

    /// What was copied and compared.
    public struct Copied: Sendable, Equatable {
        /// The rows of each table.
        public var rows: [String: Int] = [:]
        /// Of all values of all rows: FNV-1a, 64 bits. It is the same for the same store on every engine.
        public var checksum: UInt64 = 0xcbf2_9ce4_8422_2325
    }

    /// - Parameters:
    ///   - source: the store to copy; no process writes to it.
    ///   - target: a new store, opened with `isCopy`.
    public init(
        from source: InventoryStore, to target: InventoryStore,
        progress: @escaping (_ table: String, _ rows: Int) -> Void = { _, _ in }
    ) {
        (self.source, self.target, self.progress) = (source, target, progress)
    }

    /// Copies all rows, then reads both stores and compares them.
    ///
    /// - Throws: `StoreError` when the target has another store, or differs afterwards.
    public func run() throws -> Copied {
        try begin()
        try makePartitions()
        try source.read { from in
            for table in StoreTable.all { try copy(table, from) }
        }
        try words()
        let copied = try compare()
        try target.write { into in
            if into.dialect == .postgresql {
                for table in StoreTable.all where table.isNumbered {
                    let last: Int64 = try into.value("SELECT MAX(row_id) FROM \(table.name)") ?? 0
                    try into.run("SELECT setval('\(table.name)_row_id_seq', ?, false)", [last + 1])
                }
            }
            try into.run("DELETE FROM meta WHERE key = ?", [Self.mark])
        }
        return copied
    }

    /// Makes partitions for the time of what is copied, where the target has some.
    private func makePartitions() throws {
        guard target.database.dialect == .postgresql else { return }
        for partitions in [Partitions.reports, .sizes] {
            let first: String? = try source.read {
                try $0.value("SELECT MIN(\(partitions.column)) FROM \(partitions.table)")
            }
            guard let date = first.flatMap(Timestamp.parse) else { continue }
            try target.makePartitions([partitions], from: date)
        }
    }

    /// Marks an empty target.
    private func begin() throws {
        try target.write { into in
            if let other: String = try into.value("SELECT value FROM meta WHERE key = ?", [Self.mark]) {
                guard other == source.path else {
                    throw StoreError(
                        .conflict,
                        """
                        \(target.path) is an incomplete copy of \(other.prefix(200)): finish that copy, or name another \
                        target
                        """)
                }
                return
            }
            let isUsed = try StoreTable.all.contains { try into.exists("SELECT 1 FROM \($0.name) LIMIT 1") }
            guard !isUsed else {
                throw StoreError(
                    .conflict, "\(target.path) is a store with contents: name a new file or an empty database")
            }
            try into.run("INSERT INTO meta VALUES (?, ?)", [Self.mark, source.path])
        }
    }

    private func copy(_ table: StoreTable, _ from: any SQLConnection) throws {
        let columns = try table.columns(from)
        let flags = try target.read { try Self.flags(table, columns, $0) }
        var last = try target.read { try table.lastKey($0) }
        var count = 0
        while true {
            let rows = try Self.steadily { try table.rows(columns, after: last, limit: Self.step, from) }
            guard let end = rows.last else { break }
            let values = rows.map { row in
                SQLRow(zip(row.values, flags).map { $1 ? Bool.from($0).map(SQLValue.flag) ?? $0 : $0 })
            }
            try target.write { try $0.load(table.name, columns, values) }
            last = table.key(of: end, columns)
            count += rows.count
            progress(table.name, count)
        }
    }

    /// Reads from the source: when its connection ends, the target must not try again what cannot succeed.
    private static func steadily<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as SQLError {
            throw SQLError(.failed, "the store that is copied cannot be read: \(error.message)", cause: error)
        }
    }

    /// Which columns have truth values in the target.
    private static func flags(
        _ table: StoreTable, _ columns: [String], _ database: any SQLConnection
    ) throws -> [Bool] {
        guard database.dialect == .postgresql else { return columns.map { _ in false } }
        let flags: [String] = try database.values(
            """
            SELECT CAST(column_name AS TEXT) FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name = ? AND data_type = 'boolean'
            """, [table.name])
        return columns.map(flags.contains)
    }

    /// Makes the indexes of words.
    private func words() throws {
        let sql = target.sql
        try target.write { into in
            for table in ["search_databases", "search_hosts"] { try SearchText.empty(table, into) }
        }
        var last = Int64(0)
        while true {
            let hosts: [Int64] = try target.read {
                try $0.values("SELECT row_id FROM hosts WHERE row_id > ? ORDER BY row_id LIMIT ?", [last, Self.step])
            }
            guard let end = hosts.last else { break }
            try target.write { into in
                for row in hosts {
                    guard let host = try KnownHost.all(row: row, into) else { continue }
                    try SearchText.replace(nil, SearchText.of(host), host: row, into)
                    let databases = try into.all(sql.states("row_id, key", where: "place = ?"), [row])
                    for found in databases {
                        let text = SearchText.of(PlaceRow(host), key: try found[1], sql.state(found, from: 2))
                        try SearchText.replace(nil, text, database: found[0], of: row, into)
                    }
                }
            }
            last = end
        }
        try target.write { into in
            for listing in try into.all("SELECT row_id, account_id, region FROM listings ORDER BY row_id") {
                guard let scope = Scope(accountID: try listing[1], region: try listing[2]) else { continue }
                let place = PlaceRow(listing: try listing[0], scope)
                for found in try into.all(sql.states("row_id, key", where: "place = ?"), [place.number]) {
                    let text = SearchText.of(place, key: try found[1], sql.state(found, from: 2))
                    try SearchText.replace(nil, text, database: found[0], of: place.number, into)
                }
            }
        }
    }

    /// Reads both stores side by side.
    private func compare() throws -> Copied {
        try source.read { from in
            try target.read { into in
                // A read that is begun again begins to count again.
                var copied = Copied()
                for table in StoreTable.all {
                    let columns = try table.columns(from)
                    var last: [SQLValue]?
                    while true {
                        let one = try Self.steadily { try table.rows(columns, after: last, limit: Self.step, from) }
                        let other = try table.rows(columns, after: last, limit: Self.step, into)
                        for (index, row) in one.enumerated() {
                            guard index < other.count, row.isSame(as: other[index]) else {
                                throw differs(table, table.key(of: row, columns))
                            }
                            copied.add(row)
                        }
                        if other.count > one.count {
                            throw differs(table, table.key(of: other[one.count], columns))
                        }
                        copied.rows[table.name, default: 0] += one.count
                        guard let end = one.last else { break }
                        last = table.key(of: end, columns)
                    }
                }
                return copied
            }
        }
    }

    private func differs(_ table: StoreTable, _ key: [SQLValue]) -> StoreError {
        let text = key.map(\.plain).joined(separator: ", ").prefix(200)
        return StoreError(
            .conflict,
            """
            the row (\(text)) of \(table.name) differs between \(source.path) and \(target.path), perhaps because one of \
            them was changed meanwhile. Stop what writes to them, remove the target's file or database, and copy again
            """)
    }
}

extension StoreCopy.Copied {
    fileprivate mutating func add(_ row: SQLRow) {
        for value in row.values {
            for byte in value.plain.utf8 { add(byte) }
            add(0xff)
        }
    }

    private mutating func add(_ byte: UInt8) { checksum = (checksum ^ UInt64(byte)) &* 0x100_0000_01b3 }
}

extension SQLRow {
    /// Whether both have the same values, whatever their engines call them.
    fileprivate func isSame(as other: SQLRow) -> Bool {
        values.count == other.values.count && zip(values, other.values).allSatisfy { $0 == $1 || $0.plain == $1.plain }
    }
}

extension SQLValue {
    /// The same text for the same value of every engine.
    fileprivate var plain: String {
        switch self {
        case .null: "\u{0}"
        case .integer(let number): "\(number)"
        case .real(let number): Int64(exactly: number).map { "\($0)" } ?? "\(number)"
        case .flag(let flag): flag ? "1" : "0"
        case .text(let text): text
        case .bytes(let bytes): bytes.map { String($0, radix: 16) }.joined(separator: ".")
        }
    }
}
