import GRDB
import Report

/// A host as the inventory lists it. The names of the columns are those of CSV and JSON.
public struct HostRow: Codable, Sendable, Equatable {
    /// The id in the inventory.
    public var id: String
    /// The host name.
    @ExplicitNull public var hostname: String?
    /// The AWS account.
    @ExplicitNull public var account_id: String?
    /// The AWS region.
    @ExplicitNull public var region: String?
    /// The EC2 instance.
    @ExplicitNull public var instance_id: String?
    /// The machine id.
    @ExplicitNull public var machine_id: String?
    /// The distribution in words.
    @ExplicitNull public var os: String?
    /// The distribution's id, such as `debian`.
    @ExplicitNull public var os_id: String?
    /// The distribution's version.
    @ExplicitNull public var os_version: String?
    /// The kernel release.
    @ExplicitNull public var kernel: String?
    /// The architecture in the kernel's words.
    @ExplicitNull public var architecture: String?
    /// Online processors.
    @ExplicitNull public var cpus: Int?
    /// Memory, in bytes.
    @ExplicitNull public var memory_bytes: Int64?
    /// Databases that were there when the host was last seen.
    public var databases: Int
    /// `complete` or `partial`.
    public var scan_status: String
    /// The agent that reported last.
    public var agent_version: String
    /// When a scan first saw it: RFC 3339, UTC.
    public var first_seen: String
    /// When a scan last saw it: RFC 3339, UTC.
    public var last_seen: String
    /// The token whose reports these are; null where only the command line stored some.
    @ExplicitNull public var sender: String?
    /// When an operator retired it.
    @ExplicitNull public var retired_at: String?
}

/// A database as the inventory lists it.
public struct DatabaseRow: Codable, Sendable, Equatable {
    /// The host's id and the key, with a slash between them.
    public var id: String
    /// Stable on its host across restarts and upgrades.
    public var key: String
    /// The host's id.
    public var host_id: String
    /// The host name.
    @ExplicitNull public var hostname: String?
    /// The AWS account.
    @ExplicitNull public var account_id: String?
    /// The AWS region.
    @ExplicitNull public var region: String?
    /// OpenTelemetry's `db.system.name`.
    public var engine: String
    /// Who makes the build.
    @ExplicitNull public var vendor: String?
    /// The engine's own number.
    @ExplicitNull public var version: String?
    /// `exact` or `major`.
    @ExplicitNull public var version_precision: String?
    /// `running`, `stopped` or `installed`.
    public var state: String
    /// The address of its client listener.
    @ExplicitNull public var address: String?
    /// The port of its client listener.
    @ExplicitNull public var port: Int?
    /// The widest of its listeners: `all`, `private`, `loopback`.
    @ExplicitNull public var exposure: String?
    /// The part it plays.
    @ExplicitNull public var role: String?
    /// The data directory, as the host sees it where that is known.
    @ExplicitNull public var data_directory: String?
    /// The container's name, or its id where it has none.
    @ExplicitNull public var container: String?
    /// The image that the container was made from.
    @ExplicitNull public var container_image: String?
    /// What the members of one cluster share.
    @ExplicitNull public var cluster_id: String?
    /// All its directories, in bytes, when they were last measured.
    @ExplicitNull public var bytes: Int64?
    /// When that was: RFC 3339, UTC.
    @ExplicitNull public var bytes_at: String?
    /// Whether everything was counted then.
    @ExplicitNull public var bytes_complete: Bool?
    /// When a scan first saw it: RFC 3339, UTC.
    public var first_seen: String
    /// When a scan last saw it: RFC 3339, UTC.
    public var last_seen: String
    /// Since when complete scans no longer saw it.
    @ExplicitNull public var missing_since: String?
}

/// What happened to a database between two reports of its host.
public struct ChangeRow: Codable, Sendable, Equatable {
    /// Grows with every change that is recorded.
    public var id: Int64
    /// When the report that showed it was made: RFC 3339, UTC.
    public var at: String
    /// `appeared`, `missing`, `returned`, `version_changed`, `vendor_changed`, `moved`, `state_changed`,
    /// `exposure_changed` or `role_changed`.
    public var kind: String
    /// The database's id now.
    public var database_id: String
    /// Its host's id.
    public var host_id: String
    /// Its host's name.
    @ExplicitNull public var hostname: String?
    /// The AWS account.
    @ExplicitNull public var account_id: String?
    /// The AWS region.
    @ExplicitNull public var region: String?
    /// OpenTelemetry's `db.system.name`.
    public var engine: String
    /// The database's key now.
    public var key: String
    /// The field that changed; null where the database itself came or went.
    @ExplicitNull public var field: String?
    /// Its value before.
    @ExplicitNull public var before: String?
    /// Its value after.
    @ExplicitNull public var after: String?
    /// The report that showed it.
    public var report_id: Int64
}
