import GRDB
import Report

/// An AWS account with hosts that reported.
public struct AccountRow: Codable, Sendable, Equatable, FetchableRecord {
    /// The account's id: twelve digits.
    public var id: String
    /// Its hosts.
    public var hosts: Int64
    /// Its databases that are there.
    public var databases: Int64
    /// Those of them that are stopped.
    public var stopped: Int64
    /// Its databases that are missing.
    public var missing: Int64
    /// When a host of it was first seen: RFC 3339, UTC.
    public var first_seen: String
    /// When a host of it was last seen: RFC 3339, UTC.
    public var last_seen: String
}

/// Databases that share an identity: the members of one cluster, as far as they reported.
public struct ClusterRow: Codable, Sendable, Equatable, FetchableRecord {
    /// The engine, what they share, and its value, such as `postgresql:system_identifier:7312345678901234567`.
    public var id: String
    /// The engine.
    public var engine: String
    /// Its databases that are there.
    public var databases: Int64
    /// Those of them that are stopped.
    public var stopped: Int64
    /// Its databases that are missing.
    public var missing: Int64
    /// Hosts that they are on.
    public var hosts: Int64
    /// Their roles, with commas between them; `null` where none is known.
    @ExplicitNull public var roles: String?
    /// Their versions, with commas between them.
    @ExplicitNull public var versions: String?
}

extension InventoryStore {
    /// Accounts in the order of their ids.
    public func accounts() throws -> [AccountRow] {
        try read { database in
            try AccountRow.fetchAll(
                database,
                sql: """
                    SELECT a.id, a.first_seen, a.last_seen,
                        (SELECT COALESCE(SUM(hosts), 0) FROM host_census WHERE account_id = a.id) AS hosts,
                        (SELECT COALESCE(SUM(databases), 0) FROM census
                         WHERE account_id = a.id AND state <> 'missing') AS databases,
                        (SELECT COALESCE(SUM(databases), 0) FROM census
                         WHERE account_id = a.id AND state = 'stopped') AS stopped,
                        (SELECT COALESCE(SUM(databases), 0) FROM census
                         WHERE account_id = a.id AND state = 'missing') AS missing
                    FROM accounts a ORDER BY a.id
                    """)
        }
    }

    /// Clusters in the order of their ids, a page after the id `after`.
    public func clusters(after: String? = nil, limit: Int = 100) throws -> Page<ClusterRow> {
        try read { database in
            let rows = try ClusterRow.fetchAll(
                database,
                sql: """
                    SELECT cluster_id AS id, MIN(engine) AS engine, COUNT(*) - COUNT(missing_since) AS databases,
                        COUNT(CASE WHEN missing_since IS NULL AND state = 'stopped' THEN 1 END) AS stopped,
                        COUNT(missing_since) AS missing,
                        COUNT(DISTINCT host_row_id) AS hosts, GROUP_CONCAT(DISTINCT role) AS roles,
                        GROUP_CONCAT(DISTINCT version) AS versions
                    FROM databases WHERE cluster_id IS NOT NULL AND cluster_id > ?
                    GROUP BY cluster_id ORDER BY cluster_id LIMIT ?
                    """, arguments: [after ?? "", limit + 1])
            let items = Array(rows.prefix(limit))
            return Page(items: items, next_cursor: rows.count > limit ? items.last?.id : nil)
        }
    }
}
