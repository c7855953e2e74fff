import Inventory
import Report
import SQL

/// Writes the databases of one observation: new and changed ones, those that were seen again, and those that are
/// missing.
struct DatabasesWriter {
    let ingestion: Ingestion
    let place: PlaceRow
    /// The place before this observation, and when it was last seen then; nil when it was not known.
    let before: (place: PlaceRow, lastSeen: String)?
    let reportRow: Int64
    let entries: [ObservedDatabase]

    private var seen: String { ingestion.seen }
    /// What a database that is seen now has as that time: nothing on a host, whose own time it is.
    private var now: String? { place.number < 0 ? seen : nil }
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
        /// It has a time of its own at which it was last seen; without, it is the place's.
        var hasOwnTime: Bool
        /// It has a time of its own at which its size was measured.
        var hasOwnSizeTime: Bool
    }

    /// Writes them.
    ///
    /// - Returns: whether every row that is there has exactly what the observation says, so that an equal one would
    ///   change nothing.
    func write() throws -> Bool {
        var known = try before.map { try fetch($0.lastSeen) } ?? []
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
                try leave(row, missing: row.state.missing_since.text)
                try refresh(row, key: row.storedKey, row.state)
            } else if isUnchanged(row, entry) {
                untouched.append(row)
            } else {
                isAsReported = try update(row, entry) && isAsReported
            }
        }
        for row in untouched {
            try touch(row, isMeasured: true, row.ownerUID)
            try refresh(row, key: row.key, row.state)
        }
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

    /// The database was seen with this observation, as its place was; its size was measured then, or before.
    private func touch(_ row: Known, isMeasured: Bool, _ owner: Int64?) throws {
        let isAsBefore = now == nil && !row.hasOwnTime && isMeasured != row.hasOwnSizeTime && owner == row.ownerUID
        guard !isAsBefore else { return }
        try execute(
            "UPDATE databases SET last_seen = ?, bytes_at = ?, owner_uid = ? WHERE place = ? AND row_id = ?",
            [now, isMeasured ? nil : row.bytesAt, owner, place.number, row.rowID])
    }

    /// The database was not seen: the time when it was is from now on its own. It is missing since `since`, or not.
    private func leave(_ row: Known, missing since: String?) throws {
        guard !row.hasOwnTime || since != row.state.missing_since.text else { return }
        try execute(
            "UPDATE databases SET last_seen = ?, missing_since = ? WHERE place = ? AND row_id = ?",
            [row.lastSeen, since, place.number, row.rowID])
    }

    private func fetch(_ placeSeen: String) throws -> [Known] {
        try ingestion.view.databases(of: place.number).map { row in
            let (bytesAt, lastSeen): (String?, String?) = try (row[4], row[6])
            let seen = lastSeen ?? placeSeen
            let bytes: Int64? = try row[3]
            return try Known(
                rowID: row[0], key: row[1], storedKey: row[1], state: sql.state(row, from: DatabaseSQL.stateAt),
                serverIdentity: row[2], bytes: bytes, bytesAt: bytesAt ?? bytes.map { _ in seen },
                bytesComplete: row[5], lastSeen: seen, changedAt: row[7], ownerUID: row[8],
                hasOwnTime: lastSeen != nil, hasOwnSizeTime: bytesAt != nil)
        }
    }

    private func execute(_ sql: String, _ values: SQLValues) throws {
        try ingestion.database.post(sql, values)
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
        let names: SQLValues = [
            place.number, entry.key, place.id, place.hostname, place.accountID, place.region,
        ]
        let facts: SQLValues = [
            entry.serverIdentity, entry.bytes, entry.bytesComplete, seen, now, seen, entry.ownerUID,
        ]
        let row = try ingestion.database.insert(sql.insertion, names + sql.values(entry.state) + facts)
        try SearchText.replace(
            nil, SearchText.of(place, key: entry.key, entry.state), database: row, of: place.number, ingestion.database)
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
        let owner = entry.ownerUID ?? row.ownerUID
        if bytes != row.bytes || isComplete != row.bytesComplete {
            try execute(
                """
                UPDATE databases SET last_seen = ?, bytes = ?, bytes_at = NULL, bytes_complete = ?, owner_uid = ?
                WHERE place = ? AND row_id = ?
                """, [now, bytes, isComplete, owner, place.number, row.rowID])
        } else {
            // Without a size there is no time of one.
            try touch(row, isMeasured: isMeasured || row.bytes == nil, owner)
        }
        if bytes != row.bytes || isComplete != row.bytesComplete || row.lastSeen.prefix(10) != seen.prefix(10) {
            // Seen and not measured is a sample without a size.
            try observe(row.rowID, isMeasured ? bytes : nil, isMeasured ? isComplete : nil)
        }
        try refresh(row, key: entry.key, state)
        return state == entry.state && bytes == entry.bytes && isComplete == entry.bytesComplete
            && entry.serverIdentity == (entry.serverIdentity ?? row.serverIdentity)
            && entry.ownerUID == owner
    }

    /// Writes what is new, and keeps what was before with its time; of one that was missing, both what it was and that
    /// it was missing.
    private func change(_ row: Known, to state: DatabaseState, _ entry: ObservedDatabase?) throws {
        let presentUntil = row.state.missing_since.text ?? seen
        if row.changedAt < presentUntil {
            try execute(sql.history, [nil, row.changedAt, presentUntil, place.number, row.rowID])
        }
        if let since = row.state.missing_since.text, since < seen {
            try execute(sql.history, [since, since, seen, place.number, row.rowID])
        }
        try execute(
            sql.updating,
            sql.values(state) + [
                entry?.key ?? row.key, entry?.serverIdentity ?? row.serverIdentity, seen, place.number,
                row.rowID,
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
            try leave(row, missing: seen)
            try record(Change.between(row.state, state), row.rowID)
            isMissing = true
        } else {
            try leave(row, missing: row.state.missing_since.text)
        }
        try refresh(row, key: row.key, row.state)
        return isMissing
    }

    private func observe(_ row: Int64, _ bytes: Int64?, _ isComplete: Bool?) throws {
        try execute(
            "INSERT INTO observations (place, database_row_id, at, bytes, bytes_complete) VALUES (?, ?, ?, ?, ?)",
            [place.number, row, seen, bytes, isComplete])
    }

    private func record(_ changes: [Change], _ row: Int64) throws {
        for change in changes {
            try execute(
                """
                INSERT INTO changes (place, database_row_id, report_row_id, at, kind, field, before, after)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    place.number, row, reportRow, seen, change.kind.rawValue, change.field, change.before, change.after,
                ])
        }
    }

    /// Brings the words by which the row is found up to date.
    private func refresh(_ row: Known, key: String, _ state: DatabaseState) throws {
        // Most reports change no word.
        guard let before = before?.place, state != row.state || key != row.storedKey || before != place else { return }
        try SearchText.replace(
            SearchText.of(before, key: row.storedKey, row.state), SearchText.of(place, key: key, state),
            database: row.rowID, of: place.number, ingestion.database)
    }
}
