import HostView
import Report

/// MySQL or MariaDB: option files, arguments and the layout of the data directory are the same, names differ.
struct MySQLFamily: Engine {
    let id: String
    let title: String
    let executableNames: Set<String>
    let packagePrefixes: [String]
    let versionSources: [String]
    let versionMarks: [VersionMark]
    let environmentNames: Set<String>
    /// Groups of option files that the server reads.
    let optionGroups: [String]
    /// Groups that it reads with its version after a hyphen.
    let versionedOptionGroups: [String]
    /// Who built a package, by the package's name.
    let vendorOfPackage: @Sendable (String) -> String?

    let openFileNames: Set<String> = ["ibdata1", "aria_log_control", "mysql.ibd"]
    let openFileKinds: Set<OpenFiles.Kind> = [.numberedForReading]
    let softwarePatterns = [
        "/usr/sbin/mysqld", "/usr/sbin/mariadbd", "/usr/libexec/mysqld", "/usr/libexec/mariadbd", "/usr/bin/mysqld",
        "/usr/bin/mariadbd", "/usr/sbin/mysqld-debug", "/usr/local/*/bin/mysqld", "/usr/local/*/bin/mariadbd",
        "/opt/*/bin/mysqld", "/opt/*/bin/mariadbd", "/opt/*/*/bin/mysqld", "/opt/*/*/bin/mariadbd",
        "/opt/*/*/bin/mysqld.bin", "/opt/*/*/sbin/mysqld", "/opt/*/*/sbin/mariadbd",
        "/opt/rh/*/root/usr/libexec/mysqld",
    ]
    let dataDirectoryPatterns = [
        "/var/lib/mysql", "/var/lib/mysql-*", "/var/lib/mariadb", "/usr/local/*/data", "/opt/*/data",
        "/opt/*/*/data", "/var/opt/rh/*/lib/mysql",
    ]
    let starterNames: Set<String> = ["mysqld_safe", "mariadbd-safe"]
    let serviceNames = ["mysql", "mariadb", "percona"]
    let placeVariables: Set<String> = ["MYSQL_HOME"]
    let versionWords: Set<String> = ["mariadb", "maria", "percona", "wsrep", "dmr", "embedded", "cluster"]
    let uniqueIdentities = [UniqueIdentity(name: "server_uuid")]

    var isMySQL: Bool { id == "mysql" }

    func vendor(package: String) -> String? { vendorOfPackage(package) }

    func owns(software path: String, package: Package?, _ host: ScanContext) -> Bool {
        isMariaDB(software: path, package: package, root: host.root) != isMySQL
    }

    /// The protocol at `port`: as the settings have it, or the defaults of the manual where they do not.
    func purpose(ofPort port: UInt16, settings: [String: String]) -> String? {
        switch String(port) {
        case settings["port"] ?? "3306": return "client"
        case settings["mysqlx_port"] ?? (isMySQL ? "33060" : ""): return "mysqlx"
        case settings["admin_port"] ?? (isMySQL ? "33062" : ""): return "admin"
        case "4567" where settings["wsrep_on"] == "on": return "galera"
        default: return nil
        }
    }

    /// A mysqld binary is MariaDB's when its package says so, or, without a package, when MariaDB's own tools are next
    /// to it.
    private func isMariaDB(software path: String, package: Package?, root: HostRoot) -> Bool {
        if Path.name(of: path) == "mariadbd" { return true }
        if let package { return package.isMariaDB }
        let base = Path.parent(of: Path.parent(of: path))
        return ["bin/aria_chk", "bin/mariadb"].contains { root.exists(Path.join(base, $0)) }
    }

    func inspect(_ server: ServerProcess, _ host: ScanContext) -> Verdict {
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
        guard isMariaDB(server, directory.found) != isMySQL else { return .otherEngine }
        database.noteDirectory(directory, claims, of: server, self, host)
        directory.found?.describe(&database, host)
        let sources = directory.found?.versionSources(host) ?? VersionSources()
        if let reason = database.proveVersion(of: server, self, sources, isHeld: directory.isHeld, host) {
            return .notADatabase(reason)
        }
        database.configFiles = options.files
        options.version = database.version
        if let named = options.arguments.values["defaults_file"], !named.hasPrefix("/"), options.files.isEmpty {
            server.reportNotFound(named, host)
        }
        addSettings(options, &database, directory.found, server.root)
        addRole(of: server, options, &database)
        return .database(database)
    }

    /// Which of the two the process is: by its name, else by its files, else by its package.
    private func isMariaDB(_ server: ServerProcess, _ directory: MySQLDirectory?) -> Bool {
        if server.process.name == "mariadbd" || server.process.argumentName == "mariadbd" { return true }
        return directory?.isMariaDB ?? server.package?.isMariaDB ?? false
    }

    func configuredDataDirectories(_ host: ScanContext) -> [Claim] {
        let options = MySQLOptions.read(files: MySQLOptions.defaultFiles, self, host.root, host)
        return options.claims("datadir")
    }

    func dataDirectories(
        startedBy words: [String], _ environment: [String: String], source: String, _ host: ScanContext
    ) -> [Claim] {
        let options = MySQLOptions.read(commandLine: words, source: source, self, host)
        return Array(options.claims("datadir").prefix(1))
    }

    func inspectStopped(_ place: StoppedPlace, _ host: ScanContext) -> Report.Database? {
        guard let directory = MySQLDirectory.first(of: [Claim(place.path, source: place.path)], place.root, host).found,
            directory.isMariaDB != isMySQL
        else { return nil }
        var database = Report.Database(key: "", engine: id, state: .stopped)
        database.note("state", "stopped", source: "no server process has \(place.path) as its data directory")
        directory.describe(&database, host)
        database.chooseStoppedVersion(directory.versionSources(host), place, self, host)
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
