import FoundationEssentials
import Inventory
import Report
import SQL

/// A report that was rejected, on its way to the dead letters.
public struct RejectedReport: Sendable {
    var refusal: Refusal
    var packed: [UInt8]
    var sender: String
    var voucher: Voucher?

    /// - Parameters:
    ///   - packed: its compressed bytes, as they came.
    ///   - voucher: what AWS says of its host.
    public init(_ refusal: Refusal, _ packed: [UInt8], sender: String, voucher: Voucher? = nil) {
        self.refusal = refusal
        self.packed = packed
        self.sender = sender
        self.voucher = voucher
    }
}

extension Voucher {
    /// As the store keeps it.
    func text() throws -> String { String(decoding: try Report.encoder(.minified).encode(self), as: UTF8.self) }

    /// What the store keeps; nil for nothing.
    init?(text: String?) {
        guard let text, let voucher = try? Report.decoder().decode(Voucher.self, from: Data(text.utf8)) else {
            return nil
        }
        self = voucher
    }
}

extension InventoryStore {
    /// The most dead letters; the oldest make room.
    public static let deadLetterLimit = 10_000
    /// The most dead letters of one sender.
    public static let deadLettersPerSource = 5_000

    /// Keeps rejected reports, each with its compressed body and its sender, in one transaction.
    ///
    /// They count as what their sender writes a day; those of a sender that has used up its `quota` are not kept.
    public func addDeadLetters(
        _ letters: [RejectedReport], now: Date? = nil, quota: SenderQuota = .none
    ) throws {
        guard !letters.isEmpty else { return }
        try write { database in
            let now = now ?? self.now()
            let time = Timestamp.format(now)
            let usage = SenderUsage(database, quota, now: now)
            for letter in letters {
                if try usage.isUsedUp(letter.sender) { continue }
                try usage.counting(letter.sender) {
                    try database.run(
                        """
                        INSERT INTO dead_letters (received_at, source, code, message, attempts, tried_at, voucher, body)
                        VALUES (?, ?, ?, ?, 1, ?, ?, ?)
                        """,
                        [
                            time, letter.sender, letter.refusal.code.rawValue, letter.refusal.message, time,
                            try letter.voucher?.text(), letter.packed,
                        ])
                }
            }
            try usage.write()
            // One sender's make room for its own first.
            for source in Set(letters.map(\.sender)) {
                try database.run(
                    """
                    DELETE FROM dead_letters WHERE source = ? AND row_id <=
                        (SELECT row_id FROM dead_letters WHERE source = ? ORDER BY row_id DESC
                         LIMIT 1 OFFSET \(Self.deadLettersPerSource))
                    """, [source, source])
            }
            try database.run(
                """
                DELETE FROM dead_letters WHERE row_id <=
                    (SELECT row_id FROM dead_letters ORDER BY row_id DESC LIMIT 1 OFFSET \(Self.deadLetterLimit))
                """)
        }
    }

    /// The bytes of a dead letter, as they came; nil when there is none of that number.
    public func deadLetterBody(_ id: Int64) throws -> [UInt8]? {
        let sql = "SELECT body FROM dead_letters WHERE row_id = ?"
        guard let body = try read({ try $0.value(sql, [id]) as [UInt8]? }) else { return nil }
        return try Packed.decompress(Array(body), compressedLimit: .max)
    }

    /// Tries a dead letter again, and removes it when it is stored; nil when there is none of that number.
    public func retryDeadLetter(
        _ id: Int64, takesOver: Bool = false, now: Date? = nil
    ) throws -> IngestOutcome? {
        let sql = "SELECT body, source, voucher FROM dead_letters WHERE row_id = ?"
        guard let letter = try read({ try $0.one(sql, [id]) }) else { return nil }
        let outcome = try ingestAgain(
            letter[0], source: letter[1], Voucher(text: letter[2]), takesOver: takesOver, now)
        try write { database in
            if case .rejected(let refusal) = outcome {
                try database.run(
                    """
                    UPDATE dead_letters SET attempts = attempts + 1, tried_at = ?, code = ?, message = ?
                    WHERE row_id = ?
                    """, [Timestamp.format(now ?? self.now()), refusal.code.rawValue, refusal.message, id])
            } else {
                try database.run("DELETE FROM dead_letters WHERE row_id = ?", [id])
            }
        }
        return outcome
    }

    /// Ingests the bytes exactly as they came.
    private func ingestAgain(
        _ body: [UInt8], source: String, _ voucher: Voucher?, takesOver: Bool, _ now: Date?
    ) throws -> IngestOutcome {
        do {
            var observation = try observation(body: body)
            observation.sender = source
            // A retry changes nothing of the instance that it came from.
            if let voucher { try observation.vouch(voucher) }
            observation.bounds = takesOver ? Bounds(takesOver: true) : try token(source)?.token.bounds ?? Bounds()
            return try ingest([observation], now: now)[0]
        } catch let error as ReportError {
            let codes: [ReportError.Code: Refusal.Code] = [.unknownSchema: .unknownSchema, .invalid: .invalid]
            return .rejected(Refusal(codes[error.code] ?? .undecodable, error.message))
        } catch let refusal as Refusal { return .rejected(refusal) }
    }
}
