import Report

/// One database of an observation.
public struct ObservedDatabase: Sendable {
    /// Its name in its place.
    public var key: String
    /// What makes history.
    public var state: DatabaseState
    /// What no other server has: PostgreSQL's system identifier, MySQL's server UUID.
    public var serverIdentity: String?
    /// What it shares with the members of its cluster.
    public var cluster: ClusterName?
    /// All its directories together.
    public var bytes: Int64?
    /// Whether everything was counted.
    public var bytesComplete: Bool?
    /// The owner of its data directory; nil where it has none, or an older agent reported.
    public var ownerUID: Int64?

    /// Sizes above 1 PiB are cut to it: their sums would not fit into 64 bits.
    static let largestBytes = Int64(1) << 50

    /// An entry of a report or a listing.
    public init(_ database: Report.Database, _ columns: HistoricalColumns) {
        key = database.key
        state = DatabaseState(columns, database)
        cluster = ClusterName(database)
        serverIdentity =
            ["system_identifier", "server_uuid", "node_id"].lazy
            .compactMap { name in database.identity[name].map { "\(name):\($0)" } }.first
        ownerUID = database.dataDirectory?.uid.map(Int64.init)
        let sizes = database.dataDirectories.compactMap(\.bytes)
        bytes = sizes.isEmpty ? nil : sizes.reduce(0) { min($0 + min($1, Self.largestBytes), Self.largestBytes) }
        bytesComplete = bytes.map { _ in database.dataDirectories.allSatisfy(\.complete) }
    }
}

/// The identity that the members of one cluster share.
public struct ClusterName: Sendable {
    private var text: String

    init?(_ database: Report.Database) {
        // A router names the replica set of its configuration servers, and belongs to them.
        for (name, kind) in [
            ("system_identifier", "system_identifier"), ("galera_cluster_uuid", "galera_cluster_uuid"),
            ("replication_group", "replication_group"), ("replica_set", "replica_set"),
            ("config_replica_set", "replica_set"), ("galera_cluster", "galera_cluster"),
        ] {
            guard let value = database.identity[name] else { continue }
            text = "\(database.engine):\(kind):\(value)"
            return
        }
        return nil
    }

    /// The cluster's id. An identity counts within one account: a report can claim any identity, and must not join the
    /// cluster of another account.
    public func id(in account: String?) -> String { "\(text)@\(account ?? "")" }
}
