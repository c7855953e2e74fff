import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// Stores the observation in `report` in a transaction of its own.
    public func ingest(_ report: Report, now: Date? = nil) throws -> IngestOutcome {
        do {
            return try ingest([try Observation(report, catalog: catalog)], now: now)[0]
        } catch let refusal as Refusal { return .rejected(refusal) }
    }

    /// Stores `observations`, which are durable when this returns; each has its outcome, in their order.
    ///
    /// They are one transaction, unless that would take long: others that write wait meanwhile.
    /// An observation that contradicts the store costs itself only.
    /// - Parameters:
    ///   - now: when they were received; the time of the transaction without it.
    ///   - quota: what each sender may write a day.
    /// - Throws: `StoreError` when the store cannot write; then none of them is stored, or the first ones are.
    public func ingest(
        _ observations: [Observation], now: Date? = nil, quota: SenderQuota = .none
    ) throws -> [IngestOutcome] {
        var outcomes: [IngestOutcome] = []
        while outcomes.count < observations.count {
            outcomes += try ingestFirst(Array(observations[outcomes.count...]), now, quota)
        }
        return outcomes
    }

    /// How long a transaction may take before it is committed, with what is done of it.
    private static let longest = Duration.seconds(2)

    /// Stores observations in one transaction: all of them, or the first ones.
    private func ingestFirst(
        _ observations: [Observation], _ now: Date?, _ quota: SenderQuota
    ) throws -> [IngestOutcome] {
        do {
            return try write { try ingest(observations, now, quota, $0, asksAtOnce: true) { try $0.run() } }
        } catch let error as StoreError where error.code == .contradiction {
            // One of them breaks a constraint: each in a savepoint, so that it costs itself only.
            return try write { try ingest(observations, now, quota, $0, asksAtOnce: false) { try $0.runAlone() } }
        }
    }

    private func ingest(
        _ observations: [Observation], _ now: Date?, _ quota: SenderQuota, _ database: any SQLConnection,
        asksAtOnce: Bool, run: (Ingestion) throws -> IngestOutcome
    ) throws -> [IngestOutcome] {
        let now = now ?? self.now()
        let census = Census(database)
        let usage = SenderUsage(database, quota, now: now, census: census)
        // What cannot be asked together with others costs itself only.
        let view = try BatchView(
            of: asksAtOnce ? observations : [], census, usage, asksForBodies: !isDistributed, sql, database)
        let receipt = Receipt(now, last: view.lastReceived)
        func outcome(_ observation: Observation) throws -> IngestOutcome {
            if try usage.isUsedUp(observation.sender) { return .overQuota(reset: usage.reset) }
            if let refusal = receipt.refusal(observation) { return .rejected(refusal) }
            let seen = receipt.seen(observation)
            var ingestion = Ingestion(
                observation, seen: seen.time, received: receipt.time, self, census, view, database)
            defer { view.finish(observation) }
            ingestion.isClockAhead = seen.isClockAhead
            do { return try usage.counting(observation.sender) { try run(ingestion) } } catch let refusal as Refusal {
                try ingestion.note(refusal)
                return .rejected(refusal)
            }
        }
        let begun = ContinuousClock.now
        var outcomes: [IngestOutcome] = []
        for observation in observations {
            guard outcomes.isEmpty || begun.duration(to: .now) < Self.longest else { break }
            outcomes.append(try outcome(observation))
        }
        try usage.write()
        try census.write()
        return outcomes
    }
}

extension InventoryStore {
    /// The observation in a stored body.
    ///
    /// - Parameter keepsBody: false when the body is in its row already, and must not take memory.
    func observation(body: [UInt8], keepsBody: Bool = true) throws -> Observation {
        // What came as JSON may pack to more than a frame may hold.
        let json = try Packed.decompress(body, compressedLimit: .max)
        return try Observation(packed: keepsBody ? body : [], json: json, catalog: catalog)
    }

    /// The digests of the last reports of hosts, nil where there is none.
    public func digests(of hosts: [HostIdentity]) throws -> [Int64?] {
        guard !hosts.isEmpty else { return [] }
        // Each host is asked for alone, and compared with its row again when its report is stored.
        return try look { database in
            let questions = hosts.map { host -> SQLQuestion in
                let column = host.instanceID != nil ? "instance_id" : host.machineID != nil ? "machine_id" : "id"
                return ("SELECT digest FROM hosts WHERE \(column) = ? LIMIT 1", [host.machineOrID])
            }
            return try database.all(questions).map { try $0.first?[0] as Int64?? ?? nil }
        }
    }
}

extension HostIdentity {
    /// What `digests` looks a host up by.
    fileprivate var machineOrID: String { instanceID ?? machineID ?? id }
}

/// One observation on its way into the tables.
struct Ingestion {
    let observation: Observation
    var seen: String
    /// The host's clock is ahead of ours: `seen` is the time of receipt.
    var isClockAhead = false
    let received: String
    let database: any SQLConnection
    let census: Census
    let view: BatchView
    let catalog: Catalog
    let sql: DatabaseSQL
    /// Writes a host's facts.
    let hostFacts: String

    init(
        _ observation: Observation, seen: String, received: String, _ store: InventoryStore, _ census: Census,
        _ view: BatchView, _ database: any SQLConnection
    ) {
        self.observation = observation
        self.seen = seen
        self.received = received
        self.database = database
        self.census = census
        self.view = view
        catalog = store.catalog
        sql = store.sql
        hostFacts = store.hostFacts
    }

    /// Runs in a savepoint: a constraint that it breaks costs itself only.
    func runAlone() throws -> IngestOutcome {
        let start = census.sums
        do {
            return try database.savepoint(run)
        } catch let error as SQLError where error.code == .constraint {
            census.sums = start
            let reason = "the report contradicts what is stored: \(error.message)"
            return .rejected(Refusal(.contradiction, reason))
        }
    }

    func run() throws -> IngestOutcome {
        if let refusal = observation.bounds.refusal(observation.place) { throw refusal }
        switch observation.place {
        case .host(let host): return try HostIngestion(ingestion: self, host: host).run()
        case .scope(let scope, let service):
            return try ListingIngestion(ingestion: self, scope: scope, service: service).run()
        }
    }

    /// Keeps the event of a refusal that is about the identity of a host.
    func note(_ refusal: Refusal) throws {
        guard case .host(let host) = observation.place else { return }
        guard refusal.code == .foreignSender || refusal.code == .identityConflict else { return }
        let known = try KnownHost.find(host, observation, view)
        let isSender = refusal.code == .foreignSender
        try database.record(
            isSender ? .senderRefused : .accountRefused, of: known?.id ?? host.identity.id,
            before: isSender ? known?.sender : known?.accountID,
            after: isSender ? observation.sender : host.accountID, source: observation.sender, at: received)
    }

    /// Keeps the observation's body, and returns its row.
    func addReport(_ place: Int64, isOlder: Bool) throws -> Int64 {
        let service: String? = if case .scope(_, let service) = observation.place { service } else { nil }
        return try database.insert(
            """
            INSERT INTO reports (place, service, started_at, seen_at, received_at, is_older, source, takes_over,
                voucher, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                place, service, observation.started, seen, received, isOlder, observation.sender,
                observation.bounds.takesOver, try observation.voucher?.text(), observation.body,
            ])
    }

    /// The most different reports of one place that began at one time: each is compared with every other.
    private static let sameTimeLimit = 8

    /// Whether the very same report of the place is stored.
    func isStored(_ place: Int64) throws -> Bool {
        let bodies = try view.bodies(of: place, at: observation.started)
        if bodies.isEmpty { return false }
        if bodies.contains(where: { $0 == observation.body }) { return true }
        guard bodies.count <= Self.sameTimeLimit else {
            throw Refusal(.contradiction, "there are \(bodies.count) other reports of this host and this very time")
        }
        // The same report may come as a frame and as JSON. Others wait meanwhile, so a large one must be the same byte
        // for byte.
        guard let canonical = Self.canonical(observation.body) else { return false }
        return bodies.contains { Self.canonical($0) == canonical }
    }

    /// A report of at most 256 KiB of JSON as this program writes it; nil when it is larger or does not decode.
    private static func canonical(_ body: [UInt8]) -> [UInt8]? {
        try? Report.decode(json: Packed.decompress(body, compressedLimit: .max, limit: 256 << 10)).json(
            .minified)
    }
}

extension Report {
    /// The report in a stored body.
    static func decode(body: [UInt8]) throws(ReportError) -> Report {
        try decode(json: try Packed.decompress(body, compressedLimit: .max))
    }
}
