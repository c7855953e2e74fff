import FoundationEssentials
import GRDB
import Report

/// A report that was read and refused, with what was tried since. Its body is kept for as long as the retention says.
public struct DeadLetterRow: Codable, Sendable, Equatable {
    /// Its number.
    public var id: Int64
    /// When it was received: RFC 3339, UTC.
    public var received_at: String
    /// Who sent it: a token's id, or `cli`.
    public var source: String
    /// Why it was refused, for programs: `Refusal.Code`.
    public var code: String
    /// Why it was refused, for people.
    public var message: String
    /// How often it was tried.
    public var attempts: Int
    /// When it was last tried: RFC 3339, UTC.
    public var tried_at: String
    /// Bytes of its body, compressed.
    public var body_bytes: Int64
}

extension ListDefinition {
    static let deadLetters = ListDefinition(
        columns: [SelectedColumn("id", "l.row_id")]
            + SelectedColumn.of("l", "received_at, source, code, message, attempts, tried_at")
            + [SelectedColumn("body_bytes", "LENGTH(l.body)")],
        tables: "dead_letters l", rowID: "l.row_id",
        fields: [
            .text(
                "code", "l.code", isIndexed: false,
                "Why: " + Refusal.Code.allCases.map(\.rawValue).joined(separator: ", ") + "."),
            .text("source", "l.source", isIndexed: false, "Who sent it: a token's id, or cli."),
        ], sorts: [:], order: "-added")
}

extension InventoryStore {
    /// The most dead letters; the oldest make room.
    public static let deadLetterLimit = 10_000
    /// The most dead letters of one sender.
    public static let deadLettersPerSource = 5_000

    /// Reports that were refused, the last received first.
    public func deadLetters(_ request: ListRequest = ListRequest()) throws -> Page<DeadLetterRow> {
        try page(.deadLetters, request)
    }

    /// Keeps refused reports, each with its body as one gzip member and who sent it, in one transaction.
    ///
    /// They count as what their sender writes a day; those of a sender that has used up its `quota` are not kept.
    public func addDeadLetters(
        _ letters: [(refusal: Refusal, gzip: [UInt8], source: String)], now: Date = Date(), quota: SenderQuota = .none
    ) throws {
        guard !letters.isEmpty else { return }
        try write { database in
            let time = Timestamp.format(now)
            let usage = SenderUsage(database, quota, now: now)
            for letter in letters {
                if try usage.isUsedUp(letter.source) { continue }
                try usage.counting(letter.source) {
                    try database.cachedStatement(
                        sql: """
                            INSERT INTO dead_letters (received_at, source, code, message, attempts, tried_at, body)
                            VALUES (?, ?, ?, ?, 1, ?, ?)
                            """
                    ).execute(arguments: [
                        time, letter.source, letter.refusal.code.rawValue, letter.refusal.message, time,
                        Data(letter.gzip),
                    ])
                }
            }
            try usage.write()
            // One sender's make room for its own first.
            for source in Set(letters.map(\.source)) {
                try database.execute(
                    sql: """
                        DELETE FROM dead_letters WHERE source = ? AND row_id <=
                            (SELECT row_id FROM dead_letters WHERE source = ? ORDER BY row_id DESC
                             LIMIT 1 OFFSET \(Self.deadLettersPerSource))
                        """, arguments: [source, source])
            }
            try database.execute(
                sql: """
                    DELETE FROM dead_letters WHERE row_id <=
                        (SELECT row_id FROM dead_letters ORDER BY row_id DESC LIMIT 1 OFFSET \(Self.deadLetterLimit))
                    """)
        }
    }

    /// The JSON of a dead letter; nil when there is none of that number.
    public func deadLetterBody(_ id: Int64) throws -> [UInt8]? {
        let sql = "SELECT body FROM dead_letters WHERE row_id = ?"
        guard let body = try read({ try Data.fetchOne($0, sql: sql, arguments: [id]) }) else { return nil }
        return try Gzip.firstMember(of: Array(body)[...], compressedLimit: .max).bytes
    }

    /// Tries a dead letter again, and removes it when it is taken; nil when there is none of that number.
    ///
    /// - Parameter takesOver: an operator lets its sender report for the host from now on.
    public func retryDeadLetter(
        _ id: Int64, takesOver: Bool = false, now: Date? = nil
    ) throws -> IngestOutcome? {
        let sql = "SELECT body, source FROM dead_letters WHERE row_id = ?"
        guard let letter = try read({ try Row.fetchOne($0, sql: sql, arguments: [id]) }) else { return nil }
        let outcome = try ingestAgain(letter[0], source: letter[1], takesOver: takesOver, now)
        try write { database in
            if case .rejected(let refusal) = outcome {
                try database.execute(
                    sql: """
                        UPDATE dead_letters SET attempts = attempts + 1, tried_at = ?, code = ?, message = ?
                        WHERE row_id = ?
                        """,
                    arguments: [Timestamp.format(now ?? Date()), refusal.code.rawValue, refusal.message, id])
            } else {
                try database.execute(sql: "DELETE FROM dead_letters WHERE row_id = ?", arguments: [id])
            }
        }
        return outcome
    }

    /// Exactly as it came, as an ingest would take it.
    private func ingestAgain(
        _ body: Data, source: String, takesOver: Bool, _ now: Date?
    ) throws -> IngestOutcome {
        do {
            var report = try IncomingReport(try Report.decode(body: body, .outline), gzip: Array(body))
            report.source = source
            report.bounds = try token(source)?.row.bounds ?? SenderBounds()
            if takesOver { report.bounds = SenderBounds(takesOver: true) }
            return try ingest([report], now: now)[0]
        } catch let error as ReportError {
            return .rejected(Refusal(error.code == .unknownSchema ? .unknownSchema : .invalid, error.message))
        } catch let refusal as Refusal { return .rejected(refusal) }
    }
}
