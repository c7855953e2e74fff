import HostView
import Report

/// ClickHouse: one program that is server, client and more, by its first argument or by its name.
struct ClickHouse: ProfiledEngine {
    let profile = EngineProfile(
        id: "clickhouse",
        title: "ClickHouse",
        executableNames: ["clickhouse-server", "clickhouse"],
        openFiles: ["status"],
        packagePrefixes: ["clickhouse-server", "clickhouse-common"],
        programs: ["clickhouse-server", "clickhouse"],
        dataDirectoryPatterns: ["/var/lib/clickhouse"],
        serviceNames: ["clickhouse"],
        versionSources: [
            "package of the running executable", "version string in the running executable",
            "environment of an official image",
        ],
        versionMarks: [.after("\0ClickHouse "), .after("ClickHouse/")],
        versionWords: ["stable", "lts", "testing", "altinitystable", "ds"],
        environmentNames: ["CLICKHOUSE_VERSION"],
        options: [
            EngineOption("path", .file),
            EngineOption("tcp_port", .port, setting: "port"), EngineOption("http_port", .port, setting: "http_port"),
            EngineOption("tcp_port_secure", .port, setting: "tls_port"),
            EngineOption("https_port", .port, setting: "https_port"),
            EngineOption("interserver_http_port", .port, setting: "interserver_port"),
            EngineOption("mysql_port", .port, setting: "mysql_port"),
            EngineOption("postgresql_port", .port, setting: "postgresql_port"),
            EngineOption("listen_host", .addresses, setting: "bind", byDefault: "localhost"),
            EngineOption("max_connections", .count, setting: "max_connections"),
            EngineOption("logger.log", .log, setting: "log_destination"),
            EngineOption("tmp_path", .file),
        ],
        configuration: ConfigurationProfile(
            format: .xml, defaultFiles: ["/etc/clickhouse-server/config.xml"],
            arguments: ["config", "config-file", "C"],
            dropIns: ["config.d/*.xml", "conf.d/*.xml"]),
        directory: DirectoryProfile(
            options: ["path"], marks: [["metadata", "status"], ["metadata", "store"]],
            isWorkingDirectory: true, byDefault: "/var/lib/clickhouse"),
        ports: [
            PortProfile(9000, "client", setting: "port"), PortProfile(8123, "http", setting: "http_port"),
            PortProfile(9440, "client", setting: "tls_port"), PortProfile(8443, "http", setting: "https_port"),
            PortProfile(9009, "replication", setting: "interserver_port"),
            PortProfile(9004, "mysql", setting: "mysql_port"),
            PortProfile(9005, "postgresql", setting: "postgresql_port"),
        ],
        hasWatchdog: true,
        isShownByServer: true,
        uniqueIdentities: [UniqueIdentity(name: "server_uuid")])

    func isCompanion(_ process: ServerProcess) -> Bool {
        let names = [process.process.name, process.process.argumentName]
        return !names.contains("clickhouse-server") && process.process.arguments.dropFirst().first != "server"
    }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let secure = (settings.claims("tcp_port_secure") + settings.claims("https_port")).first
        draft.setting("tls", [secure.map { Claim("on", source: $0.source) }] + settings.defaultClaims("off"))
        guard let directory else { return }
        // 8-4-4-4-12, since version 21.
        let file = directory.path(of: "uuid")
        if directory.has("uuid"),
            let line = draft.host.text(file, in: directory.root, limit: 4096)?.split(whereSeparator: \.isNewline).first,
            let claim = Claim(String(line), source: file).fitting(.uuid, draft.host.log)
        {
            draft.identify("server_uuid", claim)
        }
    }
}
