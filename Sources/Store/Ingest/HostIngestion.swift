import FoundationEssentials
import Inventory
import Report
import SQL

/// One report of a host on its way into the tables.
struct HostIngestion {
    let ingestion: Ingestion
    let host: ObservedHost

    private var observation: Observation { ingestion.observation }

    func run() throws -> IngestOutcome {
        let known = try KnownHost.find(host, observation, ingestion.view)
        try checkListing()
        if let known { try check(known) }
        try checkTags(known)
        let machine = host.identity.machineID
        let maybe =
            try known.map { [$0] } ?? machine.map {
                // A report that names its instance is none of another instance.
                try ingestion.view.hosts(
                    KnownHost.Key(column: host.identity.instanceID == nil ? .machine : .unnamed, value: $0))
            } ?? []
        for host in maybe
        where try host.isOf(observation) && ingestion.isStored(host.rowID) {
            return .duplicate(place: host.id)
        }
        guard let known, known.lastSeen >= ingestion.seen else { return try store(known) }
        if ingestion.isClockAhead, let last = known.lastStarted, last < observation.started {
            // Two reports of a host whose clock is ahead came at once: its own clock has their order.
            var later = self.ingestion
            let time = Timestamp.parse(known.lastSeen) ?? Date()
            later.seen = Timestamp.format(time.addingTimeInterval(0.001))
            return try HostIngestion(ingestion: later, host: host).store(known)
        }
        _ = try ingestion.addReport(known.rowID, isOlder: true)
        return .older(place: known.id)
    }

    /// Who may report for a known host: its own sender; and what a report may not change.
    private func check(_ known: KnownHost) throws {
        guard known.isOf(observation) else {
            throw Refusal(
                .foreignSender,
                """
                host \(known.id) is reported by token \(known.sender ?? "-"): to let another token take it over, retry \
                the dead letter with --take-over
                """)
        }
        // What AWS says corrects what a report said before.
        guard known.instanceID != nil, known.instanceID == host.identity.instanceID, !known.isVouched(observation)
        else { return }
        for (what, before, after) in [
            ("account", known.accountID, host.accountID), ("region", known.region, host.region),
        ] {
            if let before, let after, before != after {
                throw Refusal(
                    .identityConflict,
                    """
                    instance \(known.id) is in \(what) \(before), and the report names \(after.prefix(40)): an instance \
                    cannot move
                    """)
            }
        }
    }

    /// A report may not place an instance elsewhere than AWS lists it.
    private func checkListing() throws {
        guard observation.voucher == nil, let id = host.identity.instanceID else { return }
        guard let (account, region) = try ingestion.view.listing(of: id) else { return }
        guard host.accountID ?? account != account || host.region ?? region != region else { return }
        throw Refusal(
            .identityConflict,
            // Where it is really is for those to know who may see it.
            "AWS lists instance \(id.prefix(40)) in another account or region than this report names")
    }

    /// A sender that is bound to tags may report for hosts that have them already.
    private func checkTags(_ known: KnownHost?) throws {
        guard !observation.bounds.tags.isEmpty else { return }
        let sql = "SELECT key || '=' || value FROM host_tags WHERE host_row_id = ?"
        let tags =
            try known.map {
                try ingestion.database.values(sql, [$0.rowID]) as [String]
            } ?? []
        let hasAll = observation.bounds.tags.allSatisfy { wanted in
            tags.contains { $0 == wanted || (!wanted.contains("=") && $0.hasPrefix(wanted + "=")) }
        }
        guard hasAll else {
            throw Refusal(
                .outOfBounds,
                "the token may not report for host \(host.identity.id.prefix(80)), which does not have its tags")
        }
    }

    private func store(_ known: KnownHost?) throws -> IngestOutcome {
        let id =
            try known.flatMap { try UnchangedHost($0, host, ingestion) }?.write()
            ?? apply(to: known) { try ingestion.addReport($0, isOlder: false) }
        return .stored(place: id, databases: observation.databaseCount)
    }

    /// Makes the report the host's current state; `keep` stores it, given the host's row, and returns the report's row.
    func apply(to known: KnownHost?, keep: (Int64) throws -> Int64) throws -> String {
        // A report that cannot be read is refused before anything is written.
        let entries = try observation.databases()
        let join = try known.flatMap { try HostJoin($0, host, ingestion) }
        let before = [known?.rowID, join?.other.rowID].compactMap(\.self)
        return try ingestion.census.recount(before, after: { [$0.rowID] }) {
            if let join {
                try join.run()
                ingestion.view.forget(join.host.rowID)
            }
            return try write(known, entries, keep: keep)
        }.id
    }

    private func write(
        _ known: KnownHost?, _ entries: [ObservedDatabase], keep: (Int64) throws -> Int64
    ) throws -> KnownHost {
        let now = try HostWriter(ingestion: ingestion, host: host, known: known).write()
        if known == nil { ingestion.census.addHost() }
        let reportRow = try keep(now.rowID)
        let isAsReported = try DatabasesWriter(
            ingestion: ingestion, place: PlaceRow(now), before: known.map { (PlaceRow($0), $0.lastSeen) },
            reportRow: reportRow, entries: entries
        ).write()
        if !isAsReported, observation.digest != nil {
            try ingestion.database.post("UPDATE hosts SET digest = NULL WHERE row_id = ?", [now.rowID])
        }
        return now
    }
}
