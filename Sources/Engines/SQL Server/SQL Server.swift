import HostView
import Report

/// Microsoft SQL Server on Linux: a parent that watches, and its child, which serves.
struct SQLServer: ProfiledEngine {
    let profile = EngineProfile(
        id: "microsoft.sql_server",
        title: "SQL Server",
        executableNames: ["sqlservr"],
        openFiles: ["data/master.mdf", "master.mdf"],
        packagePrefixes: ["mssql-server"],
        softwarePatterns: ["/opt/mssql/bin/sqlservr"],
        dataDirectoryPatterns: ["/var/opt/mssql"],
        serviceNames: ["mssql"],
        versionSources: ["package of the running executable", "first line of the newest error log"],
        versionParts: 4,
        options: [
            EngineOption(
                "network.tcpport", .port, setting: "port", byDefault: "1433", arguments: [], variable: "MSSQL_TCP_PORT"),
            EngineOption(
                "network.ipaddress", .addresses, setting: "bind", byDefault: "0.0.0.0", arguments: [],
                variable: "MSSQL_IP_ADDRESS"),
            EngineOption("network.forceencryption", .flag, arguments: []),
            EngineOption("network.tlscert", .presence, arguments: []),
            EngineOption("filelocation.defaultdatadir", .file, arguments: [], variable: "MSSQL_DATA_DIR"),
            EngineOption("filelocation.defaultlogdir", .file, arguments: [], variable: "MSSQL_LOG_DIR"),
            EngineOption("filelocation.errorlogfile", .file, setting: "log_destination", arguments: []),
            EngineOption("hadr.hadrenabled", .flag, setting: "hadr", arguments: []),
        ],
        configuration: ConfigurationProfile(format: .sections, defaultFiles: ["/var/opt/mssql/mssql.conf"]),
        directory: DirectoryProfile(
            marks: [["data/master.mdf"], [".system", "mssql.conf"], [".system", "data"]], byDefault: "/var/opt/mssql",
            others: [
                (option: "filelocation.defaultdatadir", purpose: .data),
                (option: "filelocation.defaultlogdir", purpose: .wal),
            ]),
        ports: [
            PortProfile(1433, "client", setting: "port"), PortProfile(1434, "admin"), PortProfile(5022, "replication"),
        ],
        hasWatchdog: true)

    func versions(_ directory: EngineDirectory, startedAt: Int64?, _ draft: Draft) -> VersionSources {
        guard let line = banner(directory, draft.host), let dash = line.text.firstRange(of: " - "),
            let claim = VersionClaim(String(line.text[dash.upperBound...]), parts: 4, source: line.source)
        else { return VersionSources() }
        return VersionSources(files: [claim])
    }

    /// `Microsoft SQL Server 2022 (RTM-CU12) (KB…) - 16.0.4115.5 (X64)`: the log is begun anew at each start.
    private func banner(_ directory: EngineDirectory, _ host: ScanContext) -> (text: String, source: String)? {
        let file = directory.path(of: "log/errorlog")
        guard directory.has("log/errorlog"), let bytes = try? directory.root.read(file, at: 0, count: 2048) else {
            return nil
        }
        // UTF-16 with its mark, or UTF-8.
        let plain = bytes.starts(with: [0xFF, 0xFE]) ? bytes.dropFirst(2).filter { $0 != 0 } : Array(bytes)[...]
        let text = String(decoding: plain, as: UTF8.self)
        return text.contains("Microsoft SQL Server") ? (text, file) : nil
    }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        draft.setting("authentication", settings.defaultClaims("enabled"))
        draft.setting(
            "tls",
            settings.claims("network.forceencryption").map {
                Claim($0.value == "1" ? "required" : "on", source: $0.source)
            })
    }
}
