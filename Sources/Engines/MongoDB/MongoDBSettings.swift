import HostView
import Report

/// The settings of a mongod or mongos: arguments, then the configuration file (its manual, "Configuration File
/// Options").
struct MongoDBSettings {
    /// Arguments by their name, and the configuration key that each stands for with the form of its value.
    private static let keys: [String: (key: String, type: ValueType)] = [
        "config": ("config", .file), "f": ("config", .file), "dbpath": ("storage.dbPath", .file),
        "port": ("net.port", .port), "bind_ip": ("net.bindIp", .addresses), "bind_ip_all": ("net.bindIpAll", .flag),
        "replSet": ("replication.replSetName", .members), "configsvr": ("configsvr", .flag),
        "shardsvr": ("shardsvr", .flag), "auth": ("auth", .flag), "noauth": ("noauth", .flag),
        "keyFile": ("security.keyFile", .file),
        "storageEngine": ("storage.engine", .word(["wiredTiger", "mmapv1", "inMemory", "devnull"])),
        "tlsMode": ("net.tls.mode", .word(["disabled", "allowTLS", "preferTLS", "requireTLS"])),
        "sslMode": ("net.ssl.mode", .word(["disabled", "allowSSL", "preferSSL", "requireSSL"])),
        "logpath": ("systemLog.path", .file), "directoryperdb": ("storage.directoryPerDB", .flag),
        "maxConns": ("net.maxIncomingConnections", .count), "fork": ("fork", .flag),
        "unixSocketPrefix": ("net.unixDomainSocket.pathPrefix", .file), "configdb": ("sharding.configDB", .members),
        "journal": ("journal", .flag),
        "clusterAuthMode": ("security.clusterAuthMode", .word(["keyFile", "sendKeyFile", "sendX509", "x509"])),
        "transitionToAuth": ("security.transitionToAuth", .flag), "syslog": ("syslog", .flag),
        "wiredTigerCacheSizeGB": ("wiredTigerCacheSizeGB", .decimal),
    ]
    /// Keys of the file that are kept; the same in the format of MongoDB 2.4, which writes arguments as `name = value`.
    static let allowed: [String: ValueType] = Dictionary(
        keys.values.map { ($0.key, $0.type) }
            + [
                ("security.authorization", .word(["enabled", "disabled"])),
                ("sharding.clusterRole", .word(["configsvr", "shardsvr"])),
                ("systemLog.destination", .word(["file", "syslog"])),
            ]
    ) { first, _ in first }

    /// The arguments that are allowed.
    var arguments = Arguments([], allowed: [:]) { $0 }
    /// The files that were read.
    private(set) var files: [String] = []
    private var values: [String: [Claim]] = [:]

    /// Everything that could be said was read and understood, so that silence means the default.
    private(set) var isComplete = true

    /// What is said of the configuration key, the strongest first.
    func claims(_ key: String) -> [Claim] { values[key] ?? [] }

    /// What is said of a flag: as an argument it has no value, in a file it has one.
    private func flag(_ key: String) -> Claim? {
        claims(key).first.flatMap { ["", "true", "1", "yes", "on"].contains($0.value.lowercased()) ? $0 : nil }
    }

    /// The documented default, where silence means it.
    private func defaultClaims(_ value: String) -> [Claim] { isComplete ? [Claim(value, source: "default")] : [] }

    /// The server keeps a sharded cluster's configuration.
    var isConfigServer: Bool {
        flag("configsvr") != nil || claims("sharding.clusterRole").first?.value == "configsvr"
    }

    private var isShardServer: Bool {
        flag("shardsvr") != nil || claims("sharding.clusterRole").first?.value == "shardsvr"
    }

    /// The allowed arguments of a command line.
    static func arguments(_ words: [String]) -> Arguments {
        Arguments(words, allowed: keys.mapValues(\.type), short: ["f": "config"]) { $0 }
    }

    /// The settings of a running server.
    static func read(_ server: ServerProcess, _ draft: Draft) -> MongoDBSettings {
        let arguments = arguments(server.process.arguments)
        arguments.reportUnfit(pid: server.process.pid, draft.host.log)
        var settings = MongoDBSettings()
        if let named = arguments.values["config"] ?? arguments.values["f"] { settings.add(named, server, draft) }
        if !server.process.shortfalls.isEmpty { settings.isComplete = false }
        settings.arguments = arguments
        for (name, spec) in keys {
            if let claim = arguments.claim(name, pid: server.process.pid) {
                settings.values[spec.key, default: []].insert(claim, at: 0)
            }
        }
        return settings
    }

    /// Adds the settings of the file that the command line names; where it is not found, those that the server wrote
    /// into its log.
    private mutating func add(_ named: String, _ server: ServerProcess, _ draft: Draft) {
        let host = draft.host
        guard let root = server.root else { return isComplete = false }
        let logs = server.openLogs
        let near = logs + server.openFileDirectories.map { $0.value + "/" }
        for place in server.configuration(named, next: near, host) {
            let read = Self.read(files: [place.value], root, host)
            guard !read.files.isEmpty, named.hasPrefix("/") || read.fits(server) else { continue }
            return self = read
        }
        isComplete = false
        for file in logs {
            guard let options = MongoDBLog.options(file, root, since: host.startTime(of: server.details), host) else {
                continue
            }
            for (key, type) in Self.allowed {
                let path = key.split(separator: ".").map(String.init)
                if let claim = options.value(path).map({ Claim($0, source: "\(file) \(key)") })?.fitting(type, host.log)
                {
                    values[key] = [claim]
                }
            }
            isComplete = true
            return
        }
        server.reportNotFound(named, draft)
    }

    /// Whether a file that was found by chance is the server's: it names the directory that the server has open.
    private func fits(_ server: ServerProcess) -> Bool {
        let open = server.openFileDirectories.map { Path.tidy($0.value) }
        let named = claims("storage.dbPath").first?.value ?? "/data/db"
        return open.contains { $0 == Path.tidy(named) || !named.hasPrefix("/") && $0.hasSuffix("/" + Path.tidy(named)) }
    }

    /// The settings in those of `files` that are there.
    static func read(files: [String], _ root: HostRoot, _ host: ScanContext) -> MongoDBSettings {
        var settings = MongoDBSettings()
        for file in files {
            guard let text = host.text(file, in: root) else {
                // A file that is there and cannot be read may say anything.
                if root.exists(file) { settings.isComplete = false }
                continue
            }
            settings.files.append(file)
            let parsed = YAMLMappings.parse(text)
            if host.reportCut(parsed, of: file) { settings.isComplete = false }
            if let strange = YAMLMappings.notUnderstood(parsed, among: Set(allowed.keys)) {
                settings.isComplete = false
                host.log.add(
                    .notUnderstood, file,
                    "\(strange) uses syntax that the agent does not support; no default is assumed",
                    partial: false)
            }
            for setting in parsed {
                let key = keys[setting.name]?.key ?? setting.name
                guard let type = allowed[key], settings.claims(key).count < EvidenceLimits.claims,
                    setting.isPlain,
                    let claim = Claim(setting.value, source: "\(file) \(setting.name)").fitting(type, host.log)
                else { continue }
                settings.values[key, default: []].append(claim)
            }
        }
        return settings
    }

    /// Fills in settings, role and replica set.
    func describe(_ draft: Draft, isRouter: Bool) {
        let port = isConfigServer ? "27019" : isShardServer ? "27018" : "27017"
        draft.setting("port", claims("net.port") + defaultClaims(port))
        let all = flag("net.bindIpAll").map { Claim("*", source: $0.source) }
        draft.setting("bind", [all].compactMap { $0 } + claims("net.bindIp") + defaultClaims("localhost"))
        draft.setting("max_connections", claims("net.maxIncomingConnections"))
        let syslog = flag("syslog") ?? claims("systemLog.destination").first { $0.value == "syslog" }
        draft.setting(
            "log_destination",
            [syslog.map { Claim("syslog", source: $0.source) }].compactMap { $0 } + claims("systemLog.path"))
        let role = isConfigServer ? "configsvr" : isShardServer ? "shardsvr" : nil
        let source = (claims("sharding.clusterRole") + claims("configsvr") + claims("shardsvr")).first?.source ?? ""
        draft.setting("cluster_role", [role.map { Claim($0, source: source) }])
        // `<replica set>/<host>,<host>`: all routers of a cluster name the same.
        if isRouter, let servers = claims("sharding.configDB").first, let end = servers.value.firstIndex(of: "/") {
            draft.identify("config_replica_set", Claim(String(servers.value[..<end]), source: servers.source))
        }
        let tls = (claims("net.tls.mode") + claims("net.ssl.mode")).map {
            Claim($0.value == "disabled" ? "off" : $0.value, source: $0.source)
        }
        draft.setting("tls", tls + defaultClaims("off"))
        if !isRouter { addAuthentication(draft) }  // a router leaves it to the cluster
        if let claim = claims("replication.replSetName").first {
            // The old form `name/host,host` names some members too.
            let name = claim.value.prefix { $0 != "/" }
            draft.identify("replica_set", Claim(String(name), source: claim.source))
        }
        addRole(draft, isRouter: isRouter)
    }

    private func addAuthentication(_ draft: Draft) {
        let x509 = claims("security.clusterAuthMode").first.flatMap { $0.value == "keyFile" ? nil : $0 }
        let on = [flag("auth"), claims("security.keyFile").first, x509].compactMap { $0 }
        // In transition to authentication, whoever does not authenticate is let in.
        let off = [flag("noauth")].compactMap { $0 }
        if let transition = flag("security.transitionToAuth") {
            return draft.setting("authentication", [Claim("disabled", source: transition.source)])
        }
        draft.setting(
            "authentication",
            on.map { Claim("enabled", source: $0.source) } + off.map { Claim("disabled", source: $0.source) }
                + claims("security.authorization") + defaultClaims("disabled"))
    }

    private func addRole(_ draft: Draft, isRouter: Bool) {
        let role: (Report.Database.Role, String)? =
            isRouter
            ? (.router, "executable mongos")
            : isConfigServer
                ? (.config, (claims("configsvr") + claims("sharding.clusterRole")).first?.source ?? "")
                : draft.database.identity["replica_set"] == nil && isComplete
                    ? (.standalone, "no replica set in arguments or file") : nil
        if let role { draft.play(role.0, source: role.1) }
    }
}
