import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// Databases that one step of removing a host removes: each step is a short transaction, so that reports go on
    /// being stored.
    private static let forgetStep = 200

    /// Marks a host as retired: it no longer exists, its databases are missing, and no alert counts it. A report brings
    /// it back.
    public func retireHost(
        _ id: String, source: String = Observation.commandLine, now: Date? = nil
    ) throws -> Bool {
        let now = now ?? self.now()
        return try write { database in
            let time = Timestamp.format(now)
            guard let row = try KnownHost.row(id, database) else { return false }
            guard try Self.retire(row, at: time, database) else { return false }
            try database.record(.retired, of: try Self.id(of: row, database), source: source, at: time)
            return true
        }
    }

    /// Marks the host of a row as retired since `time`, and its databases as missing; false when it was retired
    /// already.
    ///
    /// - Parameter census: counts what changes; nil to count it at once.
    static func retire(
        _ row: Int64, at time: String, _ database: any SQLConnection, _ census: Census? = nil
    ) throws -> Bool {
        let changed = try database.run(
            "UPDATE hosts SET retired_at = ? WHERE row_id = ? AND retired_at IS NULL", [time, row])
        guard changed == 1 else { return false }
        func setMissing() throws {
            try database.run(
                """
                INSERT INTO changes (place, database_row_id, report_row_id, at, kind, before, after)
                SELECT place, row_id, 0, ?, 'missing', state, ? FROM databases
                WHERE place = ? AND missing_since IS NULL ORDER BY row_id
                """, [time, time, row])
            try database.run(
                "UPDATE databases SET missing_since = ? WHERE place = ? AND missing_since IS NULL", [time, row])
        }
        if let census {
            try census.recount([row], after: { [row] }, setMissing)
        } else {
            try Census.recount(row, database, setMissing)
        }
        return true
    }

    /// Removes a host with its databases, history, changes, sizes, reports and tags.
    public func forgetHost(
        _ id: String, source: String = Observation.commandLine, now: Date? = nil
    ) throws -> Bool {
        let now = now ?? self.now()
        guard let row = try read({ try KnownHost.row(id, $0) }) else { return false }
        while try write({ try forget(row, source: source, now: now, limit: Self.forgetStep, $0) }) {}
        return true
    }

    /// Ids of the hosts whose reports the token `sender` sends, at most `limit`.
    public func hosts(sentBy sender: String, limit: Int = 1_000) throws -> [String] {
        try read {
            try $0.values("SELECT id FROM hosts WHERE sender = ? ORDER BY row_id LIMIT ?", [sender, limit]) as [String]
        }
    }

    /// Ids of hosts that were not seen since `time`, the first of them.
    func hosts(unseenSince time: String, limit: Int) throws -> [String] {
        try read {
            try $0.values("SELECT id FROM hosts WHERE last_seen < ? ORDER BY last_seen LIMIT ?", [time, limit])
                as [String]
        }
    }

    /// Sorts a host's reports again: those of another sender or another machine become hosts of their own.
    public func splitHost(
        _ id: String, source: String = Observation.commandLine, now: Date? = nil
    ) throws -> HostSplit? {
        let now = now ?? self.now()
        var letters: [RejectedReport] = []
        let split: HostSplit? = try write { database in
            letters = []
            guard let row = try KnownHost.row(id, database) else { return nil }
            let own = try Self.id(of: row, database)
            let reports = try database.all(
                "SELECT source, seen_at, received_at, body, voucher FROM reports WHERE place = ? ORDER BY row_id",
                [row])
            let tags = try database.all("SELECT key, value FROM host_tags WHERE host_row_id = ?", [row])
            let census = Census(database)
            let retired: String? = try database.value("SELECT retired_at FROM hosts WHERE row_id = ?", [row])
            while try forget(row, source: nil, now: now, limit: Self.forgetStep, database) {}
            var hosts: Set<String> = []
            for report in reports {
                guard var observation = try? observation(body: report[3]) else { continue }
                observation.sender = try report[0]
                let voucher = try Voucher(text: report[4])
                if let voucher { try? observation.vouch(voucher) }
                let ingestion = try Ingestion(
                    observation, seen: report[1], received: report[2], self, census, BatchView(database, sql), database)
                do {
                    switch try ingestion.run() {
                    case .stored(let host, _), .duplicate(let host), .older(let host): hosts.insert(host)
                    case .rejected, .overQuota: break
                    }
                } catch let refusal as Refusal {
                    letters.append(
                        RejectedReport(refusal, observation.body, sender: observation.sender, voucher: voucher))
                }
            }
            try census.write()
            for tag in tags {
                try database.run(
                    "INSERT INTO host_tags SELECT row_id, ?, ? FROM hosts WHERE id IN (?, ?) ON CONFLICT DO NOTHING",
                    [tag.values[0], tag.values[1], own, hosts.count == 1 ? hosts.first : nil])
            }
            if let retired, let row = try KnownHost.row(own, database) {
                _ = try Self.retire(row, at: retired, database)
            }
            try database.record(
                .split, of: own, before: own, after: hosts.sorted().joined(separator: " "), source: source,
                at: Timestamp.format(now))
            return HostSplit(hosts: hosts.sorted(), refused: letters.count)
        }
        try addDeadLetters(letters, now: now)
        return split
    }

    private static func id(of row: Int64, _ database: any SQLConnection) throws -> String {
        try (database.value("SELECT id FROM hosts WHERE row_id = ?", [row]) as String?) ?? ""
    }

    /// Removes up to `limit` of a host's databases, and the host with the last of them; false when nothing is left.
    ///
    /// - Parameter source: the event names it; nil for no event.
    private func forget(
        _ row: Int64, source: String?, now: Date, limit: Int, _ database: any SQLConnection
    ) throws -> Bool {
        try Census.recount(row, database) { try remove(row, source: source, now: now, limit: limit, database) }
    }

    private func remove(
        _ row: Int64, source: String?, now: Date, limit: Int, _ database: any SQLConnection
    ) throws -> Bool {
        guard let host = try KnownHost.all(row: row, database) else { return false }
        let databases = try database.all(
            sql.states("row_id, key", where: "place = ? ORDER BY row_id LIMIT ?"), [row, limit])
        for found in databases {
            let id: Int64 = try found[0]
            try SearchText.replace(
                SearchText.of(PlaceRow(host), key: found[1], sql.state(found, from: 2)), nil, database: id,
                of: row, database)
            for table in ["changes", "observations", "database_history"] {
                try database.run("DELETE FROM \(table) WHERE place = ? AND database_row_id = ?", [row, id])
            }
            try database.run("DELETE FROM databases WHERE place = ? AND row_id = ?", [row, id])
        }
        if databases.count == limit { return true }
        try database.run("DELETE FROM reports WHERE place = ?", [row])
        for table in ["host_aliases", "host_tags"] {
            try database.run("DELETE FROM \(table) WHERE host_row_id = ?", [row])
        }
        try SearchText.replace(SearchText.of(host), nil, host: row, database)
        try database.run("DELETE FROM hosts WHERE row_id = ?", [row])
        if let source {
            try database.record(
                .forgotten, of: host.id, before: host.hostname, source: source, at: Timestamp.format(now))
        }
        return false
    }
}
