import FoundationEssentials
import HostView
import Report

/// The options of a MySQL or MariaDB server: option files, then arguments, then mysqld-auto.cnf.
///
/// The order and syntax are those of "Using Option Files" in either manual: a later value overrules an earlier one, `-` and `_`
/// in names are the same, and a value in `mysqld-auto.cnf` overrules the command line. Only names in `allowed` are kept.
struct MySQLOptions {
    static let defaultFiles = ["/etc/my.cnf", "/etc/mysql/my.cnf", "/usr/etc/my.cnf"]
    static let allowed: [String: Arguments.Kind] = [
        "defaults_file": .value, "defaults_extra_file": .value, "defaults_group_suffix": .value, "no_defaults": .flag,
        "datadir": .value, "basedir": .value, "user": .value, "port": .value, "socket": .value, "bind_address": .value,
        "pid_file": .value, "log_error": .value, "log_bin": .value, "server_id": .value, "max_connections": .value,
        "read_only": .flag, "super_read_only": .flag, "skip_networking": .flag, "skip_grant_tables": .flag,
        "mysqlx_port": .value, "mysqlx": .value, "admin_port": .value, "admin_address": .value, "ssl_cert": .value,
        "innodb_log_group_home_dir": .value, "innodb_data_home_dir": .value, "innodb_undo_directory": .value,
        "wsrep_on": .flag, "wsrep_cluster_name": .value,
    ]

    /// The arguments that are allowed.
    var arguments = Arguments([], allowed: [:]) { $0 }
    /// The files that were read, in order.
    private(set) var files: [String] = []
    /// Every value of an option, the strongest last.
    private var values: [String: [Claim]] = [:]

    /// What is said of `name`, the strongest first.
    func claims(_ name: String) -> [Claim] { (values[name] ?? []).reversed() }

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

    /// The options of a running server.
    static func read(_ server: Server, _ family: MySQLFamily, _ host: Host) -> MySQLOptions {
        let arguments = Arguments(server.process.arguments, allowed: allowed, canonical: canonical)
        var files = defaultFiles
        if let only = arguments.values["defaults_file"] {
            files = [only]
        } else {
            if let extra = arguments.values["defaults_extra_file"] { files.append(extra) }
            if let root = server.root, let uid = server.details.uid, let home = Users.read(root).accounts[uid]?.home {
                files.append(Path.join(home, ".my.cnf"))
            }
        }
        if arguments.values["no_defaults"] != nil { files = [] }
        let suffix = arguments.values["defaults_group_suffix"] ?? ""
        var options =
            server.root.map { read(files: files, family, $0, host, suffix: suffix) } ?? MySQLOptions()
        options.arguments = arguments
        for name in arguments.values.keys {
            if let claim = arguments.claim(name, pid: server.process.pid) {
                options.values[name, default: []].append(claim)
            }
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
        files: [String], _ family: MySQLFamily, _ root: HostRoot, _ host: Host, suffix: String = ""
    ) -> MySQLOptions {
        var options = MySQLOptions()
        var reader = OptionFiles(root: root, host: host)
        for file in files {
            reader.read(file) { path, group, name, value in
                guard family.reads(group: group, suffix: suffix), allowed[canonical(name)] != nil else { return }
                let line = Claim(value, source: "\(path) [\(group)] \(name)")
                options.values[canonical(name), default: []].append(line)
            }
        }
        options.files = reader.files
        return options
    }

    /// Adds what `SET PERSIST` wrote: JSON in version 1 or 2 of the format, a `Value` a name.
    private mutating func addPersisted(_ path: String, _ root: HostRoot, _ host: Host) {
        struct Entry: Decodable { var Value: String? }
        struct Persisted: Decodable {
            var mysql_server: [String: Entry]?
            var mysql_static_variables: [String: Entry]?
            var mysql_dynamic_variables: [String: Entry]?
            var mysql_dynamic_parse_early_variables: [String: Entry]?
        }
        guard let bytes = host.bytes(path, in: root) else { return }
        guard let persisted = try? JSONDecoder().decode(Persisted.self, from: Data(bytes)) else {
            host.log.add(.malformed, path, "not the JSON that SET PERSIST writes")
            return
        }
        files.append(path)
        let groups = [
            persisted.mysql_server, persisted.mysql_dynamic_parse_early_variables, persisted.mysql_dynamic_variables,
            persisted.mysql_static_variables,
        ]
        for (name, entry) in groups.compactMap({ $0 }).joined() where Self.allowed[name] != nil {
            if let value = entry.Value { values[name, default: []].append(Claim(value, source: "\(path) \(name)")) }
        }
    }
}

extension MySQLFamily {
    /// Whether the server reads the group `[group]`.
    func reads(group: String, suffix: String) -> Bool {
        let names = suffix.isEmpty ? groups : groups + groups.map { $0 + suffix }
        return names.contains(group)
            || versionedGroups.contains {
                group.hasPrefix($0 + "-") && group.dropFirst($0.count + 1).first?.isNumber == true
            }
    }
}
