import HostView
import Report

/// What mongod's full-time diagnostic data capture says of itself (docs: diagnostic.data; src/mongo/db/ftdc).
struct MongoDBDiagnostics {
    static let headLimit = 256 << 10

    var version: VersionClaim?
    var isPercona: Bool
    /// When the server said so, in seconds since 1970.
    var writtenAt: Int64?
    var source: String

    /// The first document of the newest metrics file: plain BSON of type 0 with what the server said at its start.
    static func newest(in directory: String, _ root: HostRoot, _ host: ScanContext) -> MongoDBDiagnostics? {
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

/// A member of a replica set by its own words: `replSetGetStatus` in the chunks that the diagnostics consist of.
///
/// A chunk is `{_id: <date>, type: 1, data: <binary>}`: 4 bytes of length, then zlib; inflated it begins with a whole
/// document, the first sample of the chunk (src/mongo/db/ftdc/README.md).
struct MongoDBMember {
    private static let fileLimit = 16 << 20
    private static let sampleLimit = 8 << 20
    private static let chunkLimit = 10_000

    /// The replica set's name.
    var set: String?
    /// The part it plays; nil for a state that is none of the report's.
    var role: Report.Database.Role?
    /// When it said so, in seconds since 1970.
    var saidAt: Int64

    /// What the last chunk of `file` says; nil when there is none, or the server is no member.
    static func last(in file: String, _ root: HostRoot, _ host: ScanContext) -> MongoDBMember? {
        guard let bytes = host.bytes(file, in: root, limit: fileLimit) else { return nil }
        var rest = bytes[...]
        var last: BSONDocument?
        for _ in 0..<chunkLimit {
            guard let document = BSONDocument(rest) else { break }
            if document.integer(["type"]) == 1 { last = document }
            rest = rest.dropFirst(document.size)
        }
        if rest.count > 4, BSONDocument(rest) != nil {
            host.log.add(.fileTooLarge, file, "only its first \(chunkLimit) chunks were read", partial: false)
        }
        guard let last, let data = last.binary(["data"]), let date = last.date(["_id"]) else { return nil }
        guard let inflated = try? Gzip.inflateZlib(data.dropFirst(4), limit: sampleLimit),
            let sample = BSONDocument(inflated[...])
        else {
            host.log.add(.malformed, file, "holds a chunk that does not inflate to a document", partial: false)
            return nil
        }
        return parse(sample, saidAt: date / 1000)
    }

    static func parse(_ sample: BSONDocument, saidAt: Int64) -> MongoDBMember? {
        for place in [[], ["common"], ["shard"]] {
            guard let state = sample.integer(place + ["replSetGetStatus", "myState"]) else { continue }
            return MongoDBMember(
                set: sample.string(place + ["replSetGetStatus", "set"]), role: roles[state], saidAt: saidAt)
        }
        return nil
    }

    /// "Replica Set Member States": primary, secondary, recovering, startup2, arbiter, rollback.
    private static let roles: [Int64: Report.Database.Role] = [
        1: .primary, 2: .replica, 3: .replica, 5: .replica, 7: .arbiter, 9: .replica,
    ]
}
