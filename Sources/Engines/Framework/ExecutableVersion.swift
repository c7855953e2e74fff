import HostView

/// How an engine's version stands among the strings of its executable.
public struct VersionMark: Sendable {
    let bytes: [UInt8]
    let isBefore: Bool
    /// Who builds executables with this mark, where it tells.
    let vendor: String?

    /// The number follows at once behind `text`, as in `\0MySQL 8.0.36`.
    static func after(_ text: String, vendor: String? = nil) -> VersionMark {
        VersionMark(bytes: Array(text.utf8), isBefore: false, vendor: vendor)
    }

    /// The number is a string of its own, right before `text`, as in `\06.0.5\0tcmalloc`.
    static func before(_ text: String) -> VersionMark {
        VersionMark(bytes: Array(text.utf8), isBefore: true, vendor: nil)
    }
}

/// Version strings in an executable, read and never run: of a running server the very file that runs, even when it was
/// replaced.
public enum ExecutableVersion {
    private static let chunk = 1 << 20
    private static let overlap = 128
    /// The most bytes that are looked through; mongod's read-only data is some 10 MB, mysqld's 14.
    private static let limit: Int64 = 256 << 20

    /// What a search gave.
    public enum Answer: Sendable {
        /// Its version, and who builds it where the mark tells.
        case found(VersionClaim, vendor: String?)
        /// The whole executable was looked through, and no such engine speaks of itself there.
        case absent
        /// It could not be read, or not to its end.
        case unknown
    }

    /// Looks through the executable of a running server.
    static func read(_ server: ServerProcess, _ engine: any Engine, _ host: ScanContext) -> Answer {
        do throws(HostError) {
            if let file = server.program { return try search(file, engine, host) }
        } catch {
            host.log.add(error)
            return .unknown
        }
        // Below a root without a kernel, the file that the process table names.
        guard !server.process.executableDeleted, let root = server.root,
            let path = server.process.executable.flatMap(server.inside)
        else { return .unknown }
        return read(path, root, engine, host)
    }

    /// Looks through the executable at `path`.
    static func read(_ path: String, _ root: HostRoot, _ engine: any Engine, _ host: ScanContext) -> Answer {
        do throws(HostError) { return try search(try root.open(path, deadline: host.deadline), engine, host) } catch {
            host.log.add(error)
            return .unknown
        }
    }

    private static func search(_ file: OpenFile, _ engine: any Engine, _ host: ScanContext) throws(HostError) -> Answer
    {
        guard !engine.profile.versionMarks.isEmpty else { return .unknown }
        var found: [Int: String] = [:]
        var left = limit
        let parts = try ELF.readOnlyData(file)
        guard !parts.isEmpty else { return .unknown }  // of another machine, or no program at all
        for part in parts {
            var offset = part.offset
            let end = part.offset + part.size
            while offset < end {
                guard left > 0 else { throw HostError(operation: "search", path: file.path, reason: .tooLarge) }
                let bytes = try file.read(at: offset, count: Int(min(Int64(chunk), end - offset)))
                for (rank, mark) in engine.profile.versionMarks.enumerated() where found[rank] == nil {
                    found[rank] = text(mark, in: bytes)
                }
                if found[0] != nil { break }
                guard bytes.count > overlap else { break }
                offset += Int64(bytes.count - (offset + Int64(bytes.count) < end ? overlap : 0))
                left -= Int64(bytes.count)
            }
        }
        for (rank, mark) in engine.profile.versionMarks.enumerated() {
            if let text = found[rank],
                let claim = VersionClaim(text, parts: engine.profile.versionParts, source: file.path)
            {
                return .found(claim, vendor: mark.vendor)
            }
        }
        return .absent
    }

    /// The first version at a place that `mark` marks: a number with a dot in it, and what belongs to it up to the end
    /// of the word.
    static func text(_ mark: VersionMark, in bytes: [UInt8]) -> String? {
        for position in ByteSearch.positions(of: mark.bytes, in: bytes) {
            let word: ArraySlice<UInt8>
            if mark.isBefore {
                var before = bytes[max(0, position - overlap)..<position]
                while before.last == 0 { before.removeLast() }  // strings are aligned with more than one
                guard let start = before.lastIndex(of: 0) else { continue }
                word = before[(start + 1)...]
            } else {
                let rest = bytes[(position + mark.bytes.count)...].prefix(overlap)
                word = rest.prefix { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
                guard word.count < rest.count else { continue }  // cut by the chunk: the next one holds it whole
            }
            let digits = word.prefix { ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") }
            if digits.contains(UInt8(ascii: ".")), digits.last != UInt8(ascii: "."), digits.first != UInt8(ascii: "."),
                !mark.isBefore || digits.count == word.count
            {
                return String(decoding: word, as: UTF8.self)
            }
        }
        return nil
    }
}
