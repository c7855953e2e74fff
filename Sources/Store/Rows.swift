import GRDB
import Report

/// A host as the inventory lists it. The names of the columns are those of CSV and JSON.
public struct HostRow: Codable, Sendable, Equatable, FetchableRecord {
    public var id: String
    @ExplicitNull public var hostname: String?
    @ExplicitNull public var account_id: String?
    @ExplicitNull public var region: String?
    @ExplicitNull public var instance_id: String?
    @ExplicitNull public var machine_id: String?
    @ExplicitNull public var os: String?
    @ExplicitNull public var kernel: String?
    @ExplicitNull public var architecture: String?
    @ExplicitNull public var cpus: Int?
    @ExplicitNull public var memory_bytes: Int64?
    /// Databases that were there when the host was last seen.
    public var databases: Int
    public var scan_status: String
    public var agent_version: String
    public var first_seen: String
    public var last_seen: String
}

/// A database as the inventory lists it.
public struct DatabaseRow: Codable, Sendable, Equatable, FetchableRecord {
    /// The host's id and the key.
    public var id: String
    public var host_id: String
    @ExplicitNull public var hostname: String?
    @ExplicitNull public var account_id: String?
    @ExplicitNull public var region: String?
    public var engine: String
    @ExplicitNull public var vendor: String?
    @ExplicitNull public var version: String?
    @ExplicitNull public var version_precision: String?
    public var state: String
    @ExplicitNull public var address: String?
    @ExplicitNull public var port: Int?
    /// The widest of its listeners: `all`, `private`, `loopback`.
    @ExplicitNull public var exposure: String?
    @ExplicitNull public var role: String?
    @ExplicitNull public var data_directory: String?
    /// All its directories, when they were last measured.
    @ExplicitNull public var bytes: Int64?
    public var first_seen: String
    public var last_seen: String
    /// Since when complete scans no longer saw it.
    @ExplicitNull public var missing_since: String?
}
