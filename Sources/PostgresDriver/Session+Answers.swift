import CPostgres
import Glibc
import SQL

/// What the server answered to a statement.
struct Answer {
    var rows: [SQLRow] = []
    /// How many rows the statement changed.
    var changed = 0
}

/// How answers are read.
extension Session {
    /// Reads all answers of what was sent; the rows are those of the last one.
    func answers() throws -> Answer {
        var last = Answer()
        var failure: SQLError?
        while let result = try next() {
            defer { libpq.PQclear(result) }
            do { last = try answer(result) } catch let error as SQLError { failure = failure ?? error }
        }
        if let failure { throw failure }
        return last
    }

    /// The next answer, waited for until the statement's time is up; nil after the last one of a statement.
    func next() throws -> OpaquePointer? {
        let end = ContinuousClock.now + .seconds(options.statementTimeout)
        while libpq.PQisBusy(connection) == 1 {
            var wanted = pollfd(fd: libpq.PQsocket(connection), events: Int16(POLLIN), revents: 0)
            let left = (end - .now) / .milliseconds(1)
            guard wanted.fd >= 0, left > 0 else {
                if wanted.fd >= 0, !isCommitting { cancel() }
                throw broken(wanted.fd < 0 ? nil : "the server did not answer within \(options.statementTimeout) s")
            }
            let count = poll(&wanted, 1, Int32(min(left + 1, 60_000)))
            guard count >= 0 || errno == EINTR else { throw broken() }
            if count > 0, libpq.PQconsumeInput(connection) != 1 { throw broken() }
        }
        return libpq.PQgetResult(connection)
    }

    /// Asks the server to end the statement. A commit is never cancelled: it would be answered as if it were durable.
    private func cancel() {
        guard let cancel = libpq.PQgetCancel(connection) else { return }
        var error = [CChar](repeating: 0, count: 256)
        _ = libpq.PQcancel(cancel, &error, Int32(error.count))
        libpq.PQfreeCancel(cancel)
    }

    func answer(_ result: OpaquePointer) throws -> Answer {
        let status = libpq.PQresultStatus(result)
        switch Int(status) {
        case DBCENSUS_TUPLES_OK: return Answer(rows: rows(result), changed: changed(result))
        case DBCENSUS_COMMAND_OK: return Answer(changed: changed(result))
        default:
            guard let state = libpq.PQresultErrorField(result, Int32(DBCENSUS_FIELD_SQLSTATE)) else {
                // libpq's own: the connection is gone.
                throw broken(Self.line(libpq.PQresultErrorMessage(result)))
            }
            let message = libpq.PQresultErrorField(result, Int32(DBCENSUS_FIELD_MESSAGE))
            let error = SQLError(sqlState: String(cString: state), Self.line(message))
            if [SQLError.Code.lost, .readOnly, .busy].contains(error.code) { isUsable = false }
            throw error
        }
    }

    private func changed(_ result: OpaquePointer) -> Int {
        libpq.PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    private func rows(_ result: OpaquePointer) -> [SQLRow] {
        let columns = libpq.PQnfields(result)
        let types = (0..<columns).map { libpq.PQftype(result, $0) }
        return (0..<libpq.PQntuples(result)).map { row in
            SQLRow(
                (0..<columns).map { column in
                    guard libpq.PQgetisnull(result, row, column) == 0,
                        let value = libpq.PQgetvalue(result, row, column)
                    else { return .null }
                    let count = Int(libpq.PQgetlength(result, row, column))
                    return SQLValue(type: types[Int(column)], UnsafeRawBufferPointer(start: value, count: count))
                })
        }
    }

    /// The connection cannot be used again.
    func broken(_ why: String? = nil) -> SQLError {
        isUsable = false
        return .lost(why ?? Self.line(libpq.PQerrorMessage(connection)))
    }

    static func line(_ text: UnsafePointer<CChar>?) -> String {
        guard let text else { return "" }
        return String(cString: text).split { $0.isNewline || $0 == "\t" }.joined(separator: "; ")
    }
}

extension SQLValue {
    /// A value in the server's text form: https://www.postgresql.org/docs/current/catalog-pg-type.html
    init(type: UInt32, _ text: UnsafeRawBufferPointer) {
        switch type {
        case 16: self = .flag(text.first == UInt8(ascii: "t"))
        case 20, 21, 23, 26, 700, 701, 1700:
            let text = String(decoding: text, as: UTF8.self)
            // A sum of integers is a numeric.
            self = Int64(text).map(SQLValue.integer) ?? Double(text).map(SQLValue.real) ?? .text(text)
        case 17: self = .bytes(Self.bytes(hexadecimal: text))
        default: self = .text(String(decoding: text, as: UTF8.self))
        }
    }

    /// `\x` and two digits for each byte.
    private static func bytes(hexadecimal text: UnsafeRawBufferPointer) -> [UInt8] {
        func digit(_ byte: UInt8) -> UInt8 { byte >= UInt8(ascii: "a") ? byte - 87 : byte - 48 }
        guard text.count >= 2 else { return [] }
        return (1..<text.count / 2).map { digit(text[$0 * 2]) << 4 | digit(text[$0 * 2 + 1]) }
    }
}
