import Inventory
import Report
import SQL

extension KnownHost {
    /// SQL for the rows of the hosts that have, or once had, an id that stands twice among the arguments.
    static let rowsOfID =
        "SELECT row_id FROM hosts WHERE id = ? UNION ALL SELECT host_row_id FROM host_aliases WHERE id = ?"

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
        try database.run("DELETE FROM host_aliases WHERE id = ?", [id])
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

    /// The join that a report asks for, if any: its host is known by its instance, and its machine by another row.
    init?(_ host: KnownHost, _ observed: ObservedHost, _ ingestion: Ingestion) throws {
        guard let machine = observed.identity.machineID, host.instanceID != nil,
            host.machineID == nil || (host.machineID == machine && host.hasTwin)
        else { return nil }
        let others = try KnownHost.all(machine: machine, startedAt: "", ingestion.database)
        guard let other = others.first(where: { $0.instanceID == nil }), other.lastSeen < ingestion.seen,
            // Who claims another sender's machine id does not get its databases.
            other.isSame(sender: ingestion.observation),
            // Machines that were cloned from one image share the id: the row may be any one's.
            !others.contains(where: { $0.instanceID != nil && $0.rowID != host.rowID })
        else { return nil }
        self.host = host
        self.other = other
        database = ingestion.database
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
                try merge(twin, of: host, into: row)
                try move(row)
            } else {
                try merge(row, of: other, into: twin)
            }
        }
        try database.run("UPDATE reports SET host_row_id = ? WHERE host_row_id = ?", [host.rowID, other.rowID])
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
        try SearchText.replace(SearchText.of(other), nil, in: "search_hosts", other.rowID, database)
        try database.run("DELETE FROM hosts WHERE row_id = ?", [other.rowID])
        try host.addAlias(other.id, database)
        try database.record(.joined, of: host.id, before: other.id, after: host.id, source: sender, at: time)
    }

    private typealias Entry = (rowID: Int64, key: String, lastSeen: String, state: DatabaseState)

    private func databases(of host: KnownHost) throws -> [Entry] {
        let text = sql.states("row_id, key, last_seen", where: "host_row_id = ? ORDER BY row_id")
        return try Array(
            database.all(text, [host.rowID])
                .map { try ($0[0], $0[1], $0[2], sql.state($0, from: 3)) })
    }

    private func move(_ row: Entry) throws {
        try SearchText.replace(
            SearchText.of(PlaceRow(other), key: row.key, row.state),
            SearchText.of(PlaceRow(host), key: row.key, row.state),
            in: "search_databases", row.rowID, database)
        try database.run(
            """
            UPDATE databases SET host_row_id = ?, place_id = ?, hostname = ?, account_id = ?, region = ? WHERE row_id = ?
            """, [host.rowID, host.id, host.hostname, host.accountID, host.region, row.rowID])
    }

    /// Both rows are of one database: what happened and was measured is kept; what the one was before, beside the
    /// other, is not.
    private func merge(_ row: Entry, of host: KnownHost, into twin: Entry) throws {
        let (from, into) = (row.rowID, twin.rowID)
        try SearchText.replace(
            SearchText.of(PlaceRow(host), key: row.key, row.state), nil, in: "search_databases", from, database)
        try database.run("UPDATE changes SET database_row_id = ? WHERE database_row_id = ?", [into, from])
        try database.run(
            """
            UPDATE observations SET database_row_id = ? WHERE database_row_id = ?
                AND at NOT IN (SELECT at FROM observations WHERE database_row_id = ?)
            """, [into, from, into])
        try database.run("DELETE FROM observations WHERE database_row_id = ?", [from])
        try database.run("DELETE FROM database_history WHERE database_row_id = ?", [from])
        try database.run(
            """
            UPDATE databases SET first_seen = (SELECT MIN(o.first_seen) FROM databases o WHERE o.row_id IN (?, ?))
            WHERE row_id = ?
            """, [from, into, into])
        try database.run("DELETE FROM databases WHERE row_id = ?", [from])
    }
}
