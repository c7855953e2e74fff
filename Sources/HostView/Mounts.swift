import CLinux
import Glibc

/// `/proc/<pid>/mountinfo` (proc(5)): what is mounted where, as one process sees it.
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

    /// The mounts, in the kernel's order: a later one hides an earlier one at the same point.
    public var mounts: [Mount]
    /// The file was longer than what is read of it.
    public var truncated: Bool

    /// Reads the mounts that `pid` sees; `self` stands for the agent.
    public static func read(_ pid: String, _ proc: ProcFS) throws(HostError) -> Mounts {
        let contents = try proc.read(pid + "/mountinfo")
        return Mounts(mounts: parse(contents.text), truncated: contents.truncated)
    }

    static func parse(_ text: String) -> [Mount] {
        text.lines.compactMap { line in
            let fields = line.parts(UInt8(ascii: " "))
            // Optional fields stand between the sixth and the hyphen.
            guard fields.count >= 10, let hyphen = fields[6...].firstIndex(of: "-"), hyphen + 3 < fields.count
            else { return nil }
            return Mount(
                device: String(fields[2]), root: unescape(fields[3]), point: unescape(fields[4]),
                type: unescape(fields[hyphen + 1]), source: unescape(fields[hyphen + 2]),
                options: unescape(fields[5] + "," + fields[hyphen + 3]))
        }
    }

    /// The kernel writes space, tab, newline and backslash as `\040`, `\011`, `\012`, `\134`.
    static func unescape(_ field: Substring) -> String {
        guard field.utf8.contains(UInt8(ascii: "\\")) else { return String(field) }
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
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
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The paths that lead, by these mounts, to what `path` is by `other`'s: a bind mount's source, a volume, a container's root.
    public func paths(to path: String, seenThrough other: Mounts) -> [String] {
        guard let mount = other.holding(path) else { return [] }
        let place = Self.join(mount.root, path.dropFirst(mount.point == "/" ? 0 : mount.point.count))
        let mounted = mounts.filter { $0.device == mount.device && Self.isInside(place, $0.root) }.map {
            Self.join($0.point, place.dropFirst($0.root == "/" ? 0 : $0.root.count))
        }
        // The layers of an overlay that is mounted elsewhere, as its maker saw them; the writable one holds what was written.
        return mounted + [mount.upperDirectory].compactMap { $0 }.map { Self.join($0, place[...]) }
    }

    private static func isInside(_ path: String, _ directory: String) -> Bool {
        directory == "/" || path == directory || path.hasPrefix(directory + "/")
    }

    private static func join(_ directory: String, _ rest: Substring) -> String {
        let rest = rest.drop { $0 == "/" }
        return rest.isEmpty ? directory : (directory == "/" ? "" : directory) + "/" + rest
    }

    /// The mount that holds the absolute `path`: the longest point that is a part of it, the last of equals.
    public func holding(_ path: String) -> Mount? {
        var best: Mount?
        for mount in mounts where mount.point.utf8.count >= best?.point.utf8.count ?? 0 {
            if mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/") { best = mount }
        }
        return best
    }
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
            throw HostError(operation: "statvfs", path: path, errno: .last)
        }
        let unit = UInt64(raw.f_frsize)
        return Capacity(
            total: Int64(clamping: UInt64(raw.f_blocks).multipliedReportingOverflow(by: unit).partialValue),
            available: Int64(clamping: UInt64(raw.f_bavail).multipliedReportingOverflow(by: unit).partialValue))
    }

    /// The path within this root that `path` leads to once every link is resolved; nil where the kernel does not tell.
    public func canonical(_ path: String) throws(HostError) -> String? {
        let found = try resolve(path, followingLast: true)
        guard let full = readLink(AT_FDCWD, "/proc/self/fd/\(found.number)"),
            let base = readLink(AT_FDCWD, "/proc/self/fd/\(self.directory.number)")
        else { return nil }
        if base == "/" { return named(full) }
        if full == base { return named("/") }
        return full.hasPrefix(base + "/") ? named(String(full.dropFirst(base.count))) : nil
    }
}
