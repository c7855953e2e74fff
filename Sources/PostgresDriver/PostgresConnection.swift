import SQL

/// A session as the store uses it.
final class PostgresConnection: SQLConnection {
    private let session: Session
    /// The last number of the rows of each table that this transaction inserts into.
    private var numbers: [String: Int64] = [:]
    /// The tables that rows were inserted into.
    private var given: Set<String> = []

    var dialect: Dialect { .postgresql }

    /// Whether it is in a transaction that has the writers' lock.
    private let isWriting: Bool

    init(_ session: Session, isWriting: Bool = false) { (self.session, self.isWriting) = (session, isWriting) }

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
        if numbers[table] == nil { try askNumbers(table) }
        let next = (numbers[table] ?? 0) + 1
        numbers[table] = next
        given.insert(table)
        return next
    }

    /// Asks for the last numbers of a table, and of all others that this connection has asked for: one question.
    private func askNumbers(_ table: String) throws {
        session.numberedTables.insert(table)
        let tables = tablesToNumber
        try take(one(Self.heads(of: tables)), tables)
    }

    /// Tables that this connection has numbered before, and whose last numbers this transaction does not know.
    private var tablesToNumber: [String] { session.numberedTables.filter { numbers[$0] == nil }.sorted() }

    private static func heads(of tables: [String]) -> String {
        let heads = tables.map { table in
            "(SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM \(table)_row_id_seq)"
        }
        return "SELECT \(heads.joined(separator: ", "))"
    }

    private func take(_ heads: SQLRow?, _ tables: [String]) throws {
        for (index, table) in tables.enumerated() { numbers[table] = try heads?[index] ?? 0 }
    }

    /// Tells the server which numbers were given.
    func keepNumbers() throws {
        for (table, last) in numbers.sorted(by: { $0.key < $1.key }) where given.contains(table) {
            try session.post("SELECT setval('\(table)_row_id_seq', ?)", [last])
        }
    }

    func all(_ questions: [SQLQuestion]) throws -> [[SQLRow]] {
        guard !questions.isEmpty else { return [] }
        // What inserts will need is asked along: what follows in this transaction sends them at once.
        let tables = isWriting ? tablesToNumber : []
        guard !tables.isEmpty else { return try session.all(questions) }
        var answers = try session.all(questions + [(Self.heads(of: tables), [])])
        try take(answers.removeLast().first, tables)
        return answers
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
        // A statement whose answer did not come yet counts as one row: the sum over a transaction is right in the end.
        var amount = session.amount
        amount.rows += Int64(session.posted)
        return amount
    }
}

/// A question that is asked several times. The server plans it anew for each: its values decide which index serves it.
private struct PostgresStatement: SQLStatement {
    let session: Session
    let sql: String

    func all(_ values: SQLValues) throws -> [SQLRow] { try session.query(sql, values, .once).rows }
}
