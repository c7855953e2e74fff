import HostView
import Report

/// A MySQL or MariaDB data directory: what its files tell of version, identity and role.
struct MySQLDirectory {
    let path: String
    let root: HostRoot
    let names: Set<String>

    /// Aria's control file or a multi-source list is MariaDB's alone; a server uuid or the dictionary tablespace
    /// MySQL's.
    var isMariaDB: Bool {
        names.contains("aria_log_control") || names.contains("multi-master.info")
            || names.contains("mariadb_upgrade_info")
    }

    /// The names that anything is concluded from, but for numbered logs.
    private static let marks = [
        "ibdata1", "mysql.ibd", "mysql", "aria_log_control", "auto.cnf", "performance_schema", "multi-master.info",
        "mariadb_upgrade_info", "mysql_upgrade_info", "mysql_upgrade_history", "grastate.dat", "ib_logfile0",
        "#innodb_redo",
        "master.info", "relay-log.info",
    ]

    /// The first of `claims` that is a data directory.
    static func first(
        of claims: [Claim], _ root: HostRoot?, _ host: ScanContext, server: ServerProcess? = nil
    ) -> DirectorySearch<MySQLDirectory> {
        DirectorySearch.first(of: claims, root, host, server: server) { (path, root) throws(HostError) in
            let names = try host.names(path, in: root, marks: Self.marks)
            return isDataDirectory(names) ? MySQLDirectory(path: path, root: root, names: names) : nil
        }
    }

    /// The system tablespace, or the `mysql` schema with one of the marks that only a data directory has.
    private static func isDataDirectory(_ names: Set<String>) -> Bool {
        if names.contains("ibdata1") || names.contains("mysql.ibd") { return true }
        return names.contains("mysql")
            && !names.isDisjoint(with: ["aria_log_control", "auto.cnf", "performance_schema"])
    }

    /// Fills in everything that the files tell but the version.
    func describe(_ draft: Draft) {
        draft.setDirectory(path)
        for mark in ["aria_log_control", "auto.cnf", "mysql.ibd"] where names.contains(mark) {
            draft.note("engine", draft.engine.id, source: Path.join(path, mark))
        }
        if draft.database.vendor == nil, isMariaDB { draft.setVendor("mariadb", source: path) }
        addIdentity(draft)
        addRole(draft)
    }

    private func addIdentity(_ draft: Draft) {
        let host = draft.host
        let file = Path.join(path, "auto.cnf")
        guard names.contains("auto.cnf"), let text = host.text(file, in: root) else { return }
        for case .option(_, "server-uuid", let uuid) in OptionFiles.parse(text) where !uuid.isEmpty {
            if let claim = Claim(uuid, source: file).fitting(.uuid, host.log) {
                draft.identify("server_uuid", claim)
            }
        }
    }

    /// grastate.dat: `uuid:    <the cluster's>`, the same on every member; all zeros before it joined one.
    private func addGalera(_ draft: Draft) {
        let host = draft.host
        let file = Path.join(path, "grastate.dat")
        guard names.contains("grastate.dat"), let text = host.text(file, in: root, limit: 4096) else { return }
        for line in ConfigurationLines.significant(in: text) {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count > 1, words[0] == "uuid:", words[1].contains(where: { $0 != "0" && $0 != "-" }) {
                if let claim = Claim(String(words[1]), source: file).fitting(.uuid, host.log) {
                    draft.identify("galera_cluster_uuid", claim)
                }
            }
        }
    }

    /// Only presence and size of the files count: `master.info` holds a password in plain text and is never read.
    private func addRole(_ draft: Draft) {
        let marks = names.sorted().filter { name in
            if name == "master.info" || name == "relay-log.info" || name == "multi-master.info" {
                return ((try? root.status(Path.join(path, name)))?.size ?? 0) > 0
            }
            // A channel's name may stand before the suffix; Group Replication's own channels are no replica's.
            return name.contains("relay-bin") && name.hasSuffix(".index") && !name.contains("group_replication")
        }
        for mark in marks { draft.note("role", "replica", source: Path.join(path, mark)) }
        if !marks.isEmpty { draft.database.role = .replica }
        addGalera(draft)
    }
}
