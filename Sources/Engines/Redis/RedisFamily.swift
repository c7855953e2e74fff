import HostView
import Report

/// Redis and its forks: configuration, title, snapshots and the cluster's file are the same, names differ.
struct RedisFamily: ProfiledEngine {
    let profile: EngineProfile
    /// The entry of a snapshot in which the server wrote its version.
    let versionEntry: String
    /// Who builds it.
    let vendor: String

    /// What all of them have in common; `name` is the one of the configuration and the data: `redis`.
    static func profile(
        id: String, title: String, name: String, executableAliases: Set<String> = [], versionMarks: [VersionMark],
        environmentNames: Set<String>, isShownByServer: Bool = false
    ) -> EngineProfile {
        EngineProfile(
            id: id,
            title: title,
            executableNames: ["\(name)-server", "\(name)-sentinel"],
            executableAliases: executableAliases,
            openFileKinds: [.appendOnly],
            packagePrefixes: [name],
            programs: ["\(name)-server"],
            softwarePatterns: ["/snap/*/current/usr/bin/\(name)-server"],
            dataDirectoryPatterns: ["/var/lib/\(name)", "/var/lib/\(name)/*", "/var/lib/\(name)-*"],
            serviceNames: [name],
            versionSources: [
                "package of the running executable", "version string in the running executable",
                "\(name)-ver in the newest snapshot", "environment of an official image",
            ],
            versionMarks: versionMarks,
            environmentNames: environmentNames,
            options: options,
            configuration: ConfigurationProfile(
                format: .words,
                defaultFiles: [
                    "/etc/\(name)/\(name).conf", "/etc/\(name).conf", "/etc/\(name)/*.conf",
                    "/usr/local/etc/\(name).conf",
                ],
                isPositional: true, hidesArguments: true, include: "include"),
            directory: DirectoryProfile(
                options: ["dir"],
                marks: [["*.rdb"], ["appendonlydir"], ["appendonly.aof"], ["nodes.conf"]],
                isWorkingDirectory: true, isOptional: true),
            ports: [PortProfile(6379, "client", setting: "port"), PortProfile(0, "client", setting: "tls_port")],
            isShownByServer: isShownByServer,
            uniqueIdentities: [UniqueIdentity(name: "node_id")])
    }

    private static let flag = ValueType.word(["yes", "no"])
    private static let options = [
        EngineOption("dir", .file), EngineOption("port", .port, setting: "port", byDefault: "6379"),
        EngineOption("bind", .addresses, setting: "bind"),
        EngineOption("maxclients", .count, setting: "max_connections", byDefault: "10000"),
        EngineOption("tls-port", .port, setting: "tls_port"),
        EngineOption("protected-mode", flag, setting: "protected_mode"),
        EngineOption("cluster-enabled", flag, setting: "cluster_enabled", byDefault: "no"),
        EngineOption("appendonly", flag, setting: "append_only", byDefault: "no"),
        EngineOption("logfile", .log, setting: "log_destination"),
        EngineOption("unixsocket", .path, setting: "socket"),
        EngineOption("replicaof", .addresses, setting: "replica_of", otherNames: ["slaveof"]),
        EngineOption("cluster-config-file", .file), EngineOption("requirepass", .presence),
        EngineOption("aclfile", .presence), EngineOption("user", .presence),
    ]

    func vendor(package: String) -> String? { vendor }

    /// A Sentinel watches servers and has no data. Its title ends so, whatever it is called.
    func isCompanion(_ process: ServerProcess) -> Bool {
        let words = process.process.arguments
        return words.first?.contains("[sentinel]") == true || words.contains("--sentinel")
            || words.first?.prefix { $0 != " " }.hasSuffix("-sentinel") == true
    }

    /// An append-only file is held open: in the directory itself, or since version 7 in `appendonlydir` below it.
    func claims(_ server: ServerProcess, _ settings: Settings) -> [Claim] {
        server.openFiles(.appendOnly).map { file in
            let parent = Path.parent(of: file)
            let place = Path.name(of: parent) == "appendonlydir" ? Path.parent(of: parent) : parent
            return Claim(place, source: "/proc/\(server.process.pid)/fd: \(file)")
        }
    }

    func heldDirectories(_ server: ServerProcess, _ host: ScanContext) -> [String] {
        server.openFiles(.appendOnly).map { file in
            let parent = Path.parent(of: file)
            return Path.name(of: parent) == "appendonlydir" ? Path.parent(of: parent) : parent
        }
    }

    /// A snapshot tells Valkey 8 from the others; in a volume nothing else does.
    func owns(_ directory: EngineDirectory, at place: StoppedPlace, _ host: ScanContext) -> Bool {
        // The part of a directory that has files of its kind too.
        guard Path.name(of: directory.path) != "appendonlydir" else { return false }
        let isValkeys = Snapshot.newest(in: directory, host)?.entries["valkey-ver"] != nil
        if isValkeys { return versionEntry == "valkey-ver" }
        return !place.isVolume || id == "redis"
    }

    func versions(_ directory: EngineDirectory, startedAt: Int64?, _ draft: Draft) -> VersionSources {
        guard let snapshot = Snapshot.newest(in: directory, draft.host),
            let text = snapshot.entries[versionEntry] ?? snapshot.entries["redis-ver"],
            let claim = VersionClaim(text, parts: 3, source: snapshot.source)
        else { return VersionSources() }
        // A replica has its primary's, which may be another version, and when it was written there.
        return VersionSources(files: [claim])
    }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let tls = settings.claims("tls-port").map { Claim($0.value == "0" ? "off" : "on", source: $0.source) }
        draft.setting("tls", tls + settings.defaultClaims("off"))
        let password = settings.claims("requirepass").map { Claim("enabled", source: $0.source) }
        // Users of their own, in this file or another one, may need a password or not.
        let hasUsers = !settings.claims("user").isEmpty || !settings.claims("aclfile").isEmpty
        draft.setting("authentication", password + (hasUsers ? [] : settings.defaultClaims("disabled")))
        addRole(draft, settings, directory)
    }

    private func addRole(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        if let directory, let node = ClusterNode.read(directory, settings.value("cluster-config-file"), draft.host) {
            draft.identify("node_id", node.id)
            return draft.play(node.isReplica ? .replica : .primary, source: node.id.source + " myself")
        }
        if let origin = settings.claims("replicaof").first, !origin.value.hasPrefix("no ") {
            return draft.play(.replica, source: origin.source)
        }
        draft.note("role", "unknown", source: "whether replicas are connected is known only in the server's memory")
    }
}
