import CLinux
import Glibc

/// A name in a directory.
public struct DirectoryEntry: Sendable, Equatable {
    /// What the directory itself says of the name's kind; `unknown` on file systems that do not say.
    public enum Kind: Sendable { case regular, directory, link, other, unknown }

    /// The name, without its directory.
    public var name: String
    /// What the directory says it is.
    public var kind: Kind

    /// The names in an open directory, sorted, at most `limit`.
    ///
    /// - Parameter path: what the directory is called in a shortfall.
    static func all(
        of directory: borrowing Descriptor, limit: Int, _ path: String
    ) throws(Reason) -> Bounded<[DirectoryEntry]> {
        var entries: [DirectoryEntry] = []
        var isCut = false
        var failure: Reason?
        withUnsafeTemporaryAllocation(byteCount: 32 << 10, alignment: 8) { buffer in
            while !isCut {
                let count = clinux_getdents64(directory.number, buffer.baseAddress, buffer.count)
                if count < 0 { failure = .last }
                if count <= 0 { return }
                forEachRecord(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { name, kind in
                    if entries.count >= limit {
                        isCut = true
                    } else {
                        entries.append(DirectoryEntry(name: String(cString: name), kind: Kind(kind)))
                    }
                    return !isCut
                }
            }
        }
        if let failure { throw failure }
        return Bounded(
            entries.sorted { $0.name < $1.name },
            shortfalls: isCut ? [HostError(operation: "list", path: path, reason: .tooLarge)] : [])
    }

    /// Calls `body` with each name that getdents64(2) put into `buffer`, `.` and `..` left out, until it says false.
    @inline(__always)
    static func forEachRecord(_ buffer: UnsafeRawBufferPointer, _ body: (UnsafePointer<CChar>, UInt8) -> Bool) {
        var offset = 0
        while offset + CLINUX_DIRENT_NAME < buffer.count, let base = buffer.baseAddress {
            let record = base.advanced(by: offset)
            offset += Int(
                record.loadUnaligned(fromByteOffset: CLINUX_DIRENT_RECLEN, as: UInt16.self))
            let kind = record.load(fromByteOffset: CLINUX_DIRENT_TYPE, as: UInt8.self)
            let name = record.advanced(by: CLINUX_DIRENT_NAME).assumingMemoryBound(to: CChar.self)
            if name[0] == 0x2E, name[1] == 0 || (name[1] == 0x2E && name[2] == 0) { continue }
            if !body(name, kind) { return }
        }
    }
}

extension DirectoryEntry.Kind {
    init(_ raw: UInt8) {
        switch raw {
        case CLINUX_DT_REG: self = .regular
        case CLINUX_DT_DIR: self = .directory
        case CLINUX_DT_LNK: self = .link
        case CLINUX_DT_UNKNOWN: self = .unknown
        default: self = .other
        }
    }
}
