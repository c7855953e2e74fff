import HostView
import Report

/// Elasticsearch and OpenSearch: configuration and data are laid out alike, names differ.
struct Lucene: ProfiledEngine {
    let profile: EngineProfile

    /// What both have in common; `name` is the one of the configuration, the data and the archive.
    static func profile(
        id: String, title: String, name: String, mainClasses: Set<String>, prefix: String, secured: EngineOption,
        environmentNames: Set<String>
    ) -> EngineProfile {
        EngineProfile(
            id: id,
            title: title,
            runtime: RuntimeProfile(
                mainClasses: mainClasses, archives: [name], home: ["\(prefix).path.home"], program: "bin/\(name)"),
            openFiles: ["node.lock", "nodes/0/node.lock"],
            packagePrefixes: [name],
            softwarePatterns: ["/usr/share/\(name)/bin/\(name)", "/opt/\(name)*/bin/\(name)", "/opt/*/*/bin/\(name)"],
            dataDirectoryPatterns: ["/var/lib/\(name)", "/usr/share/\(name)/data"],
            serviceNames: [name],
            versionSources: ["package of the software", "name of its archive, \(name)-<version>.jar"],
            versionWords: ["snapshot", "oss"],
            environmentNames: environmentNames,
            options: [
                EngineOption("\(prefix).path.home", .file, arguments: ["D\(prefix).path.home"]),
                EngineOption("path.data", .file, arguments: ["Epath.data", "D\(prefix).path.data"]),
                EngineOption("path.logs", .file), EngineOption("cluster.name", .name, arguments: ["Ecluster.name"]),
                EngineOption("node.name", .name, arguments: ["Enode.name"]),
                EngineOption("http.port", .name, setting: "port", byDefault: "9200", arguments: ["Ehttp.port"]),
                EngineOption(
                    "transport.port", .name, setting: "peer_port", byDefault: "9300", arguments: ["Etransport.port"],
                    otherNames: ["transport.tcp.port"]),
                EngineOption(
                    "network.host", .addresses, setting: "bind", byDefault: "_local_", arguments: ["Enetwork.host"],
                    otherNames: ["http.host", "network.bind_host"]),
                EngineOption("discovery.type", .name, arguments: ["Ediscovery.type"]), secured,
            ],
            configuration: ConfigurationProfile(
                format: .yaml, defaultFiles: ["/etc/\(name)/\(name).yml"], arguments: ["D\(prefix).path.conf"],
                nameInDirectory: "\(name).yml"),
            directory: DirectoryProfile(
                options: ["path.data"], marks: [["node.lock"], ["nodes/0"], ["_state", "indices"]],
                others: [(option: "path.logs", purpose: .log)]),
            ports: [PortProfile(9200, "client", setting: "port"), PortProfile(9300, "peer", setting: "peer_port")])
    }

    /// Where nothing is said, below the software's own directory.
    func claims(_ server: ServerProcess, _ settings: Settings) -> [Claim] {
        homes(server).map { Claim(Path.join($0, "data"), source: "default") }
    }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        for (name, kind) in [("cluster.name", "cluster_name"), ("node.name", "node_name")] {
            if let claim = settings.claims(name).first { draft.identify(kind, claim) }
        }
        let secured = profile.options.last?.name ?? ""
        // One has the switch that turns it on, the other the one that turns it off.
        let turnsOff = secured.hasSuffix("disabled")
        let asks = settings.claims(secured).map {
            Claim(($0.value.lowercased() == "true") != turnsOff ? "enabled" : "disabled", source: $0.source)
        }
        // Where the file is not known, or the part that secures it may be missing, silence means nothing.
        draft.setting("authentication", asks)
        if let alone = settings.claims("discovery.type").first, alone.value == "single-node" {
            draft.play(.standalone, source: alone.source)
        }
    }
}
