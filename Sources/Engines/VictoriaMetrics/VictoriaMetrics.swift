import HostView
import Report

/// VictoriaMetrics, alone or as a cluster of stores and routers.
struct VictoriaMetrics: ProfiledEngine {
    private static let stores: Set<String> = [
        "victoria-metrics", "victoria-metrics-prod", "vmsingle", "vmstorage", "vmstorage-prod", "victoria-logs",
        "victoria-logs-prod",
    ]
    private static let routers: Set<String> = ["vmselect", "vmselect-prod", "vminsert", "vminsert-prod"]

    let profile = EngineProfile(
        id: "victoriametrics",
        title: "VictoriaMetrics",
        executableNames: stores.union(routers),
        openFiles: ["flock.lock"],
        packagePrefixes: ["victoria-metrics", "victoriametrics", "vmstorage"],
        programs: ["victoria-metrics", "victoria-metrics-prod", "vmstorage", "vmstorage-prod"],
        dataDirectoryPatterns: [
            "/var/lib/victoria-metrics", "/var/lib/victoria-metrics/*", "/var/lib/victoriametrics",
            "/victoria-metrics-data",
        ],
        serviceNames: ["victoria", "vmstorage", "vmsingle"],
        versionSources: ["package of the running executable", "tag of the build in the running executable"],
        versionMarks: [.after("-tags-v"), .after("/lib/buildinfo.Version=v")],
        options: [
            EngineOption("storageDataPath", .file),
            EngineOption("httpListenAddr", .addresses, setting: "bind"),
            EngineOption("retentionPeriod", .name, setting: "retention"),
            EngineOption("httpAuth.password", .presence), EngineOption("httpAuth.username", .presence),
            EngineOption("tls", .flag), EngineOption("storageNode", .addresses),
        ],
        directory: DirectoryProfile(
            options: ["storageDataPath"], marks: [["data", "indexdb"], ["partitions", "flock.lock"]],
            byDefault: "victoria-metrics-data", isOptional: true),
        ports: [
            PortProfile(8428, "client", setting: "bind"), PortProfile(8400, "ingest"), PortProfile(8401, "client"),
            PortProfile(8482, "client"),
        ],
        isShownByServer: true)

    private static func isRouter(_ server: ServerProcess?) -> Bool {
        server.map { routers.contains($0.process.name) } ?? false
    }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let asks = settings.claims("httpAuth.password").map { Claim("enabled", source: $0.source) }
        draft.setting("authentication", asks + settings.defaultClaims("disabled"))
        draft.setting(
            "tls",
            settings.flag("tls") + settings.defaultClaims("off"))
        if let server = draft.server, Self.isRouter(server) {
            draft.play(.router, source: "executable \(server.process.name)")
        }
    }
}
