import Inventory
import Report
import SQL

extension InventoryStore {
    /// Accounts in the order of their ids.
    public func accounts(bounds: Bounds = Bounds()) throws -> [ListRow] {
        guard bounds.limitsReading else { return try accountsOfCounters() }
        let (hosts, arguments) = BoundsSQL(bounds, database.dialect).condition("h", hostRow: "h.row_id")
        let (databases, more) = BoundsSQL(bounds, database.dialect).condition("d", hostRow: "d.place")
        let known = organizationColumns
        let sql = """
            SELECT a.id, \(known), COALESCE(h.hosts, 0), COALESCE(d.databases, 0), COALESCE(d.stopped, 0),
                COALESCE(d.missing, 0),
                CASE WHEN d.first_seen < h.first_seen THEN d.first_seen ELSE COALESCE(h.first_seen, d.first_seen) END,
                CASE WHEN d.last_seen > h.last_seen THEN d.last_seen ELSE COALESCE(h.last_seen, d.last_seen) END
            FROM accounts a LEFT JOIN organization_accounts o ON o.id = a.id
            LEFT JOIN (SELECT account_id, COUNT(*) AS hosts, MIN(first_seen) AS first_seen, MAX(last_seen) AS last_seen
                       FROM hosts h WHERE \(hosts) GROUP BY account_id) h ON h.account_id = a.id
            LEFT JOIN (SELECT d.account_id, COUNT(*) - COUNT(missing_since) AS databases,
                           COUNT(CASE WHEN missing_since IS NULL AND state = 'stopped' THEN 1 END) AS stopped,
                           COUNT(missing_since) AS missing, MIN(d.first_seen) AS first_seen,
                           MAX(COALESCE(d.last_seen, p.last_seen)) AS last_seen
                       FROM databases d LEFT JOIN hosts p ON p.row_id = d.place
                       WHERE \(databases) GROUP BY d.account_id) d ON d.account_id = a.id
            WHERE h.hosts > 0 OR d.databases > 0 OR d.missing > 0 ORDER BY a.id
            """
        return try rows(catalog.accounts, sql, arguments + more)
    }

    /// What Organizations knows of an account, in the order of the list's columns.
    private var organizationColumns: String {
        """
        o.name, o.email, o.state, o.organizational_unit,
            (SELECT \(database.dialect.joined("t.tag")) FROM
                (SELECT key || '=' || value AS tag FROM account_tags WHERE account_id = o.id ORDER BY key) t)
        """
    }

    private func accountsOfCounters() throws -> [ListRow] {
        try rows(
            catalog.accounts,
            """
            SELECT a.id, \(organizationColumns),
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
        let (condition, arguments) = BoundsSQL(bounds, database.dialect).condition("d", hostRow: "d.place")
        return try read { database in
            let found = try database.all(
                """
                SELECT cluster_id, MIN(engine), COUNT(*) - COUNT(missing_since),
                    COUNT(CASE WHEN missing_since IS NULL AND state = 'stopped' THEN 1 END), COUNT(missing_since),
                    COUNT(DISTINCT CASE WHEN place > 0 THEN place END)
                FROM databases d WHERE cluster_id IS NOT NULL AND cluster_id > ? AND \(condition)
                GROUP BY cluster_id ORDER BY cluster_id LIMIT ?
                """, [after ?? ""] + arguments + [limit + 1], .once)
            let page = found.prefix(limit)
            // What its members are, each once: a question of its own, which a distributed database can answer too.
            let members = try ["role", "version"].map { column -> [ByteText: [String]] in
                guard let first = page.first?.values[0], let last = page.last?.values[0] else { return [:] }
                let rows = try database.all(
                    """
                    SELECT DISTINCT cluster_id, \(column) FROM databases d
                    WHERE cluster_id >= ? AND cluster_id <= ? AND \(column) IS NOT NULL AND \(condition)
                    ORDER BY cluster_id, \(column)
                    """, [first, last] + arguments, .once)
                return try Dictionary(grouping: rows) { ByteText(try $0[0]) }.mapValues { try $0.map { try $0[1] } }
            }
            let items = try page.map { row in
                let id = ByteText(try row[0])
                let texts = members.map { $0[id].map { SQLValue.text($0.joined(separator: ",")) } ?? .null }
                let values = Value.all(SQLRow(row.values + texts), from: 0, flags: catalog.clusters.flags)
                return ListRow(catalog.clusters, values)
            }
            return Page(items: items, next_cursor: found.count > limit ? items.last?.text("id") : nil)
        }
    }

    /// Rows of `list` from a question whose columns are the list's, in its order.
    func rows(_ list: List, _ sql: String, _ arguments: SQLValues) throws -> [ListRow] {
        try read { database in
            try database.all(sql, arguments, .once).map { row in
                ListRow(list, Value.all(row, from: 0, flags: list.flags))
            }
        }
    }
}
