import HostView
import Report

/// A mongod data directory: storage.bson, the WiredTiger files, and the diagnostics that tell the version.
struct MongoDBDirectory {
    let path: String
    let root: HostRoot
    let names: Set<String>

    private static let marks = ["storage.bson", "mongod.lock", "_mdb_catalog.wt", "diagnostic.data"]

    /// The first of `claims` that is a data directory of mongod.
    static func first(
        of claims: [Claim], _ root: HostRoot?, _ host: ScanContext, server: ServerProcess? = nil
    ) -> DirectorySearch<MongoDBDirectory> {
        DirectorySearch.first(of: claims, root, host, server: server) { (path, root) throws(HostError) in
            let names = try host.names(path, in: root, marks: Self.marks)
            // A WiredTiger directory alone may be any program's; mongod's own files make it MongoDB's.
            let isOurs = !names.isDisjoint(with: Self.marks)
            return isOurs ? MongoDBDirectory(path: path, root: root, names: names) : nil
        }
    }

    /// Fills in everything that the files tell.
    /// - Returns: what the diagnostics say of the version.
    func describe(_ draft: Draft, startedAt: Int64? = nil) -> VersionSources {
        draft.setDirectory(path)
        addEngine(draft)
        guard names.contains("diagnostic.data"),
            let diagnostics = MongoDBDiagnostics.newest(in: Path.join(path, "diagnostic.data"), root, draft.host)
        else { return VersionSources() }
        if diagnostics.isPercona { draft.setVendor("percona", source: diagnostics.source + " psmdbVersion") }
        let claims = [diagnostics.version].compactMap { $0 }
        if let startedAt { addRole(draft, startedAt: startedAt, diagnostics) }
        // A server needs a second or so before it writes its first; what lies there before is an earlier run's.
        let isLive = startedAt.map { (diagnostics.writtenAt ?? 0) >= $0 } ?? false
        return VersionSources(live: isLive ? claims : [], files: isLive ? [] : claims)
    }

    /// storage.bson: `{storage: {engine: "wiredTiger", options: {directoryPerDB: …}}}` (storage_engine_metadata.cpp).
    private func addEngine(_ draft: Draft) {
        let host = draft.host
        let file = Path.join(path, "storage.bson")
        guard names.contains("storage.bson"), let bytes = host.bytes(file, in: root, limit: 64 << 10) else { return }
        guard let document = BSONDocument(bytes[...]) else {
            host.log.add(.malformed, file, "not a BSON document", partial: false)
            return
        }
        if let engine = document.string("storage", "engine") {
            let type = MongoDBSettings.allowed["storage.engine"] ?? .name
            draft.setting("storage_engine", [Claim(engine, source: file).fitting(type, host.log)])
        }
    }

    /// What a member of a replica set last said of its own state: every ten seconds or so.
    private func addRole(_ draft: Draft, startedAt: Int64, _ diagnostics: MongoDBDiagnostics) {
        let host = draft.host
        let interim = Path.join(path, "diagnostic.data/metrics.interim")
        for file in [interim, diagnostics.source] {
            guard let member = MongoDBMember.last(in: file, root, host), member.saidAt >= startedAt else { continue }
            if let claim = member.set.flatMap({
                Claim($0, source: file + " replSetGetStatus").fitting(.name, host.log)
            }) {
                draft.identify("replica_set", claim)
            }
            guard let role = member.role else { return }
            return draft.play(role, source: file + " replSetGetStatus")
        }
    }
}
