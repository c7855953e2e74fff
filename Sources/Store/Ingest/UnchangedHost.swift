import Inventory
import SQL

/// A host whose report says nothing new: only its times are written. Those of its databases follow.
///
/// It writes what comparing every row would write; StoreTests compares both.
struct UnchangedHost {
    private let known: KnownHost
    private let host: ObservedHost
    private let ingestion: Ingestion

    /// Nil for a report that has to be compared row by row: its digest is not the stored one, or something about the
    /// host itself changes.
    init?(_ known: KnownHost, _ host: ObservedHost, _ ingestion: Ingestion) throws {
        let now = known.merged(with: host, ingestion)
        guard let digest = ingestion.observation.digest, digest == known.digest, known.isNamed(as: now),
            !known.isRetired, known.sender == now.sender, try HostJoin(known, host, ingestion) == nil
        else { return nil }
        (self.known, self.host, self.ingestion) = (known, host, ingestion)
    }

    /// Writes the times, and returns the host's id.
    func write() throws -> String {
        let (database, seen) = (ingestion.database, ingestion.seen)
        if let account = host.accountID { try ingestion.census.see(account, at: seen) }
        try database.post(
            "UPDATE hosts SET last_seen = ?, last_started_at = ? WHERE row_id = ?",
            [seen, ingestion.observation.started, known.rowID])
        _ = try ingestion.addReport(known.rowID, isOlder: false)
        // A size is a sample when it differs, and once a day.
        if !known.lastSeen.utf8.prefix(10).elementsEqual(seen.utf8.prefix(10)) {
            try database.post(
                """
                INSERT INTO observations (place, database_row_id, at, bytes, bytes_complete)
                SELECT place, row_id, ?, bytes, bytes_complete FROM databases WHERE place = ? AND missing_since IS NULL
                """, [seen, known.rowID])
        }
        return known.id
    }
}
