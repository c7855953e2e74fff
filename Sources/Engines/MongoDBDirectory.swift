import HostView
import Report

/// A mongod data directory: storage.bson, the WiredTiger files, and the diagnostics that tell the version.
struct MongoDBDirectory {
    let path: String
    let root: HostRoot
    let names: Set<String>

    /// The first of `claims` that is a data directory of mongod.
    static func first(of claims: [Claim], _ root: HostRoot?, _ host: Host) -> DirectorySearch<MongoDBDirectory> {
        DirectorySearch.first(of: claims, root, host) { (path, root) throws(HostError) in
            let names = try host.names(path, in: root)
            // A WiredTiger directory alone may be any program's; mongod's own files make it MongoDB's.
            let isOurs = !names.isDisjoint(with: ["storage.bson", "mongod.lock", "_mdb_catalog.wt", "diagnostic.data"])
            return isOurs ? MongoDBDirectory(path: path, root: root, names: names) : nil
        }
    }

    /// Fills in everything that the files tell.
    /// - Returns: what the diagnostics say of the version.
    func describe(_ database: inout Report.Database, startedAt: Int64? = nil, _ host: Host) -> VersionSources {
        database.dataDirectories = [Report.DataDirectory(path: path, hostPath: nil, purpose: .data)]
        addEngine(&database, host)
        guard names.contains("diagnostic.data"),
            let diagnostics = MongoDBDiagnostics.newest(in: Path.join(path, "diagnostic.data"), root, host)
        else { return VersionSources() }
        if diagnostics.isPercona {
            database.vendor = "percona"
            database.note("vendor", "percona", source: diagnostics.source + " psmdbVersion")
        }
        let claims = [diagnostics.version].compactMap { $0 }
        // A server needs a second or so before it writes its first; what lies there before is an earlier run's.
        let isLive = startedAt.map { (diagnostics.writtenAt ?? 0) >= $0 } ?? false
        return VersionSources(live: isLive ? claims : [], files: isLive ? [] : claims)
    }

    /// storage.bson: `{storage: {engine: "wiredTiger", options: {directoryPerDB: …}}}` (storage_engine_metadata.cpp).
    private func addEngine(_ database: inout Report.Database, _ host: Host) {
        let file = Path.join(path, "storage.bson")
        guard names.contains("storage.bson"), let bytes = host.bytes(file, in: root, limit: 64 << 10) else { return }
        guard let document = BSONDocument(bytes[...]) else {
            host.log.add(.malformed, file, "not a BSON document", partial: false)
            return
        }
        if let engine = document.string("storage", "engine") {
            database.setting("storage_engine", [Claim(engine, source: file)])
        }
    }
}

/// What mongod's full-time diagnostic data capture says of itself (docs: diagnostic.data; src/mongo/db/ftdc).
struct MongoDBDiagnostics {
    static let headLimit = 256 << 10

    var version: VersionClaim?
    var isPercona: Bool
    /// When the server said so, in seconds since 1970.
    var writtenAt: Int64?
    var source: String

    /// The first document of the newest metrics file: plain BSON of type 0 with what the server said at its start.
    static func newest(in directory: String, _ root: HostRoot, _ host: Host) -> MongoDBDiagnostics? {
        let names = host.list(directory, in: root).map(\.name)
        for name in names.filter({ $0.hasPrefix("metrics.2") }).sorted().reversed().prefix(3) {
            let file = Path.join(directory, name)
            guard let bytes = try? root.read(file, limit: headLimit).bytes, !bytes.isEmpty else { continue }
            guard let document = BSONDocument(bytes[...]), let parsed = parse(document, source: file) else {
                host.log.add(.malformed, file, "does not begin with the document that mongod writes", partial: false)
                continue
            }
            return parsed
        }
        return nil
    }

    static func parse(_ document: BSONDocument, source: String) -> MongoDBDiagnostics? {
        // 8.0 nests what it says under the part of the server that says it.
        for place in [[], ["common"], ["shard"], ["router"]] {
            if let version = document.string(["doc"] + place + ["buildInfo", "version"]) {
                return MongoDBDiagnostics(
                    version: VersionClaim(version, parts: 3, source: source + " buildInfo"),
                    isPercona: document.string(["doc"] + place + ["buildInfo", "psmdbVersion"]) != nil,
                    writtenAt: document.date(["_id"]).map { $0 / 1000 }, source: source)
            }
        }
        return nil
    }
}
