import CPostgres
import SQL

/// How statements are sent.
extension Session {
    /// Sends statements without values, and reads all answers; gives that of the last one.
    @discardableResult
    func script(_ sql: String) throws -> Answer {
        try drain()
        guard libpq.PQsendQuery(connection, sql) == 1 else { throw broken() }
        return try answers()
    }

    /// Sends a statement, and reads its answer.
    func query(_ sql: String, _ values: SQLValues, _ preparation: Preparation) throws -> Answer {
        try check(values)
        try drain()
        let text = text(sql)
        if preparation == .kept, options.preparesStatements {
            let name = try prepared[sql] ?? name()
            if prepared[sql] == nil {
                guard libpq.PQsendPrepare(connection, name, text, 0, nil) == 1 else { throw broken() }
                _ = try answers()
                prepared[sql] = name
            }
            try send(values) { libpq.PQsendQueryPrepared(connection, name, $0, $1, $2, $3, 0) }
        } else {
            try send(values) { libpq.PQsendQueryParams(connection, text, $0, nil, $1, $2, $3, 0) }
        }
        let answer = try answers()
        amount.rows += Int64(answer.changed)
        return answer
    }

    /// Sends a statement; its answer is read with those of others.
    ///
    /// - Parameter drains: whether answers may be read now, so that not too many wait.
    func post(
        _ sql: String, _ values: SQLValues, _ preparation: Preparation = .kept, drains: Bool = true
    ) throws {
        try check(values)
        if posted == 0 {
            guard libpq.PQenterPipelineMode(connection) == 1 else { throw broken() }
        }
        let text = text(sql)
        if preparation == .kept, options.preparesStatements {
            let name = try prepared[sql] ?? name()
            if prepared[sql] == nil {
                guard libpq.PQsendPrepare(connection, name, text, 0, nil) == 1 else { throw broken() }
                prepared[sql] = name
                posted += 1
            }
            try send(values) { libpq.PQsendQueryPrepared(connection, name, $0, $1, $2, $3, 0) }
        } else {
            try send(values) { libpq.PQsendQueryParams(connection, text, $0, nil, $1, $2, $3, 0) }
        }
        posted += 1
        if drains, posted >= Self.postLimit.statements || postedBytes >= Self.postLimit.bytes { return try drain() }
        guard libpq.PQflush(connection) >= 0 else { throw broken() }
    }

    /// Sends several statements at once, and reads the rows of each.
    func all(_ questions: [SQLQuestion]) throws -> [[SQLRow]] {
        // Those that prepare a statement are answered too.
        var wanted: [Int] = []
        try drain()
        for (sql, values) in questions {
            try post(sql, values, drains: false)
            wanted.append(posted - 1)
        }
        var answers: [Int: [SQLRow]] = [:]
        try drain { answers[$0] = $1.rows }
        return wanted.map { answers[$0] ?? [] }
    }

    /// Reads the answers of what was posted.
    ///
    /// - Parameter take: gets each answer and its place among them.
    /// - Throws: the first error among them.
    func drain(_ take: (Int, Answer) -> Void = { _, _ in }) throws {
        guard posted > 0 else { return }
        var place = 0
        guard libpq.PQpipelineSync(connection) == 1 else { throw broken() }
        (posted, postedBytes) = (0, 0)
        var failure: SQLError?
        var empty = 0
        let end = deadline
        while true {
            guard let result = try next(until: end) else {
                // There is one after each statement; without a connection there are no others.
                empty += 1
                guard empty < 3 else { throw broken() }
                continue
            }
            empty = 0
            defer { libpq.PQclear(result) }
            let status = libpq.PQresultStatus(result)
            if status == Int32(DBCENSUS_PIPELINE_SYNC) { break }
            if status == Int32(DBCENSUS_PIPELINE_ABORTED) { continue }
            do {
                let answer = try answer(result)
                amount.rows += Int64(answer.changed)
                take(place, answer)
                place += 1
            } catch let error as SQLError {
                guard isUsable else { throw error }
                failure = failure ?? error
            }
        }
        guard libpq.PQexitPipelineMode(connection) == 1 else { throw broken() }
        if let failure {
            // After the failure the server prepared none of the others.
            prepared = [:]
            isStale = true
            throw failure
        }
    }

    /// The table of a statement that inserts one row, and the statement with the row's number before its values.
    func insertion(_ sql: String) throws -> (table: String, sql: String) {
        if let known = insertions[sql] { return known }
        let shape = /INSERT INTO (\w+) \((.*)\)\s+VALUES \((.*)\)\s*/.dotMatchesNewlines()
        guard let parts = try shape.wholeMatch(in: sql)?.output else {
            throw SQLError(.failed, "no statement that inserts one row: \(sql)")
        }
        let made = (String(parts.1), "INSERT INTO \(parts.1) (row_id, \(parts.2)) VALUES (?, \(parts.3))")
        insertions[sql] = made
        return made
    }

    private func text(_ sql: String) -> String {
        if let known = numbered[sql] { return known }
        let text = Placeholders.numbered(sql)
        if numbered.count < Self.statementLimit { numbered[sql] = text }
        return text
    }

    private func name() throws -> String {
        lastName += 1
        isStale = isStale || prepared.count >= Self.statementLimit
        return "s\(lastName)"
    }

    /// No text holds U+0000, and libpq would end the value there. It is refused before anything is sent.
    private func check(_ values: SQLValues) throws {
        for case .text(let text) in values.map({ $0?.sqlValue ?? .null }) where text.utf8.contains(0) {
            throw SQLError(.constraint, "a text has the character U+0000, which PostgreSQL cannot store")
        }
    }

    private typealias Arguments = (
        Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    )

    private func send(_ values: SQLValues, _ body: (Arguments) -> Int32) throws {
        var bytes: [UInt8] = []
        var places: [Int?] = []
        var lengths: [Int32] = []
        var formats: [Int32] = []
        for value in values {
            let value = value?.sqlValue ?? .null
            var format: Int32 = 0
            let start = bytes.count
            switch value {
            case .null: break
            case .integer(let number): bytes.append(contentsOf: String(number).utf8)
            case .real(let number): bytes.append(contentsOf: String(number).utf8)
            case .flag(let flag): bytes.append(flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
            case .text(let text): bytes.append(contentsOf: text.utf8)
            case .bytes(let data):
                bytes.append(contentsOf: data)
                format = 1
            }
            places.append(value == .null ? nil : start)
            lengths.append(Int32(bytes.count - start))
            formats.append(format)
            bytes.append(0)
        }
        amount.bytes += Int64(bytes.count)
        postedBytes += bytes.count
        let sent = bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = places.map { place in place.flatMap { base?.advanced(by: $0) } }
            return pointers.withUnsafeBufferPointer { pointers in
                lengths.withUnsafeBufferPointer { lengths in
                    formats.withUnsafeBufferPointer { formats in
                        body((Int32(values.count), pointers.baseAddress, lengths.baseAddress, formats.baseAddress))
                    }
                }
            }
        }
        guard sent == 1 else { throw broken() }
    }
}

/// How rows are loaded: https://www.postgresql.org/docs/current/sql-copy.html
extension Session {
    /// Sends rows to a `COPY … FROM STDIN`.
    func copy(_ sql: String, _ rows: [SQLRow]) throws {
        try drain()
        guard libpq.PQsendQuery(connection, sql) == 1, let begun = try next(until: deadline) else { throw broken() }
        let status = libpq.PQresultStatus(begun)
        guard status == Int32(DBCENSUS_COPY_IN) else {
            defer { libpq.PQclear(begun) }
            _ = try answer(begun)
            throw broken("the server takes no rows")
        }
        libpq.PQclear(begun)
        let end = deadline
        for row in rows {
            let line = Self.line(row)
            func send() -> Int32 {
                line.withUnsafeBytes { bytes in
                    libpq.PQputCopyData(
                        connection, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
                }
            }
            var sent = send()
            while sent == 0 {
                try wait(until: end)
                sent = send()
            }
            guard sent == 1 else { throw broken() }
            amount.bytes += Int64(line.count)
        }
        while true {
            let ended = libpq.PQputCopyEnd(connection, nil)
            if ended == 1 { break }
            guard ended == 0 else { throw broken() }
            try wait(until: end)
        }
        amount.rows += Int64(try answers().changed)
    }

    /// A row in COPY's text format.
    private static func line(_ row: SQLRow) -> [UInt8] {
        var line: [UInt8] = []
        for (index, value) in row.values.enumerated() {
            if index > 0 { line.append(UInt8(ascii: "\t")) }
            switch value {
            case .null: line += [UInt8(ascii: "\\"), UInt8(ascii: "N")]
            case .integer(let number): line += String(number).utf8
            case .real(let number): line += String(number).utf8
            case .flag(let flag): line.append(flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
            case .text(let text): for byte in text.utf8 { escape(byte, &line) }
            case .bytes(let bytes):
                line += #"\\x"#.utf8
                for byte in bytes {
                    line.append(digits[Int(byte >> 4)])
                    line.append(digits[Int(byte & 15)])
                }
            }
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func escape(_ byte: UInt8, _ line: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\\"): line += #"\\"#.utf8
        case UInt8(ascii: "\t"): line += #"\t"#.utf8
        case UInt8(ascii: "\n"): line += #"\n"#.utf8
        case UInt8(ascii: "\r"): line += #"\r"#.utf8
        default: line.append(byte)
        }
    }
}
