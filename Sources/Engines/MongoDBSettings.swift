import HostView
import Report

/// The settings of a mongod or mongos: arguments, then the configuration file (its manual, "Configuration File Options").
struct MongoDBSettings {
    /// Arguments by their name, and the configuration key that each stands for.
    private static let keys: [String: (key: String, kind: Arguments.Kind)] = [
        "config": ("config", .value), "f": ("config", .value), "dbpath": ("storage.dbPath", .value),
        "port": ("net.port", .value), "bind_ip": ("net.bindIp", .value), "bind_ip_all": ("net.bindIpAll", .flag),
        "replSet": ("replication.replSetName", .value), "configsvr": ("configsvr", .flag),
        "shardsvr": ("shardsvr", .flag), "auth": ("auth", .flag), "noauth": ("noauth", .flag),
        "keyFile": ("security.keyFile", .value), "storageEngine": ("storage.engine", .value),
        "tlsMode": ("net.tls.mode", .value), "sslMode": ("net.ssl.mode", .value),
        "logpath": ("systemLog.path", .value), "directoryperdb": ("storage.directoryPerDB", .flag),
        "maxConns": ("net.maxIncomingConnections", .value), "fork": ("fork", .flag),
        "unixSocketPrefix": ("net.unixDomainSocket.pathPrefix", .value), "configdb": ("sharding.configDB", .value),
        "journal": ("journal", .flag), "wiredTigerCacheSizeGB": ("wiredTigerCacheSizeGB", .value),
    ]
    /// Keys of the file that are kept; the same in the format of MongoDB 2.4, which writes arguments as `name = value`.
    static let allowed = Set(keys.values.map(\.key)).union(["security.authorization", "sharding.clusterRole"])

    /// The arguments that are allowed.
    var arguments = Arguments([], allowed: [:]) { $0 }
    /// The files that were read.
    private(set) var files: [String] = []
    private var values: [String: [Claim]] = [:]

    /// What is said of the configuration key, the strongest first.
    func claims(_ key: String) -> [Claim] { values[key] ?? [] }

    /// The server keeps a sharded cluster's configuration.
    var isConfigServer: Bool {
        !claims("configsvr").isEmpty || claims("sharding.clusterRole").first?.value == "configsvr"
    }

    /// The settings of a running server.
    static func read(_ server: Server, _ host: Host) -> MongoDBSettings {
        let arguments = Arguments(server.process.arguments, allowed: keys.mapValues(\.kind)) { $0 }
        let file = (arguments.values["config"] ?? arguments.values["f"]).map {
            Path.join(server.workingDirectory?.value ?? "/", $0)
        }
        var settings = MongoDBSettings()
        if let root = server.root, let file { settings = read(files: [file], root, host) }
        settings.arguments = arguments
        for (name, spec) in keys {
            if let claim = arguments.claim(name, pid: server.process.pid) {
                settings.values[spec.key, default: []].insert(claim, at: 0)
            }
        }
        return settings
    }

    /// The settings in those of `files` that are there.
    static func read(files: [String], _ root: HostRoot, _ host: Host) -> MongoDBSettings {
        var settings = MongoDBSettings()
        for file in files {
            guard let text = host.text(file, in: root) else { continue }
            settings.files.append(file)
            for (name, value) in MongoDBConfiguration.parse(text) {
                let key = keys[name]?.key ?? name
                guard allowed.contains(key) else { continue }
                settings.values[key, default: []].append(Claim(value, source: "\(file) \(name)"))
            }
        }
        return settings
    }

    /// Fills in settings, role and replica set.
    func describe(_ database: inout Report.Database, isRouter: Bool) {
        let standard = isConfigServer ? "27019" : !claims("shardsvr").isEmpty ? "27018" : "27017"
        database.setting("port", claims("net.port") + [Claim(standard, source: "default")])
        let all = claims("net.bindIpAll").filter { ["", "true"].contains($0.value) }.map {
            Claim("*", source: $0.source)
        }
        database.setting("bind", all + claims("net.bindIp") + [Claim("localhost", source: "default")])
        database.setting("max_connections", claims("net.maxIncomingConnections"))
        database.setting("log_destination", claims("systemLog.path"))
        let tls = (claims("net.tls.mode") + claims("net.ssl.mode")).map {
            Claim($0.value == "disabled" ? "off" : $0.value, source: $0.source)
        }
        database.setting("tls", tls + [Claim("off", source: "default")])
        if !isRouter { addAuthentication(&database) }  // a router leaves it to the cluster
        if let name = claims("replication.replSetName").first, !name.value.isEmpty {
            database.identity["replica_set"] = name.value
            database.note("identity.replica_set", name.value, source: name.source)
        }
        addRole(&database, isRouter: isRouter)
    }

    private func addAuthentication(_ database: inout Report.Database) {
        let said = claims("security.authorization")
        let on = (claims("auth") + claims("security.keyFile")).map { Claim("enabled", source: $0.source) }
        let off = claims("noauth").map { Claim("disabled", source: $0.source) }
        database.setting("authentication", on + off + said + [Claim("disabled", source: "default")])
    }

    private func addRole(_ database: inout Report.Database, isRouter: Bool) {
        let role: (Report.Database.Role, String)? =
            isRouter
            ? (.router, "executable mongos")
            : isConfigServer
                ? (.config, (claims("configsvr") + claims("sharding.clusterRole")).first?.source ?? "")
                : database.identity["replica_set"] == nil ? (.standalone, "no replica set in arguments or file") : nil
        guard let role else { return }
        database.role = role.0
        database.note("role", role.0.rawValue, source: role.1)
    }
}
