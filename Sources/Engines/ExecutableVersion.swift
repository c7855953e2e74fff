import HostView

/// Version strings in a running server's executable, read and never run.
enum ExecutableVersion {
    private static let chunk = 1 << 20
    private static let overlap = 64
    private static let limit: Int64 = 64 << 20

    /// The first `PostgreSQL <number>` that stands alone in the executable: after a NUL or a bar.
    static func postgreSQL(_ server: Server, _ host: Host) -> VersionClaim? {
        let pid = server.process.pid
        let marker = Array("PostgreSQL ".utf8)
        do throws(HostError) {
            guard let file = try host.proc.executable(pid) else {
                guard let path = server.process.executable, !server.process.executableDeleted else { return nil }
                return try search(marker, source: path) { (offset) throws(HostError) in
                    (try? host.root.read(path, at: offset, count: chunk)) ?? []
                }
            }
            return try search(marker, source: "/proc/\(pid)/exe") { (offset) throws(HostError) in
                try file.read(at: offset, count: chunk)
            }
        } catch {
            host.log.add(error)
            return nil
        }
    }

    private static func search(
        _ marker: [UInt8], source: String, read: (Int64) throws(HostError) -> [UInt8]
    ) throws(HostError) -> VersionClaim? {
        var offset: Int64 = 0
        while offset < limit {
            let bytes = try read(offset)
            if let number = number(after: marker, in: bytes) {
                return VersionClaim(number, parts: 2, source: source)
            }
            guard bytes.count == chunk else { return nil }
            offset += Int64(chunk - overlap)
        }
        throw HostError(operation: "search", path: source, errno: .tooLarge)
    }

    /// The version number behind `marker`, where the marker stands after a NUL or `|`.
    static func number(after marker: [UInt8], in bytes: [UInt8]) -> String? {
        let marks: Set<UInt8> = [0, UInt8(ascii: "|")]
        for start in ByteSearch.positions(of: marker, in: bytes) where start > 0 && marks.contains(bytes[start - 1]) {
            let rest = bytes[(start + marker.count)...].prefix(overlap)
            let digits = rest.prefix { ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") }
            if digits.contains(UInt8(ascii: ".")), digits.count < rest.count, digits.last != UInt8(ascii: ".") {
                return String(decoding: digits, as: UTF8.self)
            }
        }
        return nil
    }
}
