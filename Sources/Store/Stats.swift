import GRDB
import Report

/// Databases counted by some of their columns.
public struct StatsRow: Codable, Sendable, Equatable {
    /// The columns counted by, and their values; `null` is a group too.
    public var group: [String: String?]
    /// Databases that are there: running, stopped and installed.
    public var databases: Int64
    /// Those of them that are stopped.
    public var stopped: Int64
    /// Databases that are missing; they are not among `databases`.
    public var missing: Int64
    /// The sizes of those that are there together, in bytes, where they are known.
    public var bytes: Int64
}

/// What the inventory has, counted.
public struct Stats: Codable, Sendable, Equatable {
    /// The groups, the largest first; at most `InventoryStore.groupLimit`.
    public var items: [StatsRow]
    /// Whether there are more groups than that.
    public var truncated: Bool
    /// Databases that are there, in all groups.
    public var databases: Int64
    /// Those of them that are stopped.
    public var stopped: Int64
    /// Databases that are missing; they are not among `databases`.
    public var missing: Int64
    /// The sizes of those that are there together, in bytes.
    public var bytes: Int64
}

extension InventoryStore {
    /// The most groups of one answer.
    public static let groupLimit = 1_000

    /// The columns that can be counted by; `state` is "missing" for missing ones.
    public static let statsColumns = Schema.censusColumns.map { $0 == "account_id" ? "account" : $0 }

    /// Counts databases from counters that are kept beside the rows.
    ///
    /// - Parameter conditions: on `statsColumns`, with `=` and `!=`.
    public func stats(groupBy: [String], conditions: [Condition] = []) throws -> Stats {
        for name in groupBy where !Self.statsColumns.contains(name) {
            throw StoreError(
                .badRequest,
                "cannot count by \"\(name.prefix(80))\": there are \(Self.statsColumns.joined(separator: ", "))")
        }
        guard Set(groupBy).count == groupBy.count else { throw StoreError(.badRequest, "a column is named twice") }
        let columns = groupBy.map(Self.column)
        let predicates = try ListDefinition.census.predicates(conditions)
        let condition = (["c.databases > 0"] + predicates.map { "(\($0.sql("")))" }).joined(separator: " AND ")
        let values: [any DatabaseValueConvertible] = predicates.flatMap(\.arguments)
        let arguments: StatementArguments = StatementArguments(values)
        return try read { database in
            let there = "c.state <> 'missing'"
            let sums = """
                SUM(CASE WHEN \(there) THEN c.databases ELSE 0 END),
                SUM(CASE WHEN c.state = 'stopped' THEN c.databases ELSE 0 END),
                SUM(CASE WHEN \(there) THEN 0 ELSE c.databases END),
                CAST(TOTAL(CASE WHEN \(there) THEN c.bytes ELSE 0 END) AS INTEGER)
                """
            let list = columns.map { "c.\($0)" }.joined(separator: ", ")
            let rows =
                columns.isEmpty
                ? []
                : try Row.fetchAll(
                    database,
                    sql: """
                        SELECT \(sums), \(list) FROM census c WHERE \(condition) GROUP BY \(list)
                        ORDER BY SUM(c.databases) DESC, \(list) LIMIT \(Self.groupLimit + 1)
                        """, arguments: arguments)
            let items = rows.prefix(Self.groupLimit).map { row in
                let values = groupBy.enumerated().map { index, name in
                    let value: String = row[index + 4]
                    return (name, value.isEmpty ? nil : value)
                }
                return StatsRow(
                    group: Dictionary(uniqueKeysWithValues: values), databases: row[0], stopped: row[1],
                    missing: row[2], bytes: row[3])
            }
            let total = try Row.fetchOne(
                database, sql: "SELECT \(sums) FROM census c WHERE \(condition)", arguments: arguments)
            func sum(_ index: Int) -> Int64 { total?[index] as Int64? ?? 0 }
            return Stats(
                items: items, truncated: rows.count > Self.groupLimit, databases: sum(0), stopped: sum(1),
                missing: sum(2), bytes: sum(3))
        }
    }

    private static func column(_ name: String) -> String { name == "account" ? "account_id" : name }

    /// Hosts counted by the status of their last scan.
    public func hostCounts() throws -> [String: Int64] {
        try read { database in
            let rows = try Row.fetchAll(
                database, sql: "SELECT scan_status, SUM(hosts) FROM host_census GROUP BY scan_status")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as String, $0[1] as Int64) })
        }
    }
}

extension ListDefinition {
    /// What the counters can be asked by.
    fileprivate static let census = ListDefinition(
        columns: [], tables: "census c", rowID: "",
        fields: Schema.censusColumns.map { column in
            .text(column == "account_id" ? "account" : column, "c.\(column)", isIndexed: false, "")
        }, sorts: [:])
}
