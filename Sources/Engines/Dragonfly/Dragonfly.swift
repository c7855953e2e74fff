import HostView
import Report

/// Dragonfly, which speaks Redis' and Memcached's protocols.
struct Dragonfly: ProfiledEngine {
    let profile = EngineProfile(
        id: "dragonfly",
        title: "Dragonfly",
        executableNames: ["dragonfly", "dragonfly-x86_64", "dragonfly-aarch64"],
        packagePrefixes: ["dragonfly"],
        programs: ["dragonfly", "dragonfly-x86_64", "dragonfly-aarch64"],
        dataDirectoryPatterns: ["/var/lib/dragonfly"],
        serviceNames: ["dragonfly"],
        versionSources: ["package of the running executable", "version string in the running executable"],
        versionMarks: [.after("\0df-v")],
        options: [
            EngineOption("dir", .file), EngineOption("port", .port, setting: "port", byDefault: "6379"),
            EngineOption("bind", .addresses, setting: "bind"),
            EngineOption("memcached_port", .port, setting: "memcached_port", byDefault: "0"),
            EngineOption("maxclients", .count, setting: "max_connections", byDefault: "64000"),
            EngineOption("tls", .flag), EngineOption("requirepass", .presence, arguments: ["requirepass"]),
            EngineOption("replicaof", .addresses, setting: "replica_of"),
            EngineOption("cluster_mode", .word(["yes", "emulated", "no"]), setting: "cluster_enabled"),
        ],
        configuration: ConfigurationProfile(
            format: .flags, defaultFiles: ["/etc/dragonfly/dragonfly.conf"], arguments: ["flagfile"]),
        directory: DirectoryProfile(
            options: ["dir"], marks: [["*.dfs"], ["*.rdb"]], isWorkingDirectory: true, isOptional: true),
        ports: [
            PortProfile(6379, "client", setting: "port"), PortProfile(11211, "memcached", setting: "memcached_port"),
        ])

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let asks = settings.claims("requirepass").map { Claim("enabled", source: $0.source) }
        draft.setting("authentication", asks)  // a variable that is not read may set it
        draft.setting(
            "tls",
            settings.flag("tls") + settings.defaultClaims("off"))
        if let origin = settings.claims("replicaof").first { return draft.play(.replica, source: origin.source) }
        draft.note("role", "unknown", source: "whether replicas are connected is known only in the server's memory")
    }
}
