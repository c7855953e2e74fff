import HostView
import Report

/// etcd, the key-value store of Kubernetes and others.
struct Etcd: ProfiledEngine {
    let profile = EngineProfile(
        id: "etcd",
        title: "etcd",
        executableNames: ["etcd"],
        openFiles: ["member/snap/db"],
        packagePrefixes: ["etcd"],
        programs: ["etcd"],
        dataDirectoryPatterns: [
            "/var/lib/etcd", "/var/lib/etcd/*", "/var/lib/rancher/*/server/db/etcd", "/var/lib/*/*.etcd",
        ],
        serviceNames: ["etcd"],
        versionSources: [
            "package of the running executable", "version of its module in the running executable",
        ],
        versionMarks: [.after("dep\tgo.etcd.io/etcd/api/v3\tv"), .after("mod\tgo.etcd.io/etcd/server/v3\tv")],
        options: [
            option("data-dir", .file), option("wal-dir", .file), option("name", .name),
            option("listen-client-urls", .urls, setting: "bind", byDefault: "http://localhost:2379"),
            option("listen-peer-urls", .urls, setting: "peer_bind", byDefault: "http://localhost:2380"),
            option("client-cert-auth", .flag, otherNames: ["client-transport-security.client-cert-auth"]),
            option("trusted-ca-file", .presence), option("cert-file", .presence),
            option("initial-cluster-token", .name), option("auth-token", .presence),
        ],
        configuration: ConfigurationProfile(
            format: .yaml, defaultFiles: ["/etc/etcd/etcd.conf.yml", "/etc/etcd/etcd.yml"],
            arguments: ["config-file"], variable: "ETCD_CONFIG_FILE"),
        directory: DirectoryProfile(
            options: ["data-dir"], marks: [["member/snap/db"], ["member/snap", "member/wal"]],
            byDefault: "default.etcd",
            others: [(option: "wal-dir", purpose: .wal)]),
        ports: [PortProfile(2379, "client", setting: "bind"), PortProfile(2380, "peer", setting: "peer_bind")],
        isShownByServer: true)

    /// Each option is a flag, a variable in capitals and a key of the file.
    private static func option(
        _ name: String, _ type: ValueType, setting: String? = nil, byDefault: String? = nil, otherNames: [String] = []
    ) -> EngineOption {
        EngineOption(
            name, type, setting: setting, byDefault: byDefault,
            variable: type == .presence
                ? nil : "ETCD_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined(),
            otherNames: otherNames)
    }

    /// Where no directory is named, it has the member's name before `.etcd`.
    func claims(_ server: ServerProcess, _ settings: Settings) -> [Claim] {
        guard settings.value("data-dir") == nil, let name = settings.claims("name").first,
            let place = server.workingDirectory
        else { return [] }
        return [Claim(Path.join(place.value, name.value + ".etcd"), source: name.source)]
    }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let urls = settings.claims("listen-client-urls") + settings.defaultClaims("http://localhost:2379")
        draft.setting("tls", urls.map { Claim($0.value.contains("https:") ? "on" : "off", source: $0.source) })
        if let on = settings.on("client-cert-auth") {
            draft.setting("authentication", [Claim("enabled", source: on.source)])
        }
        if let token = settings.claims("initial-cluster-token").first { draft.identify("cluster_token", token) }
        if let name = settings.claims("name").first { draft.identify("member_name", name) }
        draft.note("role", "unknown", source: "which member leads is known only in the servers' memory")
    }
}
