import HostView
import Report

/// ScyllaDB, which keeps Cassandra's configuration and its own files.
struct ScyllaDB: ProfiledEngine {
    let profile = EngineProfile(
        id: "scylladb",
        title: "ScyllaDB",
        executableNames: ["scylla"],
        packagePrefixes: ["scylla-server", "scylla-enterprise", "scylla"],
        programs: ["scylla"],
        softwarePatterns: ["/opt/scylladb/libexec/scylla"],
        dataDirectoryPatterns: ["/var/lib/scylla"],
        serviceNames: ["scylla"],
        versionSources: ["package of the running executable"],
        options: cassandraOptions,
        configuration: ConfigurationProfile(
            format: .yaml, defaultFiles: ["/etc/scylla/scylla.yaml"], arguments: ["options-file"]),
        directory: DirectoryProfile(
            options: ["workdir", "data_file_directories"],
            marks: [["data/system", "view_hints"], ["data/system", "hints", "commitlog", "view_hints"]],
            byDefault: "/var/lib/scylla"),
        ports: [
            PortProfile(9042, "client", setting: "port"), PortProfile(19042, "client"), PortProfile(9142, "client"),
            PortProfile(7000, "replication", setting: "storage_port"),
            PortProfile(7001, "replication"), PortProfile(9160, "thrift"), PortProfile(9180, "metrics"),
            PortProfile(10000, "admin"),
        ])

    private static let cassandraOptions = [
        EngineOption("workdir", .file, arguments: ["workdir", "W"]),
        EngineOption("data_file_directories", .file, arguments: ["data-file-directories"]),
        EngineOption("commitlog_directory", .file, arguments: ["commitlog-directory"]),
        EngineOption("cluster_name", .name, arguments: ["cluster-name"]),
        EngineOption(
            "native_transport_port", .port, setting: "port", byDefault: "9042", arguments: ["native-transport-port"]),
        EngineOption("storage_port", .port, setting: "storage_port", byDefault: "7000", arguments: ["storage-port"]),
        EngineOption("rpc_address", .addresses, setting: "bind", byDefault: "localhost", arguments: ["rpc-address"]),
        EngineOption(
            "listen_address", .addresses, setting: "peer_bind", byDefault: "localhost", arguments: ["listen-address"]),
        EngineOption("authenticator", .name, arguments: ["authenticator"]),
        EngineOption("client_encryption_options.enabled", .flag, arguments: []),
    ]

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        settings.describeCassandraSecurity(draft)
        if let name = settings.claims("cluster_name").first { draft.identify("cluster_name", name) }
        if let log = settings.claims("commitlog_directory").first {
            draft.addDirectory(log.value, .wal, source: log.source)
        }
        if draft.server != nil { draft.play(.primary, source: "every member takes writes") }
    }
}
