import Report
import Store

/// What became of one report of a request or a file.
struct IngestResult: Codable, Sendable, Equatable {
    /// The byte of the input at which it begins; within JSON and gzip, the byte at which that begins.
    var byte: Int
    /// Where within JSON, such as `CommandInvocations.3.CommandPlugins.0.Output`.
    @ExplicitNull var place: String?
    /// `stored`, `duplicate`, `older` or `rejected`; for the command also `unreadable`.
    var outcome: String
    /// The host that it is about.
    @ExplicitNull var host_id: String?
    /// Its databases, when it was stored.
    @ExplicitNull var databases: Int?
    /// Why it was rejected, for programs.
    @ExplicitNull var code: String?
    /// Why it was rejected, for people.
    @ExplicitNull var reason: String?
    /// When it may be sent again, where that would help: RFC 3339, UTC.
    @ExplicitNull var retry_at: String?

    init(byte: Int, outcome: String) {
        self.byte = byte
        self.outcome = outcome
    }

    /// What the store said of a report.
    init(byte: Int, _ outcome: IngestOutcome) {
        self.init(byte: byte, outcome: "rejected")
        switch outcome {
        case .stored(let host, let count): (self.outcome, host_id, databases) = ("stored", host, count)
        case .duplicate(let host): (self.outcome, host_id) = ("duplicate", host)
        case .older(let host): (self.outcome, host_id) = ("older", host)
        case .rejected(let refusal): (code, reason) = (refusal.code.rawValue, refusal.message)
        case .overQuota(let reset):
            code = Self.overQuota
            reason = "the token has used up what it may write today: send it again after \(reset)"
            retry_at = reset
        }
    }

    /// The code of a report that was not stored because its sender wrote enough today.
    static let overQuota = "over_quota"
}

/// A report of an input on its way to the store.
struct Intake: Sendable {
    /// What the bytes turned out to be.
    enum Content: Sendable {
        /// A report, made ready.
        case ready(IncomingReport)
        /// A report that makes no sense, with its JSON as one gzip member: a dead letter.
        case refused(Refusal, gzip: [UInt8])
        /// No report at all: nothing to keep.
        case garbled(ReportError)
    }

    /// Where in the input it begins.
    var byte: Int
    /// Where within JSON.
    var place: String?
    var content: Content

    /// Its databases; 0 for what is not ready.
    var databases: Int {
        if case .ready(let report) = content { report.report.databases.count } else { 0 }
    }

    init(
        _ entry: ReportFile.Entry, source: String = IncomingReport.commandLine, bounds: SenderBounds = SenderBounds()
    ) {
        byte = entry.offset
        place = entry.place
        do {
            let report = try entry.report.get()
            let gzip = try entry.gzip ?? Gzip.compress(try entry.json.get())
            do throws(Refusal) {
                var incoming = try IncomingReport(report, gzip: gzip)
                incoming.source = source
                incoming.bounds = bounds
                content = .ready(incoming)
            } catch {
                content = .refused(error, gzip: gzip)
            }
        } catch let error as ReportError {
            let codes: [ReportError.Code: Refusal.Code] = [.invalid: .invalid, .unknownSchema: .unknownSchema]
            if let code = codes[error.code], let json = try? entry.json.get(), let gzip = try? Gzip.compress(json) {
                content = .refused(Refusal(code, error.message), gzip: gzip)
            } else {
                content = .garbled(error)
            }
        } catch {
            content = .garbled(ReportError(.badJSON, "\(error)"))
        }
    }

    /// The result, given what the store said of a report that was ready.
    func result(_ outcome: IngestOutcome?) -> IngestResult {
        var result = outcome.map { IngestResult(byte: byte, $0) } ?? IngestResult(byte: byte, outcome: "rejected")
        result.place = place
        guard outcome == nil else { return result }
        switch content {
        case .refused(let refusal, _): (result.code, result.reason) = (refusal.code.rawValue, refusal.message)
        case .garbled(let error): (result.code, result.reason) = (error.code.rawValue, error.message)
        case .ready: result.reason = "it did not reach the store"
        }
        return result
    }
}

extension InventoryStore {
    /// The most reports of one transaction.
    static let batchLimit = 256
    /// The most databases of one transaction, unless one report has more.
    static let batchDatabases = 2_000

    /// Stores what is ready, keeps what is refused as dead letters, and says what became of each, in their order.
    func take(_ intakes: [Intake], source: String) throws -> [IngestResult] { try take([(intakes, source)])[0] }

    /// The same for several senders: their reports in as few transactions as their number allows, what was refused in another.
    func take(
        _ groups: [(intakes: [Intake], source: String)], quota: SenderQuota = .none
    ) throws -> [[IngestResult]] {
        let ready = groups.flatMap(\.intakes).compactMap { intake -> IncomingReport? in
            if case .ready(let report) = intake.content { report } else { nil }
        }
        try probe()
        // However much comes at once, no transaction keeps other writers out for long.
        var outcomes = try stride(from: 0, to: ready.count, by: Self.batchLimit).flatMap { start in
            try ingest(Array(ready[start..<min(start + Self.batchLimit, ready.count)]), quota: quota)
        }[...]
        var letters: [(refusal: Refusal, gzip: [UInt8], source: String)] = []
        let results = groups.map { group in
            group.intakes.map { intake -> IngestResult in
                switch intake.content {
                case .ready(let report):
                    let outcome = outcomes.removeFirst()
                    if case .rejected(let refusal) = outcome { letters.append((refusal, report.gzip, group.source)) }
                    return intake.result(outcome)
                case .refused(let refusal, let gzip):
                    letters.append((refusal, gzip, group.source))
                    return intake.result(nil)
                case .garbled: return intake.result(nil)
                }
            }
        }
        try addDeadLetters(letters, quota: quota)
        return results
    }
}
