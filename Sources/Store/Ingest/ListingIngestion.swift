import FoundationEssentials
import Inventory
import Report
import SQL

/// One service's listing of an account and region on its way into the tables.
struct ListingIngestion {
    let ingestion: Ingestion
    let scope: Scope
    let service: String

    private var database: any SQLConnection { ingestion.database }

    /// A row of `listings` before this one.
    struct Known {
        var rowID: Int64
        var lastSeen: String
    }

    /// The row of the service in the account and region; nil when it never listed anything.
    func known() throws -> Known? {
        let sql = "SELECT row_id, last_seen FROM listings WHERE place_id = ? AND service = ?"
        return try database.one(sql, [scope.id, service])
            .map { try Known(rowID: $0[0], lastSeen: $0[1]) }
    }

    func run() throws -> IngestOutcome {
        let known = try known()
        if let known, try ingestion.isStored(-known.rowID) { return .duplicate(place: scope.id) }
        if let known, known.lastSeen >= ingestion.seen {
            _ = try ingestion.addReport(-known.rowID, isOlder: true)
            return .older(place: scope.id)
        }
        try apply(to: known) { try ingestion.addReport($0, isOlder: false) }
        return .stored(place: scope.id, databases: ingestion.observation.databaseCount)
    }

    /// Makes the listing the current state of its service there; `keep` stores it, given the number of the place, and
    /// returns its row.
    func apply(to known: Known?, keep: (Int64) throws -> Int64) throws {
        try ingestion.census.recount(known.map { [-$0.rowID] } ?? [], after: { [$0] }) { try write(known, keep: keep) }
    }

    /// - Returns: the number of the place.
    private func write(_ known: Known?, keep: (Int64) throws -> Int64) throws -> Int64 {
        let entries = try ingestion.observation.databases()
        try ingestion.census.see(scope.accountID, at: ingestion.seen)
        var row = known?.rowID ?? 0
        if known == nil {
            row = try database.insert(
                """
                INSERT INTO listings (place_id, account_id, region, service, first_seen, last_seen)
                VALUES (?, ?, ?, ?, ?, ?)
                """, [scope.id, scope.accountID, scope.region, service, ingestion.seen, ingestion.seen])
        } else {
            try database.run("UPDATE listings SET last_seen = ? WHERE row_id = ?", [ingestion.seen, row])
        }
        let place = PlaceRow(listing: row, scope)
        let reportRow = try keep(place.number)
        _ = try DatabasesWriter(
            ingestion: ingestion, place: place, before: known.map { (place, $0.lastSeen) }, reportRow: reportRow,
            entries: entries
        ).write()
        return place.number
    }
}
