import SQL

/// Moves rows from one place to another. The place is in their key, which a distributed database cannot change in a
/// row: they go, and come again with the same numbers.
final class PlaceMove {
    let from: Int64
    let to: Int64
    private let database: any SQLConnection
    private var columns: [String: [String]] = [:]

    init(from: Int64, to: Int64, database: any SQLConnection) {
        (self.from, self.to, self.database) = (from, to, database)
    }

    /// Rows that are taken out of a table at once.
    private static let step = 200

    /// Rows that were taken out.
    private struct Taken {
        var table: String
        var columns: [String]
        var rows: [SQLRow]
    }

    /// Moves the reports of the place.
    func moveReports() throws {
        while true {
            let last: Int64? = try database.value(
                """
                SELECT MAX(row_id) FROM
                    (SELECT row_id FROM reports WHERE place = ? ORDER BY row_id LIMIT \(Self.step)) first
                """, [from])
            guard let last else { return }
            try put(try take("reports", "row_id <= ?", [last]))
        }
    }

    /// Moves a database with its history, changes and sizes.
    func moveDatabase(_ row: Int64) throws {
        // What refers to the row goes before it, and comes after it.
        let others = try ["changes", "observations", "database_history"].map {
            try take($0, "database_row_id = ?", [row])
        }
        try put(try take("databases", "row_id = ?", [row]))
        for taken in others { try put(taken) }
    }

    /// Gives the changes and sizes of a database to another one. Of one time there is one size.
    func giveHistory(of row: Int64, to twin: Int64) throws {
        let sql = "SELECT at FROM observations WHERE place = ? AND database_row_id = ?"
        let times: Set<SQLValue> = Set(try database.values(sql, [to, twin]))
        try put(try take("changes", "database_row_id = ?", [row]), database: twin)
        var sizes = try take("observations", "database_row_id = ?", [row])
        let at = sizes.columns.firstIndex(of: "at") ?? 0
        sizes.rows.removeAll { times.contains($0.values[at]) }
        try put(sizes, database: twin)
    }

    private func take(_ table: String, _ condition: String, _ values: SQLValues) throws -> Taken {
        let columns = try columns[table] ?? StoreTable(table).columns(database)
        self.columns[table] = columns
        let (rest, values) = ("FROM \(table) WHERE place = ? AND \(condition)", [from] + values)
        let rows = try database.all("SELECT \(columns.joined(separator: ", ")) \(rest)", values)
        if !rows.isEmpty { try database.run("DELETE \(rest)", values) }
        return Taken(table: table, columns: columns, rows: rows)
    }

    private func put(_ taken: Taken, database row: Int64? = nil) throws {
        let marks = taken.columns.map { _ in "?" }.joined(separator: ", ")
        let sql = "INSERT INTO \(taken.table) (\(taken.columns.joined(separator: ", "))) VALUES (\(marks))"
        for values in taken.rows {
            let moved = zip(taken.columns, values.values).map { column, value -> SQLValue in
                switch column {
                case "place": .integer(to)
                case "database_row_id": row.map(SQLValue.integer) ?? value
                default: value
                }
            }
            try database.post(sql, moved)
        }
    }
}
