import HostView
import Report

/// MongoDB's mongod, and mongos, its router.
struct MongoDB: Engine {
    let profile = EngineProfile(
        id: "mongodb",
        title: "MongoDB",
        executableNames: ["mongod", "mongos"],
        openFiles: ["mongod.lock", "WiredTiger.lock"],
        openFileKinds: [.log],
        packagePrefixes: ["mongodb", "percona-server-mongodb"],
        softwarePatterns: [
            "/usr/bin/mongod", "/usr/bin/mongos", "/usr/local/bin/mongod", "/usr/local/bin/mongos",
            "/usr/local/*/bin/mongod", "/usr/local/*/bin/mongos", "/opt/*/bin/mongod", "/opt/*/bin/mongos",
            "/opt/*/*/bin/mongod", "/opt/*/*/bin/mongos",
        ],
        dataDirectoryPatterns: ["/var/lib/mongo", "/var/lib/mongodb", "/data/db", "/data/configdb"],
        serviceNames: ["mongo", "percona"],
        versionSources: [
            "package of the running executable", "buildInfo that this run wrote into diagnostic.data",
            "version string in the running executable", "buildInfo of an earlier run",
            "environment of an official image",
        ],
        versionMarks: [.before("\0tcmalloc\0"), .before("\0heap_size\0"), .before("\0cppdefines\0")],
        versionWords: ["ent"],
        environmentNames: ["MONGO_VERSION"],
        ports: [PortProfile(27017, "client"), PortProfile(27018, "client"), PortProfile(27019, "client")],
        isShownByServer: true)
    static let configurationFiles = ["/etc/mongod.conf", "/etc/mongodb.conf"]

    func inspect(_ server: ServerProcess, _ draft: Draft) -> Verdict {
        let host = draft.host
        let settings = MongoDBSettings.read(server, draft)
        draft.database.process?.arguments = settings.arguments.reported
        draft.database.configFiles = settings.files

        let isRouter = server.process.name == "mongos"
        let directory = settings.isConfigServer ? "/data/configdb" : "/data/db"
        let claims =
            server.openFileDirectories + settings.claims("storage.dbPath") + [Claim(directory, source: "default")]
        let search =
            isRouter
            ? DirectorySearch<MongoDBDirectory>()
            : MongoDBDirectory.first(of: claims, server.root, host, server: server)
        draft.noteDirectory(search, isRouter ? [] : claims, of: server)
        let startedAt = host.startTime(of: server.details)
        let sources = search.found?.describe(draft, startedAt: startedAt) ?? VersionSources()
        if let reason = draft.proveVersion(of: server, sources, isHeld: search.isHeld) { return .notADatabase(reason) }
        settings.describe(draft, isRouter: isRouter)
        return .database
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

    func inspectStopped(_ place: StoppedPlace, _ draft: Draft) -> Bool {
        let host = draft.host
        let search = MongoDBDirectory.first(of: [Claim(place.path, source: place.path)], place.root, host)
        guard let directory = search.found else { return false }
        draft.chooseStoppedVersion(directory.describe(draft), place)
        guard !place.isVolume else { return true }
        let settings = MongoDBSettings.read(files: Self.configurationFiles, host.root, host)
        if settings.claims("storage.dbPath").contains(where: { host.isSame($0.value, place.path) }) {
            draft.database.configFiles = settings.files
            settings.describe(draft, isRouter: false)
        }
        return true
    }

    func serves(_ database: Report.Database, software path: String) -> Bool { Path.name(of: path) == "mongod" }

    func vendor(package: String) -> String? {
        if package.hasPrefix("percona-") { return "percona" }
        return package.hasPrefix("mongodb-org") || package.hasPrefix("mongodb-enterprise") ? "mongodb" : "community"
    }
}
