/// A database with its connections. Its calls block their thread, and throw `SQLError`.
package protocol SQLDatabase: Sendable {
    /// What its statements look like.
    var dialect: Dialect { get }

    /// Seconds that the database's clock, which all programs on it share, is ahead of this machine's.
    var clockAhead: Double { get }

    /// The last transaction that this program committed here, as copies of the database know it; nil where there are
    /// none.
    var lastCommit: Int64? { get }

    /// Reads one state of the database, while others write.
    func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value

    /// Reads with one statement: it needs no transaction to see one state of the database.
    @discardableResult
    func look<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value

    /// Writes in one transaction, one writer at a time. It is durable when this returns; an error of `body` undoes it.
    @discardableResult
    func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value

    /// The connection that writes, without a transaction.
    @discardableResult
    func bare<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value

    /// The names of the migrations that were applied.
    func appliedMigrations() throws -> [String]

    /// Applies those of `migrations` that were not, in their order, each in a transaction of its own.
    func migrate(_ migrations: [Migration]) throws

    /// Closes all connections, after everything is in its place.
    func close() throws
}

extension SQLDatabase {
    package var lastCommit: Int64? { nil }
}

/// The engines whose SQL differs here and there.
package enum Dialect: Sendable {
    case sqlite
    case postgresql
}

/// One step of a schema: literal SQL that never changes once it is released.
package struct Migration: Sendable {
    /// Its number and a word; the database records it.
    package let name: String
    /// The statements.
    package let sql: String

    package init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }
}

/// Opens databases that are files.
package protocol SQLFiles: Sendable {
    /// Opens the file at `path`.
    func open(_ path: String, _ use: FileUse, _ settings: ConnectionSettings) throws -> any SQLDatabase

    /// A database in memory.
    func inMemory() throws -> any SQLDatabase
}

extension SQLFiles {
    /// Opens the file at `path` with the engine's own settings.
    package func open(_ path: String, _ use: FileUse) throws -> any SQLDatabase {
        try open(path, use, ConnectionSettings())
    }
}

/// What a database file is opened for.
package enum FileUse: Sendable {
    /// Reading while another process may write; it changes nothing.
    case read
    /// Writing by one connection.
    case write
    /// Writing by one connection, and reading by at most so many others at the same time.
    case serve(readers: Int)
}

/// Statements for each new connection.
package struct ConnectionSettings: Sendable {
    /// Those of a connection that reads only.
    package var reading: String
    /// Those of a connection that writes.
    package var writing: String

    package init(reading: String = "", writing: String = "") {
        self.reading = reading
        self.writing = writing
    }
}
