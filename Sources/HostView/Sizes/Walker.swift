import CLinux
import Glibc

/// A directory that is open while somebody counts what it holds.
final class OpenDirectory: Sendable {
    let number: Int32
    let name: String
    /// Where it was found; only for messages.
    let parent: OpenDirectory?
    let device: UInt64
    let depth: Int

    init(_ number: Int32, name: String, parent: OpenDirectory?, device: UInt64) {
        self.number = number
        self.name = name
        self.parent = parent
        self.device = device
        depth = (parent?.depth ?? 0) + 1
    }

    deinit { close(number) }

    func path(of name: String) -> String { (parent?.path(of: self.name) ?? self.name) + "/" + name }
}

/// Names of a directory: those in the buffer, then, when it is the directory's own level, those that the kernel has yet
/// to tell.
struct Level: Sendable {
    let directory: OpenDirectory
    let tree: Int
    /// Names that the kernel told, as getdents64(2) lays them out.
    var names: NameBuffer?
    /// Whether the kernel may have more names than those in the buffer.
    var mayHaveMore = true

    init(_ directory: OpenDirectory, tree: Int) {
        self.directory = directory
        self.tree = tree
    }
}

/// A buffer full of names, and how far they were counted.
///
/// `@unchecked Sendable`: one thread at a time has it; `TreeWalk.share` hands it over under a lock.
final class NameBuffer: @unchecked Sendable {
    static let size = 64 << 10
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
    var filled = 0
    var offset = 0

    deinit { bytes.deallocate() }
}

/// One thread's part of a walk.
struct Walker {
    private static let interval = 256
    /// Buffers that are kept for the next level.
    private static let spareLimit = 4
    /// More names than a bufferful holds are worth a second thread; a small directory's rest is not.
    private static let worthSharing = NameBuffer.size / 2

    private let walk: TreeWalk
    private let tops: [FileIdentity: Int]
    private var levels: [Level] = []
    private var spare: [NameBuffer] = []
    private var size = DirectorySize()
    private var names = 0

    init(_ walk: TreeWalk, tops: [FileIdentity: Int]) {
        self.walk = walk
        self.tops = tops
    }

    /// Counts `level` and all below it that nobody else takes on.
    mutating func run(_ level: Level) {
        levels = [level]
        names = 0
        defer {
            walk.add(size, to: level.tree, finished: false)
            size = DirectorySize()
        }
        while let tree = levels.last?.tree, step(levels.count - 1, tree) {
            // A tree without end must not keep a thread from the others.
            guard names > walk.turn else { continue }
            names = 0
            if walk.putBack(levels) { levels = [] }
        }
    }

    /// Counts names of the deepest level until it has no more or leads into a directory; false when the deadline has
    /// passed.
    private mutating func step(_ here: Int, _ tree: Int) -> Bool {
        let directory = levels[here].directory
        guard let names = fill(here) else {
            walk.add(size, to: tree, finished: true)
            size = DirectorySize()
            if let buffer = levels.removeLast().names, spare.count < Self.spareLimit { spare.append(buffer) }
            return true
        }
        var status = clinux_name_status()
        var seen = 0
        defer { self.names += seen }
        while names.offset < names.filled, let base = names.bytes.baseAddress {
            let record = base.advanced(by: names.offset)
            names.offset += Int(record.loadUnaligned(fromByteOffset: CLINUX_DIRENT_RECLEN, as: UInt16.self))
            let name = record.advanced(by: CLINUX_DIRENT_NAME).assumingMemoryBound(to: CChar.self)
            if name[0] == 0x2E, name[1] == 0 || (name[1] == 0x2E && name[2] == 0) { continue }
            seen += 1
            if seen % Self.interval == 0 {
                walk.add(size, to: tree, finished: false)
                size = DirectorySize()
                if walk.isOver { return false }
            }
            // A name that vanished since it was listed is no longer part of the tree.
            guard clinux_name_status(directory.number, name, &status) == 0 else {
                if !Reason.last.isAbsent { size.note(.denied(directory.path(of: String(cString: name)))) }
                continue
            }
            let isDirectory = status.is_directory
            if isDirectory || status.links > 1 {
                let identity = FileIdentity(device: status.device, inode: status.inode)
                if isDirectory ? tops[identity] != nil : !walk.isFirst(identity, in: tree) { continue }
            }
            size.bytes = size.bytes.saturating(plus: Int64(clamping: status.size))
            size.allocatedBytes = size.allocatedBytes.saturating(
                plus: Int64(clamping: status.blocks).saturating(times: 512))
            size.files += 1
            if isDirectory, enter(name, directory, tree, status) { return true }
        }
        return !walk.isOver
    }

    /// The names of a level that are not counted yet; nil when there are none. A bufferful that another thread waits
    /// for is given away.
    private mutating func fill(_ here: Int) -> NameBuffer? {
        let directory = levels[here].directory
        if let names = levels[here].names, names.offset < names.filled { return names }
        guard levels[here].mayHaveMore else { return nil }
        while true {
            let names = levels[here].names ?? spare.popLast() ?? NameBuffer()
            levels[here].names = names
            names.offset = 0
            names.filled = max(0, read(directory, into: names))
            guard names.filled > Self.worthSharing, walk.isHungry else { return names.filled > 0 ? names : nil }
            var batch = Level(directory, tree: levels[here].tree)
            batch.mayHaveMore = false
            batch.names = names
            levels[here].names = nil
            walk.begin(batch.tree)
            walk.share(batch)
        }
    }

    private mutating func read(_ directory: OpenDirectory, into names: NameBuffer) -> Int {
        let count = clinux_getdents64(directory.number, names.bytes.baseAddress, names.bytes.count)
        if count < 0 { size.note(.denied(directory.path(of: "."))) }
        return count
    }

    /// Goes into the directory `name`, or lets another thread; false when nobody goes there now.
    private mutating func enter(
        _ name: UnsafePointer<CChar>, _ parent: OpenDirectory, _ tree: Int, _ status: clinux_name_status
    ) -> Bool {
        let shown = String(cString: name)
        func shortfall(_ kind: (String) -> DirectorySize.Shortfall) -> Bool {
            size.note(kind(parent.path(of: shown)))
            return false
        }
        // What the kernel marks as such, and autofs, which is seen where a walk crosses into it.
        let isAutomount =
            status.is_automount || (status.device != parent.device && clinux_is_autofs(parent.number, name))
        if isAutomount { return shortfall(DirectorySize.Shortfall.automount) }
        guard parent.depth < TreeWalk.depthLimit else { return shortfall(DirectorySize.Shortfall.tooDeep) }
        let opened = clinux_openat(parent.number, name, O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK)
        guard opened >= 0 else {
            return Reason.last.isAbsent ? false : shortfall(DirectorySize.Shortfall.denied)
        }
        let level = Level(OpenDirectory(opened, name: shown, parent: parent, device: status.device), tree: tree)
        walk.begin(tree)
        if walk.isHungry {
            walk.share(level)
            return false
        }
        levels.append(level)
        return true
    }
}
