import HostView
import Report

extension MySQLFamily {

    /// Sets the allow-listed settings: what options say, or the manual's defaults where every option was read.
    func addSettings(_ options: MySQLOptions, _ draft: Draft, _ directory: MySQLDirectory?) {
        let silent = options.flag("skip_networking").filter { $0.value == "on" }.map { Claim("0", source: $0.source) }
        draft.setting("port", silent + options.claims("port") + options.defaultClaims("3306"))
        draft.setting("bind", options.claims("bind_address") + options.defaultClaims("*"))
        draft.setting("max_connections", options.claims("max_connections") + options.defaultClaims("151"))
        for name in ["server_id", "mysqlx_port", "admin_port", "socket"] {
            draft.setting(name, options.claims(name))
        }
        draft.setting("log_destination", options.claims("log_error") + options.defaultClaims("stderr"))
        draft.setting(
            "read_only", options.flag("super_read_only").filter { $0.value == "on" } + options.flag("read_only"))
        // XtraDB Cluster turns it on by itself: a provider is enough.
        let provider = options.claims("wsrep_provider").filter { $0.value.lowercased() != "none" && !$0.value.isEmpty }
        draft.setting("wsrep_on", options.flag("wsrep_on") + provider.map { Claim("on", source: $0.source) })
        let open = options.flag("skip_grant_tables").filter { $0.value == "on" }.map {
            Claim("disabled", source: $0.source)
        }
        draft.setting("authentication", open + options.defaultClaims("enabled"))
        draft.setting("log_bin", binaryLog(options, draft.database.version))
        draft.setting("tls", tls(options, directory, draft.database.version))
        if let cluster = options.claims("wsrep_cluster_name").first, draft.database.settings["wsrep_on"] == "on" {
            draft.identify("galera_cluster", cluster)
        }
        if let group = options.claims("group_replication_group_name").first {
            draft.identify("replication_group", group)
        }
        addRoleOfFiles(options, draft, directory)
        addOutside(options, draft)
    }

    /// `on` with a base name or without, `off`; MySQL writes a binary log by default since 8.0, MariaDB does not.
    private func binaryLog(_ options: MySQLOptions, _ version: String?) -> [Claim] {
        // A base name may be anything, `OFF` too: only `skip-log-bin` and `disable-log-bin` turn it off.
        let said = options.claims("log_bin").map {
            Claim($0.value == MySQLOptions.turnedOff ? "off" : "on", source: $0.source)
        }
        guard let version = version.flatMap({ Version($0) }), let eight = Version("8.0") else { return said }
        return said + options.defaultClaims(isMySQL && version >= eight ? "on" : "off")
    }

    /// A certificate in the options, or the ones that MySQL makes for itself beside its data since 5.7; MariaDB since
    /// 11.4 keeps its own in memory.
    private func tls(_ options: MySQLOptions, _ directory: MySQLDirectory?, _ version: String?) -> [Claim] {
        let off = options.flag("ssl").filter { $0.value == "off" }
        let named = options.claims("ssl_cert").map { Claim("on", source: $0.source) }
        guard let directory, let version = version.flatMap({ Version($0) }) else { return off + named }
        if isMySQL {
            let made = directory.names.isSuperset(of: ["ca.pem", "server-cert.pem", "server-key.pem"])
            let file = Claim("on", source: Path.join(directory.path, "server-cert.pem"))
            return off + named + (made ? [file] : options.defaultClaims("off"))
        }
        guard let first = Version("11.4") else { return [] }
        return off + named + options.defaultClaims(version >= first ? "on" : "off")
    }
}
