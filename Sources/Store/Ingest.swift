import FoundationEssentials
import GRDB
import Report

/// What became of a report.
public enum IngestOutcome: Sendable, Equatable {
    /// It is the newest of its host and now is the host's current state.
    case stored(hostID: String, databases: Int)
    /// The very same report was stored before.
    case duplicate(hostID: String)
    /// A newer one of the host is stored; this one is kept, and changes nothing.
    case older(hostID: String)
    /// It is invalid, or none of its sender's, and is kept as a dead letter alone.
    case rejected(Refusal)
    /// Its sender has used up what it may write today; nothing is kept. It may be sent again at `reset`.
    case overQuota(reset: String)
}

extension InventoryStore {
    /// How far a host's clock may be ahead; a report from further in the future is refused.
    public static let clockTolerance: TimeInterval = 24 * 3600

    /// Stores `report` in a transaction of its own.
    public func ingest(_ report: Report, now: Date? = nil) throws -> IngestOutcome {
        do {
            return try ingest([try IncomingReport(report)], now: now)[0]
        } catch let refusal as Refusal { return .rejected(refusal) }
    }

    /// Stores `reports` in one transaction that is durable when this returns; each has its outcome, in their order.
    ///
    /// A report that contradicts the store costs itself alone.
    /// - Parameters:
    ///   - now: when they were received; the time of the transaction without it.
    ///   - quota: what each sender may write a day.
    /// - Throws: `StoreError` when the store cannot write; then none of them is stored.
    public func ingest(
        _ reports: [IncomingReport], now: Date? = nil, quota: SenderQuota = .none
    ) throws -> [IngestOutcome] {
        do {
            return try write { try Self.ingest(reports, now, quota, $0) { try $0.run() } }
        } catch let error as StoreError where error.code == .contradiction {
            // One of them breaks a constraint: each in a savepoint, so that it costs itself alone.
            return try write { try Self.ingest(reports, now, quota, $0) { try $0.runAlone() } }
        }
    }

    private static func ingest(
        _ reports: [IncomingReport], _ now: Date?, _ quota: SenderQuota, _ database: Database,
        run: (Ingestion) throws -> IngestOutcome
    ) throws -> [IngestOutcome] {
        let receipt = try Receipt(now ?? Date(), database)
        let usage = SenderUsage(database, quota, now: now ?? Date())
        let outcomes = try reports.map { report -> IngestOutcome in
            if try usage.isUsedUp(report.source) { return .overQuota(reset: usage.reset) }
            if let refusal = receipt.refusal(report) { return .rejected(refusal) }
            let seen = receipt.seen(report)
            let ingestion =
                Ingestion(
                    incoming: report, seen: seen.time, isClockAhead: seen.isClockAhead, received: receipt.time,
                    database: database)
            do { return try usage.counting(report.source) { try run(ingestion) } } catch let refusal as Refusal {
                try ingestion.note(refusal)
                return .rejected(refusal)
            }
        }
        try usage.write()
        return outcomes
    }
}

/// When reports were received, and what that says of the hosts' clocks.
struct Receipt {
    /// The time of receipt: never before that of the report stored last, whatever the collector's clock says.
    let time: String
    private let date: Date
    /// The collector's clock was set back: it cannot tell of any host's that it is ahead.
    private let isClockBehind: Bool
    /// Two processes that write at once differ by less than this.
    private static let jitter: TimeInterval = 300
    /// A collector whose clock went back takes reports for a year after the last one that came before.
    private static let behindTolerance: TimeInterval = 366 * 86_400

    init(_ now: Date, _ database: Database) throws {
        let sql = "SELECT received_at FROM reports ORDER BY row_id DESC LIMIT 1"
        let last = try String.fetchOne(database.cachedStatement(sql: sql)).flatMap(Timestamp.parse) ?? now
        date = max(now, last)
        time = Timestamp.format(date)
        isClockBehind = last.timeIntervalSince(now) > Self.jitter
    }

    /// No report is older than this: there was no such agent.
    private static let epoch = "2020-01-01"

    /// Why a report's time cannot be right: further in the future than clocks go wrong, or before there were agents.
    func refusal(_ report: IncomingReport) -> Refusal? {
        let tolerance = isClockBehind ? Self.behindTolerance : InventoryStore.clockTolerance
        if report.report.scan.startedAt > date.addingTimeInterval(tolerance) {
            return Refusal(.future, "the scan began in the future, at \(report.startedAt): set the host's clock")
        }
        guard report.startedAt < Self.epoch else { return nil }
        return Refusal(.past, "the scan began at \(report.startedAt), before 2020: set the host's clock")
    }

    /// When the host was seen: by its own clock, unless that is ahead, which would hide the reports to come.
    func seen(_ report: IncomingReport) -> (time: String, isClockAhead: Bool) {
        let isAhead = !isClockBehind && report.report.scan.startedAt > date
        return (isAhead ? time : report.startedAt, isAhead)
    }
}

/// One report on its way into the tables.
struct Ingestion {
    let incoming: IncomingReport
    var seen: String
    /// The host's clock is ahead of ours: `seen` is the time of receipt.
    var isClockAhead = false
    let received: String
    let database: Database

    var report: Report { incoming.report }

    /// The most different reports of one host that began at one time: each is compared with every other.
    private static let sameTimeLimit = 8

    /// Runs in a savepoint: a constraint that it breaks is its own affair.
    func runAlone() throws -> IngestOutcome {
        do {
            var outcome: IngestOutcome?
            try database.inSavepoint {
                outcome = try run()
                return .commit
            }
            return outcome ?? .rejected(Refusal(.contradiction, "it was not stored"))
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            let reason = "it contradicts what is stored: \(error.message ?? "constraint")"
            return .rejected(Refusal(.contradiction, reason))
        }
    }

    func run() throws -> IngestOutcome {
        if let refusal = incoming.bounds.refusal(report.host, id: incoming.identity.id) { throw refusal }
        let known = try KnownHost.find(incoming, database)
        if let known { try check(known) }
        let machine = incoming.identity.machineID
        let maybe =
            try known.map { [$0] } ?? machine.map {
                try KnownHost.all(machine: $0, startedAt: incoming.startedAt, database)
            } ?? []
        for host in maybe where try host.hasReport && host.isOf(incoming) && isStored(host.rowID) {
            return .duplicate(hostID: host.id)
        }
        guard let known, known.lastSeen >= seen else { return try store(known) }
        if isClockAhead, let last = known.lastStarted, last < incoming.startedAt {
            // Two reports of a host whose clock is ahead came at once: its own clock has their order.
            var later = self
            let time = Timestamp.parse(known.lastSeen) ?? Date()
            later.seen = Timestamp.format(time.addingTimeInterval(0.001))
            return try later.store(known)
        }
        _ = try addReport(known.rowID, isOlder: true)
        return .older(hostID: known.id)
    }

    /// Who may report for a host that is known: its own sender; and what a report may not change.
    private func check(_ known: KnownHost) throws {
        guard known.isOf(incoming) else {
            throw Refusal(
                .foreignSender,
                "host \(known.id) is reported by token \(known.sender ?? "-"): retry the dead letter to let another one take it over"
            )
        }
        guard known.instanceID != nil, known.instanceID == incoming.identity.instanceID else { return }
        let cloud = report.host.cloud
        for (what, before, after) in [
            ("account", known.accountID, cloud?.validAccountID), ("region", known.region, cloud?.region),
        ] {
            if let before, let after, before != after {
                throw Refusal(
                    .identityConflict,
                    "instance \(known.id) is in \(what) \(before): no instance moves to another, as to \(after.prefix(40))"
                )
            }
        }
    }

    /// Keeps the event of a refusal that is about who sends what.
    func note(_ refusal: Refusal) throws {
        guard refusal.code == .foreignSender || refusal.code == .identityConflict else { return }
        let known = try KnownHost.find(incoming, database)
        if refusal.code == .foreignSender {
            try database.record(
                .senderRefused, of: known?.id ?? incoming.identity.id, before: known?.sender, after: incoming.source,
                source: incoming.source, at: received)
        } else {
            try database.record(
                .accountRefused, of: known?.id ?? incoming.identity.id, before: known?.accountID,
                after: report.host.cloud?.validAccountID, source: incoming.source, at: received)
        }
    }

    private func store(_ known: KnownHost?) throws -> IngestOutcome {
        let hostID = try apply(to: known) { try addReport($0, isOlder: false) }
        return .stored(hostID: hostID, databases: report.databases.count)
    }

    /// Makes the report the host's current state; `keep` stores it, given the host's row, and returns the report's row.
    func apply(to known: KnownHost?, keep: (Int64) throws -> Int64) throws -> String {
        if let known, let join = try HostJoin(known, self) { try join.run() }
        let host = try HostWriter(ingestion: self, known: known).write()
        let reportRow = try keep(host.rowID)
        try DatabasesWriter(ingestion: self, host: host, before: known, reportRow: reportRow).write()
        return host.id
    }

    private func isStored(_ hostRow: Int64) throws -> Bool {
        let sql = "SELECT body FROM reports WHERE host_row_id = ? AND started_at = ?"
        let bodies = try Data.fetchAll(database.cachedStatement(sql: sql), arguments: [hostRow, incoming.startedAt])
        if bodies.contains(where: { $0.elementsEqual(incoming.body) }) { return true }
        guard bodies.count <= Self.sameTimeLimit else {
            throw Refusal(.contradiction, "there are \(bodies.count) other reports of this host and this very time")
        }
        // The same report may come as a frame and as JSON. Others wait meanwhile: a large one is the same byte for byte alone.
        guard let canonical = Self.canonical(Data(incoming.body)) else { return false }
        return bodies.contains { Self.canonical($0) == canonical }
    }

    /// A report of at most 256 KiB of JSON as this program writes it; nil when it is larger or does not decode whole.
    private static func canonical(_ body: Data) -> [UInt8]? {
        // gzip (RFC 1952) ends with the size of what it holds, which was checked when it came.
        let size = body.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        return size <= 256 << 10 ? try? Report.decode(body: body).json(.minified) : nil
    }

    private func addReport(_ hostRow: Int64, isOlder: Bool) throws -> Int64 {
        try database.run(
            """
            INSERT INTO reports (host_row_id, started_at, seen_at, received_at, is_older, source, takes_over, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                hostRow, incoming.startedAt, seen, received, isOlder, incoming.source, incoming.bounds.takesOver,
                Data(incoming.body),
            ])
        return database.lastInsertedRowID
    }
}

extension Report {
    /// The report in a stored body.
    static func decode(body: Data, _ extent: Extent = .whole) throws(ReportError) -> Report {
        // What came as JSON may pack to more than a frame may hold.
        try decode(json: try Gzip.firstMember(of: Array(body)[...], compressedLimit: .max).bytes, extent)
    }
}
