import Foundation
import Inventory
import SQL

/// What a server says of itself, as far as it matters for a store.
public struct ServerState: Sendable {
    /// Such as "15.12 (Debian 15.12-0+deb12u2)".
    public var version: String
    /// A standby, which takes no writes.
    public var isStandby: Bool
    /// Whether the user may make tables where the store's are.
    public var mayCreate: Bool
    /// How far the server's clock is ahead of this machine's, in seconds.
    public var clockAhead: Double
    /// The settings that decide whether a commit survives a crash: `fsync`, `full_page_writes`, `synchronous_commit`.
    public var settings: [String: String]
    /// The standbys that a commit waits for; empty for none.
    public var synchronousStandbys: String
    /// How many standbys are connected.
    public var standbys: Int
    /// How many of them commits wait for; nil when the user may not see it.
    public var synchronous: Int?
    /// The most bytes of log that one of them has not replayed; nil when the user may not see it.
    public var standbyBytesBehind: Int64?
    /// When the last segment of the write-ahead log was archived; nil when the server archives none, or hides it.
    public var lastArchived: String?
}

extension InventoryStore {
    /// What the server says of itself; nil for a store in a file.
    public func serverState() throws -> ServerState? {
        guard file == nil else { return nil }
        return try read { database in
            func setting(_ name: String) throws -> String {
                try database.value("SELECT COALESCE(current_setting('\(name)', true), '')") ?? ""
            }
            let names = ["fsync", "full_page_writes", "synchronous_commit"]
            let isStandby: Bool = try database.value("SELECT pg_is_in_recovery()") ?? false
            let seconds: String? = try database.value("SELECT CAST(extract(epoch FROM clock_timestamp()) AS TEXT)")
            let standbys = try database.one(
                isStandby
                    ? "SELECT 0, 0, 0, NULL"
                    : """
                    SELECT COUNT(*), COUNT(state), COUNT(CASE WHEN sync_state IN ('sync', 'quorum') THEN 1 END),
                        MAX(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))
                    FROM pg_stat_replication
                    """)
            let (all, seen): (Int, Int) = try (standbys?[0] ?? 0, standbys?[1] ?? 0)
            return try ServerState(
                version: setting("server_version"), isStandby: isStandby,
                mayCreate: database.value("SELECT has_schema_privilege(current_schema(), 'CREATE')") ?? false,
                clockAhead: (seconds.flatMap(Double.init) ?? 0) - Date().timeIntervalSince1970,
                settings: Dictionary(uniqueKeysWithValues: names.map { try ($0, setting($0)) }),
                synchronousStandbys: setting("synchronous_standby_names"), standbys: all,
                synchronous: all == seen ? standbys?[2] : nil, standbyBytesBehind: standbys?[3],
                lastArchived: database.value(
                    """
                    SELECT to_char(last_archived_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                    FROM pg_stat_archiver
                    """))
        }
    }
}
