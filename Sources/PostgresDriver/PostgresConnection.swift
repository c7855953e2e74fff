import SQL

/// A session as the store uses it.
final class PostgresConnection: SQLConnection {
    private let session: Session
    /// The last number of the rows of each table that this transaction inserts into.
    private var numbers: [String: Int64] = [:]

    var dialect: Dialect { .postgresql }

    init(_ session: Session) { self.session = session }

    @discardableResult
    func run(_ sql: String, _ values: SQLValues) throws -> Int { try session.query(sql, values, .kept).changed }

    func post(_ sql: String, _ values: SQLValues) throws { try session.post(sql, values) }

    func insert(_ sql: String, _ values: SQLValues) throws -> Int64 {
        // With its number known before, a row needs no answer: it is sent with others.
        let insertion = try session.insertion(sql)
        let row = try number(insertion.table)
        try session.post(insertion.sql, [row] + values)
        return row
    }

    /// The next number for a row of a table. Numbers are counted here, as this transaction has the writers' lock.
    private func number(_ table: String) throws -> Int64 {
        let last: Int64 =
            try numbers[table]
            ?? value("SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM \(table)_row_id_seq") ?? 0
        numbers[table] = last + 1
        return last + 1
    }

    /// Tells the server which numbers were given.
    func keepNumbers() throws {
        for (table, last) in numbers.sorted(by: { $0.key < $1.key }) {
            try session.post("SELECT setval('\(table)_row_id_seq', ?)", [last])
        }
    }

    func each(
        _ sql: String, _ values: SQLValues, _ preparation: Preparation, _ body: (SQLRow) throws -> Bool
    ) throws {
        for row in try session.query(sql, values, preparation).rows {
            guard try body(row) else { return }
        }
    }

    func load(_ table: String, _ columns: [String], _ rows: [SQLRow]) throws {
        try session.copy("COPY \(table) (\(columns.joined(separator: ", "))) FROM STDIN", rows)
    }

    func prepare(_ sql: String) throws -> any SQLStatement { PostgresStatement(session: session, sql: sql) }

    func script(_ sql: String) throws { try session.script(sql) }

    func savepoint<Value>(_ body: () throws -> Value) throws -> Value {
        try session.script("SAVEPOINT part")
        do {
            let value = try body()
            try session.script("RELEASE SAVEPOINT part")
            return value
        } catch {
            if session.isUsable {
                try? session.drain()
                try session.script("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
            }
            throw error
        }
    }

    func patiently<Value>(_ body: () throws -> Value) throws -> Value { try session.patiently(body) }

    func written() throws -> WrittenAmount {
        try session.drain()
        return session.amount
    }
}

/// A question that is asked several times. The server plans it anew for each: its values decide which index serves it.
private struct PostgresStatement: SQLStatement {
    let session: Session
    let sql: String

    func all(_ values: SQLValues) throws -> [SQLRow] { try session.query(sql, values, .once).rows }
}
