import Report

extension List {
    /// Every database of the inventory, on hosts and elsewhere.
    ///
    /// Columns with `observed` come from reports, and their changes make history. To add a column, add a line here and
    /// a migration: docs/contributing/list-column.md.
    public static let databases = List(
        "databases", item: "Database", hasSearch: true, hasAsOf: true, whenEmpty: "No such database is known.",
        filters: [
            Filter("host", kind: .host, "A host's id, or its name where no host has that id."),
            Filter("tag", kind: .tag, "A tag of the host, set by hand or in EC2: KEY, or KEY=VALUE."),
            Filter("account_tag", kind: .accountTag, "A tag of the account: KEY, or KEY=VALUE."),
            Filter("account_name", kind: .accountName, "The name of the account in Organizations."),
            Filter("account_email", kind: .accountEmail, "The address of the account's owner."),
            Filter(
                "organizational_unit", kind: .organizationalUnit,
                "The names of the units above the account, such as Root/workload."),
        ],
        fields: [
            Field("id", "The id of its host, or its account and region, then a slash and the key.").unfiltered,
            Field("key", "Its name in its place. It survives restarts and upgrades.").unfiltered.searched,
            Field("host_id", optional: true, "The host's id; null for a database that is on no host.").unfiltered,
            Field("hostname", optional: true, "The host name.").sorted
                .cell("HOST", .cutEnd) { $0.hostname.text ?? $0.host_id.text ?? $0.account_id.text },
            Field("account_id", optional: true, "The AWS account.").filtered(as: "account").indexed.counted,
            Field("region", optional: true, "The AWS region.").indexed.counted,
            Field("engine", "The engine, such as postgresql: OpenTelemetry's db.system.name.").sorted.counted.searched
                .observed { Value($0.engine) }.cell("ENGINE"),
            Field("vendor", optional: true, "Who makes the build, such as percona.").indexed.counted.searched
                .observed(.vendorChanged) { Value($0.vendor) },
            Field("version", .version, optional: true, "The engine's own version number.")
                .filtered("A version: 8.0.36, <8.0.36, or >=8.0,<8.1.").sorted.counted.searched
                .observed(.versionChanged) { Value($0.version) }.cell("VERSION") { version($0) },
            Field("version_precision", optional: true, "exact or major.")
                .observed { Value($0.versionPrecision?.rawValue) },
            Field("state", "running, stopped or installed, when it was last seen.")
                .filtered(by: .state, "running, stopped or installed, of those that are there; or missing.")
                .indexed.counted.observed(.stateChanged) { Value($0.state.rawValue) }
                .cell("STATE") { $0.missing_since.isNull ? $0.state.text : "missing" },
            Field("address", optional: true, "The address of the client listener.")
                .observed { Value($0.clientListener?.address) },
            Field("port", .integer, optional: true, "The port of the client listener.").indexed.searched
                .observed(.moved) { Value($0.clientListener?.port) }.cell("ADDRESS", .cutFront) { address($0) },
            Field("exposure", optional: true, "The widest of its listeners: all, private or loopback.")
                .indexed.counted.observed(.exposureChanged) { Value($0.widestExposure) }.cell("EXPOSURE", drop: 2),
            Field("role", optional: true, "Its role: standalone, primary, replica, arbiter, router or config.")
                .indexed.counted.observed(.roleChanged) { Value($0.role?.rawValue) }.cell("ROLE", drop: 1),
            Field("data_directory", optional: true, "The data directory, as the host sees it where that is known.")
                .searched.observed(.moved) { Value($0.dataDirectory.map { $0.hostPath ?? $0.path }) }
                .cell("DATA DIRECTORY", .cutFront, rank: 1) { $0.data_directory.text ?? software($0) },
            Field("container", optional: true, "The container's name, or its id when it has no name.")
                .indexed.searched.observed { Value($0.container.map { $0.name ?? $0.id }) },
            Field("container_image", optional: true, "The image that the container was made from.").searched
                .observed { Value($0.container?.image) },
            Field("cluster_id", optional: true, "The id that the members of one cluster share.")
                .filtered(as: "cluster").indexed.searched.historical,
            Field("bytes", .bytes, optional: true, "The size of all its directories, in bytes, when last measured.")
                .filtered("The size: >=1000000000, or >=1GiB.").sorted
                .cell("SIZE", drop: 3, right: true).prefixed { $0.bytes_complete == false ? "> " : "" },
            Field("bytes_at", .time, optional: true, "When the size was measured."),
            Field("bytes_complete", .flag, optional: true, "Whether everything was counted."),
            Field("first_seen", .time, "When a scan first saw it.")
                .filtered("When a scan first saw it: >=2026-11-01, or >=7d for days ago.").sorted,
            Field("last_seen", .time, "When a scan last saw it.")
                .filtered("When a scan last saw it: <2026-11-01T12:00:00Z, or <7d for days ago.").sorted,
            Field("missing_since", .time, optional: true, "When a complete scan first no longer saw it.").historical,
        ])

    /// The executable of software that serves no database: its key names it.
    private static func software(_ row: ListRow) -> String? {
        let prefix = row.text("engine") + ":software:"
        return row.text("key").hasPrefix(prefix) ? String(row.text("key").dropFirst(prefix.count)) : nil
    }

    private static func version(_ row: ListRow) -> String {
        guard let version = row.version.text else { return "?" }
        return row.version_precision == "major" ? version + ".?" : version
    }

    private static func address(_ row: ListRow) -> String? {
        guard let port = row.port.integer else { return nil }
        let address = row.text("address")
        return "\(address.contains(":") ? "[\(address)]" : address):\(port)"
    }
}

extension Report.Database {
    /// The listener that clients use; the same one whatever order a report has them in.
    var clientListener: Report.Listener? {
        let clients = listeners.filter { $0.purpose == "client" }
        return (clients.isEmpty ? listeners : clients).min { ($0.port, $0.address) < ($1.port, $1.address) }
    }

    /// The widest exposure of its listeners. A value of a newer agent comes after `all`: it may be wide.
    var widestExposure: String? {
        let exposures = Set(listeners.map(\.exposure))
        let unknown = exposures.subtracting(Report.Listener.Exposure.allCases).min { $0.rawValue < $1.rawValue }
        return [.all, unknown, .private, .loopback].compactMap(\.self).first(where: exposures.contains)?.rawValue
    }

    /// The directory with the data.
    var dataDirectory: Report.DataDirectory? { dataDirectories.first { $0.purpose == .data } }
}
