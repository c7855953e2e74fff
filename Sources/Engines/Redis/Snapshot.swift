import HostView

/// The head of a snapshot (rdb.c, rdbSaveInfoAuxFields): `REDIS0011`, then auxiliary entries, each the byte FA, a name
/// and a value.
struct Snapshot {
    /// Where it lies.
    var source: String
    /// What the server wrote of itself.
    var entries: [String: String]

    /// Bytes that are looked at: some ten short entries.
    private static let headSize = 1024
    /// The most snapshots of one directory that are compared.
    private static let fileLimit = 16
    /// The longest name or value.
    private static let textLimit = 64

    /// When it was written, in seconds since 1970; 0 where it does not tell.
    var writtenAt: Int64 { entries["ctime"].flatMap { Int64($0) } ?? 0 }

    /// The snapshot of a directory that was written last; the base of an append-only file is one too.
    static func newest(in directory: EngineDirectory, _ host: ScanContext) -> Snapshot? {
        let files = [directory.path, directory.path(of: "appendonlydir")].flatMap { place in
            EngineDirectory.names(place, directory.root, host).filter { $0.hasSuffix(".rdb") }.map {
                Path.join(place, $0)
            }
        }
        let snapshots = files.prefix(fileLimit).compactMap { file in
            (try? directory.root.read(file, at: 0, count: headSize)).flatMap(entries).map {
                Snapshot(source: file, entries: $0)
            }
        }
        return snapshots.max { $0.writtenAt < $1.writtenAt }
    }

    /// The auxiliary entries at the beginning; nil when it is no snapshot.
    static func entries(_ bytes: [UInt8]) -> [String: String]? {
        guard bytes.count > 9, [Array("REDIS".utf8), Array("VALKE".utf8)].contains(Array(bytes[..<5])) else {
            return nil
        }
        var reader = Reader(bytes: bytes, position: 9)
        var entries: [String: String] = [:]
        while reader.byte() == 0xFA, let name = reader.text(), let value = reader.text() { entries[name] = value }
        return entries
    }

    private struct Reader {
        let bytes: [UInt8]
        var position: Int

        mutating func byte() -> UInt8? {
            guard position < bytes.count else { return nil }
            defer { position += 1 }
            return bytes[position]
        }

        /// A string with its length before it in 6 or 14 bits, or a small number (rdb.h, RDB_ENC_INT8 to INT32).
        mutating func text() -> String? {
            guard let first = byte() else { return nil }
            switch first >> 6 {
            case 0: return string(Int(first & 0x3F))
            case 1: return byte().flatMap { string(Int(first & 0x3F) << 8 | Int($0)) }
            case 3 where first & 0x3F < 3:
                let size = 1 << Int(first & 0x3F)
                guard position + size <= bytes.count else { return nil }
                let number = bytes[position..<position + size].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                position += size
                return String(number)
            default: return nil
            }
        }

        private mutating func string(_ count: Int) -> String? {
            guard count <= textLimit, position + count <= bytes.count else { return nil }
            defer { position += count }
            return String(decoding: bytes[position..<position + count], as: UTF8.self)
        }
    }
}
