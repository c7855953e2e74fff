import HostView
import Report

/// Apache Cassandra 2.1 to 5.
struct Cassandra: ProfiledEngine {
    let profile = EngineProfile(
        id: "cassandra",
        title: "Cassandra",
        runtime: RuntimeProfile(
            mainClasses: ["org.apache.cassandra.service.CassandraDaemon"], archives: ["apache-cassandra"],
            home: ["cassandra.home"], archiveDirectories: ["lib", ""], program: "bin/cassandra"),
        packagePrefixes: ["cassandra", "dse"],
        softwarePatterns: [
            "/usr/sbin/cassandra", "/opt/*cassandra*/bin/cassandra", "/opt/*/*cassandra*/bin/cassandra",
        ],
        dataDirectoryPatterns: ["/var/lib/cassandra/data", "/opt/*cassandra*/data/data"],
        serviceNames: ["cassandra"],
        versionSources: ["package of the software", "name of its archive, apache-cassandra-<version>.jar"],
        environmentNames: ["CASSANDRA_VERSION"],
        options: [
            EngineOption("cassandra.home", .file, arguments: ["Dcassandra.home"], variable: "CASSANDRA_HOME"),
            EngineOption("cassandra.storagedir", .file, arguments: ["Dcassandra.storagedir"]),
            EngineOption("data_file_directories", .file, arguments: []),
            EngineOption("commitlog_directory", .file, arguments: []),
            EngineOption("cluster_name", .name, arguments: ["Dcassandra.cluster_name"]),
            EngineOption(
                "native_transport_port", .port, setting: "port", byDefault: "9042",
                arguments: ["Dcassandra.native_transport_port"]),
            EngineOption(
                "storage_port", .port, setting: "peer_port", byDefault: "7000", arguments: ["Dcassandra.storage_port"]),
            EngineOption("rpc_address", .addresses, setting: "bind", byDefault: "localhost", arguments: []),
            EngineOption("listen_address", .addresses, setting: "peer_bind", byDefault: "localhost", arguments: []),
            EngineOption("authenticator", .name, arguments: [], otherNames: ["authenticator.class_name"]),
            EngineOption("client_encryption_options.enabled", .flag, arguments: []),
            EngineOption("endpoint_snitch", .name, arguments: []),
        ],
        configuration: ConfigurationProfile(
            format: .yaml,
            defaultFiles: [
                "/etc/cassandra/cassandra.yaml", "/etc/cassandra/conf/cassandra.yaml",
                "/etc/cassandra/default.conf/cassandra.yaml",
            ],
            arguments: []),
        directory: DirectoryProfile(
            options: ["data_file_directories"], marks: [["system", "system_schema"], ["system", "system_traces"]],
            byDefault: "/var/lib/cassandra/data"),
        ports: [
            PortProfile(9042, "client", setting: "port"), PortProfile(7000, "peer", setting: "peer_port"),
            PortProfile(7001, "peer"), PortProfile(9160, "thrift"), PortProfile(7199, "admin"),
        ])

    /// `-Dcassandra.config=file:///…`, or the directory of the class path that has it.
    func configuration(_ server: ServerProcess, _ host: ScanContext) -> Claim? {
        let source = "/proc/\(server.process.pid)/cmdline"
        if let word = server.process.arguments.first(where: { $0.hasPrefix("-Dcassandra.config=") }) {
            let value = String(word.dropFirst("-Dcassandra.config=".count))
            let path = value.hasPrefix("file:") ? "/" + value.dropFirst("file:".count).drop { $0 == "/" } : value
            return ValueType.path.fits(path) ? Claim(path, source: source) : nil
        }
        let place = server.workingDirectory?.value ?? "/"
        return server.javaCommand(host).classPath.prefix(64).filter { !$0.hasSuffix(".jar") && !$0.hasSuffix("*") }
            .map { Path.join(Path.join(place, $0), "cassandra.yaml") }
            .first { server.root?.exists($0) == true }.map { Claim($0, source: source) }
    }

    /// Where no directory is named, the data is in one of the storage directory, or of the software's.
    func directories(_ settings: Settings) -> [Claim] {
        settings.claims("cassandra.storagedir").map { Claim(Path.join($0.value, "data"), source: $0.source) }
    }

    func vendor(package: String) -> String? { package.hasPrefix("dse") ? "datastax" : "apache" }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        settings.describeCassandraSecurity(draft)
        if let name = settings.claims("cluster_name").first { draft.identify("cluster_name", name) }
        for more in settings.claims("data_file_directories") {
            draft.addDirectory(more.value, .data, source: more.source)
        }
        if let log = settings.claims("commitlog_directory").first {
            draft.addDirectory(log.value, .wal, source: log.source)
        }
        if draft.server != nil { draft.play(.primary, source: "every member takes writes") }
    }
}

extension Settings {
    /// Who may come in, and whether clients' connections are encrypted, as `cassandra.yaml` has it; relatives keep its
    /// names.
    func describeCassandraSecurity(_ draft: Draft) {
        let asks = claims("authenticator").map {
            Claim($0.value.contains("AllowAll") ? "disabled" : "enabled", source: $0.source)
        }
        draft.setting("authentication", asks + defaultClaims("disabled"))
        draft.setting("tls", flag("client_encryption_options.enabled") + defaultClaims("off"))
    }
}
