import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// A database by its id, or by an id that it had before it was moved; nil when there is none.
    public func database(_ id: DatabaseID, bounds: Bounds = Bounds()) throws -> DatabaseDetail? {
        guard let found = try find(id, bounds) else { return nil }
        let row = found.row
        var detail = DatabaseDetail(database: row)
        do throws(ReportError) {
            guard let parts = try parts(of: found.place, seen: row.text("last_seen")) else {
                detail.report_error = Self.notKept
                return detail
            }
            detail.report = try parts.database(row.text("key"))
            detail.problems = try parts.problems().filter { $0.subject == row.text("key") }
        } catch { detail.report_error = "\(error)" }
        return detail
    }

    /// A row of `databases`, and of the list.
    private struct Found {
        var rowID: Int64
        var place: Int64
        var row: ListRow
    }

    private func find(_ id: DatabaseID, _ bounds: Bounds) throws -> Found? {
        let list = SQLList.databases(catalog.databases)
        let (condition, arguments) = BoundsSQL(bounds, database.dialect).condition("d", hostRow: "d.place")
        let places = "x.place IN (\(KnownHost.placesOfID))"
        let sql = """
            SELECT d.row_id, d.place, \(list.select) FROM \(list.tables) WHERE d.row_id = COALESCE(
                (SELECT x.row_id FROM databases x WHERE x.key = ? AND \(places)),
                (SELECT v.database_row_id FROM database_history v
                     JOIN databases x ON x.place = v.place AND x.row_id = v.database_row_id
                 WHERE v.key = ? AND \(places) ORDER BY v.row_id DESC LIMIT 1)) AND \(condition)
            """
        let key: SQLValues = [id.key, id.place, id.place, id.place]
        return try read { database in
            try database.one(sql, key + key + arguments, .once)
                .map { try Found(rowID: $0[0], place: $0[1], row: list.row($0, from: 2)) }
        }
    }

    /// A database's sizes after a time, the first one first; nil when there is no such database.
    public func sizes(
        _ id: DatabaseID, after: String = "", limit: Int = 100, bounds: Bounds = Bounds()
    ) throws -> Page<ListRow>? {
        guard let found = try find(id, bounds) else { return nil }
        let sql = """
            SELECT at, bytes, bytes_complete FROM observations WHERE place = ? AND database_row_id = ? AND at > ?
            ORDER BY at LIMIT ?
            """
        let sizes = try rows(catalog.sizes, sql, [found.place, found.rowID, after, limit + 1])
        let items = Array(sizes.prefix(limit))
        return Page(items: items, next_cursor: sizes.count > limit ? items.last?.text("at") : nil)
    }

    /// A host by its id, or by an id that it had; nil when there is none.
    public func host(_ id: String, bounds: Bounds = Bounds()) throws -> HostDetail? {
        let list = SQLList.hosts(catalog.hosts)
        let (condition, arguments) = BoundsSQL(bounds, database.dialect).condition("h", hostRow: "h.row_id")
        let found = try read { database -> (Int64, ListRow)? in
            guard let row = try KnownHost.row(id, database) else { return nil }
            return try database.one(
                "SELECT \(list.select) FROM \(list.tables) WHERE h.row_id = ? AND \(condition)",
                [row] + arguments, .once
            ).map { (row, list.row($0, from: 0)) }
        }
        guard let (row, host) = found else { return nil }
        var detail = HostDetail(
            host: host, tags: try tags(id), instance_tags: try instanceTags(host.instance_id.text),
            databases: try databases(of: row))
        do throws(ReportError) {
            guard let parts = try parts(of: row, seen: host.text("last_seen")) else {
                detail.report_error = Self.notKept
                return detail
            }
            detail.report = try parts.host()
            detail.scan = try parts.scan()
        } catch { detail.report_error = "\(error)" }
        return detail
    }

    /// The first databases of a host.
    private func databases(of hostRow: Int64) throws -> [ListRow] {
        let list = SQLList.databases(catalog.databases)
        return try rows(
            catalog.databases,
            """
            SELECT \(list.select) FROM \(list.tables) WHERE d.place = ? ORDER BY d.key
            LIMIT \(ListRequest.maximumLimit)
            """, [hostRow])
    }

    /// The id that a database has now, given one that it has or had; nil when there is none.
    public func currentID(_ id: DatabaseID, bounds: Bounds = Bounds()) throws -> String? {
        try find(id, bounds)?.row.text("id")
    }

    private static let notKept = "the report is no longer kept"

    /// The parts of the kept report of a place that was seen at `seen`; nil when it is no longer kept.
    private func parts(of place: Int64, seen: String) throws(ReportError) -> ReportParts? {
        let found: (Int64, [UInt8])?
        do {
            found = try read { database in
                let row = try database.one(
                    """
                    SELECT row_id, body FROM reports WHERE place = ? AND seen_at = ? AND NOT is_older
                    ORDER BY row_id DESC LIMIT 1
                    """, [place, seen])
                return try row.map { try ($0[0], $0[1]) }
            }
        } catch { throw ReportError(.badJSON, "\(error)") }
        guard let found else { return nil }
        return try partsCache.parts(of: found.0) { () throws(ReportError) in
            ReportParts(try Packed.decompress(found.1, compressedLimit: .max))
        }
    }
}
