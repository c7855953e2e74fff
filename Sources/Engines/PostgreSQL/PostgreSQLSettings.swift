import HostView
import Report

/// The settings of a PostgreSQL server: arguments, then postgresql.auto.conf, then postgresql.conf (runtime-config in
/// its manual).
struct PostgreSQLSettings {
    static let allowed: [String: ValueType] = [
        "data_directory": .file, "config_file": .file, "hba_file": .file, "listen_addresses": .addresses,
        "port": .port, "unix_socket_directories": .addresses, "max_connections": .count, "ssl": .flag,
        "wal_level": .word(["minimal", "archive", "hot_standby", "replica", "logical"]),
        "archive_mode": .word(["on", "off", "always", "true", "false", "yes", "no", "1", "0"]), "hot_standby": .flag,
        "log_destination": .words(["stderr", "csvlog", "jsonlog", "syslog", "eventlog"]), "log_directory": .file,
        "logging_collector": .flag, "cluster_name": .name,
        "password_encryption": .word(["md5", "scram-sha-256", "on", "off", "true", "false"]),
    ]
    private static let short = [
        "D": "data_directory", "p": "port", "h": "listen_addresses", "k": "unix_socket_directories",
        "N": "max_connections", "l": "ssl",
    ]

    /// What the server does where nothing is said (runtime-config in its manual).
    private static let defaults = [
        "port": "5432", "listen_addresses": "localhost", "max_connections": "100", "wal_level": "replica", "ssl": "off",
        "log_destination": "stderr", "archive_mode": "off",
    ]

    /// Where the configuration files lie unless they are named.
    private var home = ""
    /// The configuration file was read, so that silence means the default.
    private var isComplete = false
    /// The files that were read, in order.
    private(set) var files: [String] = []
    /// What is said of each setting, the strongest first.
    private var values: [String: [Claim]] = [:]

    /// The allowed arguments. `-c name=value` is turned into `--name=value`, as the server does itself.
    static func arguments(_ words: [String]) -> Arguments {
        var plain: [String] = []
        var index = 0
        while index < words.count {
            let word = words[index]
            if word == "-c" || word == "--config", index + 1 < words.count {
                plain.append("--" + words[index + 1])
                index += 1
            } else if word.hasPrefix("-c"), word.count > 2, !word.hasPrefix("--") {
                plain.append("--" + word.dropFirst(2))
            } else if let name = short[String(word.dropFirst().prefix(1))], !word.hasPrefix("--"), word.hasPrefix("-"),
                word.count > 2
            {
                plain.append("--\(name)=" + word.dropFirst(2))
            } else {
                plain.append(word)
            }
            index += 1
        }
        return Arguments(plain, allowed: allowed) { name in
            short[name] ?? String(name.map { $0 == "-" ? "_" : $0 }).lowercased()
        }
    }

    /// Reads the files of `directory`; `arguments` are those of the server, if one runs.
    static func read(_ directory: PostgreSQLDirectory, _ arguments: Arguments?, _ draft: Draft) -> PostgreSQLSettings {
        let host = draft.host
        var settings = PostgreSQLSettings()
        var reader = PostgreSQLFiles(root: directory.root, host: host)
        settings.home = configurationDirectory(directory, arguments)
        var file = arguments?.values["config_file"] ?? configurationFile(of: directory, host)
        if arguments?.values["config_file"] != nil, let server = draft.server {
            if let found = server.configuration(file, next: [directory.path + "/"], host).first {
                file = found.value
            } else {
                server.reportNotFound(file, draft)
            }
        }
        let path = Path.join(settings.home, file)
        let main = reader.read(path)
        settings.isComplete = reader.isComplete && reader.files.contains(path)
        let persisted = reader.read(Path.join(directory.path, "postgresql.auto.conf"))
        settings.files = reader.files
        settings.isComplete = settings.isComplete && reader.isComplete
        for name in allowed.keys {
            let fromFiles = (main + persisted).reversed().filter { $0.name == name }
            settings.values[name] =
                [arguments?.claim(name, pid: draft.server?.process.pid ?? 0)].compactMap { $0 }
                + fromFiles.map { Claim($0.value, source: $0.source) }
            if settings.isComplete, var value = defaults[name] {
                if name == "wal_level", directory.major.hasPrefix("9.") { value = "minimal" }
                settings.values[name, default: []].append(Claim(value, source: "default"))
            }
        }
        return settings
    }

    /// `-D` may name a directory of configuration alone, which names the data directory in turn.
    private static func configurationDirectory(_ directory: PostgreSQLDirectory, _ arguments: Arguments?) -> String {
        guard let named = arguments?.values["data_directory"].map({ Path.join(directory.path, $0) }),
            directory.root.exists(Path.join(named, "postgresql.conf"))
        else { return directory.path }
        return named
    }

    /// Debian keeps the file of a cluster in /etc/postgresql and names the data directory in it.
    private static func configurationFile(of directory: PostgreSQLDirectory, _ host: ScanContext) -> String {
        let own = try? directory.root.status(directory.path).identity
        for cluster in PostgreSQLCluster.all(below: directory.root, host) {
            if own != nil, (try? directory.root.status(cluster.directory.value))?.identity == own {
                return cluster.file
            }
        }
        return "postgresql.conf"
    }

    /// Fills in the settings, and directories that they put outside.
    func describe(_ draft: Draft, _ directory: PostgreSQLDirectory) {
        draft.database.configFiles = files
        for (key, name) in [
            ("port", "port"), ("bind", "listen_addresses"), ("max_connections", "max_connections"),
            ("wal_level", "wal_level"), ("archive_mode", "archive_mode"), ("log_destination", "log_destination"),
            ("cluster_name", "cluster_name"), ("password_encryption", "password_encryption"),
        ] where values[name]?.first?.value != "" {
            draft.setting(key, values[name] ?? [])
        }
        let file = values["hba_file"]?.first?.value ?? "pg_hba.conf"
        draft.setting(
            "authentication", PostgreSQLAuthentication.read(Path.join(home, file), directory.root, draft.host))
        let tls = (values["ssl"] ?? []).map { claim in
            Claim(
                ["on", "true", "yes", "1", ""].contains(claim.value.lowercased()) ? "on" : "off", source: claim.source)
        }
        draft.setting("tls", tls)
        // Whoever keeps his log elsewhere may feed somebody by it.
        if values["archive_mode"]?.first.map({ $0.value != "off" }) == true, draft.database.role == .standalone {
            draft.database.role = nil
        }
        let collects = ["on", "true", "yes", "1"].contains(values["logging_collector"]?.first?.value.lowercased())
        if collects, let log = values["log_directory"]?.first {
            draft.addDirectory(log.value, .log, source: log.source)
        }
    }
}
