import FoundationEssentials
import GRDB
import Report

/// One size of a database.
public struct SizeRow: Codable, Sendable, Equatable, FetchableRecord {
    /// When it was measured: RFC 3339, UTC.
    public var at: String
    /// All its directories, in bytes; null when they were not measured.
    @ExplicitNull public var bytes: Int64?
    /// Whether everything was counted.
    @ExplicitNull public var bytes_complete: Bool?
}

/// A database with what the report that saw it last says of it.
public struct DatabaseDetail: Codable, Sendable {
    /// Its row.
    public var database: DatabaseRow
    /// Its entry in the report, word for word; null when the report is no longer kept.
    @ExplicitNull public var report: Report.Database?
    /// Why there is no `report`: an ingest reads an outline, so that the whole may turn out not to be readable.
    @ExplicitNull public var report_error: String?
    /// The report's problems that name it.
    public var problems: [Report.Problem]
}

/// A host with what its last report says of it.
public struct HostDetail: Codable, Sendable {
    /// Its row.
    public var host: HostRow
    /// Tags.
    public var tags: [String: String]
    /// Its host block in the report; null when the report is no longer kept.
    @ExplicitNull public var report: Report.Host?
    /// How the scan went.
    @ExplicitNull public var scan: Report.Scan?
    /// Why there is no `report`.
    @ExplicitNull public var report_error: String?
    /// Its databases, missing ones with them: the first `ListRequest.maximumLimit`.
    public var databases: [DatabaseRow]
}

extension InventoryStore {
    /// The database `id`, also by an id that it had before it was moved; nil when there is none.
    public func database(_ id: DatabaseID) throws -> DatabaseDetail? {
        guard let row = try row(id) else { return nil }
        var detail = DatabaseDetail(
            database: row, report: ExplicitNull(wrappedValue: nil), report_error: ExplicitNull(wrappedValue: nil),
            problems: [])
        do throws(ReportError) {
            guard let parts = try parts(hostID: row.host_id, seen: row.last_seen) else {
                detail.report_error = Self.notKept
                return detail
            }
            detail.report = try parts.database(row.key)
            detail.problems = try parts.scan().problems.filter { $0.subject == row.key }
        } catch { detail.report_error = "\(error)" }
        return detail
    }

    private func row(_ id: DatabaseID) throws -> DatabaseRow? {
        let definition = ListDefinition.databases
        let condition = """
            d.row_id = COALESCE(
                (SELECT row_id FROM databases WHERE host_row_id = :host AND key = :key),
                (SELECT v.database_row_id FROM database_history v JOIN databases x ON x.row_id = v.database_row_id
                 WHERE x.host_row_id = :host AND v.key = :key ORDER BY v.row_id DESC LIMIT 1))
            """
        return try read { database in
            guard let host = try KnownHost.row(id.host, database) else { return nil }
            return try Row.fetchOne(
                database, sql: "SELECT \(definition.select) FROM \(definition.tables) WHERE \(condition)",
                arguments: ["host": host, "key": id.key]
            ).map { DatabaseRow($0, from: 0) }
        }
    }

    /// Sizes of a database since a time, the first first; nil when there is no such database.
    public func sizes(_ id: DatabaseID, after: String = "", limit: Int = 100) throws -> Page<SizeRow>? {
        guard let row = try row(id) else { return nil }
        return try read { database in
            let rows = try SizeRow.fetchAll(
                database,
                sql: """
                    SELECT o.at, o.bytes, o.bytes_complete FROM observations o
                    JOIN databases d ON d.row_id = o.database_row_id
                    WHERE d.host_row_id = (SELECT row_id FROM hosts WHERE id = ?) AND d.key = ? AND o.at > ?
                    ORDER BY o.at LIMIT ?
                    """, arguments: [row.host_id, row.key, after, limit + 1])
            let items = Array(rows.prefix(limit))
            return Page(items: items, next_cursor: rows.count > limit ? items.last?.at : nil)
        }
    }

    /// The host `id`, also by an id that it had before more was known of it; nil when there is none.
    public func host(_ id: String) throws -> HostDetail? {
        let definition = ListDefinition.hosts
        let found = try read { database in
            try Row.fetchOne(
                database,
                sql: "SELECT \(definition.select) FROM \(definition.tables) WHERE h.row_id = ?",
                arguments: [KnownHost.row(id, database)]
            ).map { HostRow($0, from: 0) }
        }
        guard let found else { return nil }
        var detail = HostDetail(
            host: found, tags: try tags(id), report: ExplicitNull(wrappedValue: nil),
            scan: ExplicitNull(wrappedValue: nil), report_error: ExplicitNull(wrappedValue: nil),
            databases: try databases(of: found.id))
        do throws(ReportError) {
            guard let parts = try parts(hostID: found.id, seen: found.last_seen) else {
                detail.report_error = Self.notKept
                return detail
            }
            detail.report = try parts.host()
            detail.scan = try parts.scan()
        } catch { detail.report_error = "\(error)" }
        return detail
    }

    /// The first databases of a host.
    private func databases(of hostID: String) throws -> [DatabaseRow] {
        let definition = ListDefinition.databases
        return try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(definition.select) FROM \(definition.tables)
                    WHERE d.host_row_id = (SELECT row_id FROM hosts WHERE id = ?) ORDER BY d.key
                    LIMIT \(ListRequest.maximumLimit)
                    """, arguments: [hostID]
            ).map { DatabaseRow($0, from: 0) }
        }
    }

    /// The id that a database has now, given one that it has or had; nil when there is no such database.
    public func currentID(_ id: DatabaseID) throws -> String? { try row(id)?.id }

    private static let notKept = "the report is no longer kept"

    /// The parts of the kept report of a host that was seen at `seen`; nil when it is no longer kept.
    private func parts(hostID: String, seen: String) throws(ReportError) -> ReportParts? {
        let found: (Int64, Data)?
        do {
            found = try read { database in
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT r.row_id, r.body FROM reports r JOIN hosts h ON h.row_id = r.host_row_id
                        WHERE h.id = ? AND r.seen_at = ? AND NOT r.is_older ORDER BY r.row_id DESC LIMIT 1
                        """, arguments: [hostID, seen])
                return row.map { ($0[0], $0[1]) }
            }
        } catch { throw ReportError(.badJSON, "\(error)") }
        guard let found else { return nil }
        return try partsCache.parts(of: found.0) { () throws(ReportError) in
            ReportParts(try Gzip.firstMember(of: Array(found.1)[...], compressedLimit: .max).bytes)
        }
    }

    // MARK: Tags

    /// A host's tags.
    public func tags(_ hostID: String) throws -> [String: String] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT key, value FROM host_tags WHERE host_row_id = ?",
                arguments: [KnownHost.row(hostID, database)])
            return Dictionary(rows.map { ($0[0] as String, $0[1] as String) }) { $1 }
        }
    }

    /// Sets some of a host's tags, and removes those that are nil; false when there is no such host.
    public func setTags(_ hostID: String, _ tags: [String: String?]) throws -> Bool {
        try write { database in
            guard let row = try KnownHost.row(hostID, database) else { return false }
            for (key, value) in tags {
                try database.execute(
                    sql: "DELETE FROM host_tags WHERE host_row_id = ? AND key = ?", arguments: [row, key])
                guard let value else { continue }
                try database.execute(sql: "INSERT INTO host_tags VALUES (?, ?, ?)", arguments: [row, key, value])
            }
            return true
        }
    }
}
