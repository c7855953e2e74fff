import HostView
import Report

/// An engine of MySQL's family: it differs from its relatives in names and in what it calls its own.
protocol MySQLRelative: Engine {
    /// How its files are read.
    var family: MySQLFamily { get }
}

extension MySQLRelative {
    var openFileNames: Set<String> { MySQLFamily.openFileNames }
    var openFileKinds: Set<OpenFiles.Kind> { [.numberedForReading] }
    var softwarePatterns: [String] { MySQLFamily.softwarePatterns }
    var dataDirectoryPatterns: [String] { MySQLFamily.dataDirectoryPatterns }
    var starterNames: Set<String> { ["mysqld_safe", "mariadbd-safe"] }
    var placeVariables: Set<String> { ["MYSQL_HOME"] }
    func inspect(_ server: Server, _ host: Host) -> Verdict { family.inspect(server, self, host) }
    func configuredDataDirectories(_ host: Host) -> [Claim] { family.configuredDataDirectories(host) }
    func dataDirectories(
        startedBy words: [String], _ environment: [String: String], source: String, _ host: Host
    ) -> [Claim] { family.dataDirectories(startedBy: words, source: source, host) }
    func inspectStopped(_ place: StoppedPlace, _ host: Host) -> Report.Database? {
        family.inspectStopped(place, self, host)
    }
    func purpose(ofPort port: UInt16, settings: [String: String]) -> String? {
        family.purpose(ofPort: port, settings: settings)
    }
}

/// What MySQL and MariaDB share: option files, arguments, data directory layout.
struct MySQLFamily: Sendable {
    /// The engine's id.
    let id: String
    /// Option file groups that the server reads.
    let groups: [String]
    /// Groups that it reads with its version after a hyphen.
    let versionedGroups: [String]

    static let openFileNames: Set<String> = ["ibdata1", "aria_log_control", "mysql.ibd"]
    static let softwarePatterns = [
        "/usr/sbin/mysqld", "/usr/sbin/mariadbd", "/usr/libexec/mysqld", "/usr/libexec/mariadbd", "/usr/bin/mysqld",
        "/usr/bin/mariadbd", "/usr/sbin/mysqld-debug", "/usr/local/*/bin/mysqld", "/usr/local/*/bin/mariadbd",
        "/opt/*/bin/mysqld", "/opt/*/bin/mariadbd", "/opt/*/*/bin/mysqld", "/opt/*/*/bin/mariadbd",
        "/opt/*/*/bin/mysqld.bin", "/opt/*/*/sbin/mysqld", "/opt/*/*/sbin/mariadbd",
        "/opt/rh/*/root/usr/libexec/mysqld",
    ]
    static let dataDirectoryPatterns = [
        "/var/lib/mysql", "/var/lib/mysql-*", "/var/lib/mariadb", "/usr/local/*/data", "/opt/*/data",
        "/opt/*/*/data", "/var/opt/rh/*/lib/mysql",
    ]

    /// What is spoken at `port`: the settings say, or the defaults of the manual where they are silent.
    func purpose(ofPort port: UInt16, settings: [String: String]) -> String? {
        let isMySQL = id == "mysql"
        switch String(port) {
        case settings["port"] ?? "3306": return "client"
        case settings["mysqlx_port"] ?? (isMySQL ? "33060" : ""): return "mysqlx"
        case settings["admin_port"] ?? (isMySQL ? "33062" : ""): return "admin"
        case "4567" where settings["wsrep_on"] == "on": return "galera"
        default: return nil
        }
    }

    /// A mysqld binary is MariaDB's when its package says so, or, without a package, when MariaDB's own tools lie beside it.
    static func isMariaDB(software path: String, package: Package?, root: HostRoot) -> Bool {
        if Path.name(of: path) == "mariadbd" { return true }
        if let package { return package.isMariaDB }
        let base = Path.parent(of: Path.parent(of: path))
        return ["bin/aria_chk", "bin/mariadb"].contains { root.exists(Path.join(base, $0)) }
    }

    func inspect(_ server: Server, _ engine: any Engine, _ host: Host) -> Verdict {
        let pid = server.process.pid
        var options = MySQLOptions.read(server, self, host)
        var database = Report.Database(key: "", engine: id, state: .running)
        database.process = Report.Process(pid: pid)
        database.process?.arguments = options.arguments.reported
        database.note("engine", server.process.executable ?? server.process.argumentName, source: "/proc/\(pid)/exe")

        let claims =
            [server.workingDirectory].compactMap { $0 } + server.openFileDirectories + options.claims("datadir")
            + [Claim("/var/lib/mysql", source: "default")]
        let directory = MySQLDirectory.first(of: claims, server.root, host, server: server)
        guard isMariaDB(server, directory.found) == (id == "mariadb") else { return .otherEngine }
        database.place(directory, claims, of: server, engine, host)
        directory.found?.describe(&database, host)
        let sources = directory.found?.versionSources(host) ?? VersionSources()
        if let reason = database.proveVersion(of: server, engine, sources, isHeld: directory.isHeld, host) {
            return .notADatabase(reason)
        }
        database.configFiles = options.files
        options.version = database.version
        if let named = options.arguments.values["defaults_file"], !named.hasPrefix("/"), options.files.isEmpty {
            server.sayNotFound(named, host)
        }
        addSettings(options, &database, directory.found, server.root)
        addRole(of: server, options, &database)
        return .database(database)
    }

    /// Which of the two the process is: by its name, else by its files, else by its package.
    private func isMariaDB(_ server: Server, _ directory: MySQLDirectory?) -> Bool {
        if server.process.name == "mariadbd" || server.process.argumentName == "mariadbd" { return true }
        return directory?.isMariaDB ?? server.package?.isMariaDB ?? false
    }

    func configuredDataDirectories(_ host: Host) -> [Claim] {
        let options = MySQLOptions.read(files: MySQLOptions.defaultFiles, self, host.root, host)
        return options.claims("datadir")
    }

    func dataDirectories(startedBy words: [String], source: String, _ host: Host) -> [Claim] {
        let options = MySQLOptions.read(commandLine: words, source: source, self, host)
        return Array(options.claims("datadir").prefix(1))
    }

    func inspectStopped(_ place: StoppedPlace, _ engine: any Engine, _ host: Host) -> Report.Database? {
        guard let directory = MySQLDirectory.first(of: [Claim(place.path, source: place.path)], place.root, host).found,
            directory.isMariaDB == (id == "mariadb")
        else { return nil }
        var database = Report.Database(key: "", engine: id, state: .stopped)
        database.note("state", "stopped", source: "no server process has \(place.path) as its data directory")
        directory.describe(&database, host)
        database.chooseStoppedVersion(directory.versionSources(host), place, engine, host)
        guard !place.isVolume else { return database }
        var options = MySQLOptions.read(files: MySQLOptions.defaultFiles, self, host.root, host)
        let named = options.claims("datadir").first?.value ?? "/var/lib/mysql"
        if host.isSame(named, place.path) {
            database.configFiles = options.files
            options.version = database.version
            addSettings(options, &database, directory, host.root)
        }
        return database
    }

    /// Directories that options put outside the data directory.
    func addOutside(_ options: MySQLOptions, _ database: inout Report.Database, _ root: HostRoot) {
        for (name, purpose) in [
            ("innodb_log_group_home_dir", Report.DataDirectory.Purpose.wal), ("innodb_data_home_dir", .data),
            ("innodb_undo_directory", .data),
        ] {
            if let claim = options.claims(name).first {
                database.addDirectory(claim.value, purpose, source: claim.source, root: root)
            }
        }
        if let log = options.claims("log_bin").first, log.value.hasPrefix("/") {
            database.addDirectory(Path.parent(of: log.value), .log, source: log.source, root: root)
        }
    }
}

extension Package {
    /// MariaDB's own packages are called MariaDB-server, distributions' mariadb-server or mariadb105-server.
    fileprivate var isMariaDB: Bool { name.lowercased().hasPrefix("mariadb") || name.hasPrefix("rh-mariadb") }
}
