import HostView
import Report

/// Neo4j 3.5 to 5 and later.
struct Neo4j: ProfiledEngine {
    private static let enterprise: Set<String> = [
        "com.neo4j.server.enterprise.Neo4jEnterprise", "com.neo4j.server.enterprise.EnterpriseEntryPoint",
        "com.neo4j.server.enterprise.CommercialEntryPoint", "org.neo4j.server.enterprise.EnterpriseEntryPoint",
    ]

    let profile = EngineProfile(
        id: "neo4j",
        title: "Neo4j",
        runtime: RuntimeProfile(
            mainClasses: enterprise.union(["org.neo4j.server.Neo4jCommunity", "org.neo4j.server.CommunityEntryPoint"]),
            archives: ["neo4j-kernel"], home: ["home-dir"], program: "bin/neo4j"),
        openFiles: ["databases/store_lock"],
        packagePrefixes: ["neo4j"],
        softwarePatterns: [
            "/usr/bin/neo4j", "/usr/share/neo4j/bin/neo4j", "/opt/neo4j*/bin/neo4j", "/var/lib/neo4j/bin/neo4j",
        ],
        dataDirectoryPatterns: ["/var/lib/neo4j/data", "/opt/neo4j*/data", "/data"],
        serviceNames: ["neo4j"],
        versionSources: ["package of the software", "name of its archive, neo4j-kernel-<version>.jar"],
        options: [
            EngineOption("home-dir", .file), EngineOption("config-dir", .file),
            EngineOption("server.directories.data", .file, arguments: [], otherNames: ["dbms.directories.data"]),
            EngineOption("server.directories.logs", .file, arguments: [], otherNames: ["dbms.directories.logs"]),
            EngineOption(
                "server.directories.transaction.logs.root", .file, arguments: [],
                otherNames: ["dbms.directories.transaction.logs.root"]),
            EngineOption(
                "server.default_listen_address", .addresses, setting: "bind", byDefault: "localhost", arguments: [],
                otherNames: ["dbms.default_listen_address", "dbms.connectors.default_listen_address"]),
            EngineOption(
                "server.bolt.listen_address", .addresses, setting: "bolt_bind", byDefault: ":7687", arguments: [],
                otherNames: ["dbms.connector.bolt.listen_address"]),
            EngineOption(
                "server.http.listen_address", .addresses, setting: "http_bind", byDefault: ":7474", arguments: [],
                otherNames: ["dbms.connector.http.listen_address"]),
            EngineOption("dbms.security.auth_enabled", .flag, arguments: []),
            EngineOption(
                "server.bolt.tls_level", .word(["REQUIRED", "OPTIONAL", "DISABLED"]), arguments: [],
                otherNames: ["dbms.connector.bolt.tls_level"]),
        ],
        configuration: ConfigurationProfile(
            format: .sections, defaultFiles: ["/etc/neo4j/neo4j.conf"], arguments: ["config-dir"],
            nameInDirectory: "neo4j.conf"),
        directory: DirectoryProfile(
            marks: [["databases/store_lock"], ["databases", "transactions"], ["databases/neo4j"]],
            others: [
                (option: "server.directories.logs", purpose: .log),
                (option: "server.directories.transaction.logs.root", purpose: .wal),
            ]),
        ports: [
            PortProfile(7687, "client", setting: "bolt_bind"), PortProfile(7474, "http", setting: "http_bind"),
            PortProfile(7473, "http"), PortProfile(5000, "peer"), PortProfile(6000, "peer"), PortProfile(7000, "peer"),
        ])

    /// A relative directory is meant from the home.
    func claims(_ server: ServerProcess, _ settings: Settings) -> [Claim] {
        let home = homes(server).first ?? "/var/lib/neo4j"
        let named = settings.claims("server.directories.data")
        return (named.isEmpty ? [Claim("data", source: "default")] : named).map {
            Claim(Path.join(home, $0.value), source: $0.source)
        }
    }

    func directories(_ settings: Settings) -> [Claim] {
        settings.claims("server.directories.data").map {
            Claim(Path.join("/var/lib/neo4j", $0.value), source: $0.source)
        }
    }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let asks = settings.flag("dbms.security.auth_enabled", on: "enabled", off: "disabled")
        draft.setting("authentication", asks + settings.defaultClaims("enabled"))
        let tls = settings.claims("server.bolt.tls_level").map {
            Claim($0.value.uppercased() == "DISABLED" ? "off" : $0.value.lowercased(), source: $0.source)
        }
        draft.setting("tls", tls + settings.defaultClaims("off"))
        guard let server = draft.server else { return }
        if let name = server.javaCommand(draft.host).mainClass, !Self.enterprise.contains(name) {
            draft.play(.standalone, source: "/proc/\(server.process.pid)/cmdline: the community edition has no cluster")
        }
    }
}
