import Inventory
import SQL

extension InventoryStore {
    /// Databases counted by columns.
    public func stats(
        groupBy: [String], conditions: [Condition] = [], bounds: Bounds = Bounds()
    ) throws -> Stats {
        var extras: [(alias: String, column: ExtraColumn)] = []
        let columns = try groupBy.map { name in
            guard let extra = ExtraColumn(name) else { return try column(name) }
            extras.append(("extra\(extras.count)", extra))
            return extras[extras.count - 1].alias
        }
        guard Set(groupBy).count == groupBy.count else { throw StoreError(.badRequest, "a column is named twice") }
        let predicates = try conditions.map { condition in
            try Predicate.text(condition, "c.\(try column(condition.field))", isIndexed: false)
        }
        let (table, own) = counted(bounds, extras)
        let condition = (["c.databases > 0"] + predicates.map { "(\($0.sql("")))" }).joined(separator: " AND ")
        let arguments = own + predicates.flatMap(\.arguments)
        return try read { database in
            let there = "c.state <> 'missing'"
            let sums = """
                SUM(CASE WHEN \(there) THEN c.databases ELSE 0 END),
                SUM(CASE WHEN c.state = 'stopped' THEN c.databases ELSE 0 END),
                SUM(CASE WHEN \(there) THEN 0 ELSE c.databases END),
                \(database.dialect.total("CASE WHEN \(there) THEN c.bytes ELSE 0 END"))
                """
            let list = columns.map { "c.\($0)" }.joined(separator: ", ")
            let rows =
                columns.isEmpty
                ? []
                : try database.all(
                    """
                    SELECT \(sums), \(list) FROM \(table) WHERE \(condition) GROUP BY \(list)
                    ORDER BY SUM(c.databases) DESC, \(list) LIMIT \(Stats.groupLimit + 1)
                    """, arguments, .once)
            let items = try rows.prefix(Stats.groupLimit).map { row in
                let values = try groupBy.enumerated().map { index, name in
                    let value: String = try row[index + 4]
                    return (name, value.isEmpty ? nil : value)
                }
                return try StatsRow(
                    group: Dictionary(uniqueKeysWithValues: values), databases: row[0], stopped: row[1],
                    missing: row[2], bytes: row[3])
            }
            let total = try database.one("SELECT \(sums) FROM \(table) WHERE \(condition)", arguments, .once)
            func sum(_ index: Int) throws -> Int64 { try total?[index] ?? 0 }
            return try Stats(
                items: Array(items), truncated: rows.count > Stats.groupLimit, databases: sum(0), stopped: sum(1),
                missing: sum(2), bytes: sum(3))
        }
    }

    /// What is counted: the counters that ingestion keeps; or the rows, for a reader who is bound to hosts or tags, and
    /// for columns that no counter has.
    private func counted(
        _ bounds: Bounds, _ extras: [(alias: String, column: ExtraColumn)]
    ) -> (table: String, arguments: SQLValues) {
        if bounds.hosts.isEmpty, bounds.tags.isEmpty, extras.isEmpty {
            let (condition, arguments) = BoundsSQL(bounds, database.dialect).condition("c", hostRow: "NULL")
            return condition == "TRUE" ? ("census c", []) : ("(SELECT * FROM census c WHERE \(condition)) c", arguments)
        }
        let (condition, arguments) = BoundsSQL(bounds, database.dialect).condition("d", hostRow: "d.place")
        let columns = catalog.counted.map { field in
            field.name == "state"
                ? "\(Schema.presentState("d.")) AS state" : "COALESCE(d.\(field.name), '') AS \(field.name)"
        }.joined(separator: ", ")
        let more = extras.map { ", COALESCE(\($0.column.sql), '') AS \($0.alias)" }.joined()
        let rows = """
            SELECT \(columns)\(more), 1 AS databases, COALESCE(d.bytes, 0) AS bytes FROM databases d WHERE \(condition)
            """
        return ("(\(rows)) c", extras.flatMap(\.column.arguments) + arguments)
    }

    /// A column that is no database's own: of its account in Organizations, or a tag.
    private struct ExtraColumn {
        var sql: String
        var arguments: SQLValues = []

        init?(_ name: String) {
            if let tag = TagColumn(name) {
                let instance = "(SELECT instance_id FROM hosts WHERE row_id = d.place)"
                let row = "(SELECT row_id FROM instances WHERE id = \(instance))"
                (sql, arguments) = tag.of(instance: instance, row: row, account: "d.account_id")
                return
            }
            let columns = [
                "account_name": "name", "account_email": "email", "organizational_unit": "organizational_unit",
            ]
            guard let column = columns[name] else { return nil }
            sql = "(SELECT a.\(column) FROM organization_accounts a WHERE a.id = d.account_id)"
        }
    }

    /// The column of the counters that a filter's name stands for.
    private func column(_ name: String) throws -> String {
        guard let field = catalog.counted.first(where: { $0.filter?.name == name }) else {
            let names = catalog.counted.compactMap(\.filter?.name).joined(separator: ", ")
            throw StoreError(
                .badRequest,
                "cannot count by \"\(name.prefix(80))\": there are \(names), \(Stats.more.joined(separator: ", "))")
        }
        return field.name
    }

    /// Hosts counted by the status of their last scan.
    public func hostCounts() throws -> [String: Int64] {
        try read { database in
            return try database.pairs("SELECT scan_status, SUM(hosts) FROM host_census GROUP BY scan_status")
        }
    }
}
