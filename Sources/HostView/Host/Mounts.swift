import CLinux
import Glibc

/// `/proc/<pid>/mountinfo` (proc(5)): what is mounted where, as one process sees it.
///
/// It is kept as the kernel wrote it, and looked through when somebody asks: a namespace may have a hundred thousand
/// mounts (fs.mount-max).
public struct Mounts: Sendable {
    /// One line.
    public struct Mount: Sendable, Equatable {
        /// The file system's device, such as `259:1`.
        public var device: String
        /// The directory within the file system that is mounted.
        public var root: String
        /// Where it is mounted.
        public var point: String
        /// Such as `ext4`.
        public var type: String
        /// Such as `/dev/nvme1n1`.
        public var source: String
        /// The mount's and the file system's options.
        public var options: String

        /// The writable layer of an overlay, as the one who mounted it saw it.
        public var upperDirectory: String? {
            guard type == "overlay",
                let option = options.split(separator: ",").first(where: { $0.hasPrefix("upperdir=/") })
            else { return nil }
            return String(option.dropFirst("upperdir=".count))
        }
    }

    /// The most paths that `paths` gives.
    public static let pathLimit = 4096

    private let bytes: [UInt8]

    /// The mounts that `text` tells of.
    init(_ text: [UInt8]) { bytes = text }

    /// Bytes that it keeps.
    public var weight: Int { bytes.count }

    /// Reads the mounts that `pid` sees; `self` stands for the agent.
    public static func read(_ pid: String, _ proc: ProcFS) throws(HostError) -> Bounded<Mounts> {
        try proc.read(pid + "/mountinfo").map { Mounts($0) }
    }

    /// A line's beginning, which is all that most questions need: device, root and mount point are its third to fifth
    /// word.
    private struct Line {
        let device, root, point: UnsafeRawBufferPointer
        let whole: UnsafeRawBufferPointer

        init?(_ line: UnsafeRawBufferPointer) {
            whole = line
            var rest = line
            func next() -> UnsafeRawBufferPointer? {
                guard let base = rest.baseAddress, let space = memchr(base, 0x20, rest.count) else { return nil }
                let word = UnsafeRawBufferPointer(rebasing: rest[..<(UnsafeRawPointer(space) - base)])
                rest = UnsafeRawBufferPointer(rebasing: rest[(word.count + 1)...])
                return word
            }
            guard next() != nil, next() != nil, let device = next(), let root = next(), let point = next() else {
                return nil
            }
            (self.device, self.root, self.point) = (device, root, point)
        }

        var mount: Mount? {
            let words = whole.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map {
                UnsafeRawBufferPointer(rebasing: $0)
            }
            // Optional fields stand between the sixth and the hyphen.
            guard words.count >= 10, let hyphen = words[6...].firstIndex(where: { $0.elementsEqual("-".utf8) }),
                hyphen + 3 < words.count
            else { return nil }
            return Mount(
                device: text(device), root: text(root), point: text(point), type: text(words[hyphen + 1]),
                source: text(words[hyphen + 2]), options: text(words[5]) + "," + text(words[hyphen + 3]))
        }
    }

    private func forEach(_ body: (Line) -> Void) {
        bytes.withUnsafeBytes { buffer in
            ByteSearch.forEachLine(in: buffer) { line in
                if let line = Line(line) { body(line) }
            }
        }
    }

    /// The mounts, in the kernel's order: a later one hides an earlier one at the same point.
    var mounts: [Mount] {
        var mounts: [Mount] = []
        forEach { if let mount = $0.mount { mounts.append(mount) } }
        return mounts
    }

    /// The paths that lead, by these mounts, to what `path` is by `other`'s: a bind mount's source, a volume, a
    /// container's root. At most `pathLimit`: whoever may mount may mount one thing very often.
    public func paths(to path: String, seenThrough other: Mounts) -> [String] {
        guard let mount = other.holding(path) else { return [] }
        let place = Self.join(mount.root, path.dropFirst(mount.point == "/" ? 0 : mount.point.count))
        let bytes = Array(place.utf8)
        var paths: [String] = []
        forEach { line in
            guard paths.count < Self.pathLimit, line.device.elementsEqual(mount.device.utf8),
                Self.isInside(bytes, line.root)
            else { return }
            let root = text(line.root)
            paths.append(Self.join(text(line.point), place.dropFirst(root == "/" ? 0 : root.count)))
        }
        // The layers of an overlay that is mounted elsewhere, as its maker saw them; the writable one holds what was
        // written.
        return paths + [mount.upperDirectory].compactMap { $0 }.map { Self.join($0, place[...]) }
    }

    /// The mount that holds the absolute `path`: the longest point that is a part of it, the last of equals.
    public func holding(_ path: String) -> Mount? {
        let path = Array(path.utf8)
        var best: Mount?
        var length = 0
        forEach { line in
            guard line.point.count >= length, Self.isInside(path, line.point), let mount = line.mount else { return }
            length = line.point.count
            best = mount
        }
        return best
    }

    private static func isInside(_ path: [UInt8], _ field: UnsafeRawBufferPointer) -> Bool {
        if field.contains(UInt8(ascii: "\\")) {
            let directory = unescape(field)
            return path.starts(with: directory) && endsThere(path, directory.count)
        }
        return path.starts(with: field) && endsThere(path, field.count)
    }

    /// A component of the path ends after so many bytes.
    private static func endsThere(_ path: [UInt8], _ count: Int) -> Bool {
        path.count == count || path[count] == UInt8(ascii: "/") || (count == 1 && path[0] == UInt8(ascii: "/"))
    }

    private static func join(_ directory: String, _ rest: Substring) -> String {
        let rest = rest.drop { $0 == "/" }
        return rest.isEmpty ? directory : (directory == "/" ? "" : directory) + "/" + rest
    }
}

private func text(_ field: UnsafeRawBufferPointer) -> String { String(decoding: unescape(field), as: UTF8.self) }

/// The kernel writes space, tab, newline and backslash as `\040`, `\011`, `\012`, `\134`.
private func unescape(_ field: UnsafeRawBufferPointer) -> [UInt8] {
    guard field.contains(UInt8(ascii: "\\")) else { return Array(field) }
    var bytes: [UInt8] = []
    var rest = field[...]
    while let byte = rest.popFirst() {
        let digits = rest.prefix(3)
        if byte == UInt8(ascii: "\\"), digits.count == 3,
            let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
        {
            bytes.append(value)
            rest = rest.dropFirst(3)
        } else {
            bytes.append(byte)
        }
    }
    return bytes
}

/// A file system's size (statvfs(3)), in bytes.
public struct Capacity: Sendable, Equatable {
    /// The whole size.
    public var total: Int64
    /// What an ordinary user can still write.
    public var available: Int64
}

extension HostRoot {
    /// The size of the file system that holds `path`.
    public func capacity(_ path: String) throws(HostError) -> Capacity {
        let directory = try openDirectory(path, followingLast: true)
        var raw = statvfs()
        guard fstatvfs(directory.number, &raw) == 0 else {
            throw HostError(operation: "statvfs", path: path, reason: .last)
        }
        let unit = UInt64(raw.f_frsize)
        return Capacity(
            total: Int64(clamping: UInt64(raw.f_blocks).multipliedReportingOverflow(by: unit).partialValue),
            available: Int64(clamping: UInt64(raw.f_bavail).multipliedReportingOverflow(by: unit).partialValue))
    }

    /// The path within this root that `path` leads to once every link is resolved; nil where the kernel does not tell.
    public func canonical(_ path: String) throws(HostError) -> String? {
        location(of: try resolve(path, followingLast: true)).map(named)
    }

    /// Where an open file lies below this root's own directory; nil where the kernel does not tell, or when it lies
    /// elsewhere.
    func location(of found: borrowing Descriptor) -> String? {
        guard let full = readLink(AT_FDCWD, "/proc/self/fd/\(found.number)"),
            let base = readLink(AT_FDCWD, "/proc/self/fd/\(self.directory.number)")
        else { return nil }
        if base == "/" { return full }
        if full == base { return "/" }
        return full.hasPrefix(base + "/") ? String(full.dropFirst(base.count)) : nil
    }
}
