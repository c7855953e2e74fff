import GRDB

extension Database {
    /// Runs a statement that is prepared once a connection.
    func run(_ sql: String, _ values: [(any DatabaseValueConvertible)?]) throws {
        let statement = try cachedStatement(sql: sql)
        // The SQL and its values are next to each other in this target: they need no check at every row.
        statement.setUncheckedArguments(StatementArguments(values))
        try statement.execute()
    }
}
