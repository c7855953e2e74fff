/// Whether a statement is kept for the next time. One whose text differs with each request must not be.
package enum Preparation: Sendable {
    case kept
    case once
}

/// What a connection has written since it was opened.
package struct WrittenAmount: Sendable {
    /// Rows that were inserted, changed or deleted, by triggers too.
    package var rows: Int64
    /// Bytes that the database takes; only differences mean something.
    package var bytes: Int64

    package init(rows: Int64, bytes: Int64) {
        self.rows = rows
        self.bytes = bytes
    }
}

/// The values of a statement, one for each `?`.
package typealias SQLValues = [(any SQLConvertible)?]

/// A statement that gives rows, and its values.
package typealias SQLQuestion = (sql: String, values: SQLValues)

/// A statement that is asked several times with other values.
package protocol SQLStatement {
    /// All rows of its answer.
    func all(_ values: SQLValues) throws -> [SQLRow]
}

/// A connection while a caller has it: in a read or a write of an `SQLDatabase`. It must not leave that closure.
///
/// Statements have `?` for each value. Calls throw `SQLError`.
package protocol SQLConnection: AnyObject {
    /// What its statements look like.
    var dialect: Dialect { get }

    /// Runs a statement that changes rows.
    ///
    /// - Returns: how many rows the statement itself changed.
    @discardableResult
    func run(_ sql: String, _ values: SQLValues) throws -> Int

    /// Runs a statement whose outcome matters for the whole transaction only: it may be sent later, together with
    /// others, and its error may come from a later call.
    func post(_ sql: String, _ values: SQLValues) throws

    /// Inserts a row into a table that numbers its rows in the column `row_id`.
    ///
    /// - Returns: the number of the new row.
    func insert(_ sql: String, _ values: SQLValues) throws -> Int64

    /// The rows of several answers, asked at once where the engine can.
    func all(_ questions: [SQLQuestion]) throws -> [[SQLRow]]

    /// Gives each row of the answer to `body`, until that returns false.
    func each(
        _ sql: String, _ values: SQLValues, _ preparation: Preparation, _ body: (SQLRow) throws -> Bool
    ) throws

    /// Inserts many rows, each with the values of `columns`, in the engine's fastest way.
    func load(_ table: String, _ columns: [String], _ rows: [SQLRow]) throws

    /// Prepares a question that is asked several times in one closure.
    func prepare(_ sql: String) throws -> any SQLStatement

    /// Runs several statements without values, separated by semicolons.
    func script(_ sql: String) throws

    /// Runs `body` so that its error undoes only what it wrote.
    func savepoint<Value>(_ body: () throws -> Value) throws -> Value

    /// Runs `body`, whose statements may take long.
    func patiently<Value>(_ body: () throws -> Value) throws -> Value

    /// What was written so far.
    func written() throws -> WrittenAmount
}

extension SQLConnection {
    @discardableResult
    package func run(_ sql: String) throws -> Int { try run(sql, []) }

    package func all(_ questions: [SQLQuestion]) throws -> [[SQLRow]] {
        try questions.map { try all($0.sql, $0.values) }
    }

    /// All rows of the answer.
    package func all(
        _ sql: String, _ values: SQLValues = [], _ preparation: Preparation = .kept
    ) throws -> [SQLRow] {
        var rows: [SQLRow] = []
        try each(sql, values, preparation) { row in
            rows.append(row)
            return true
        }
        return rows
    }

    /// The first row of the answer; nil when it has none.
    package func one(
        _ sql: String, _ values: SQLValues = [], _ preparation: Preparation = .kept
    ) throws -> SQLRow? {
        var first: SQLRow?
        try each(sql, values, preparation) { row in
            first = row
            return false
        }
        return first
    }

    /// The first column of the first row; nil when there is no row, or it is null.
    package func value<Value: SQLConvertible>(
        _ sql: String, _ values: SQLValues = [], _ preparation: Preparation = .kept
    ) throws -> Value? {
        try one(sql, values, preparation)?[0]
    }

    /// The first column of all rows.
    package func values<Value: SQLConvertible>(
        _ sql: String, _ values: SQLValues = [], _ preparation: Preparation = .kept
    ) throws -> [Value] {
        try all(sql, values, preparation).map { try $0[0] }
    }

    /// The first two columns of all rows, the first one as the key.
    package func pairs<Key: SQLConvertible & Hashable, Value: SQLConvertible>(
        _ sql: String, _ values: SQLValues = [], _ preparation: Preparation = .kept
    ) throws -> [Key: Value] {
        var pairs: [Key: Value] = [:]
        try each(sql, values, preparation) { row in
            pairs[try row[0]] = try row[1] as Value
            return true
        }
        return pairs
    }

    /// Whether the answer has a row.
    package func exists(_ sql: String, _ values: SQLValues = []) throws -> Bool {
        try one(sql, values) != nil
    }
}
