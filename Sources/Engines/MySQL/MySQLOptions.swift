import HostView
import Report

/// The options of a MySQL or MariaDB server: option files, then arguments, then mysqld-auto.cnf.
///
/// The order and syntax are those of "Using Option Files" in either manual: a later value overrules an earlier one, `-`
/// and `_` in names are the same, and a value in `mysqld-auto.cnf` overrules the command line. Only names in `allowed`
/// are kept.
struct MySQLOptions {
    static let defaultFiles = ["/etc/my.cnf", "/etc/mysql/my.cnf", "/usr/etc/my.cnf", "/usr/local/mysql/etc/my.cnf"]
    /// The value of `log_bin` when it was turned off: nothing that anybody writes. `log-bin=OFF` makes a log of that
    /// name.
    static let turnedOff = "\0off"
    static let allowed: [String: ValueType] = [
        "defaults_file": .file, "defaults_extra_file": .file, "defaults_group_suffix": .name, "no_defaults": .flag,
        "datadir": .file, "basedir": .file, "user": .name, "port": .port, "socket": .path, "bind_address": .addresses,
        "pid_file": .file, "log_error": .log, "log_bin": .file, "server_id": .count, "max_connections": .count,
        "read_only": .flag, "super_read_only": .flag, "skip_networking": .flag, "skip_grant_tables": .flag,
        "mysqlx_port": .port, "mysqlx": .flag, "admin_port": .port, "admin_address": .addresses, "ssl_cert": .file,
        "innodb_log_group_home_dir": .file, "innodb_data_home_dir": .file, "innodb_undo_directory": .file,
        "wsrep_on": .flag, "wsrep_cluster_name": .name, "wsrep_provider": .file, "ssl": .flag, "relay_log": .file,
        "group_replication_group_name": .uuid, "group_replication_single_primary_mode": .flag,
    ]

    /// The arguments that are allowed.
    var arguments = Arguments([], allowed: [:]) { $0 }
    /// The files that were read, in order.
    private(set) var files: [String] = []
    /// Every value of an option, the strongest last, and the version whose group it stands in.
    private var values: [String: [(claim: Claim, version: String?)]] = [:]
    /// Everything that could be said was read, so that silence means the default.
    private(set) var isComplete = false
    /// The server's version, once it is known: `[mysqld-5.7]` counts for 5.7 alone.
    var version: String?

    /// What is said of `name`, the strongest first.
    func claims(_ name: String) -> [Claim] {
        (values[name] ?? []).reversed().compactMap { entry in
            guard let wanted = entry.version else { return entry.claim }
            return version.map { $0 == wanted || $0.hasPrefix(wanted + ".") } == true ? entry.claim : nil
        }
    }

    private mutating func add(_ name: String, _ claim: Claim, version: String? = nil, _ log: ProblemLog) {
        // A turned-off log has a value that no file can write.
        if claim.value != Self.turnedOff, let type = Self.allowed[name], claim.fitting(type, log) == nil { return }
        values[name, default: []].append((claim, version))
        // The last ones count; a file may repeat a name without end.
        if values[name, default: []].count > EvidenceLimits.claims { values[name]?.removeFirst() }
    }

    /// The documented default, where silence means it.
    func defaultClaims(_ value: String) -> [Claim] { isComplete ? [Claim(value, source: "default")] : [] }

    /// As `claims`, with the spellings of a boolean made `on` or `off`.
    func flag(_ name: String) -> [Claim] {
        claims(name).map { claim in
            switch claim.value.lowercased() {
            case "", "1", "on", "true": return Claim("on", source: claim.source)
            case "0", "off", "false": return Claim("off", source: claim.source)
            default: return claim
            }
        }
    }

    static func canonical(_ name: String) -> String {
        if name == "P" { return "port" }
        if name == "h" { return "datadir" }
        let folded = String(name.map { $0 == "-" ? "_" : $0 }).lowercased()
        return folded.hasPrefix("loose_") ? String(folded.dropFirst("loose_".count)) : folded
    }

    /// An option's own name and its value: `skip-log-bin` and `disable-log-bin` are `log_bin` turned off.
    static func plain(_ name: String, _ value: String) -> (name: String, value: String) {
        let name = canonical(name)
        for prefix in ["skip_", "disable_"] where name.hasPrefix(prefix) && allowed[name] == nil {
            let name = String(name.dropFirst(prefix.count))
            return (name, name == "log_bin" ? turnedOff : "off")
        }
        return (name, value)
    }

    /// The options of a server that `words` would start on the host.
    static func read(commandLine words: [String], source: String, _ family: MySQLFamily, _ host: ScanContext)
        -> MySQLOptions
    {
        let arguments = Arguments(words, allowed: allowed, short: ["h": "datadir"], canonical: canonical)
        let only = arguments.values["defaults_file"].map { [$0] }
        let files = arguments.values["no_defaults"] != nil ? [] : only ?? defaultFiles
        let suffix = arguments.values["defaults_group_suffix"] ?? ""
        var options = read(files: files, family, host.root, host, suffix: suffix)
        if let value = arguments.values["datadir"] { options.add("datadir", Claim(value, source: source), host.log) }
        return options
    }

    /// The options of a running server.
    static func read(_ server: ServerProcess, _ family: MySQLFamily, _ host: ScanContext) -> MySQLOptions {
        let negated: [String: ValueType] = [
            "skip_log_bin": .flag, "disable_log_bin": .flag, "skip_ssl": .flag, "disable_ssl": .flag,
        ]
        let arguments = Arguments(
            server.process.arguments, allowed: allowed.merging(negated) { $1 }, short: ["P": "port", "h": "datadir"],
            canonical: canonical)
        arguments.reportUnfit(pid: server.process.pid, host.log)
        var files = defaultFiles
        if let only = arguments.values["defaults_file"] {
            files = [server.configuration(only, host).first?.value ?? only]
        } else {
            if let extra = arguments.values["defaults_extra_file"] {
                files.append(server.configuration(extra, host).first?.value ?? extra)
            }
            let own =
                arguments.values["basedir"]
                ?? server.process.executable.flatMap(server.inside).map { Path.parent(of: Path.parent(of: $0)) }
            if let own, own != "/usr" { files.append(Path.join(own, "etc/my.cnf")) }
            if let home = server.environment["MYSQL_HOME"] { files.append(Path.join(home, "my.cnf")) }
            if let root = server.root, let uid = server.details.uid,
                let home = Users.read(root).value.accounts[uid]?.home
            {
                files.append(Path.join(home, ".my.cnf"))
            }
        }
        if arguments.values["no_defaults"] != nil { files = [] }
        let suffix = arguments.values["defaults_group_suffix"] ?? ""
        var options =
            server.root.map { read(files: files, family, $0, host, suffix: suffix) } ?? MySQLOptions()
        options.arguments = arguments
        let namesItsFiles = arguments.values["defaults_file"] != nil || arguments.values["no_defaults"] != nil
        // Where a build that no package owns looks for its files is compiled into it.
        if !server.process.shortfalls.isEmpty || (server.package == nil && !namesItsFiles) {
            options.isComplete = false
        }
        for name in arguments.values.keys.sorted() {
            guard let claim = arguments.claim(name, pid: server.process.pid) else { continue }
            let option = plain(name, claim.value)
            options.add(option.name, Claim(option.value, source: claim.source), host.log)
        }
        if let root = server.root,
            let directory = options.claims("datadir").first?.value ?? server.workingDirectory?.value
        {
            options.addPersisted(Path.join(directory, "mysqld-auto.cnf"), root, host)
        }
        return options
    }

    /// The options in `files` and what they include, below `root`.
    static func read(
        files: [String], _ family: MySQLFamily, _ root: HostRoot, _ host: ScanContext, suffix: String = ""
    ) -> MySQLOptions {
        var options = MySQLOptions()
        var reader = OptionFiles(root: root, host: host)
        for file in files {
            reader.read(file) { path, group, name, value in
                let option = plain(name, value)
                guard allowed[option.name] != nil, let reads = family.reads(group: group, suffix: suffix) else {
                    return
                }
                let claim = Claim(option.value, source: "\(path) [\(group)] \(name)")
                options.add(option.name, claim, version: reads.version, host.log)
            }
        }
        options.files = reader.files
        options.isComplete = reader.isComplete
        return options
    }

    /// Adds what `SET PERSIST` wrote: JSON in version 1 or 2 of the format, a `Value` a name.
    private mutating func addPersisted(_ path: String, _ root: HostRoot, _ host: ScanContext) {
        guard let bytes = host.bytes(path, in: root) else { return }
        guard let persisted = JSONDocument(bytes) else {
            host.log.add(.malformed, path, "not the JSON that SET PERSIST writes")
            return
        }
        files.append(path)
        // The first is version 1's, which nests what cannot be changed at run time.
        let groups = [
            persisted["mysql_server"], persisted["mysql_server", "mysql_server_static_options"],
            persisted["mysql_dynamic_parse_early_variables"], persisted["mysql_dynamic_variables"],
            persisted["mysql_static_parse_early_variables"], persisted["mysql_static_variables"],
        ]
        for group in groups.compactMap({ $0 }) {
            for name in Self.allowed.keys.sorted() {
                guard let value = group.string(name, "Value") else { continue }
                add(name, Claim(value, source: "\(path) \(name)"), host.log)
            }
        }
    }
}

extension MySQLFamily {
    /// Whether the server reads the group `[group]`, and of which version alone; nil when it does not.
    func reads(group: String, suffix: String) -> GroupMatch? {
        let names = suffix.isEmpty ? optionGroups : optionGroups + optionGroups.map { $0 + suffix.lowercased() }
        if names.contains(group) { return GroupMatch(version: nil) }
        for base in versionedOptionGroups where group.hasPrefix(base + "-") {
            let version = String(group.dropFirst(base.count + 1))
            if version.first?.isNumber == true, version.allSatisfy({ $0.isNumber || $0 == "." }) {
                return GroupMatch(version: version)
            }
        }
        return nil
    }
}

/// A group that a server reads: always, or in one version.
struct GroupMatch: Equatable {
    var version: String?
}
