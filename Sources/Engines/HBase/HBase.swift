import HostView
import Report

/// Apache HBase: masters and region servers.
struct HBase: ProfiledEngine {
    private static let master = "org.apache.hadoop.hbase.master.HMaster"
    private static let region = "org.apache.hadoop.hbase.regionserver.HRegionServer"

    let profile = EngineProfile(
        id: "hbase",
        title: "HBase",
        runtime: RuntimeProfile(
            mainClasses: [master, region], archives: ["hbase-server"], home: ["hbase.home.dir"], program: "bin/hbase"),
        packagePrefixes: ["hbase"],
        softwarePatterns: ["/usr/lib/hbase/bin/hbase", "/opt/hbase*/bin/hbase", "/usr/local/hbase*/bin/hbase"],
        dataDirectoryPatterns: ["/var/lib/hbase", "/opt/hbase*/data", "/hbase"],
        serviceNames: ["hbase"],
        versionSources: ["package of the software", "name of its archive, hbase-server-<version>.jar"],
        versionWords: ["hadoop", "cdh", "emr", "amzn"],
        options: [
            EngineOption("hbase.home.dir", .file, arguments: ["Dhbase.home.dir"]),
            EngineOption("hbase.rootdir", .urls, arguments: []),
            EngineOption("hbase.cluster.distributed", .flag, arguments: []),
            EngineOption("hbase.master.port", .port, setting: "master_port", byDefault: "16000", arguments: []),
            EngineOption("hbase.regionserver.port", .port, setting: "port", byDefault: "16020", arguments: []),
            EngineOption("hbase.security.authentication", .word(["simple", "kerberos"]), arguments: []),
        ],
        configuration: ConfigurationProfile(
            format: .xml, defaultFiles: ["/etc/hbase/conf/hbase-site.xml", "/opt/hbase*/conf/hbase-site.xml"]),
        directory: DirectoryProfile(marks: [["hbase.version", "hbase.id"]], isOptional: true),
        ports: [
            PortProfile(16000, "client", setting: "master_port"), PortProfile(16020, "client", setting: "port"),
            PortProfile(16010, "admin"), PortProfile(16030, "admin"), PortProfile(2181, "peer"),
        ])

    /// The directory of the class path that has the configuration.
    func configuration(_ server: ServerProcess, _ host: ScanContext) -> Claim? {
        let place = server.workingDirectory?.value ?? "/"
        return server.javaCommand(host).classPath.prefix(64).filter { !$0.hasSuffix(".jar") && !$0.hasSuffix("*") }
            .map { Path.join(Path.join(place, $0), "hbase-site.xml") }
            .first { server.root?.exists($0) == true }
            .map { Claim($0, source: "/proc/\(server.process.pid)/cmdline") }
    }

    /// Its data is mostly in HDFS; a directory of this host is `file:///…`.
    func claims(_ server: ServerProcess, _ settings: Settings) -> [Claim] { directories(settings) }

    func directories(_ settings: Settings) -> [Claim] {
        settings.claims("hbase.rootdir").filter { $0.value.hasPrefix("file:/") }.map {
            Claim("/" + $0.value.dropFirst("file:".count).drop { $0 == "/" }, source: $0.source)
        }
    }

    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        let asks = settings.claims("hbase.security.authentication").map {
            Claim($0.value == "simple" ? "disabled" : "enabled", source: $0.source)
        }
        draft.setting("authentication", asks + settings.defaultClaims("disabled"))
        guard let server = draft.server else { return }
        let source = "/proc/\(server.process.pid)/cmdline"
        let isMaster = server.javaCommand(draft.host).mainClass == Self.master
        if settings.on("hbase.cluster.distributed") == nil, isMaster, !settings.files.isEmpty {
            draft.play(.standalone, source: "no hbase.cluster.distributed")
        } else if isMaster {
            draft.play(.config, source: source)
        }
    }
}
