import CPostgres
import Glibc
import SQL

/// One connection to a server, used by one thread at a time.
final class Session {
    let libpq: dbcensus_libpq
    let connection: OpaquePointer
    let options: PostgresOptions
    /// The names of prepared statements by their text.
    var prepared: [String: String] = [:]
    /// The texts with numbered placeholders.
    var numbered: [String: String] = [:]
    /// Statements that insert a row, with its number, by their text.
    var insertions: [String: (table: String, sql: String)] = [:]
    /// Tables whose rows this connection numbers.
    var numberedTables: Set<String> = []
    /// Statements that were sent and not yet answered.
    var posted = 0
    var postedBytes = 0
    /// Whether the connection may be used again.
    var isUsable = true
    /// Prepared statements have to be forgotten: which of them the server has is not known.
    var isStale = false
    var lastName = 0
    var isCommitting = false
    /// The last error ended the connection.
    var hasEnded = false
    /// The last warning of the server.
    var warning: String?
    /// Seconds that a statement may take.
    var limit: Double
    /// What was written.
    var amount = WrittenAmount(rows: 0, bytes: 0)

    /// Kept statements of a connection. The store has fewer; this is the bound.
    static let statementLimit = 1_000
    /// Posted statements, and bytes of their values, whose answers are not read yet: what libpq may hold in memory.
    static let postLimit = (statements: 4_096, bytes: 4 << 20)

    /// Connects.
    init(_ options: PostgresOptions) throws {
        self.options = options
        limit = options.statementTimeout
        let libpq = try LibPQ.load().call
        self.libpq = libpq
        // Those before `dbname` are defaults: the address overrides them. The ones after it override the address.
        var settings = [
            ("connect_timeout", "5"), ("keepalives_idle", "20"), ("keepalives_interval", "5"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "30000"), ("application_name", "dbcensus-collector"),
            ("dbname", options.address), ("client_encoding", "UTF8"),
        ]
        if let password = try options.password?() { settings.append(("password", password)) }
        let connection = Self.withStrings(settings.map(\.0)) { keywords in
            Self.withStrings(settings.map(\.1)) { libpq.PQconnectdbParams(keywords, $0, 1) }
        }
        guard let connection else { throw SQLError(.failed, "there is no memory for a connection") }
        self.connection = connection
        guard libpq.PQstatus(connection) == Int32(DBCENSUS_CONNECTION_OK) else {
            throw SQLError(.cannotOpen, Self.line(libpq.PQerrorMessage(connection)))
        }
        // Sending never waits: the server may wait meanwhile until its answers are read.
        guard libpq.PQsetnonblocking(connection, 1) == 0 else {
            throw SQLError(.failed, Self.line(libpq.PQerrorMessage(connection)))
        }
        _ = libpq.PQsetNoticeReceiver(
            connection,
            { argument, result in
                guard let argument, let result else { return }
                Unmanaged<Session>.fromOpaque(argument).takeUnretainedValue().note(result)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func note(_ result: OpaquePointer) {
        guard let state = libpq.PQresultErrorField(result, Int32(DBCENSUS_FIELD_SQLSTATE)),
            String(cString: state) == "01000"
        else { return }
        warning = Self.line(libpq.PQresultErrorField(result, Int32(DBCENSUS_FIELD_MESSAGE)))
    }

    deinit { libpq.PQfinish(connection) }

    /// 150012 for 15.12.
    var serverVersion: Int { Int(libpq.PQserverVersion(connection)) }

    /// The encoding of the database, such as `UTF8`.
    var encoding: String { libpq.PQparameterStatus(connection, "server_encoding").map { String(cString: $0) } ?? "" }

    /// Whether no transaction is open.
    var isIdle: Bool {
        libpq.PQtransactionStatus(connection) == Int32(DBCENSUS_TRANSACTION_IDLE) && posted == 0
    }

    /// Does `body`, whose statements may take an hour each.
    func patiently<Value>(_ body: () throws -> Value) throws -> Value {
        let limit = self.limit
        self.limit = 3_600
        defer { self.limit = limit }
        return try body()
    }

    /// Commits.
    ///
    /// - Throws: `SQLError` with the code `unknownOutcome` when the server did not say that it is durable everywhere it
    ///   has to be, and `notReplicated` when the wait for a standby was cancelled: such a commit is answered like any
    ///   other, with a warning.
    func commit() throws {
        guard libpq.PQtransactionStatus(connection) != Int32(DBCENSUS_TRANSACTION_FAILED) else {
            throw SQLError(.failed, "a statement of the transaction failed, so that nothing of it can be committed")
        }
        (warning, isCommitting) = (nil, true)
        defer { isCommitting = false }
        // With what was posted: after a statement that fails the server skips it.
        var warningOfCommit: String?
        do {
            try post("COMMIT", [], .once, drains: false)
            // A warning comes before the answer of its statement.
            try drain { _, _ in (warningOfCommit, warning) = (warning, nil) }
        } catch let error as SQLError where error.code == .lost || hasEnded {
            // A server that crashes in a commit may find it in its log.
            throw SQLError(.unknownOutcome, error.message)
        }
        guard let warningOfCommit else {
            do { try forgetStatements() } catch { isUsable = false }
            return
        }
        throw SQLError(.notReplicated, warningOfCommit)
    }

    /// Undoes the open transaction. What cannot be undone here, the server undoes when the connection ends.
    func rollback() {
        guard isUsable else { return }
        do {
            try? drain()
            try script("ROLLBACK")
            try forgetStatements()
        } catch { isUsable = false }
    }

    private func forgetStatements() throws {
        guard isStale else { return }
        try script("DEALLOCATE ALL")
        (prepared, isStale) = ([:], false)
    }

    private static func withStrings<Value>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value
    ) -> Value {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { UnsafePointer($0) } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
