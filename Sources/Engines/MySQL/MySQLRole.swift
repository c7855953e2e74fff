import HostView
import Report

extension MySQLFamily {
    /// What options and files tell of the part that a server plays: one that is fed has a relay log, one that writes no
    /// binary log feeds nobody.
    func addRoleOfFiles(_ options: MySQLOptions, _ draft: Draft, _ directory: MySQLDirectory?) {
        let database = draft.database
        guard let directory, database.role == nil else { return }
        if let relay = options.claims("relay_log").first {
            let index = Path.join(directory.path, relay.value + ".index")
            if directory.root.exists(index) { return draft.play(.replica, source: index) }
        }
        guard options.isComplete, database.settings["log_bin"] == "off", database.settings["wsrep_on"] != "on",
            database.identity["replication_group"] == nil, database.identity["galera_cluster_uuid"] == nil
        else { return }
        draft.play(.standalone, source: "no relay log in \(directory.path), and no binary log")
    }

    /// What a running server tells beside its files; where it cannot be told, the evidence has the reason.
    func addRole(of server: ServerProcess, _ options: MySQLOptions, _ draft: Draft) {
        let database = draft.database
        guard database.role == nil else { return }
        func unknown(_ reason: String) { draft.note("role", "unknown", source: reason) }
        // Every member takes writes (Galera's manual, "How Certification-Based Replication Works").
        if database.settings["wsrep_on"] == "on" {
            return draft.play(.primary, source: "a member of a Galera cluster: all of them are primaries")
        }
        if let group = options.claims("group_replication_group_name").first {
            if let mode = options.flag("group_replication_single_primary_mode").first, mode.value == "off" {
                return draft.play(.primary, source: mode.source + ": every member is a primary")
            }
            return unknown("\(group.source): which member is the primary is known only in the servers' memory")
        }
        if let log = sentLog(server, options) {
            return draft.play(
                .primary,
                source:
                    "/proc/\(server.process.pid)/fd: \(log) is open for reading, as it is while a replica is fed")
        }
        guard server.open != nil else { return unknown("the server's open files are not visible to the agent") }
        unknown("it writes, or may write, a binary log, and no replica is connected now")
    }

    /// A binary log that the server reads: the thread that feeds a replica has it open for as long as the replica is
    /// connected (sql/rpl_binlog_sender.cc, open_binlog_file). A server reads its relay logs too, which have other
    /// names.
    private func sentLog(_ server: ServerProcess, _ options: MySQLOptions) -> String? {
        let relay = options.claims("relay_log").first.map { Path.name(of: $0.value) }
        return server.logsBeingSent.first { path in
            let name = Path.name(of: path)
            let base = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
            return base != relay && !base.contains("relay")
        }
    }
}
