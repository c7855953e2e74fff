import CPostgres
import Foundation
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
        let end = deadline
        while let result = try next(until: end) {
            defer { libpq.PQclear(result) }
            do { last = try answer(result) } catch let error as SQLError {
                // Without a connection, or in a copy that was not asked for, there is no last answer.
                guard isUsable else { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return last
    }

    /// When the time of a statement that begins now is up.
    var deadline: ContinuousClock.Instant { .now + .seconds(limit) }

    /// The next answer, waited for until `end`; nil after the last one of a statement.
    func next(until end: ContinuousClock.Instant) throws -> OpaquePointer? {
        while libpq.PQisBusy(connection) == 1 { try wait(until: end) }
        return libpq.PQgetResult(connection)
    }

    /// Sends what libpq holds, as far as the connection takes it, and waits for an answer, or for room to send.
    func wait(until end: ContinuousClock.Instant) throws {
        let unsent = libpq.PQflush(connection)
        guard unsent >= 0 else {
            // The server may have said why before it closed the connection.
            guard libpq.PQconsumeInput(connection) == 1, libpq.PQisBusy(connection) == 0 else { throw broken() }
            return
        }
        let events = Int16(POLLIN) | (unsent > 0 ? Int16(POLLOUT) : 0)
        var wanted = pollfd(fd: libpq.PQsocket(connection), events: events, revents: 0)
        let left = (end - .now) / .milliseconds(1)
        guard wanted.fd >= 0, left > 0 else {
            guard wanted.fd >= 0 else { throw broken() }
            isUsable = false
            guard !isCommitting else { throw SQLError(.lost, "the server did not answer to COMMIT") }
            cancel()
            throw SQLError(.timedOut, "the server did not answer within \(Int(limit)) s")
        }
        let count = poll(&wanted, 1, Int32(min(left + 1, 60_000)))
        guard count >= 0 || errno == EINTR else { throw broken() }
        let isReadable = count > 0 && wanted.revents & ~Int16(POLLOUT) != 0
        if isReadable, libpq.PQconsumeInput(connection) != 1 { throw broken() }
    }

    /// Asks the server to end the statement, in a thread of its own: a server that hangs answers to that neither.
    ///
    /// A commit is never cancelled: it would be answered as if it were durable.
    private func cancel() {
        guard let cancel = libpq.PQgetCancel(connection) else { return }
        let (address, libpq) = (UInt(bitPattern: cancel), LibPQ.Call(call: libpq))
        Thread.detachNewThread {
            guard let cancel = OpaquePointer(bitPattern: address) else { return }
            var error = [CChar](repeating: 0, count: 256)
            _ = libpq.call.PQcancel(cancel, &error, Int32(error.count))
            libpq.call.PQfreeCancel(cancel)
        }
    }

    func answer(_ result: OpaquePointer) throws -> Answer {
        let status = libpq.PQresultStatus(result)
        switch Int(status) {
        case DBCENSUS_TUPLES_OK: return Answer(rows: try rows(result))
        case DBCENSUS_COMMAND_OK: return Answer(changed: changed(result))
        default:
            guard let state = libpq.PQresultErrorField(result, Int32(DBCENSUS_FIELD_SQLSTATE)) else {
                // libpq's own: the connection is gone.
                throw broken(Self.line(libpq.PQresultErrorMessage(result)))
            }
            let message = libpq.PQresultErrorField(result, Int32(DBCENSUS_FIELD_MESSAGE))
            let error = SQLError(sqlState: String(cString: state), Self.line(message))
            let severity = libpq.PQresultErrorField(result, Int32(DBCENSUS_FIELD_SEVERITY))
            hasEnded = severity.map { String(cString: $0) != "ERROR" } ?? true
            if hasEnded { isUsable = false }
            if [SQLError.Code.lost, .readOnly, .busy].contains(error.code) { isUsable = false }
            throw error
        }
    }

    private func changed(_ result: OpaquePointer) -> Int {
        libpq.PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    private func rows(_ result: OpaquePointer) throws -> [SQLRow] {
        let columns = libpq.PQnfields(result)
        let types = (0..<columns).map { libpq.PQftype(result, $0) }
        return try (0..<libpq.PQntuples(result)).map { row in
            SQLRow(
                try (0..<columns).map { column in
                    guard libpq.PQgetisnull(result, row, column) == 0,
                        let value = libpq.PQgetvalue(result, row, column)
                    else { return .null }
                    let count = Int(libpq.PQgetlength(result, row, column))
                    return try SQLValue(type: types[Int(column)], UnsafeRawBufferPointer(start: value, count: count))
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
    init(type: UInt32, _ text: UnsafeRawBufferPointer) throws {
        switch type {
        case 16: self = .flag(text.first == UInt8(ascii: "t"))
        case 20, 21, 23, 26, 700, 701, 1700:
            let text = String(decoding: text, as: UTF8.self)
            // A sum of integers is a numeric.
            self = Int64(text).map(SQLValue.integer) ?? Double(text).map(SQLValue.real) ?? .text(text)
        case 17: self = .bytes(try Self.bytes(hexadecimal: text))
        default: self = .text(String(decoding: text, as: UTF8.self))
        }
    }

    /// `\x` and two digits for each byte.
    private static func bytes(hexadecimal text: UnsafeRawBufferPointer) throws -> [UInt8] {
        func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        let begins = text.count >= 2 && text[0] == UInt8(ascii: "\\") && text[1] == UInt8(ascii: "x")
        guard begins, text.count.isMultiple(of: 2) else { throw notHexadecimal }
        return try stride(from: 2, to: text.count, by: 2).map { index in
            guard let high = digit(text[index]), let low = digit(text[index + 1]) else { throw notHexadecimal }
            return high << 4 | low
        }
    }

    private static var notHexadecimal: SQLError {
        SQLError(
            .failed, "the server sends bytes in another form than hexadecimal: set bytea_output to hex for the user")
    }
}
