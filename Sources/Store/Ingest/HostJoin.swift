import Inventory
import Report
import SQL

extension KnownHost {
    /// SQL for the rows of the hosts that have, or once had, an id that stands twice among the arguments.
    static let rowsOfID =
        "SELECT row_id FROM hosts WHERE id = ? UNION ALL SELECT host_row_id FROM host_aliases WHERE id = ?"

    /// SQL for the numbers of the places, hosts and listings, that have an id that stands three times among the
    /// arguments.
    static let placesOfID = rowsOfID + " UNION ALL SELECT -row_id FROM listings WHERE place_id = ?"

    /// The row of the host that has, or once had, the id `id`.
    static func row(_ id: String, _ database: any SQLConnection) throws -> Int64? {
        try database.value(rowsOfID, [id, id]) as Int64?
    }

    /// Remembers the id that the host had, now that it has another one.
    func addAlias(_ former: String, _ database: any SQLConnection) throws {
        try removeAlias(database)
        try database.run(
            """
            INSERT INTO host_aliases VALUES (?, ?)
            ON CONFLICT (id) DO UPDATE SET host_row_id = excluded.host_row_id
            """, [former, rowID])
    }

    /// The id belongs to this host again, and is no other host's former one.
    func removeAlias(_ database: any SQLConnection) throws {
        try database.post("DELETE FROM host_aliases WHERE id = ?", [id])
    }
}

/// One host that had two rows: one report told its instance id alone, another one its machine id alone, and now one
/// tells both. What the row without an instance has goes over to the other one.
struct HostJoin {
    let host: KnownHost
    let other: KnownHost
    let database: any SQLConnection
    private let sql: DatabaseSQL
    private let sender: String
    private let time: String
    /// Moves what the other host has.
    private let move: PlaceMove

    /// The join that a report asks for, if any: its host is known by its instance, and its machine by another row.
    init?(_ host: KnownHost, _ observed: ObservedHost, _ ingestion: Ingestion) throws {
        guard let machine = observed.identity.machineID, host.instanceID != nil,
            host.machineID == nil || (host.machineID == machine && host.hasTwin)
        else { return nil }
        let others = try ingestion.view.hosts(KnownHost.Key(column: .machine, value: machine))
        guard let other = others.first(where: { $0.instanceID == nil }), other.lastSeen < ingestion.seen,
            // Who claims another sender's machine id does not get its databases.
            other.isSame(sender: ingestion.observation),
            // Machines that were cloned from one image share the id: the row may be any one's.
            !others.contains(where: { $0.instanceID != nil && $0.rowID != host.rowID })
        else { return nil }
        self.host = host
        self.other = other
        database = ingestion.database
        move = PlaceMove(from: other.rowID, to: host.rowID, database: database)
        sql = ingestion.sql
        sender = ingestion.observation.sender
        time = ingestion.received
    }

    func run() throws {
        let own = Dictionary(try databases(of: host).map { (ByteText($0.key), $0) }) { first, _ in first }
        for row in try databases(of: other) {
            guard let twin = own[ByteText(row.key)] else {
                try move(row)
                continue
            }
            // Of two rows of one database the one that was seen last knows best.
            if row.lastSeen > twin.lastSeen {
                try merge(twin, of: host, into: row, of: other)
                try move(row)
            } else {
                try merge(row, of: other, into: twin, of: host)
            }
        }
        try move.moveReports()
        try database.run("UPDATE host_aliases SET host_row_id = ? WHERE host_row_id = ?", [host.rowID, other.rowID])
        try database.run(
            """
            UPDATE host_tags SET host_row_id = ? WHERE host_row_id = ?
                AND key NOT IN (SELECT key FROM host_tags WHERE host_row_id = ?)
            """, [host.rowID, other.rowID, host.rowID])
        try database.run("DELETE FROM host_tags WHERE host_row_id = ?", [other.rowID])
        try database.run(
            """
            UPDATE hosts SET first_seen = (SELECT MIN(o.first_seen) FROM hosts o WHERE o.row_id IN (?, ?))
            WHERE row_id = ?
            """, [other.rowID, host.rowID, host.rowID])
        try SearchText.replace(SearchText.of(other), nil, host: other.rowID, database)
        try database.run("DELETE FROM hosts WHERE row_id = ?", [other.rowID])
        try host.addAlias(other.id, database)
        try database.record(.joined, of: host.id, before: other.id, after: host.id, source: sender, at: time)
    }

    private typealias Entry = (rowID: Int64, key: String, lastSeen: String, state: DatabaseState)

    private func databases(of host: KnownHost) throws -> [Entry] {
        let text = sql.states("row_id, key, last_seen", where: "place = ? ORDER BY row_id")
        return try database.all(text, [host.rowID]).map {
            try ($0[0], $0[1], ($0[2] as String?) ?? host.lastSeen, sql.state($0, from: 3))
        }
    }

    /// Gives a row the other host, with all that is known of it. Its key holds its place: it goes, and comes again.
    private func move(_ row: Entry) throws {
        try SearchText.replace(
            SearchText.of(PlaceRow(other), key: row.key, row.state), nil, database: row.rowID, of: other.rowID, database
        )
        // The time of its place is no longer its own.
        try database.run(
            """
            UPDATE databases SET last_seen = ?, place_id = ?, hostname = ?, account_id = ?, region = ?
            WHERE place = ? AND row_id = ?
            """, [row.lastSeen, host.id, host.hostname, host.accountID, host.region, other.rowID, row.rowID])
        try move.moveDatabase(row.rowID)
        try SearchText.replace(
            nil, SearchText.of(PlaceRow(host), key: row.key, row.state), database: row.rowID, of: host.rowID, database)
    }

    /// Both rows are of one database: what happened and was measured is kept; what the one was before, beside the
    /// other, is not.
    private func merge(_ row: Entry, of host: KnownHost, into twin: Entry, of twinHost: KnownHost) throws {
        let (from, into) = (row.rowID, twin.rowID)
        try SearchText.replace(
            SearchText.of(PlaceRow(host), key: row.key, row.state), nil, database: from, of: host.rowID, database)
        try PlaceMove(from: host.rowID, to: twinHost.rowID, database: database).giveHistory(of: from, to: into)
        try database.run("DELETE FROM database_history WHERE place = ? AND database_row_id = ?", [host.rowID, from])
        let first: String? = try database.value(
            "SELECT first_seen FROM databases WHERE place = ? AND row_id = ?", [host.rowID, from])
        try database.run("DELETE FROM databases WHERE place = ? AND row_id = ?", [host.rowID, from])
        try database.run(
            "UPDATE databases SET first_seen = ? WHERE place = ? AND row_id = ? AND first_seen > ?",
            [first, twinHost.rowID, into, first])
    }
}
