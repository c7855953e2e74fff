import Glibc

/// What a process holds open: the links of `/proc/<pid>/fd`.
///
/// Read for candidates only; on a busy host every process's links cost more than all the rest of a scan.
public struct OpenFiles: Sendable, Equatable {
    /// The most descriptors of one process that are looked at.
    public static let limit = 100_000

    /// Nanoseconds of processor time for the descriptors of one process: a path of many components takes the kernel
    /// long to write. By the wall clock a real server's descriptors would be cut on a busy host, where the agent is
    /// given little.
    private static let patience: UInt64 = 200_000_000
    /// The most files that are kept, of as many directories: a descriptor costs its owner nothing.
    public static let fileLimit = 32

    /// Files that are kept beside those whose names are known beforehand.
    public enum Kind: Sendable {
        /// Open for reading alone, and numbered, as the binary logs that a server sends to its replicas:
        /// `binlog.000042`.
        case numberedForReading
        /// Named `….log`.
        case log
        /// Named `….aof`: a file that a server appends to.
        case appendOnly
    }

    /// Inodes of its sockets.
    public var sockets: Set<UInt64> = []
    /// Paths of open files whose base name was asked for, one of each directory.
    public var files: [String] = []
    /// Paths of open files of the kinds that were asked for.
    public var others: [Kind: Set<String>] = [:]

    /// Nothing open.
    public init() {}

    /// Reads the descriptors of `pid`; of files only those called one of `names`, or of one of `kinds`, are kept.
    public static func read(
        _ pid: Int32, _ proc: ProcFS, names: Set<String>, kinds: Set<Kind> = []
    ) throws(HostError) -> Bounded<OpenFiles> {
        let entries = try proc.list("\(pid)/fd", limit: limit)
        var open = OpenFiles()
        var isCut = entries.isCut
        var directories: Set<Substring> = []
        let begun = Deadline.processorTime()
        for entry in entries.value {
            if Deadline.processorTime() - begun > patience {
                isCut = true
                break
            }
            guard let target = try? proc.link("\(pid)/fd/\(entry.name)") else { continue }
            if let inode = socketInode(target) {
                open.sockets.insert(inode)
            } else if let kind = kind(of: target, kinds), open.others[kind, default: []].count < fileLimit {
                if kind == .numberedForReading, !isForReading(pid, entry.name, proc) { continue }
                open.others[kind, default: []].insert(target)
            } else if target.hasPrefix("/"), names.contains(HostProcess.baseName(Self.withoutMark(target))) {
                guard directories.insert(target[..<(target.lastIndex(of: "/") ?? target.startIndex)]).inserted else {
                    continue
                }
                if open.files.count < fileLimit { open.files.append(target) } else { isCut = true }
            }
        }
        let shortfall = HostError(operation: "list", path: "/proc/\(pid)/fd", reason: .tooLarge)
        return Bounded(open, shortfalls: isCut ? [shortfall] : [])
    }

    private static func kind(of target: String, _ kinds: Set<Kind>) -> Kind? {
        guard !kinds.isEmpty, target.hasPrefix("/") else { return nil }
        if kinds.contains(.log), target.hasSuffix(".log") { return .log }
        if kinds.contains(.appendOnly), target.hasSuffix(".aof") { return .appendOnly }
        let number = target.utf8.reversed().prefix { (0x30...0x39).contains($0) }.count
        let isNumbered = number >= 6 && target.utf8.count > number && target.utf8.dropLast(number).last == 0x2E
        return isNumbered && kinds.contains(.numberedForReading) ? .numberedForReading : nil
    }

    /// `flags:` in `/proc/<pid>/fdinfo/<number>` is octal, as open(2) was told.
    private static func isForReading(_ pid: Int32, _ descriptor: String, _ proc: ProcFS) -> Bool {
        guard let text = try? proc.read("\(pid)/fdinfo/\(descriptor)", limit: 4096).text,
            let line = text.lines.first(where: { $0.hasPrefix("flags:") }),
            let flags = UInt32(line.dropFirst("flags:".count).trimmingPrefix(while: \.isWhitespace), radix: 8)
        else { return false }
        return flags & UInt32(O_ACCMODE) == UInt32(O_RDONLY)
    }

    /// A file's name without the mark of a deleted one.
    private static func withoutMark(_ target: String) -> String {
        target.hasSuffix(HostProcess.deletedMark) ? String(target.dropLast(HostProcess.deletedMark.count)) : target
    }

    /// The number in `socket:[12345]`.
    static func socketInode(_ target: String) -> UInt64? {
        guard target.hasPrefix("socket:["), target.hasSuffix("]") else { return nil }
        return UInt64(target.dropFirst("socket:[".count).dropLast())
    }
}
