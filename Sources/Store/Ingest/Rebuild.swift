import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// What a rebuild did.
    public struct Rebuilt: Sendable, Equatable {
        /// Reports that were read again.
        public var reports: Int
        /// Reports whose bytes no longer decode, by their number; they are kept and left out.
        public var unreadable: [Int64]
    }

    /// Derives the inventory and its history anew from the reports that are kept, in the order in which they came.
    ///
    /// Tags, tokens, the audit log and dead letters stay. It is one transaction: when it fails, all is as before.
    @discardableResult
    public func rebuild() throws -> Rebuilt {
        guard database.dialect == .sqlite else { return try deriveAnew() }
        // Statements that touch every row keep what undoes them in a file.
        try database.bare { try $0.script("PRAGMA temp_store = FILE") }
        defer { _ = try? database.bare { try $0.script("PRAGMA temp_store = MEMORY") } }
        return try deriveAnew()
    }

    private func deriveAnew() throws -> Rebuilt {
        try refuseDistributed()
        return try write { database in try database.patiently { try deriveAnew(database) } }
    }

    private func deriveAnew(_ database: any SQLConnection) throws -> Rebuilt {
        if database.dialect == .sqlite { try database.script("PRAGMA defer_foreign_keys = ON") }
        // Events and counts tell what happened once; deriving the hosts anew is no event.
        let events = try database.all("SELECT kind, count FROM host_event_counts")
        let lastEvent = try (database.value("SELECT MAX(row_id) FROM host_events") as Int64?) ?? 0
        let retired = try database.all("SELECT id, retired_at FROM hosts WHERE retired_at IS NOT NULL")
        let tags = try database.all(
            "SELECT h.id, t.key, t.value FROM host_tags t JOIN hosts h ON h.row_id = t.host_row_id")
        try database.script(
            """
            UPDATE reports SET place = 0;
            DELETE FROM host_tags; DELETE FROM host_aliases; DELETE FROM observations; DELETE FROM changes;
            DELETE FROM database_history; DELETE FROM databases; DELETE FROM hosts; DELETE FROM listings;
            DELETE FROM accounts;
            DELETE FROM census; DELETE FROM host_census;
            """)
        if database.dialect == .postgresql {
            // An empty table of SQLite numbers its rows from 1 on.
            for table in ["database_history", "databases", "changes", "hosts", "listings"] {
                try database.script("ALTER SEQUENCE \(table)_row_id_seq RESTART")
            }
        }
        for table in ["search_databases", "search_hosts"] { try SearchText.empty(table, database) }
        let rebuilt = try replay(database)
        for tag in tags {
            try database.run(
                "INSERT INTO host_tags SELECT row_id, ?, ? FROM hosts WHERE id = ?",
                [tag.values[1], tag.values[2], tag.values[0]])
        }
        for host in retired {
            guard let row = try KnownHost.row(host[0], database) else { continue }
            _ = try Self.retire(row, at: host[1], database)
        }
        try database.run("DELETE FROM host_events WHERE row_id > ?", [lastEvent])
        try database.run("DELETE FROM host_event_counts")
        for event in events { try database.run("INSERT INTO host_event_counts VALUES (?, ?)", event.values) }
        try database.run("DELETE FROM meta WHERE key = 'rebuild'")
        return rebuilt
    }

    /// Retirements are no reports: they are told again at their times, between the reports.
    private struct Retirements {
        var rows: ArraySlice<SQLRow>

        init(_ database: any SQLConnection) throws {
            let sql = "SELECT host_id, at FROM host_events WHERE kind = 'retired' ORDER BY row_id"
            rows = try database.all(sql)[...]
        }

        mutating func replay(until time: String, _ census: Census, _ database: any SQLConnection) throws {
            while let row = rows.first, try row[1] <= time {
                rows.removeFirst()
                guard let host = try KnownHost.row(row[0], database) else { continue }
                _ = try InventoryStore.retire(host, at: row[1], database, census)
            }
        }
    }

    private func replay(_ database: any SQLConnection) throws -> Rebuilt {
        var retirements = try Retirements(database)
        let census = Census(database)
        var rebuilt = Rebuilt(reports: 0, unreadable: [])
        var last = Int64(0)
        let next = """
            SELECT row_id, seen_at, received_at, body, source, takes_over, service, voucher FROM reports WHERE row_id > ?
            ORDER BY row_id LIMIT 1
            """
        while let row = try database.one(next, [last]) {
            let reportRow: Int64 = try row[0]
            last = reportRow
            try retirements.replay(until: row[2], census, database)
            guard var observation = try observation(row[3], isListing: row.values[6] != .null) else {
                rebuilt.unreadable.append(reportRow)
                continue
            }
            observation.sender = try row[4]
            observation.bounds.takesOver = try row[5]
            if let voucher = try Voucher(text: row[7]) { try? observation.vouch(voucher) }
            let ingestion = try Ingestion(
                observation, seen: row[1], received: row[2], self, census, BatchView(database, sql), database)
            try replay(ingestion, reportRow)
            rebuilt.reports += 1
        }
        try retirements.replay(until: "~", census, database)
        try census.write()
        return rebuilt
    }

    /// The observation in a stored body; nil when it no longer decodes. The body itself is not kept in memory.
    private func observation(_ body: [UInt8], isListing: Bool) -> Observation? {
        guard isListing else { return try? observation(body: body, keepsBody: false) }
        let json = try? Packed.decompress(body, compressedLimit: .max)
        let listing = json.flatMap { try? Report.decoder().decode(Listing.self, from: Data($0)) }
        return listing.flatMap { try? Observation($0, packed: [], catalog: catalog) }
    }

    /// Applies one observation whose body is stored already, in the row `reportRow`.
    private func replay(_ ingestion: Ingestion, _ reportRow: Int64) throws {
        func keep(_ place: Int64, isOlder: Bool) throws -> Int64 {
            try ingestion.database.run(
                "UPDATE reports SET place = ?, is_older = ? WHERE row_id = ?", [place, isOlder, reportRow])
            return reportRow
        }
        switch ingestion.observation.place {
        case .host(let host):
            let known = try KnownHost.find(host, ingestion.observation, ingestion.view)
            if let known, known.lastSeen >= ingestion.seen {
                _ = try keep(known.rowID, isOlder: true)
            } else {
                _ = try HostIngestion(ingestion: ingestion, host: host).apply(to: known) {
                    try keep($0, isOlder: false)
                }
            }
        case .scope(let scope, let service):
            let listing = ListingIngestion(ingestion: ingestion, scope: scope, service: service)
            let known = try listing.known()
            if let known, known.lastSeen >= ingestion.seen {
                _ = try keep(-known.rowID, isOlder: true)
            } else {
                try listing.apply(to: known) { try keep($0, isOlder: false) }
            }
        }
    }
}
