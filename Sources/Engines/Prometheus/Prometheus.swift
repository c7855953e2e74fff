import HostView
import Report

/// Prometheus, whose time series database is in its own process.
struct Prometheus: ProfiledEngine {
    let profile = EngineProfile(
        id: "prometheus",
        title: "Prometheus",
        executableNames: ["prometheus"],
        openFiles: ["lock", "queries.active"],
        packagePrefixes: ["prometheus", "golang-github-prometheus"],
        programs: ["prometheus"],
        dataDirectoryPatterns: ["/var/lib/prometheus", "/var/lib/prometheus/*", "/prometheus"],
        serviceNames: ["prometheus"],
        versionSources: [
            "package of the running executable", "linked-in version in the running executable",
        ],
        versionMarks: [.after("/common/version.Version=")],
        options: [
            EngineOption("storage.tsdb.path", .file, arguments: ["storage.tsdb.path", "storage.agent.path"]),
            EngineOption("web.listen-address", .addresses, setting: "bind", byDefault: "0.0.0.0:9090"),
            EngineOption(
                "storage.tsdb.retention.time", .name, setting: "retention", byDefault: "15d",
                arguments: ["storage.tsdb.retention.time", "storage.tsdb.retention"]),
            EngineOption("web.config.file", .presence), EngineOption("web.enable-admin-api", .flag),
        ],
        directory: DirectoryProfile(
            options: ["storage.tsdb.path"], marks: [["wal", "chunks_head"], ["wal", "lock"]], byDefault: "data"),
        ports: [PortProfile(9090, "client", setting: "bind")],
        isShownByServer: true)

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        // The file says who may come in and holds their passwords' hashes: only that it is there counts.
        let isOpen = settings.claims("web.config.file").isEmpty
        if isOpen {
            draft.setting("authentication", settings.defaultClaims("disabled"))
            draft.setting("tls", settings.defaultClaims("off"))
        }
        draft.play(.standalone, source: "servers of this engine know nothing of each other")
    }
}
