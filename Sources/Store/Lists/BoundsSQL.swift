import Inventory
import SQL

/// The bounds of a reader as SQL: the one place that keeps foreign rows out of lists, counts, exports and searches.
struct BoundsSQL {
    private let bounds: Bounds
    private let dialect: Dialect

    init(_ bounds: Bounds, _ dialect: Dialect) { (self.bounds, self.dialect) = (bounds, dialect) }

    /// The conditions on the rows of `list`.
    func predicates(_ list: SQLList) -> [Predicate] {
        guard bounds.limitsReading else { return [] }
        switch list.reach {
        case .place(let alias)?: return predicates(ofPlace: alias, hostRow: list.hostRow ?? "\(alias).place")
        case .hostID(let column)?:
            let hosts = predicates(ofPlace: "h", hostRow: "h.row_id")
            let condition = hosts.map { "(\($0.sql("")))" }.joined(separator: " AND ")
            return [
                Predicate(
                    sql: { "\($0)\(column) IN (SELECT h.id FROM hosts h WHERE \(condition))" },
                    arguments: hosts.flatMap(\.arguments))
            ]
        case nil: return [Predicate(sql: { _ in "FALSE" }, isIndexed: false)]
        }
    }

    /// The conditions on a table that has an account, a region and a host's row.
    func predicates(ofPlace alias: String, hostRow: String) -> [Predicate] {
        var predicates: [Predicate] = []
        for (column, patterns) in [("account_id", bounds.accounts), ("region", bounds.regions)] where !patterns.isEmpty
        {
            predicates.append(anyOf(["\(alias).\(column)"], patterns))
        }
        if !bounds.hosts.isEmpty {
            let names = anyOf(["b.id", "b.hostname"], bounds.hosts)
            predicates.append(
                Predicate(
                    sql: { "\($0)\(hostRow) IN (SELECT b.row_id FROM hosts b WHERE \(names.sql("")))" },
                    arguments: names.arguments))
        }
        for tag in bounds.tags {
            let parts = tag.parts("=", most: 1)
            let value = parts.count == 2 ? " AND value = ?" : ""
            predicates.append(
                Predicate(
                    sql: { "\($0)\(hostRow) IN (SELECT host_row_id FROM host_tags WHERE key = ?\(value))" },
                    arguments: parts))
        }
        return predicates
    }

    /// The same as one condition, `TRUE` without bounds, and its arguments.
    func condition(_ alias: String, hostRow: String) -> (sql: String, arguments: SQLValues) {
        let predicates = predicates(ofPlace: alias, hostRow: hostRow)
        let sql = predicates.map { "(\($0.sql("")))" }.joined(separator: " AND ")
        return (sql.isEmpty ? "TRUE" : sql, predicates.flatMap(\.arguments))
    }

    /// One of the columns is described by one of the patterns.
    private func anyOf(_ columns: [String], _ patterns: [String]) -> Predicate {
        let isExact = !patterns.contains { $0.contains("*") }
        if isExact {
            let marks = patterns.map { _ in "?" }.joined(separator: ", ")
            return Predicate(
                sql: { prefix in
                    "(" + columns.map { "\(prefix)\($0) IN (\(marks))" }.joined(separator: " OR ") + ")"
                }, arguments: columns.flatMap { _ in patterns }, isIndexed: columns.count == 1)
        }
        let globs = patterns.map(dialect.pattern)
        return Predicate(
            sql: { [dialect] prefix in
                let parts = columns.map { column in
                    Array(repeating: dialect.matches(prefix + column), count: globs.count).joined(separator: " OR ")
                }
                return "(" + parts.joined(separator: " OR ") + ")"
            }, arguments: columns.flatMap { _ in globs }, isIndexed: false)
    }
}
