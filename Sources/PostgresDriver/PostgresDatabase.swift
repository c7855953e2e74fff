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
    package var clockAhead: Double { ahead.withLock { $0 } }
    package var lastCommit: Int64? { committed.withLock { $0 } }

    private let readers: SessionPool
    private let writer: SessionPool
    private let housekeeping = Mutex(0)
    /// How many migrations there are, once they are applied.
    private let schema = Mutex<Int?>(nil)
    /// How far the server's clock was ahead when it was last asked.
    private let ahead = Mutex(0.0)
    /// The mark of the last commit.
    private let committed = Mutex(Int64?.none)

    /// The least version of a server.
    private static let leastVersion = 140_000
    /// Seconds before another attempt: a server that restarts is back after a few.
    private static let pauses = [0.05, 0.5, 2, 5]
    /// The lock that a writer holds until its commit: "dbcensus" as a number of eight bytes.
    private static let lock = 0x6462_6365_6e73_7573
    private static let clock = "CAST(extract(epoch FROM clock_timestamp()) AS TEXT)"
    /// Begins a write. What the user, the database or the server has set for others must not change what it means. A
    /// program that is paused in a write holds the lock no longer than the server waits for its next statement.
    private static let begin = """
        BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL client_min_messages = warning;
        SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0;
        SET LOCAL idle_in_transaction_session_timeout = '30s'; SELECT pg_advisory_xact_lock(\(lock))
        """
    /// The server's time, and how many migrations there are: asked once the lock is held.
    private static let state = "SELECT \(clock), (SELECT COUNT(*) FROM dbcensus_migrations)"
    /// Every so many commits the marks of old ones are removed.
    private static let commitsBetweenCleaning = 1_000

    /// Connects, and refuses a server that is too old.
    package init(_ options: PostgresOptions) throws {
        readers = SessionPool(options, limit: options.readers)
        writer = SessionPool(options, limit: 1)
        let (version, encoding, time) = try readers.with {
            ($0.serverVersion, $0.encoding, try $0.script("SELECT \(Self.clock)"))
        }
        note(time)
        guard version >= Self.leastVersion else {
            throw SQLError(
                .cannotOpen, "the server is PostgreSQL \(version / 10_000), and a store needs version 14 or later")
        }
        guard encoding == "UTF8" else {
            throw SQLError(.cannotOpen, "the database has the encoding \(encoding): make one with ENCODING 'UTF8'")
        }
    }

    /// An address as messages and logs show it: `postgresql://user@host:5432/database`.
    ///
    /// - Throws: `SQLError` for what is no address, and for one with a password: the process list and logs would show
    ///   it.
    package static func name(of address: String) throws -> String {
        let parts = try PostgresAddress(address)
        let servers = parts.servers.map { server in server.port.map { "\(server.host):\($0)" } ?? server.host }
        let user = parts.user.map { "\($0)@" } ?? ""
        return "postgresql://\(user)\(servers.joined(separator: ","))/\(parts.database ?? "")"
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
                    let value = try transaction(session, mark, body)
                    written = value
                    do { try session.commit() } catch {
                        session.rollback()
                        throw error
                    }
                    // Before another thread writes: the mark never goes back.
                    committed.withLock { $0 = mark }
                    return value
                }
            } catch let error as SQLError where error.code == .unknownOutcome {
                guard let written, try isCommitted(mark, error) else { throw SQLError(.again, error.message) }
                committed.withLock { $0 = mark }
                return written
            }
        }
    }

    /// Commits a mark alone, beside what is written: copies of the database have it after everything that was committed
    /// before.
    ///
    /// - Returns: how many migrations the database has.
    func mark(_ id: Int64) throws -> Int {
        try readers.with { session in
            let sql =
                "INSERT INTO dbcensus_commits (id) VALUES (?) RETURNING (SELECT COUNT(*) FROM dbcensus_migrations)"
            return try session.query(sql, [id], .kept).rows.first?[0] ?? 0
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
    ///
    /// A transaction that changes nothing is marked too: its commit waits for the standbys, and so for everything that
    /// it has read.
    private func transaction<Value>(
        _ session: Session, _ mark: Int64, _ body: (any SQLConnection) throws -> Value
    ) throws -> Value {
        do {
            try begin(session)
            let connection = PostgresConnection(session, isWriting: true)
            let value = try body(connection)
            try connection.keepNumbers()
            try session.post("INSERT INTO dbcensus_commits (id) VALUES (?)", [mark])
            let isDue = housekeeping.withLock { count in
                count += 1
                return count % Self.commitsBetweenCleaning == 0
            }
            if isDue { try session.post("DELETE FROM dbcensus_commits WHERE at < now() - INTERVAL '1 day'", []) }
            return value
        } catch {
            session.rollback()
            throw error
        }
    }

    /// Begins a write.
    ///
    /// - Throws: `SQLError` with the code `outdated` when another program changed the schema: what this one would write
    ///   may be wrong there.
    private func begin(_ session: Session) throws {
        guard let known = schema.withLock({ $0 }) else {
            _ = try session.patiently { try session.script(Self.begin) }
            return
        }
        let state = try session.patiently { try session.script("\(Self.begin); \(Self.state)") }
        note(state)
        guard let count: Int = try state.rows.first?[1], count == known else {
            throw SQLError(.outdated, "another program changed its schema")
        }
    }

    /// Keeps what an answer says of the server's clock.
    private func note(_ time: Answer) {
        guard let text: String = try? time.rows.first?[0], let seconds = Double(text) else { return }
        ahead.withLock { $0 = seconds - Date().timeIntervalSince1970 }
    }

    /// Whether the transaction with a mark was committed. Its connection may have been lost while the server went on
    /// with it: the lock is free when that is over. A commit of its own shows that the standbys have what is there.
    private func isCommitted(_ mark: Int64, _ error: SQLError) throws -> Bool {
        do {
            return try again {
                try writer.with { session in
                    let isThere = try transaction(session, .random(in: .min ... .max)) { connection in
                        try connection.exists("SELECT 1 FROM dbcensus_commits WHERE id = ?", [mark])
                    }
                    // Whether this one is committed does not matter: it may be asked again.
                    do { try session.commit() } catch let error as SQLError where error.code == .unknownOutcome {
                        throw SQLError(.again, error.message)
                    } catch {
                        session.rollback()
                        throw error
                    }
                    return isThere
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
            let isThere: Bool? = try connection.value("SELECT to_regclass('dbcensus_migrations') IS NOT NULL")
            guard isThere == true else { return [] }
            return try connection.values("SELECT name FROM dbcensus_migrations ORDER BY name")
        }
    }

    package func migrate(_ migrations: [Migration]) throws {
        let applied = Set(try appliedMigrations())
        // Who may make no tables may use those that are there.
        guard !migrations.allSatisfy({ applied.contains($0.name) }) else {
            return schema.withLock { $0 = migrations.count }
        }
        _ = try writer.with { session in
            try session.script(
                """
                \(Self.begin);
                CREATE TABLE IF NOT EXISTS dbcensus_migrations (
                    name TEXT COLLATE "C" PRIMARY KEY, applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
                );
                CREATE TABLE IF NOT EXISTS dbcensus_commits (
                    id BIGINT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT now()
                );
                COMMIT
                """)
        }
        for migration in migrations {
            try write { connection in
                let isApplied = try connection.exists(
                    "SELECT 1 FROM dbcensus_migrations WHERE name = ?", [migration.name])
                guard !isApplied else { return }
                try connection.patiently { try connection.script(migration.sql) }
                try connection.run("INSERT INTO dbcensus_migrations (name) VALUES (?)", [migration.name])
            }
        }
        schema.withLock { $0 = migrations.count }
    }
}
