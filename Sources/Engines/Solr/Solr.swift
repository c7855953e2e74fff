import HostView
import Report

/// Apache Solr, which Jetty starts.
struct Solr: ProfiledEngine {
    let profile = EngineProfile(
        id: "solr",
        title: "Solr",
        runtime: RuntimeProfile(
            properties: ["solr.solr.home", "solr.install.dir"], archives: ["solr-core"], home: ["solr.install.dir"],
            archiveDirectories: ["server/solr-webapp/webapp/WEB-INF/lib", "server/lib", "dist"], program: "bin/solr"),
        packagePrefixes: ["solr"],
        softwarePatterns: ["/opt/solr*/bin/solr", "/usr/share/solr/bin/solr", "/opt/*/*/bin/solr"],
        dataDirectoryPatterns: ["/var/solr/data", "/var/lib/solr"],
        serviceNames: ["solr"],
        versionSources: ["name of its archive, solr-core-<version>.jar", "package of the software"],
        environmentNames: ["SOLR_VERSION"],
        options: [
            EngineOption("solr.install.dir", .file, arguments: ["Dsolr.install.dir"]),
            EngineOption("solr.solr.home", .file, arguments: ["Dsolr.solr.home"]),
            EngineOption("solr.data.home", .file, arguments: ["Dsolr.data.home"]),
            EngineOption("solr.log.dir", .file, arguments: ["Dsolr.log.dir"]),
            EngineOption("jetty.port", .port, setting: "port", byDefault: "8983", arguments: ["Djetty.port"]),
            EngineOption("jetty.host", .addresses, setting: "bind", arguments: ["Djetty.host", "Dsolr.jetty.host"]),
            EngineOption("zkHost", .presence, arguments: ["DzkHost"]),
            EngineOption("zkRun", .flag, arguments: ["DzkRun"]),
            EngineOption("solr.jetty.keystore", .presence, arguments: ["Dsolr.jetty.keystore"]),
        ],
        directory: DirectoryProfile(
            options: ["solr.solr.home"], marks: [["solr.xml"], ["zoo.cfg", "configsets"]],
            others: [(option: "solr.data.home", purpose: .data), (option: "solr.log.dir", purpose: .log)]),
        ports: [PortProfile(8983, "client", setting: "port"), PortProfile(9983, "peer")])

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        guard draft.server != nil else { return }
        let tls = settings.claims("solr.jetty.keystore").map { Claim("on", source: $0.source) }
        draft.setting("tls", tls + settings.defaultClaims("off"))
        let cloud = settings.claims("zkHost") + settings.claims("zkRun")
        if cloud.isEmpty { draft.play(.standalone, source: "no zkHost in its arguments") }
        if let directory, directory.has("security.json") {
            draft.setting("authentication", [Claim("enabled", source: directory.path(of: "security.json"))])
        } else if cloud.isEmpty {
            draft.setting("authentication", settings.defaultClaims("disabled"))
        }
    }
}
