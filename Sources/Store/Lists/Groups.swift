import GRDB
import Inventory

extension InventoryStore {
    /// Accounts in the order of their ids.
    public func accounts(bounds: Bounds = Bounds()) throws -> [ListRow] {
        guard bounds.limitsReading else { return try accountsOfCounters() }
        let (hosts, arguments) = BoundsSQL(bounds).condition("h", hostRow: "h.row_id")
        let (databases, more) = BoundsSQL(bounds).condition("d", hostRow: "d.host_row_id")
        let known = Self.organizationColumns
        let sql = """
            SELECT a.id, \(known), COALESCE(h.hosts, 0), COALESCE(d.databases, 0), COALESCE(d.stopped, 0),
                COALESCE(d.missing, 0), COALESCE(MIN(h.first_seen, d.first_seen), h.first_seen, d.first_seen),
                COALESCE(MAX(h.last_seen, d.last_seen), h.last_seen, d.last_seen)
            FROM accounts a LEFT JOIN organization_accounts o ON o.id = a.id
            LEFT JOIN (SELECT account_id, COUNT(*) AS hosts, MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen
                       FROM hosts h WHERE \(hosts) GROUP BY account_id) h ON h.account_id = a.id
            LEFT JOIN (SELECT account_id, COUNT(*) - COUNT(missing_since) AS databases,
                           COUNT(CASE WHEN missing_since IS NULL AND state = 'stopped' THEN 1 END) AS stopped,
                           COUNT(missing_since) AS missing, MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen
                       FROM databases d WHERE \(databases) GROUP BY account_id) d ON d.account_id = a.id
            WHERE h.hosts > 0 OR d.databases > 0 OR d.missing > 0 ORDER BY a.id
            """
        return try rows(catalog.accounts, sql, StatementArguments(arguments + more))
    }

    /// What Organizations knows of an account, in the order of the list's columns.
    private static let organizationColumns = """
        o.name, o.email, o.state, o.organizational_unit,
            (SELECT GROUP_CONCAT(t.key || '=' || t.value) FROM account_tags t WHERE t.account_id = o.id)
        """

    private func accountsOfCounters() throws -> [ListRow] {
        try rows(
            catalog.accounts,
            """
            SELECT a.id, \(Self.organizationColumns),
                (SELECT COALESCE(SUM(hosts), 0) FROM host_census WHERE account_id = a.id),
                (SELECT COALESCE(SUM(databases), 0) FROM census WHERE account_id = a.id AND state <> 'missing'),
                (SELECT COALESCE(SUM(databases), 0) FROM census WHERE account_id = a.id AND state = 'stopped'),
                (SELECT COALESCE(SUM(databases), 0) FROM census WHERE account_id = a.id AND state = 'missing'),
                s.first_seen, s.last_seen
            FROM (SELECT id FROM accounts UNION SELECT id FROM organization_accounts) a
            LEFT JOIN accounts s ON s.id = a.id LEFT JOIN organization_accounts o ON o.id = a.id ORDER BY a.id
            """, [])
    }

    /// Clusters in the order of their ids, a page after the id `after`.
    public func clusters(after: String? = nil, limit: Int = 100, bounds: Bounds = Bounds()) throws -> Page<ListRow> {
        let (condition, arguments) = BoundsSQL(bounds).condition("d", hostRow: "d.host_row_id")
        let sql = """
            SELECT cluster_id, MIN(engine), COUNT(*) - COUNT(missing_since),
                COUNT(CASE WHEN missing_since IS NULL AND state = 'stopped' THEN 1 END), COUNT(missing_since),
                COUNT(DISTINCT host_row_id), GROUP_CONCAT(DISTINCT role), GROUP_CONCAT(DISTINCT version)
            FROM databases d WHERE cluster_id IS NOT NULL AND cluster_id > ? AND \(condition)
            GROUP BY cluster_id ORDER BY cluster_id LIMIT ?
            """
        let found = try rows(
            catalog.clusters, sql, StatementArguments([after ?? ""] + arguments) + [limit + 1])
        let items = Array(found.prefix(limit))
        return Page(items: items, next_cursor: found.count > limit ? items.last?.text("id") : nil)
    }

    /// Rows of `list` from a question whose columns are the list's, in its order.
    func rows(_ list: List, _ sql: String, _ arguments: StatementArguments) throws -> [ListRow] {
        try read { database in
            try Row.fetchAll(database, sql: sql, arguments: arguments).map { row in
                ListRow(list, Value.all(row, from: 0, flags: list.flags))
            }
        }
    }
}
