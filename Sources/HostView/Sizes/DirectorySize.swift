import Glibc

/// How much a directory tree holds.
///
/// `bytes` is what `du -sb` of GNU coreutils before 9.2 prints: the apparent size of every file and directory, the
/// tree's own directory included. `allocatedBytes` is what `du -s --block-size=1` prints.
public struct DirectorySize: Sendable, Equatable {
    /// Apparent size, in bytes.
    public var bytes: Int64 = 0
    /// Space taken on disk, in bytes.
    public var allocatedBytes: Int64 = 0
    /// Names counted, the tree's own directory included; a hard link once.
    public var files: Int64 = 0
    /// Why the tree was not counted whole, each kind once; empty when it was.
    public var shortfalls: [Shortfall] = []

    /// What kept a tree from being counted whole, with the first path that it happened to.
    public enum Shortfall: Sendable, Equatable {
        /// The deadline came first.
        case deadline
        /// A directory could not be opened, or a name not looked at.
        case denied(String)
        /// A directory lies deeper than `TreeWalk.depthLimit`.
        case tooDeep(String)
        /// A directory is mounted when somebody enters it, and was not entered.
        case automount(String)
        /// More than `TreeWalk.linkLimit` files have several names: later ones may be counted twice.
        case manyHardLinks

        fileprivate var kind: Int {
            switch self {
            case .deadline: 0
            case .denied: 1
            case .tooDeep: 2
            case .automount: 3
            case .manyHardLinks: 4
            }
        }
    }

    /// A directory that is to be measured.
    public struct Place {
        let path: String
        let root: HostRoot

        /// The directory at `path` below `root`.
        public init(_ path: String, in root: HostRoot) {
            self.path = path
            self.root = root
        }
    }

    /// Measures several trees at once until `deadline`, on as many processors as there are, at most
    /// `TreeWalk.threadLimit`.
    ///
    /// A last link in a path is followed, none inside a tree. What lies in two of the trees is counted in the inner one
    /// alone; the same directory given twice is walked once and has the same size twice.
    public static func measure(_ places: [Place], deadline: Deadline) -> [Result<DirectorySize, HostError>] {
        measure(places, TreeWalk(deadline: deadline))
    }

    static func measure(_ places: [Place], _ walk: TreeWalk) -> [Result<DirectorySize, HostError>] {
        let trees: [Result<Int, HostError>] = places.map { place in
            do throws(HostError) {
                return .success(try walk.add(place.root.openDirectory(place.path, followingLast: true), place.path))
            } catch { return .failure(error) }
        }
        let sizes = walk.run()
        return trees.map { $0.map { sizes[$0] } }
    }

    /// Measures one tree.
    public static func measure(
        _ path: String, in root: HostRoot, deadline: Deadline
    ) throws(HostError) -> DirectorySize {
        try measure([Place(path, in: root)], deadline: deadline)[0].get()
    }

    mutating func add(_ other: DirectorySize) {
        bytes = bytes.saturating(plus: other.bytes)
        allocatedBytes = allocatedBytes.saturating(plus: other.allocatedBytes)
        files += other.files
        for shortfall in other.shortfalls { note(shortfall) }
    }

    /// Keeps the first shortfall of each kind.
    mutating func note(_ shortfall: Shortfall) {
        if !shortfalls.contains(where: { $0.kind == shortfall.kind }) { shortfalls.append(shortfall) }
    }
}
