import HostView
import Report

/// MongoDB's mongod, and mongos, its router.
struct MongoDB: Engine {
    let id = "mongodb"
    let title = "MongoDB"
    let executableNames: Set<String> = ["mongod", "mongos"]
    let openFileNames: Set<String> = ["mongod.lock", "WiredTiger.lock"]
    let openFileKinds: Set<OpenFiles.Kind> = [.log]
    let packagePrefixes = ["mongodb", "percona-server-mongodb"]
    let softwarePatterns = [
        "/usr/bin/mongod", "/usr/bin/mongos", "/usr/local/bin/mongod", "/usr/local/bin/mongos",
        "/usr/local/*/bin/mongod", "/usr/local/*/bin/mongos", "/opt/*/bin/mongod", "/opt/*/bin/mongos",
        "/opt/*/*/bin/mongod", "/opt/*/*/bin/mongos",
    ]
    let dataDirectoryPatterns = ["/var/lib/mongo", "/var/lib/mongodb", "/data/db", "/data/configdb"]
    let versionSources = [
        "package of the running executable", "buildInfo that this run wrote into diagnostic.data",
        "version string in the running executable", "buildInfo of an earlier run", "environment of an official image",
    ]
    let versionMarks: [VersionMark] = [
        .before("\0tcmalloc\0"), .before("\0heap_size\0"), .before("\0cppdefines\0"),
    ]
    let environmentNames: Set<String> = ["MONGO_VERSION"]
    let serviceNames = ["mongo", "percona"]
    let versionWords: Set<String> = ["ent"]
    static let configurationFiles = ["/etc/mongod.conf", "/etc/mongodb.conf"]

    func inspect(_ server: ServerProcess, _ host: ScanContext) -> Verdict {
        let pid = server.process.pid
        let settings = MongoDBSettings.read(server, host)
        var database = Report.Database(key: "", engine: id, state: .running)
        database.process = Report.Process(pid: pid)
        database.process?.arguments = settings.arguments.reported
        database.note("engine", server.process.executable ?? server.process.argumentName, source: "/proc/\(pid)/exe")
        database.configFiles = settings.files

        let isRouter = server.process.name == "mongos"
        let directory = settings.isConfigServer ? "/data/configdb" : "/data/db"
        let claims =
            server.openFileDirectories + settings.claims("storage.dbPath") + [Claim(directory, source: "default")]
        let search =
            isRouter
            ? DirectorySearch<MongoDBDirectory>()
            : MongoDBDirectory.first(of: claims, server.root, host, server: server)
        database.noteDirectory(search, isRouter ? [] : claims, of: server, self, host)
        let startedAt = host.startTime(of: server.details)
        let sources = search.found?.describe(&database, startedAt: startedAt, host) ?? VersionSources()
        if let reason = database.proveVersion(of: server, self, sources, isHeld: search.isHeld, host) {
            return .notADatabase(reason)
        }
        settings.describe(&database, isRouter: isRouter)
        return .database(database)
    }

    func configuredDataDirectories(_ host: ScanContext) -> [Claim] {
        MongoDBSettings.read(files: Self.configurationFiles, host.root, host).claims("storage.dbPath")
    }

    func dataDirectories(
        startedBy words: [String], _ environment: [String: String], source: String, _ host: ScanContext
    ) -> [Claim] {
        let arguments = MongoDBSettings.arguments(words)
        if let path = arguments.values["dbpath"] { return [Claim(path, source: source)] }
        let file = arguments.values["config"] ?? arguments.values["f"]
        return file.map { MongoDBSettings.read(files: [$0], host.root, host).claims("storage.dbPath") } ?? []
    }

    func inspectStopped(_ place: StoppedPlace, _ host: ScanContext) -> Report.Database? {
        let search = MongoDBDirectory.first(of: [Claim(place.path, source: place.path)], place.root, host)
        guard let directory = search.found else { return nil }
        var database = Report.Database(key: "", engine: id, state: .stopped)
        database.note("state", "stopped", source: "no server process has \(place.path) as its data directory")
        database.chooseStoppedVersion(directory.describe(&database, host), place, self, host)
        guard !place.isVolume else { return database }
        let settings = MongoDBSettings.read(files: Self.configurationFiles, host.root, host)
        if settings.claims("storage.dbPath").contains(where: { host.isSame($0.value, place.path) }) {
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
}
