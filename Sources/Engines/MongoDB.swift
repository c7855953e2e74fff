import HostView
import Report

/// MongoDB's mongod, and mongos, its router.
struct MongoDB: Engine {
    let id = "mongodb"
    let title = "MongoDB"
    let executableNames: Set<String> = ["mongod", "mongos"]
    let openFileNames: Set<String> = ["mongod.lock", "WiredTiger.lock"]
    let packagePrefixes = [
        "mongodb-org-server", "mongodb-org-mongos", "mongodb-enterprise-server", "mongodb-enterprise-mongos",
        "mongodb-server", "percona-server-mongodb",
    ]
    let softwarePatterns = [
        "/usr/bin/mongod", "/usr/bin/mongos", "/usr/local/bin/mongod", "/usr/local/bin/mongos", "/opt/*/bin/mongod",
        "/opt/*/bin/mongos",
    ]
    let dataDirectoryPatterns = ["/var/lib/mongo", "/var/lib/mongodb", "/data/db", "/data/configdb"]
    let versionSources = ["buildInfo in diagnostic.data", "package"]
    static let configurationFiles = ["/etc/mongod.conf", "/etc/mongodb.conf"]

    func inspect(_ server: Server, _ host: Host) -> Verdict {
        let pid = server.process.pid
        let settings = MongoDBSettings.read(server, host)
        var database = Report.Database(key: "", engine: id, state: .running)
        database.process = Report.Process(pid: pid)
        database.process?.arguments = settings.arguments.reported
        database.note("engine", server.process.executable ?? server.process.argumentName, source: "/proc/\(pid)/exe")
        database.configFiles = settings.files

        let isRouter = server.process.name == "mongos"
        let standard = settings.isConfigServer ? "/data/configdb" : "/data/db"
        let claims =
            server.openFileDirectories + settings.claims("storage.dbPath") + [Claim(standard, source: "default")]
        let search =
            isRouter ? DirectorySearch<MongoDBDirectory>() : MongoDBDirectory.first(of: claims, server.root, host)
        if search.found == nil, !search.denied, !server.mayListen {
            return .notADatabase("it has the name of a server but neither a data directory nor a listening socket")
        }
        let package = server.process.executableDeleted ? nil : versionClaim(package: server.package)
        if let directory = search.found {
            for claim in claims where claim.source != "default" {
                database.note("data_directories", claim.value, source: claim.source)
            }
            directory.describe(&database, package: package, host)
        } else {
            if !isRouter { addUnseenDirectory(claims, denied: search.denied, pid: pid, &database, host) }
            database.chooseVersion([package].compactMap { $0 })
        }
        settings.describe(&database, isRouter: isRouter)
        return .database(database)
    }

    private func addUnseenDirectory(
        _ claims: [Claim], denied: Bool, pid: Int32, _ database: inout Report.Database, _ host: Host
    ) {
        guard denied, let path = claims.first else {
            host.log.add(
                .dataDirectoryNotFound, "pid \(pid)",
                "none of \(claims.map(\.value).joined(separator: ", ")) is a data directory of \(title)")
            return
        }
        database.dataDirectories = [Report.DataDirectory(path: Path.tidy(path.value), hostPath: nil, purpose: .data)]
        database.note("data_directories", path.value, source: path.source)
    }

    func configuredDataDirectories(_ host: Host) -> [Claim] {
        MongoDBSettings.read(files: Self.configurationFiles, host.root, host).claims("storage.dbPath")
    }

    func inspectStopped(_ path: String, _ host: Host) -> Report.Database? {
        let search = MongoDBDirectory.first(of: [Claim(path, source: path)], host.root, host)
        guard let directory = search.found else { return nil }
        var database = Report.Database(key: "", engine: id, state: .stopped)
        database.note("state", "stopped", source: "no server process has \(path) as its data directory")
        let package = host.package(serving: database, self)
        database.add(package, of: self)
        directory.describe(&database, package: versionClaim(package: package), host)
        let settings = MongoDBSettings.read(files: Self.configurationFiles, host.root, host)
        if settings.claims("storage.dbPath").contains(where: { host.isSame($0.value, path) }) {
            database.configFiles = settings.files
            settings.describe(&database, isRouter: false)
        }
        return database
    }

    func serves(_ database: Report.Database, software path: String) -> Bool { Path.name(of: path) == "mongod" }

    func vendor(package: String) -> String? {
        if package.hasPrefix("percona-") { return "percona" }
        return package.hasPrefix("mongodb-org") || package.hasPrefix("mongodb-enterprise") ? "mongodb" : "community"
    }

    func purpose(ofPort port: UInt16, settings: [String: String]) -> String? {
        settings["port"] == String(port) ? "client" : nil
    }
}
