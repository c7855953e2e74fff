import GRDB
import Report

/// Writes the databases of one report: what changed, what is there as before, what is gone.
struct DatabasesWriter {
    let ingestion: Ingestion
    let host: KnownHost
    /// The host before this report; nil when it was not known.
    let before: KnownHost?
    let reportRow: Int64

    private var seen: String { ingestion.seen }

    /// A row of `databases` before this report.
    private struct Known {
        var rowID: Int64
        var key: String
        /// The key before this report; another one for a database that was moved.
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

    private static let select = """
        SELECT row_id, key, server_identity, bytes, bytes_at, bytes_complete, last_seen, changed_at, owner_uid,
            \(DatabaseState.columns.joined(separator: ", "))
        FROM databases WHERE host_row_id = ? ORDER BY row_id
        """

    func write() throws {
        var known = before == nil ? [] : try fetch()
        if isWhole { rekeyMoved(&known) }
        var byKey: [ByteText: Known] = [:]
        for row in known { byKey[ByteText(row.key)] = row }
        var untouched: [Known] = []
        for var entry in ingestion.incoming.databases {
            entry.state.clusterID = entry.cluster?.id(in: host.accountID)
            guard let row = byKey.removeValue(forKey: ByteText(entry.key)) else {
                try insert(entry)
                continue
            }
            // A report without processes cannot tell that a server does not run.
            if !ingestion.incoming.hasProcesses, row.state.isRunning {
                try refresh(row, key: row.storedKey, row.state)
            } else if isUnchanged(row, entry) {
                untouched.append(row)
            } else {
                try update(row, entry)
            }
        }
        try touch(untouched, ofAll: known.count)
        for row in known where byKey[ByteText(row.key)] != nil { try leave(row) }
    }

    /// The report tells of everything that is there: what it does not name is gone.
    private var isWhole: Bool { ingestion.report.scan.status == .complete && ingestion.incoming.hasProcesses }

    /// Whether something of a database of this user may be missing from the report; of one whose user is not known, when of any user's.
    private func isLimited(_ owner: Int64?) -> Bool {
        let scan = ingestion.report.scan
        guard !scan.limitedUsers.isEmpty else { return false }
        return owner.flatMap { UInt32(exactly: $0) }.map(scan.limits) ?? true
    }

    /// The rule of a fleet: nothing of the database is new but that it was seen again.
    private func isUnchanged(_ row: Known, _ entry: IncomingDatabase) -> Bool {
        row.state == entry.state && row.key == row.storedKey && row.bytes == entry.bytes
            && row.bytesComplete == entry.bytesComplete && row.serverIdentity == entry.serverIdentity
            && row.ownerUID == entry.ownerUID
            && row.lastSeen.utf8.prefix(10).elementsEqual(seen.utf8.prefix(10))
    }

    /// Rows that were seen again, at once where they are all of the host's.
    private func touch(_ rows: [Known], ofAll count: Int) throws {
        guard !rows.isEmpty else { return }
        if rows.count == count {
            try execute(Self.touching + "host_row_id = ?", [seen, seen, host.rowID])
        } else {
            for row in rows { try execute(Self.touching + "row_id = ?", [seen, seen, row.rowID]) }
        }
        for row in rows { try refresh(row, key: row.key, row.state) }
    }

    private static let touching =
        "UPDATE databases SET last_seen = ?, bytes_at = CASE WHEN bytes IS NOT NULL THEN ? END WHERE "

    private func fetch() throws -> [Known] {
        let statement = try ingestion.database.cachedStatement(sql: Self.select)
        return try Array(
            Row.fetchCursor(statement, arguments: [host.rowID]).map { row in
                Known(
                    rowID: row[0], key: row[1], storedKey: row[1], state: DatabaseState(row, from: 9),
                    serverIdentity: row[2], bytes: row[3],
                    bytesAt: row[4], bytesComplete: row[5], lastSeen: row[6], changedAt: row[7], ownerUID: row[8])
            })
    }

    private func execute(_ sql: String, _ values: [(any DatabaseValueConvertible)?]) throws {
        try ingestion.database.run(sql, values)
    }

    /// A database whose directory was moved has a new key; it is the same one when its server's own identity says so,
    /// and says so of one gone and one new database only.
    private func rekeyMoved(_ known: inout [Known]) {
        let keys = Set(ingestion.incoming.databases.map { ByteText($0.key) })
        let old = Set(known.map { ByteText($0.key) })
        func name(_ engine: String, _ identity: String) -> ByteText { ByteText(engine + "\n" + identity) }
        var gone: [ByteText: [Int]] = [:]
        for index in known.indices where !keys.contains(ByteText(known[index].key)) {
            guard !isLimited(known[index].ownerUID), let identity = known[index].serverIdentity else { continue }
            gone[name(known[index].state.engine, identity), default: []].append(index)
        }
        guard !gone.isEmpty else { return }
        let new = Dictionary(grouping: ingestion.incoming.databases) { entry in
            entry.serverIdentity.map { name(entry.state.engine, $0) }
        }
        for (identity, entries) in new {
            guard let identity, entries.count == 1, !old.contains(ByteText(entries[0].key)) else { continue }
            let candidates = gone[identity] ?? []
            // One that was there at the last scan comes before copies that are long missing.
            let present = candidates.filter { known[$0].state.missingSince == nil }
            let chosen = present.isEmpty ? candidates : present
            if chosen.count == 1 { known[chosen[0]].key = entries[0].key }
        }
    }

    private static let insertion: String = {
        let columns =
            ["host_row_id", "key", "host_id", "hostname", "account_id", "region"] + DatabaseState.columns + [
                "version_key", "server_identity", "bytes", "bytes_at", "bytes_complete", "first_seen", "last_seen",
                "changed_at", "owner_uid",
            ]
        let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
        return "INSERT INTO databases (\(columns.joined(separator: ", "))) VALUES (\(marks))"
    }()

    private func insert(_ entry: IncomingDatabase) throws {
        try execute(
            Self.insertion,
            [host.rowID, entry.key, host.id, host.hostname, host.accountID, host.region] + entry.state.values + [
                entry.state.version.flatMap(VersionKey.of), entry.serverIdentity, entry.bytes,
                entry.bytes.map { _ in seen }, entry.bytesComplete, seen, seen, seen, entry.ownerUID,
            ])
        let row = ingestion.database.lastInsertedRowID
        try SearchText.replace(
            nil, SearchText.of(host, key: entry.key, entry.state), in: "search_databases", row, ingestion.database)
        try observe(row, entry.bytes, entry.bytesComplete)
        try record(Change.between(nil, entry.state), row)
    }

    private func update(_ row: Known, _ entry: IncomingDatabase) throws {
        let isThin = ingestion.incoming.isThin || isLimited(entry.ownerUID ?? row.ownerUID)
        let state = row.state.merged(with: entry.state, isThin: isThin)
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
    }

    /// Writes what is new, and keeps what was before with its time; of one that was missing, both what it was and that it was missing.
    private func change(_ row: Known, to state: DatabaseState, _ entry: IncomingDatabase?) throws {
        let presentUntil = row.state.missingSince ?? seen
        if row.changedAt < presentUntil {
            try execute(Self.history, [nil, row.changedAt, presentUntil, row.rowID])
        }
        if let since = row.state.missingSince, since < seen {
            try execute(Self.history, [since, since, seen, row.rowID])
        }
        try execute(
            Self.updating,
            state.values + [
                entry?.key ?? row.key, state.version.flatMap(VersionKey.of),
                entry?.serverIdentity ?? row.serverIdentity, seen, row.rowID,
            ])
        try record(Change.between(row.state, state), row.rowID)
    }

    private static let updating = """
        UPDATE databases SET \(DatabaseState.columns.map { "\($0) = ?" }.joined(separator: ", ")), key = ?,
            version_key = ?, server_identity = ?, changed_at = ?
        WHERE row_id = ?
        """

    private static let history: String = {
        let columns =
            "key, \(DatabaseState.columns.filter { $0 != "missing_since" }.joined(separator: ", ")), version_key"
        return """
            INSERT INTO database_history (database_row_id, \(columns), missing_since, valid_from, valid_until)
            SELECT row_id, \(columns), ?, ?, ? FROM databases WHERE row_id = ?
            """
    }()

    /// The row is not in the report: only a complete scan can tell that it is gone; and gone is a state, never a deletion.
    ///
    /// The row stays what it was, with the time: a report that empties a large host writes little. What it was goes into the history once it changes.
    private func leave(_ row: Known) throws {
        if isWhole, row.state.missingSince == nil, !isLimited(row.ownerUID) {
            var state = row.state
            state.missingSince = seen
            try execute("UPDATE databases SET missing_since = ? WHERE row_id = ?", [seen, row.rowID])
            try record(Change.between(row.state, state), row.rowID)
        }
        try refresh(row, key: row.key, row.state)
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
        guard let before, state != row.state || key != row.storedKey || !before.isNamed(as: host) else { return }
        try SearchText.replace(
            SearchText.of(before, key: row.storedKey, row.state), SearchText.of(host, key: key, state),
            in: "search_databases", row.rowID, ingestion.database)
    }
}

extension DatabaseState {
    /// This state after a report that says `new`; one that is thin leaves what it does not say as it was.
    func merged(with new: DatabaseState, isThin: Bool) -> DatabaseState {
        guard isThin else { return new }
        var state = new
        state.vendor = new.vendor ?? vendor
        let isVaguer = new.versionPrecision == "major" && version?.hasPrefix((new.version ?? "") + ".") == true
        if new.version == nil || isVaguer {
            state.version = version
            state.versionPrecision = versionPrecision
        }
        if new.state == "running", new.port == nil {
            state.address = address
            state.port = port
            state.exposure = exposure
        }
        state.role = new.role ?? role
        state.dataDirectory = new.dataDirectory ?? dataDirectory
        state.container = new.container ?? container
        state.containerImage = new.containerImage ?? containerImage
        state.clusterID = new.clusterID ?? clusterID
        return state
    }
}
