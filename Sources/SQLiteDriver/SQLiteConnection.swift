import FoundationEssentials
import GRDB
import SQL

/// A GRDB connection as the store uses it.
final class SQLiteConnection: SQLConnection {
    private let database: Database

    var dialect: Dialect { .sqlite }

    init(_ database: Database) { self.database = database }

    @discardableResult
    func run(_ sql: String, _ values: SQLValues) throws -> Int {
        try translated {
            let statement = try database.cachedStatement(sql: sql)
            // The SQL and its values are next to each other in the store: they need no check at every row.
            statement.setUncheckedArguments(arguments(values))
            try statement.execute()
            return database.changesCount
        }
    }

    func post(_ sql: String, _ values: SQLValues) throws { try run(sql, values) }

    func insert(_ sql: String, _ values: SQLValues) throws -> Int64 {
        try run(sql, values)
        return database.lastInsertedRowID
    }

    func each(
        _ sql: String, _ values: SQLValues, _ preparation: Preparation, _ body: (SQLRow) throws -> Bool
    ) throws {
        try translated {
            let statement =
                try preparation == .kept ? database.cachedStatement(sql: sql) : database.makeStatement(sql: sql)
            try SQLiteStatement(statement).each(values, body)
        }
    }

    func load(_ table: String, _ columns: [String], _ rows: [SQLRow]) throws {
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        let sql = "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
        for row in rows { try run(sql, row.values) }
    }

    func prepare(_ sql: String) throws -> any SQLStatement {
        try translated { SQLiteStatement(try database.makeStatement(sql: sql)) }
    }

    func script(_ sql: String) throws { try translated { try database.execute(sql: sql) } }

    func savepoint<Value>(_ body: () throws -> Value) throws -> Value {
        try translated {
            var value: Value?
            try database.inSavepoint {
                value = try body()
                return .commit
            }
            guard let value else { throw SQLError(.failed, "a savepoint was not released") }
            return value
        }
    }

    func patiently<Value>(_ body: () throws -> Value) throws -> Value { try body() }

    func written() throws -> WrittenAmount {
        // Pages in use; free ones may be used again.
        let pages: Int64 = try value("PRAGMA page_count") ?? 0
        let free: Int64 = try value("PRAGMA freelist_count") ?? 0
        return WrittenAmount(rows: Int64(database.totalChangesCount), bytes: (pages - free) * 4096)
    }
}

/// A prepared statement of a GRDB connection.
struct SQLiteStatement: SQLStatement {
    private let statement: Statement

    init(_ statement: Statement) { self.statement = statement }

    func all(_ values: SQLValues) throws -> [SQLRow] {
        try translated {
            var rows: [SQLRow] = []
            try each(values) { row in
                rows.append(row)
                return true
            }
            return rows
        }
    }

    fileprivate func each(_ values: SQLValues, _ body: (SQLRow) throws -> Bool) throws {
        let cursor = try Row.fetchCursor(statement, arguments: arguments(values))
        let count = statement.columnCount
        while let row = try cursor.next() {
            let values = (0..<count).map { SQLValue(row[$0] as DatabaseValue) }
            guard try body(SQLRow(values)) else { return }
        }
    }
}

private func arguments(_ values: SQLValues) -> StatementArguments {
    StatementArguments(values.map { $0?.sqlValue.databaseValue ?? .null })
}

extension SQLValue {
    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(number)
        case .double(let number): self = .real(number)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .bytes([UInt8](data))
        }
    }

    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .real(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .flag(let flag): flag.databaseValue
        case .bytes(let bytes): Data(bytes).databaseValue
        }
    }
}
