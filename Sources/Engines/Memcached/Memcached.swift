import HostView
import Report

/// Memcached, which keeps everything in memory.
struct Memcached: ProfiledEngine {
    let profile = EngineProfile(
        id: "memcached",
        title: "Memcached",
        executableNames: ["memcached"],
        packagePrefixes: ["memcached"],
        programs: ["memcached"],
        serviceNames: ["memcached"],
        versionSources: ["package of the running executable", "version string in the running executable"],
        versionMarks: [.after("\0VERSION "), .after("\0memcached ")],
        environmentNames: ["MEMCACHED_VERSION"],
        options: [
            EngineOption("port", .port, setting: "port", byDefault: "11211", arguments: ["p", "port"]),
            EngineOption("listen", .addresses, setting: "bind", byDefault: "*", arguments: ["l", "listen"]),
            EngineOption(
                "conn-limit", .count, setting: "max_connections", byDefault: "1024", arguments: ["c", "conn-limit"]),
            EngineOption("unix-socket", .path, setting: "socket", arguments: ["s", "unix-socket"]),
            EngineOption("udp-port", .port, setting: "udp_port", byDefault: "0", arguments: ["U", "udp-port"]),
            EngineOption(
                "memory-limit", .count, setting: "memory_mb", byDefault: "64", arguments: ["m", "memory-limit"]),
            EngineOption("enable-ssl", .flag, arguments: ["Z", "enable-ssl"]),
            EngineOption("enable-sasl", .flag, arguments: ["S", "enable-sasl"]),
            EngineOption("auth-file", .presence, arguments: ["Y", "auth-file"]),
        ],
        directory: DirectoryProfile(isOptional: true),
        ports: [PortProfile(11211, "client", setting: "port")],
        isShownByServer: true)

    /// Couchbase has a program of that name, which is a part of its server.
    func isCompanion(_ process: ServerProcess) -> Bool {
        process.process.executable?.contains("/couchbase/") == true
    }

    /// With a unix socket it listens on no port.
    func adjust(_ settings: inout Settings) {
        guard let socket = settings.claims("unix-socket").first else { return }
        settings.overrule("port", Claim("0", source: socket.source))
    }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let tls = settings.claims("enable-ssl").map { Claim("on", source: $0.source) }
        draft.setting("tls", tls + settings.defaultClaims("off"))
        let asks = (settings.claims("enable-sasl") + settings.claims("auth-file")).map {
            Claim("enabled", source: $0.source)
        }
        draft.setting("authentication", asks + settings.defaultClaims("disabled"))
        draft.play(.standalone, source: "servers of this engine know nothing of each other")
    }
}
