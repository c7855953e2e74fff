import HostView
import Report

/// TiDB's SQL server, which keeps its data in TiKV.
struct TiDB: ProfiledEngine {
    let profile = EngineProfile(
        id: "tidb",
        title: "TiDB",
        executableNames: ["tidb-server"],
        packagePrefixes: ["tidb"],
        programs: ["tidb-server"],
        serviceNames: ["tidb"],
        versionSources: ["package of the running executable", "release version in the running executable"],
        versionMarks: [.after("/mysql.TiDBReleaseVersion=v"), .after("/versioninfo.TiDBReleaseVersion=v")],
        options: [
            EngineOption("port", .port, setting: "port", byDefault: "4000", arguments: ["P", "port"]),
            EngineOption("host", .addresses, setting: "bind", byDefault: "0.0.0.0", arguments: ["host"]),
            EngineOption(
                "status.status-port", .port, setting: "status_port", byDefault: "10080", arguments: ["status"]),
            EngineOption(
                "store", .word(["tikv", "unistore", "mocktikv"]), setting: "storage_engine", byDefault: "unistore",
                arguments: ["store"]),
            EngineOption("security.ssl-cert", .presence, arguments: []),
        ],
        configuration: ConfigurationProfile(format: .sections, arguments: ["config"]),
        directory: DirectoryProfile(isOptional: true),
        ports: [PortProfile(4000, "client", setting: "port"), PortProfile(10080, "admin", setting: "status_port")])

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let tls = settings.claims("security.ssl-cert").map { Claim("on", source: $0.source) }
        draft.setting("tls", tls + settings.defaultClaims("off"))
        if let store = settings.claims("store").first, store.value == "tikv" {
            draft.play(.router, source: store.source)
        }
    }
}
