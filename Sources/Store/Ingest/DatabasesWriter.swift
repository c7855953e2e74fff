import Inventory
import Report
import SQL

/// Writes the databases of one observation: new and changed ones, those that were seen again, and those that are
/// missing.
struct DatabasesWriter {
    let ingestion: Ingestion
    let place: PlaceRow
    /// The place before this observation; nil when it was not known.
    let before: PlaceRow?
    let reportRow: Int64
    let entries: [ObservedDatabase]

    private var seen: String { ingestion.seen }
    private var observation: Observation { ingestion.observation }
    private var sql: DatabaseSQL { ingestion.sql }

    /// A row of `databases` before this observation.
    private struct Known {
        var rowID: Int64
        var key: String
        /// The key before this observation; another one for a database that was moved.
        var storedKey: String
        var state: DatabaseState
        var serverIdentity: String?
        var bytes: Int64?
        var bytesAt: String?
        var bytesComplete: Bool?
        var lastSeen: String
        var changedAt: String
        var ownerUID: Int64?
    }

    /// Writes them.
    ///
    /// - Returns: whether every row that is there has exactly what the observation says, so that an equal one would
    ///   change nothing.
    func write() throws -> Bool {
        var known = before == nil ? [] : try fetch()
        if observation.isComplete { rekeyMoved(&known, entries) }
        var byKey: [ByteText: Known] = [:]
        for row in known { byKey[ByteText(row.key)] = row }
        var untouched: [Known] = []
        var isAsReported = true
        for var entry in entries {
            entry.state.cluster_id = Value(entry.cluster?.id(in: place.accountID))
            guard let row = byKey.removeValue(forKey: ByteText(entry.key)) else {
                try insert(entry)
                continue
            }
            // An observation without processes cannot tell that a server does not run.
            if !observation.seesProcesses, row.state.isRunning {
                isAsReported = false
                try refresh(row, key: row.storedKey, row.state)
            } else if isUnchanged(row, entry) {
                untouched.append(row)
            } else {
                isAsReported = try update(row, entry) && isAsReported
            }
        }
        try touch(untouched, ofAll: known.count)
        for row in known where byKey[ByteText(row.key)] != nil { isAsReported = try leave(row) && isAsReported }
        return isAsReported
    }

    /// Whether nothing about the database is new except that it was seen again: by far the most frequent case.
    private func isUnchanged(_ row: Known, _ entry: ObservedDatabase) -> Bool {
        row.state == entry.state && row.key == row.storedKey && row.bytes == entry.bytes
            && row.bytesComplete == entry.bytesComplete && row.serverIdentity == entry.serverIdentity
            && row.ownerUID == entry.ownerUID
            && row.lastSeen.utf8.prefix(10).elementsEqual(seen.utf8.prefix(10))
    }

    /// Rows that were seen again, at once where they are all of the host's.
    private func touch(_ rows: [Known], ofAll count: Int) throws {
        guard !rows.isEmpty else { return }
        if rows.count == count {
            try execute(Self.touching + "\(place.column) = ?", [seen, seen, place.rowID])
        } else {
            for row in rows { try execute(Self.touching + "row_id = ?", [seen, seen, row.rowID]) }
        }
        for row in rows { try refresh(row, key: row.key, row.state) }
    }

    static let touching =
        "UPDATE databases SET last_seen = ?, bytes_at = CASE WHEN bytes IS NOT NULL THEN ? END WHERE "

    private func fetch() throws -> [Known] {
        try ingestion.database.all("\(sql.select) \(place.column) = ? ORDER BY row_id", [place.rowID]).map { row in
            try Known(
                rowID: row[0], key: row[1], storedKey: row[1], state: sql.state(row, from: DatabaseSQL.stateAt),
                serverIdentity: row[2], bytes: row[3], bytesAt: row[4], bytesComplete: row[5], lastSeen: row[6],
                changedAt: row[7], ownerUID: row[8])
        }
    }

    private func execute(_ sql: String, _ values: SQLValues) throws {
        try ingestion.database.run(sql, values)
    }

    /// A database whose directory was moved has a new key; it is the same one when its server's own identity says so,
    /// and says so of one gone and one new database only.
    private func rekeyMoved(_ known: inout [Known], _ entries: [ObservedDatabase]) {
        let keys = Set(entries.map { ByteText($0.key) })
        let old = Set(known.map { ByteText($0.key) })
        func name(_ engine: String, _ identity: String) -> ByteText { ByteText(engine + "\n" + identity) }
        var gone: [ByteText: [Int]] = [:]
        for index in known.indices where !keys.contains(ByteText(known[index].key)) {
            guard !observation.limits(known[index].ownerUID), let identity = known[index].serverIdentity else {
                continue
            }
            gone[name(known[index].state.engine.text ?? "", identity), default: []].append(index)
        }
        guard !gone.isEmpty else { return }
        let new = Dictionary(grouping: entries) { entry in
            entry.serverIdentity.map { name(entry.state.engine.text ?? "", $0) }
        }
        for (identity, entries) in new {
            guard let identity, entries.count == 1, !old.contains(ByteText(entries[0].key)) else { continue }
            let candidates = gone[identity] ?? []
            // One that was there at the last scan comes before copies that are long missing.
            let present = candidates.filter { known[$0].state.missing_since.isNull }
            let chosen = present.isEmpty ? candidates : present
            if chosen.count == 1 { known[chosen[0]].key = entries[0].key }
        }
    }

    private func insert(_ entry: ObservedDatabase) throws {
        let isHost = place.column == "host_row_id"
        let owner: SQLValues = [isHost ? place.rowID : nil, isHost ? nil : place.rowID]
        let names: SQLValues = [
            entry.key, place.id, place.hostname, place.accountID, place.region,
        ]
        let facts: SQLValues = [
            entry.serverIdentity, entry.bytes, entry.bytes.map { _ in seen }, entry.bytesComplete, seen, seen, seen,
            entry.ownerUID,
        ]
        let row = try ingestion.database.insert(sql.insertion, owner + names + sql.values(entry.state) + facts)
        try SearchText.replace(
            nil, SearchText.of(place, key: entry.key, entry.state), in: "search_databases", row, ingestion.database)
        try observe(row, entry.bytes, entry.bytesComplete)
        try record(Change.between(nil, entry.state), row)
    }

    /// Whether the row then has exactly what the entry says.
    private func update(_ row: Known, _ entry: ObservedDatabase) throws -> Bool {
        let leavesOut = observation.leavesOut || observation.limits(entry.ownerUID ?? row.ownerUID)
        let state = row.state.merged(with: entry.state, leavesOut: leavesOut)
        // A size that was not measured whole does not replace one that was.
        let isMeasured = entry.bytes != nil && (entry.bytesComplete == true || row.bytesComplete != true)
        let bytes = isMeasured ? entry.bytes : row.bytes
        let isComplete = isMeasured ? entry.bytesComplete : row.bytesComplete
        if state != row.state || entry.key != row.storedKey
            || (entry.serverIdentity ?? row.serverIdentity) != row.serverIdentity
        {
            try change(row, to: state, entry)
        }
        if bytes != row.bytes || isComplete != row.bytesComplete {
            try execute(
                """
                UPDATE databases SET last_seen = ?, bytes = ?, bytes_at = ?, bytes_complete = ?,
                    owner_uid = COALESCE(?, owner_uid)
                WHERE row_id = ?
                """, [seen, bytes, seen, isComplete, entry.ownerUID, row.rowID])
        } else {
            try execute(
                "UPDATE databases SET last_seen = ?, bytes_at = ?, owner_uid = COALESCE(?, owner_uid) WHERE row_id = ?",
                [seen, isMeasured ? seen : row.bytesAt, entry.ownerUID, row.rowID])
        }
        if bytes != row.bytes || isComplete != row.bytesComplete || row.lastSeen.prefix(10) != seen.prefix(10) {
            // Seen and not measured is a sample without a size.
            try observe(row.rowID, isMeasured ? bytes : nil, isMeasured ? isComplete : nil)
        }
        try refresh(row, key: entry.key, state)
        return state == entry.state && bytes == entry.bytes && isComplete == entry.bytesComplete
            && entry.serverIdentity == (entry.serverIdentity ?? row.serverIdentity)
            && entry.ownerUID == (entry.ownerUID ?? row.ownerUID)
    }

    /// Writes what is new, and keeps what was before with its time; of one that was missing, both what it was and that
    /// it was missing.
    private func change(_ row: Known, to state: DatabaseState, _ entry: ObservedDatabase?) throws {
        let presentUntil = row.state.missing_since.text ?? seen
        if row.changedAt < presentUntil {
            try execute(sql.history, [nil, row.changedAt, presentUntil, row.rowID])
        }
        if let since = row.state.missing_since.text, since < seen {
            try execute(sql.history, [since, since, seen, row.rowID])
        }
        try execute(
            sql.updating,
            sql.values(state) + [
                entry?.key ?? row.key, entry?.serverIdentity ?? row.serverIdentity, seen, row.rowID,
            ])
        try record(Change.between(row.state, state), row.rowID)
    }

    /// The row is not in the observation. Only a complete one makes it missing, and missing is a state, never a
    /// deletion.
    ///
    /// The row keeps its values and gets the time, so a report that empties a large host writes little. The values go
    /// into the history when they change.
    ///
    /// - Returns: whether the row is missing now.
    private func leave(_ row: Known) throws -> Bool {
        var isMissing = !row.state.missing_since.isNull
        if observation.isComplete, row.state.missing_since.isNull, !observation.limits(row.ownerUID) {
            var state = row.state
            state.missing_since = .text(seen)
            try execute("UPDATE databases SET missing_since = ? WHERE row_id = ?", [seen, row.rowID])
            try record(Change.between(row.state, state), row.rowID)
            isMissing = true
        }
        try refresh(row, key: row.key, row.state)
        return isMissing
    }

    private func observe(_ row: Int64, _ bytes: Int64?, _ isComplete: Bool?) throws {
        try execute(
            "INSERT INTO observations (database_row_id, at, bytes, bytes_complete) VALUES (?, ?, ?, ?)",
            [row, seen, bytes, isComplete])
    }

    private func record(_ changes: [Change], _ row: Int64) throws {
        for change in changes {
            try execute(
                """
                INSERT INTO changes (database_row_id, report_row_id, at, kind, field, before, after)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, [row, reportRow, seen, change.kind.rawValue, change.field, change.before, change.after])
        }
    }

    /// Brings the words by which the row is found up to date.
    private func refresh(_ row: Known, key: String, _ state: DatabaseState) throws {
        // Most reports change no word.
        guard let before, state != row.state || key != row.storedKey || before != place else { return }
        try SearchText.replace(
            SearchText.of(before, key: row.storedKey, row.state), SearchText.of(place, key: key, state),
            in: "search_databases", row.rowID, ingestion.database)
    }
}
