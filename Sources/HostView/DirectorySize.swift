import CLinux
import Glibc

/// How much a directory tree holds.
///
/// `bytes` is what `du -sb` of GNU coreutils before 9.2 prints: the apparent size of every file and directory, the tree's
/// own directory included. `allocatedBytes` is what `du -s --block-size=1` prints.
public struct DirectorySize: Sendable, Equatable {
    /// Apparent size, in bytes.
    public var bytes: Int64 = 0
    /// Space taken on disk, in bytes.
    public var allocatedBytes: Int64 = 0
    /// Names counted, the tree's own directory included; a hard link once.
    public var files: Int64 = 0
    /// Why the tree was not counted whole; empty when it was.
    public var shortfalls: [Shortfall] = []

    /// What kept a tree from being counted whole.
    public enum Shortfall: Sendable, Equatable {
        /// The deadline came first.
        case deadline
        /// A directory could not be opened; the first one's path is kept.
        case denied(String)
        /// A directory lies deeper than `TreeWalk.depthLimit`.
        case tooDeep(String)
        /// More than `TreeWalk.linkLimit` files have several names: later ones may be counted twice.
        case manyHardLinks
    }

    /// Measures the tree at `path` below `root` until `deadline`. A last link in `path` is followed, none inside the tree.
    public static func measure(
        _ path: String, in root: HostRoot, deadline: Deadline
    ) throws(HostError) -> DirectorySize {
        var walk = TreeWalk(deadline: deadline)
        let top = try root.openDirectory(path, followingLast: true)
        let copy = dup(top.number)
        guard copy >= 0 else { throw HostError(operation: "dup", path: path, errno: .last) }
        walk.run(copy, path: path)
        return walk.size
    }
}

/// Walks one tree depth first, with one open directory and one buffer a level, so that memory does not grow with the tree.
struct TreeWalk {
    static let depthLimit = 200
    static let linkLimit = 500_000
    private static let bufferSize = 32 << 10
    private static let deadlineInterval = 256

    let deadline: Deadline
    private(set) var size = DirectorySize()
    private var hardLinks: Set<FileIdentity> = []
    private var levels: [Level] = []

    private struct Level {
        var descriptor: Int32
        var name: String
        var buffer: UnsafeMutableRawBufferPointer
        var filled = 0
        var offset = 0
    }

    init(deadline: Deadline) { self.deadline = deadline }

    /// Counts the tree whose directory is open as `top`, which is closed afterwards.
    mutating func run(_ top: Int32, path: String) {
        defer { while !levels.isEmpty { ascend() } }
        var status = stat()
        guard top >= 0, fstat(top, &status) == 0 else { return }
        add(status)
        descend(top, name: path)
        while !levels.isEmpty {
            guard step() else { return }
        }
    }

    /// Counts names of the deepest level until it has no more, leads into a directory, or the deadline has passed: then false.
    private mutating func step() -> Bool {
        let here = levels.count - 1
        let level = levels[here]
        guard let base = level.buffer.baseAddress else { return false }
        var offset = level.offset
        var filled = level.filled
        var seen = 0
        var status = stat()
        while true {
            if offset >= filled {
                filled = clinux_getdents64(level.descriptor, base, level.buffer.count)
                offset = 0
                if filled < 0 { note(.denied(levels.map(\.name).joined(separator: "/"))) }
                if filled <= 0 {
                    ascend()
                    return true
                }
            }
            seen += 1
            if seen % Self.deadlineInterval == 1, deadline.hasPassed {
                note(.deadline)
                return false
            }
            let record = base.advanced(by: offset)
            offset += Int(record.loadUnaligned(fromByteOffset: CLINUX_DIRENT_RECLEN, as: UInt16.self))
            let name = record.advanced(by: CLINUX_DIRENT_NAME).assumingMemoryBound(to: CChar.self)
            if name[0] == 0x2E, name[1] == 0 || (name[1] == 0x2E && name[2] == 0) { continue }
            // A name that vanished since it was listed is no longer part of the tree.
            guard fstatat(level.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                if !Errno.last.isAbsent { note(.denied(path(String(cString: name)))) }
                continue
            }
            let isDirectory = status.st_mode & S_IFMT == S_IFDIR
            if !isDirectory, status.st_nlink > 1, !isFirst(status) { continue }
            add(status)
            if isDirectory, enter(name, of: level.descriptor) {
                levels[here].offset = offset
                levels[here].filled = filled
                return true
            }
        }
    }

    /// Whether a file with several names is met for the first time.
    private mutating func isFirst(_ status: stat) -> Bool {
        guard hardLinks.count < Self.linkLimit else {
            note(.manyHardLinks)
            return !hardLinks.contains(FileStatus(status).identity)
        }
        return hardLinks.insert(FileStatus(status).identity).inserted
    }

    /// Goes into the directory `name`; false when that is not possible.
    private mutating func enter(_ name: UnsafePointer<CChar>, of directory: Int32) -> Bool {
        let shown = String(cString: name)
        guard levels.count < Self.depthLimit else {
            note(.tooDeep(path(shown)))
            return false
        }
        let opened = clinux_openat(directory, name, O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK)
        guard opened >= 0 else {
            if !Errno.last.isAbsent { note(.denied(path(shown))) }
            return false
        }
        descend(opened, name: shown)
        return true
    }

    private mutating func add(_ status: stat) {
        size.bytes = size.bytes.saturating(plus: max(0, Int64(status.st_size)))
        size.allocatedBytes = size.allocatedBytes.saturating(plus: Int64(status.st_blocks).saturating(times: 512))
        size.files += 1
    }

    private mutating func descend(_ descriptor: Int32, name: String) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 8)
        levels.append(Level(descriptor: descriptor, name: name, buffer: buffer))
    }

    private mutating func ascend() {
        guard let level = levels.popLast() else { return }
        close(level.descriptor)
        level.buffer.deallocate()
    }

    private func path(_ name: String) -> String { (levels.map(\.name) + [name]).joined(separator: "/") }

    /// Keeps the first shortfall of each kind.
    private mutating func note(_ shortfall: DirectorySize.Shortfall) {
        let known = size.shortfalls.contains {
            switch ($0, shortfall) {
            case (.deadline, .deadline), (.denied, .denied), (.tooDeep, .tooDeep), (.manyHardLinks, .manyHardLinks):
                return true
            default: return false
            }
        }
        if !known { size.shortfalls.append(shortfall) }
    }
}
