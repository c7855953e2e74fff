import HostView
import Report

/// ArangoDB: single servers, and the coordinators, servers and agents of a cluster.
struct ArangoDB: ProfiledEngine {
    let profile = EngineProfile(
        id: "arangodb",
        title: "ArangoDB",
        executableNames: ["arangod"],
        openFiles: ["LOCK"],
        packagePrefixes: ["arangodb3"],
        programs: ["arangod"],
        dataDirectoryPatterns: ["/var/lib/arangodb3", "/var/lib/arangodb3-*"],
        serviceNames: ["arangodb"],
        versionSources: ["package of the running executable", "environment of an official image"],
        environmentNames: ["ARANGO_VERSION"],
        options: [
            EngineOption("database.directory", .file),
            EngineOption("server.endpoint", .urls, setting: "bind", byDefault: "http://127.0.0.1:8529"),
            EngineOption("server.authentication", .flag), EngineOption("log.file", .log, setting: "log_destination"),
            EngineOption("server.storage-engine", .word(["auto", "rocksdb", "mmfiles"]), setting: "storage_engine"),
            EngineOption("cluster.my-role", .word(["COORDINATOR", "DBSERVER", "PRIMARY", "SINGLE", "AGENT"])),
            EngineOption("agency.activate", .flag),
        ],
        configuration: ConfigurationProfile(
            format: .sections, defaultFiles: ["/etc/arangodb3/arangod.conf"],
            arguments: ["configuration", "c", "config"]),
        directory: DirectoryProfile(
            options: ["database.directory"], marks: [["ENGINE", "SERVER"], ["ENGINE", "LOCK"]], isOptional: true),
        ports: [PortProfile(8529, "client", setting: "bind")],
        uniqueIdentities: [UniqueIdentity(name: "server_id")])

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let asks = settings.flag("server.authentication", on: "enabled", off: "disabled")
        draft.setting("authentication", asks + settings.defaultClaims("enabled"))
        let urls = settings.claims("server.endpoint") + settings.defaultClaims("http://127.0.0.1:8529")
        draft.setting(
            "tls",
            urls.map {
                Claim($0.value.contains("ssl:") || $0.value.contains("https:") ? "on" : "off", source: $0.source)
            })
        if let role = settings.claims("cluster.my-role").first {
            switch role.value.uppercased() {
            case "COORDINATOR": draft.play(.router, source: role.source)
            case "SINGLE": draft.play(.standalone, source: role.source)
            case "AGENT": draft.play(.config, source: role.source)
            default: break
            }
        } else if let agent = settings.on("agency.activate") {
            draft.play(.config, source: agent.source)
        } else if !settings.defaultClaims("").isEmpty {
            draft.play(.standalone, source: "no cluster.my-role in arguments or file")
        }
        guard let directory, directory.has("SERVER"),
            let bytes = draft.host.bytes(directory.path(of: "SERVER"), in: directory.root, limit: 64 << 10),
            let id = JSONDocument(bytes)?.string("serverId")
        else { return }
        if let claim = Claim(id, source: directory.path(of: "SERVER")).fitting(.number(0...Int64.max), draft.host.log) {
            draft.identify("server_id", claim)
        }
    }
}
