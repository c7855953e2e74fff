import HostView
import Report

/// A PostgreSQL data directory: PG_VERSION, pg_control, postmaster.pid, tablespaces.
struct PostgreSQLDirectory {
    let path: String
    let root: HostRoot
    /// `PG_VERSION`: `15`, or `9.6`.
    let major: String

    /// The first of `claims` that holds a `PG_VERSION` and a `global` directory.
    static func first(
        of claims: [Claim], _ root: HostRoot?, _ host: ScanContext, server: ServerProcess? = nil
    ) -> DirectorySearch<PostgreSQLDirectory> {
        DirectorySearch.first(of: claims, root, host, server: server) { (path, root) throws(HostError) in
            let text = try root.read(Path.join(path, "PG_VERSION"), limit: 64).text
            let line = text.split(whereSeparator: \.isNewline).first.map(String.init)
            guard let major = line.flatMap(PostgreSQL.major(of:)), root.exists(Path.join(path, "global")) else {
                return nil
            }
            return PostgreSQLDirectory(path: path, root: root, major: major)
        }
    }

    /// What the files say of the version: the major one alone.
    var versionSources: VersionSources {
        let claim = VersionClaim(major, parts: 99, source: Path.join(path, "PG_VERSION"))
        return VersionSources(files: [claim].compactMap { $0 }, major: major)
    }

    /// Fills in everything that the files tell but the version.
    func describe(_ draft: Draft) {
        let host = draft.host
        draft.setDirectory(path)
        let controlFile = Path.join(path, "global/pg_control")
        if let bytes = host.bytes(controlFile, in: root, at: 0, count: PgControl.size) {
            if let control = PgControl(bytes) {
                describe(control, draft, source: controlFile)
            } else {
                host.log.add(.malformed, controlFile, "not a pg_control file of this machine's byte order")
            }
        }
        addRole(draft)
        addTablespaces(draft)
    }

    private func describe(_ control: PgControl, _ draft: Draft, source: String) {
        draft.identify("system_identifier", Claim(String(control.systemIdentifier), source: source))
        if let major = control.major {
            draft.note("version", major, source: source + " catalog \(control.catalogVersion)")
            if major != self.major {
                draft.host.log.add(
                    .malformed, source, "belongs to PostgreSQL \(major), but PG_VERSION says \(self.major)")
            }
        }
        if control.state == .archiveRecovery { draft.note("role", "replica", source: source + " state 5") }
        draft.database.role = control.state == .archiveRecovery ? .replica : nil
    }

    /// A standby has its signal file. A server with replication slots has, or had, somebody to feed.
    private func addRole(_ draft: Draft) {
        for name in ["standby.signal", "recovery.conf"] where root.exists(Path.join(path, name)) {
            draft.play(.replica, source: Path.join(path, name))
        }
        guard draft.database.role == nil else { return }
        let slots = Path.join(path, "pg_replslot")
        if let slot = draft.host.list(slots, in: root).first(where: { $0.kind == .directory }) {
            draft.play(.primary, source: Path.join(slots, slot.name))
        } else {
            draft.play(.standalone, source: "no standby.signal, no replication slot in \(slots), no walsender")
        }
    }

    /// A server that sends its log to somebody is a primary, or a standby that feeds another.
    func addSenders(_ draft: Draft, _ pids: [Int32]) {
        guard let pid = pids.first else { return }
        draft.play(
            draft.database.role == .replica ? .replica : .primary, source: "/proc/\(pid)/cmdline: walsender")
    }

    /// Links that lead out of the data directory: the WAL's and the tablespaces'.
    private func addTablespaces(_ draft: Draft) {
        let host = draft.host
        for name in ["pg_wal", "pg_xlog"] {
            let link = Path.join(path, name)
            if let target = try? root.link(link) { draft.addDirectory(target, .wal, source: link) }
        }
        let links = Path.join(path, "pg_tblspc")
        let entries = host.list(links, in: root)
        if entries.count > EvidenceLimits.entries {
            host.log.add(
                .reportLimit, links, "only \(EvidenceLimits.entries) of \(entries.count) tablespaces are reported")
        }
        for entry in entries.prefix(EvidenceLimits.entries) {
            let link = Path.join(links, entry.name)
            guard (try? root.link(link)) != nil else { continue }
            // A location may be shared: each major version and catalog has a directory of its own there.
            for own in host.glob(link + "/PG_\(major)_*", in: root) {
                draft.addDirectory(own, .tablespace, source: link)
            }
        }
    }

    /// postmaster.pid: pid, data directory, start, port, first socket directory, first address, key, status
    /// (miscinit.c).
    func addPostmaster(_ draft: Draft, pid: Int32) {
        let host = draft.host
        let file = Path.join(path, "postmaster.pid")
        guard let text = host.text(file, in: root, limit: 4096) else { return }
        let lines = text.allLines.map {
            $0.split(separator: " ").joined(separator: " ")
        }
        guard let owner = lines.first.flatMap({ Int32($0) }) else {
            host.log.add(.malformed, file, "its first line is not a pid")
            return
        }
        guard owner == pid else {
            draft.add(
                .dataDirectoryConflict, "postmaster.pid names pid \(owner), but pid \(pid) uses \(path)", partial: true)
            return
        }
        if lines.count > 3, UInt16(lines[3]) != nil { draft.setting("port", [Claim(lines[3], source: file)]) }
        let states: Set<String> = ["starting", "ready", "standby", "stopping"]
        if lines.count > 7, !lines[7].isEmpty,
            let state = Claim(lines[7], source: file).fitting(.word(states), host.log)
        {
            draft.note("state", state.value, source: file)
            if state.value == "standby" { draft.database.role = .replica }
        }
    }
}
