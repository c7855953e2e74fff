import GRDB
import SQL

/// A SQLite database: one connection that writes, and perhaps others that read beside it.
final class SQLiteDatabase: SQLDatabase {
    private let writer: any DatabaseWriter

    var dialect: Dialect { .sqlite }
    var clockAhead: Double { 0 }

    init(_ writer: any DatabaseWriter) { self.writer = writer }

    func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try translated { try writer.read { try body(SQLiteConnection($0)) } }
    }

    func look<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try translated { try writer.unsafeRead { try body(SQLiteConnection($0)) } }
    }

    func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try translated { try writer.write { try body(SQLiteConnection($0)) } }
    }

    func bare<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try translated { try writer.writeWithoutTransaction { try body(SQLiteConnection($0)) } }
    }

    func appliedMigrations() throws -> [String] {
        try translated { try writer.read(DatabaseMigrator().appliedIdentifiers).sorted() }
    }

    func migrate(_ migrations: [Migration]) throws {
        var migrator = DatabaseMigrator()
        for migration in migrations {
            migrator.registerMigration(migration.name) { try $0.execute(sql: migration.sql) }
        }
        try translated { try migrator.migrate(writer) }
    }

    func close() throws { try translated { try writer.close() } }
}

/// Opens SQLite's files.
package struct SQLiteFiles: SQLFiles {
    /// Seconds that a write waits for another process's.
    private static let busyTimeout = 10.0

    package init() {}

    package func open(_ path: String, _ use: FileUse, _ settings: ConnectionSettings) throws -> any SQLDatabase {
        var configuration = Configuration()
        configuration.busyMode = .timeout(Self.busyTimeout)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase {
            try $0.execute(sql: $0.configuration.readonly ? settings.reading : settings.writing)
        }
        return try translated {
            switch use {
            case .read:
                configuration.readonly = true
                return SQLiteDatabase(try DatabaseQueue(path: path, configuration: configuration))
            case .write: return SQLiteDatabase(try DatabaseQueue(path: path, configuration: configuration))
            case .serve(let readers):
                configuration.maximumReaderCount = readers
                let pool = try DatabasePool(path: path, configuration: configuration)
                // GRDB turns WAL on after that, and lowers `synchronous` to NORMAL with it: then a power cut may lose
                // what was acknowledged.
                try pool.writeWithoutTransaction { try $0.execute(sql: settings.writing) }
                return SQLiteDatabase(pool)
            }
        }
    }

    package func inMemory() throws -> any SQLDatabase { try translated { SQLiteDatabase(try DatabaseQueue()) } }
}
