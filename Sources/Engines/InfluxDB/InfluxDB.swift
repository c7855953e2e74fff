import HostView
import Report

/// InfluxDB 1 and 2.
struct InfluxDB: ProfiledEngine {
    let profile = EngineProfile(
        id: "influxdb",
        title: "InfluxDB",
        executableNames: ["influxd"],
        openFiles: ["influxd.bolt"],
        packagePrefixes: ["influxdb"],
        programs: ["influxd"],
        softwarePatterns: ["/usr/lib/influxdb/scripts/influxd"],
        dataDirectoryPatterns: ["/var/lib/influxdb", "/var/lib/influxdb2", "/root/.influxdbv2", "/home/*/.influxdbv2"],
        serviceNames: ["influx"],
        versionSources: [
            "package of the running executable", "linked-in version in the running executable",
            "environment of an official image",
        ],
        versionMarks: [.after("-X main.version=v"), .after("-X main.version=")],
        environmentNames: ["INFLUXDB_VERSION"],
        options: [
            EngineOption("meta.dir", .file, arguments: [], variable: "INFLUXDB_META_DIR"),
            EngineOption("data.dir", .file, arguments: [], variable: "INFLUXDB_DATA_DIR"),
            EngineOption("data.wal-dir", .file, arguments: [], variable: "INFLUXDB_DATA_WAL_DIR"),
            EngineOption(
                "http.bind-address", .addresses, setting: "bind", arguments: ["http-bind-address"],
                variable: "INFLUXD_HTTP_BIND_ADDRESS", otherNames: ["http-bind-address"]),
            EngineOption("http.auth-enabled", .flag, arguments: [], variable: "INFLUXDB_HTTP_AUTH_ENABLED"),
            EngineOption("http.https-enabled", .flag, arguments: [], variable: "INFLUXDB_HTTP_HTTPS_ENABLED"),
            EngineOption("bolt-path", .file, variable: "INFLUXD_BOLT_PATH"),
            EngineOption("engine-path", .file, variable: "INFLUXD_ENGINE_PATH"),
            EngineOption("tls-cert", .presence),
        ],
        configuration: ConfigurationProfile(
            format: .sections, defaultFiles: ["/etc/influxdb/influxdb.conf", "/etc/influxdb/config.toml"],
            arguments: ["config"], variable: "INFLUXDB_CONFIG_PATH"),
        directory: DirectoryProfile(marks: [["influxd.bolt"], ["meta/meta.db"], ["data", "wal", "meta"]]),
        ports: [PortProfile(8086, "client", setting: "bind"), PortProfile(8088, "admin")],
        isShownByServer: true)

    /// Version 1 names directories in the data directory, version 2 a file in it.
    func directories(_ settings: Settings) -> [Claim] {
        ["bolt-path", "engine-path", "meta.dir", "data.dir"].flatMap(settings.claims).map {
            Claim(Path.parent(of: Path.tidy($0.value)), source: $0.source)
        }
    }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let isFirst = directory?.has("influxd.bolt") == false
        let asks = settings.flag("http.auth-enabled", on: "enabled", off: "disabled")
        // Version 2 has no way to turn it off.
        let byDefault =
            isFirst
            ? settings.defaultClaims("disabled")
            : directory.map { [Claim("enabled", source: $0.path(of: "influxd.bolt"))] }
        draft.setting("authentication", asks + (byDefault ?? []))
        let tls = settings.flag("http.https-enabled")
        draft.setting(
            "tls",
            tls + settings.claims("tls-cert").map { Claim("on", source: $0.source) } + settings.defaultClaims("off"))
        for name in ["data.wal-dir", "data.dir", "engine-path"] {
            if let claim = settings.claims(name).first, claim.value.hasPrefix("/") {
                draft.addDirectory(claim.value, name == "data.wal-dir" ? .wal : .data, source: claim.source)
            }
        }
        draft.play(.standalone, source: "the open-source server does not replicate")
    }
}
