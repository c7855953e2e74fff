import HostView
import Report

/// MySQL or MariaDB: option files, arguments and the layout of the data directory are the same, names differ.
struct MySQLFamily: Engine {
    let profile: EngineProfile
    /// Groups of option files that the server reads.
    let optionGroups: [String]
    /// Groups that it reads with its version after a hyphen.
    let versionedOptionGroups: [String]
    /// Who built a package, by the package's name.
    let vendorOfPackage: @Sendable (String) -> String?

    /// What both have in common.
    static func profile(
        id: String, title: String, executableNames: Set<String>, packagePrefixes: [String], versionSources: [String],
        versionMarks: [VersionMark], environmentNames: Set<String>
    ) -> EngineProfile {
        EngineProfile(
            id: id,
            title: title,
            executableNames: executableNames,
            openFiles: ["ibdata1", "aria_log_control", "mysql.ibd"],
            openFileKinds: [.numberedForReading],
            packagePrefixes: packagePrefixes,
            softwarePatterns: [
                "/usr/sbin/mysqld", "/usr/sbin/mariadbd", "/usr/libexec/mysqld", "/usr/libexec/mariadbd",
                "/usr/bin/mysqld", "/usr/bin/mariadbd", "/usr/sbin/mysqld-debug", "/usr/local/*/bin/mysqld",
                "/usr/local/*/bin/mariadbd", "/opt/*/bin/mysqld", "/opt/*/bin/mariadbd", "/opt/*/*/bin/mysqld",
                "/opt/*/*/bin/mariadbd", "/opt/*/*/bin/mysqld.bin", "/opt/*/*/sbin/mysqld", "/opt/*/*/sbin/mariadbd",
                "/opt/rh/*/root/usr/libexec/mysqld",
            ],
            dataDirectoryPatterns: [
                "/var/lib/mysql", "/var/lib/mysql-*", "/var/lib/mariadb", "/usr/local/*/data", "/opt/*/data",
                "/opt/*/*/data", "/var/opt/rh/*/lib/mysql",
            ],
            starterNames: ["mysqld_safe", "mariadbd-safe"],
            serviceNames: ["mysql", "mariadb", "percona"],
            versionSources: versionSources,
            versionMarks: versionMarks,
            versionWords: ["mariadb", "maria", "percona", "wsrep", "dmr", "embedded", "cluster"],
            environmentNames: environmentNames,
            placeVariables: ["MYSQL_HOME"],
            ports: [PortProfile(3306, "client")],
            isShownByServer: true,
            uniqueIdentities: [UniqueIdentity(name: "server_uuid")])
    }

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

    func inspect(_ server: ServerProcess, _ draft: Draft) -> Verdict {
        let host = draft.host
        var options = MySQLOptions.read(server, self, host)
        draft.database.process?.arguments = options.arguments.reported

        let claims =
            [server.workingDirectory].compactMap { $0 } + server.openFileDirectories + options.claims("datadir")
            + [Claim("/var/lib/mysql", source: "default")]
        let directory = MySQLDirectory.first(of: claims, server.root, host, server: server)
        guard isMariaDB(server, directory.found) != isMySQL else { return .otherEngine }
        draft.noteDirectory(directory, claims, of: server)
        directory.found?.describe(draft)
        let sources = directory.found?.versionSources(host) ?? VersionSources()
        if let reason = draft.proveVersion(of: server, sources, isHeld: directory.isHeld) {
            return .notADatabase(reason)
        }
        draft.database.configFiles = options.files
        options.version = draft.database.version
        if let named = options.arguments.values["defaults_file"], !named.hasPrefix("/"), options.files.isEmpty {
            server.reportNotFound(named, draft)
        }
        addSettings(options, draft, directory.found)
        addRole(of: server, options, draft)
        return .database
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

    func inspectStopped(_ place: StoppedPlace, _ draft: Draft) -> Bool {
        let host = draft.host
        guard let directory = MySQLDirectory.first(of: [Claim(place.path, source: place.path)], place.root, host).found,
            directory.isMariaDB != isMySQL
        else { return false }
        directory.describe(draft)
        draft.chooseStoppedVersion(directory.versionSources(host), place)
        guard !place.isVolume else { return true }
        var options = MySQLOptions.read(files: MySQLOptions.defaultFiles, self, host.root, host)
        let named = options.claims("datadir").first?.value ?? "/var/lib/mysql"
        if host.isSame(named, place.path) {
            draft.database.configFiles = options.files
            options.version = draft.database.version
            addSettings(options, draft, directory)
        }
        return true
    }

    /// Directories that options put outside the data directory.
    func addOutside(_ options: MySQLOptions, _ draft: Draft) {
        for (name, purpose) in [
            ("innodb_log_group_home_dir", Report.DataDirectory.Purpose.wal), ("innodb_data_home_dir", .data),
            ("innodb_undo_directory", .data),
        ] {
            if let claim = options.claims(name).first {
                draft.addDirectory(claim.value, purpose, source: claim.source)
            }
        }
        if let log = options.claims("log_bin").first, log.value.hasPrefix("/") {
            draft.addDirectory(Path.parent(of: log.value), .log, source: log.source)
        }
    }
}

extension Package {
    /// MariaDB's own packages are called MariaDB-server, distributions' mariadb-server or mariadb105-server.
    fileprivate var isMariaDB: Bool { name.lowercased().hasPrefix("mariadb") || name.hasPrefix("rh-mariadb") }
}
