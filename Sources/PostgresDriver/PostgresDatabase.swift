import CPostgres
import Foundation
import SQL
import Synchronization

/// A database on a PostgreSQL server, 14 or later, or on one that speaks its protocol.
///
/// Writers of all programs wait for each other, so that rows are numbered in the order in which they are committed: a
/// list can then go on after the last row that it has seen. The closures of reads and writes may run again when the
/// server ended, or was changed, in between: they have no effects but those on the database and their value.
package final class PostgresDatabase: SQLDatabase {
    package var dialect: Dialect { .postgresql }

    private let readers: SessionPool
    private let writer: SessionPool
    private let housekeeping = Mutex(0)

    /// The least version of a server.
    private static let leastVersion = 140_000
    /// Seconds before another attempt: a server that restarts is back after a few.
    private static let pauses = [0.05, 0.5, 2, 5]
    /// The lock that a writer holds until its commit: any number that nobody else uses, "dbcensus" cut to eight bytes.
    private static let lock = 0x6462_6365_6e73_7573
    /// Every so many commits the marks of old ones are removed.
    private static let commitsBetweenCleaning = 1_000

    /// Connects, and refuses a server that is too old.
    package init(_ options: PostgresOptions) throws {
        readers = SessionPool(options, limit: options.readers)
        writer = SessionPool(options, limit: 1)
        let version = try readers.with(\.serverVersion)
        guard version >= Self.leastVersion else {
            throw SQLError(
                .cannotOpen, "the server is PostgreSQL \(version / 10_000), and a store needs version 14 or later")
        }
    }

    /// An address as messages and logs show it: `postgresql://user@host:5432/database`.
    ///
    /// - Throws: `SQLError` for what is no address, and for one with a password: the process list and logs would show
    ///   it.
    package static func name(of address: String) throws -> String {
        let libpq = try LibPQ.load().call
        guard let options = libpq.PQconninfoParse(address, nil) else {
            throw SQLError(.cannotOpen, "the address is invalid: write postgresql://user@host:5432/database")
        }
        defer { libpq.PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        guard values["password"] == nil else {
            throw SQLError(
                .cannotOpen,
                """
                the address has a password, which others can read in the list of processes: put it into a file that \
                store.password_file or DBCENSUS_STORE_PASSWORD_FILE names
                """)
        }
        let hosts = (values["host"] ?? values["hostaddr"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        let ports = (values["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        let servers = hosts.enumerated().map { index, host in
            let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
            return port.isEmpty ? String(host) : "\(host):\(port)"
        }
        let user = values["user"].map { "\($0)@" } ?? ""
        return "postgresql://\(user)\(servers.joined(separator: ","))/\(values["dbname"] ?? "")"
    }

    package func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try again {
            try readers.with { session in
                try session.script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                defer { session.rollback() }
                return try body(PostgresConnection(session))
            }
        }
    }

    package func look<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try again { try readers.with { try body(PostgresConnection($0)) } }
    }

    package func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try again {
            let mark = Int64.random(in: .min ... .max)
            var written: Value?
            do {
                return try writer.with { session in
                    let value = try Self.transaction(session, mark, body)
                    written = value
                    try session.commit()
                    return value
                }
            } catch let error as SQLError where error.code == .unknownOutcome {
                guard let written, try isCommitted(mark, error) else { throw SQLError(.again, error.message) }
                return written
            }
        }
    }

    package func bare<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try writer.with { try body(PostgresConnection($0)) }
    }

    package func close() throws {
        readers.close()
        writer.close()
    }

    /// Does `body` in a transaction that has the writers' lock, and marks it; on an error nothing of it stays.
    private static func transaction<Value>(
        _ session: Session, _ mark: Int64, _ body: (any SQLConnection) throws -> Value
    ) throws -> Value {
        do {
            try session.script("BEGIN; SELECT pg_advisory_xact_lock(\(lock))")
            let before = session.amount.rows
            let value = try body(PostgresConnection(session))
            try session.drain()
            if session.amount.rows > before { try session.post("INSERT INTO commits (id) VALUES (?)", [mark]) }
            try session.drain()
            return value
        } catch {
            session.rollback()
            throw error
        }
    }

    /// Whether the transaction with a mark was committed. Its connection may have been lost while the server went on
    /// with it: the lock is free when that is over.
    private func isCommitted(_ mark: Int64, _ error: SQLError) throws -> Bool {
        do {
            return try again {
                try writer.with { session in
                    try session.script("BEGIN; SELECT pg_advisory_xact_lock(\(Self.lock))")
                    defer { session.rollback() }
                    return try !session.query("SELECT 1 FROM commits WHERE id = ?", [mark], .kept).rows.isEmpty
                }
            }
        } catch { throw SQLError(.unknownOutcome, "\(error)") }
    }

    /// Does `body` again after an error that passes.
    private func again<Value>(_ body: () throws -> Value) throws -> Value {
        var attempt = 0
        while true {
            do { return try body() } catch let error as SQLError where Self.passes(error) {
                guard attempt < Self.pauses.count else { throw error }
                Thread.sleep(forTimeInterval: Self.pauses[attempt])
                attempt += 1
            }
        }
    }

    private static func passes(_ error: SQLError) -> Bool { [.lost, .again, .busy, .readOnly].contains(error.code) }

    // MARK: Migrations

    package func appliedMigrations() throws -> [String] {
        try read { connection in
            let isThere: Bool? = try connection.value("SELECT to_regclass('schema_migrations') IS NOT NULL")
            guard isThere == true else { return [] }
            return try connection.values("SELECT name FROM schema_migrations ORDER BY name")
        }
    }

    package func migrate(_ migrations: [Migration]) throws {
        try writer.with {
            try $0.script(
                """
                BEGIN; SELECT pg_advisory_xact_lock(\(Self.lock));
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    name TEXT COLLATE "C" PRIMARY KEY, applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
                );
                CREATE TABLE IF NOT EXISTS commits (
                    id BIGINT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT now()
                );
                COMMIT
                """)
        }
        for migration in migrations {
            try write { connection in
                let isApplied = try connection.exists(
                    "SELECT 1 FROM schema_migrations WHERE name = ?", [migration.name])
                guard !isApplied else { return }
                try connection.script(migration.sql)
                try connection.run("INSERT INTO schema_migrations (name) VALUES (?)", [migration.name])
            }
        }
    }
}
