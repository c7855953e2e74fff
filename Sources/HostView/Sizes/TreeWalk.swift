import CLinux
import Glibc
import Synchronization

/// Walks many trees at once: each thread depth first, with one open directory and one buffer a level, so that memory
/// does not grow with a tree.
///
/// A thread that has nothing to do is given the next directory that another one meets, or, of a directory with very
/// many names, the next bufferful.
final class TreeWalk: Sendable {
    static let depthLimit = 200
    static let linkLimit = 500_000
    /// The most threads: a walk waits for disks more than it computes, and the host has other work.
    static let threadLimit = 4
    /// One tree: what was counted in it so far, and what is left.
    struct Tree: Sendable {
        var size = DirectorySize()
        /// Directories and bufferfuls that are not counted yet.
        var pending = 0
        var hardLinks: Set<FileIdentity> = []
    }

    private struct State: Sendable {
        var trees: [Tree] = []
        /// The trees' own directories.
        var tops: [FileIdentity: Int] = [:]
        /// What anybody may take on.
        var open: [Level] = []
        /// Files with several names that are remembered, of all trees.
        var linkCount = 0
        var isOver = false
        var finished: [Int] = []
    }

    private let deadline: Deadline
    /// Names that a thread looks at before another tree gets its turn.
    let turn: Int
    private let state = Mutex(State())
    /// Threads that wait for something to do, less what was offered to them.
    private let waiting = Atomic(0)
    private let work = Signal()
    private let done = Signal()

    init(deadline: Deadline, turn: Int = 100_000) {
        self.deadline = deadline
        self.turn = turn
    }

    /// Adds the tree below the open directory `top`; its number.
    func add(_ top: borrowing Descriptor, _ path: String) throws(HostError) -> Int {
        var status = stat()
        let copy = fstat(top.number, &status) == 0 ? dup(top.number) : -1
        guard copy >= 0 else { throw HostError(operation: "open", path: path, reason: .last) }
        let identity = FileStatus(status).identity
        let directory = OpenDirectory(copy, name: path, parent: nil, device: identity.device)
        return state.withLock { state in
            if let known = state.tops[identity] { return known }
            let number = state.trees.count
            var tree = Tree()
            tree.pending = 1
            tree.size.bytes = max(0, Int64(status.st_size))
            tree.size.allocatedBytes = Int64(status.st_blocks).saturating(times: 512)
            tree.size.files = 1
            state.trees.append(tree)
            state.tops[identity] = number
            state.open.append(Level(directory, tree: number))
            return number
        }
    }

    /// The trees that were counted whole, in the order in which they were.
    var finished: [Int] { state.withLock { $0.finished } }

    /// Walks until everything is counted or the deadline has passed; the trees' sizes. What hangs in a dead file system
    /// is left behind.
    func run() -> [DirectorySize] {
        guard state.withLock({ !$0.trees.isEmpty }) else { return [] }
        let processors = max(2, min(Self.threadLimit, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let started = (0..<processors).filter { _ in startThread(stack: 1 << 20) { self.takePart() } }
        if started.isEmpty { takePart() } else { _ = done.wait(until: deadline) }
        return state.withLock { state in
            state.isOver = true
            return state.trees.map { tree in
                var size = tree.size
                if tree.pending > 0 { size.note(.deadline) }
                return size
            }
        }
    }

    private func takePart() {
        var walker = Walker(self, tops: state.withLock { $0.tops })
        while let level = next() { walker.run(level) }
    }

    /// Something to do; nil when there is nothing more.
    private func next() -> Level? {
        while true {
            if deadline.hasPassed { return nil }
            let (level, isOver) = state.withLock { state in (state.open.popLast(), state.isOver) }
            if isOver { return nil }
            if let level { return level }
            waiting.add(1, ordering: .relaxed)
            // Whoever offers something takes one off, so that no more is offered than there are takers.
            if !work.wait(until: deadline) { waiting.subtract(1, ordering: .relaxed) }
        }
    }

    /// The deadline has passed, or nobody waits for the result any more.
    var isOver: Bool { deadline.hasPassed }

    /// Somebody waits for what the caller could do next.
    var isHungry: Bool { waiting.load(ordering: .relaxed) > 0 }

    /// Lets another thread do it.
    func share(_ level: Level) {
        state.withLock { $0.open.append(level) }
        waiting.subtract(1, ordering: .relaxed)
        work.signal()
    }

    /// Lets whoever comes next go on with `levels`, when there is something else to do; false when there is not.
    func putBack(_ levels: [Level]) -> Bool {
        state.withLock { state in
            guard !state.open.isEmpty else { return false }
            state.open.insert(contentsOf: levels, at: 0)
            return true
        }
    }

    /// Notes that something of `tree` is still to be counted.
    func begin(_ tree: Int) { state.withLock { $0.trees[tree].pending += 1 } }

    /// Adds what was counted of `tree`; `finished` when it was a directory's end, and not only a pause.
    func add(_ size: DirectorySize, to tree: Int, finished: Bool) {
        let isOver = state.withLock { state in
            state.trees[tree].size.add(size)
            guard finished else { return false }
            state.trees[tree].pending -= 1
            if state.trees[tree].pending == 0 {
                state.finished.append(tree)
                state.linkCount -= state.trees[tree].hardLinks.count
                state.trees[tree].hardLinks = []
            }
            state.isOver = state.isOver || state.trees.allSatisfy { $0.pending == 0 }
            return state.isOver
        }
        if isOver {
            for _ in 0..<Self.threadLimit { work.signal() }
            done.signal()
        }
    }

    /// Whether a file of `tree` with several names is met for the first time.
    func isFirst(_ file: FileIdentity, in tree: Int) -> Bool {
        state.withLock { state in
            guard state.linkCount < Self.linkLimit else {
                state.trees[tree].size.note(.manyHardLinks)
                return !state.trees[tree].hardLinks.contains(file)
            }
            guard state.trees[tree].hardLinks.insert(file).inserted else { return false }
            state.linkCount += 1
            return true
        }
    }
}
