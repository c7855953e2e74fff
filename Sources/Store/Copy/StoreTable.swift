import Inventory
import SQL

/// A table as a copy of the store sees it.
struct StoreTable: Sendable {
    let name: String
    /// The columns that tell its rows apart, in the order in which they are copied.
    let key: [String]

    init(_ name: String, _ key: String...) { (self.name, self.key) = (name, key) }

    /// Whether its rows are numbered.
    var isNumbered: Bool { key == ["row_id"] }

    /// All tables, those that others refer to before them. Indexes of words are made from the rows.
    static let all = [
        StoreTable("accounts", "id"), StoreTable("hosts", "row_id"), StoreTable("listings", "row_id"),
        StoreTable("databases", "row_id"), StoreTable("database_history", "row_id"), StoreTable("changes", "row_id"),
        StoreTable("observations", "database_row_id", "at"), StoreTable("reports", "row_id"),
        StoreTable("host_aliases", "id"), StoreTable("host_tags", "host_row_id", "key"),
        StoreTable("host_events", "row_id"), StoreTable("host_event_counts", "kind"),
        StoreTable(
            "census", "account_id", "region", "engine", "vendor", "version", "state", "exposure", "role"),
        StoreTable("host_census", "account_id", "region", "scan_status"), StoreTable("dead_letters", "row_id"),
        StoreTable("tokens", "id"), StoreTable("token_usage", "token_id", "day"), StoreTable("audit", "row_id"),
        StoreTable("jobs", "row_id"), StoreTable("tasks", "row_id"), StoreTable("batches", "row_id"),
        StoreTable("results", "row_id"), StoreTable("run_documents", "job_row_id", "region"),
        StoreTable("coverage_history", "job_row_id", "account_id", "region", "reason"),
        StoreTable("scopes", "account_id", "region"), StoreTable("instances", "row_id"),
        StoreTable("instance_tags", "instance_row_id", "key"), StoreTable("organization_accounts", "id"),
        StoreTable("account_tags", "account_id", "key"), StoreTable("proven_documents", "document"),
        StoreTable("skipped_runs", "row_id"), StoreTable("meta", "key"),
    ]

    /// The columns of the table in a database, in the order of their names.
    func columns(_ database: any SQLConnection) throws -> [String] {
        switch database.dialect {
        case .sqlite: try database.values("SELECT name FROM pragma_table_info(?) ORDER BY name", [name])
        case .postgresql:
            try database.values(
                """
                SELECT CAST(column_name AS TEXT) FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = ? ORDER BY CAST(column_name AS TEXT) COLLATE "C"
                """, [name])
        }
    }

    /// The rows after the one with the key `last`, at most `limit`, in the order of their keys.
    func rows(
        _ columns: [String], after last: [SQLValue]?, limit: Int, _ database: any SQLConnection
    ) throws -> [SQLRow] {
        let order = key.joined(separator: ", ")
        let marks = key.map { _ in "?" }.joined(separator: ", ")
        let own = name == "meta" ? "key <> '\(StoreCopy.mark)'" : "TRUE"
        let condition = last == nil ? own : "\(own) AND (\(order)) > (\(marks))"
        return try database.all(
            "SELECT \(columns.joined(separator: ", ")) FROM \(name) WHERE \(condition) ORDER BY \(order) LIMIT ?",
            SQLValues(last ?? []) + [limit])
    }

    /// The key of a row of `columns`.
    func key(of row: SQLRow, _ columns: [String]) -> [SQLValue] {
        key.map { name in columns.firstIndex(of: name).map { row.values[$0] } ?? .null }
    }

    /// The key of the last row that is there; nil for none.
    func lastKey(_ database: any SQLConnection) throws -> [SQLValue]? {
        let order = key.map { "\($0) DESC" }.joined(separator: ", ")
        let own = name == "meta" ? "WHERE key <> '\(StoreCopy.mark)'" : ""
        return try database.one("SELECT \(key.joined(separator: ", ")) FROM \(name) \(own) ORDER BY \(order) LIMIT 1")?
            .values
    }
}
