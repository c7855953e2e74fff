/// A user on whose behalf files are read: what the agent opens for a process must be what that process could open
/// itself.
///
/// The agent reads as root. Without this, a process of any user could name a file of root's as its configuration, and
/// its values would enter the report. The check is that of path_resolution(7): permission bits of the file and of every
/// directory above it, taken from what is open and from where the kernel says that it lies. Access control lists are
/// not asked: a user whom only a list lets in counts as one who may not read.
public struct FileReader: Sendable, Hashable {
    /// The effective user, as the agent's kernel counts.
    public var uid: UInt32
    /// Its effective and supplementary groups.
    public var groups: Set<UInt32>
    /// The users over whom it has root's rights, as the first user of a user namespace has; empty for an ordinary user.
    public var owned: [Range<UInt32>]

    /// A user with its groups.
    public init(uid: UInt32, groups: Set<UInt32>, owned: [Range<UInt32>] = []) {
        self.uid = uid
        self.groups = groups
        self.owned = owned
    }

    /// Whether the permission `bit`, 4 to read and 1 to search, is given to the reader for what has `status`.
    func may(_ bit: UInt32, _ status: FileStatus) -> Bool {
        if uid == 0 || owned.contains(where: { $0.contains(status.owner) }) { return true }
        let shift: UInt32 = status.owner == uid ? 6 : groups.contains(status.group) ? 3 : 0
        return status.permissions >> shift & bit != 0
    }
}

extension HostRoot {
    /// Throws `notForReader` when this root's reader could not read what is open.
    func check(_ found: borrowing Descriptor, _ path: String) throws(Reason) {
        guard let reader else { return }
        guard reader.may(4, try found.status()), let place = location(of: found) else { throw .notForReader }
        var directory = "/"
        // The file's own name is not a directory to search.
        for name in [""] + place.split(separator: "/").dropLast().map(String.init) {
            directory = directory == "/" ? "/" + name : directory + "/" + name
            guard let status = try? resolve(named(directory), followingLast: false).status(), reader.may(1, status)
            else { throw .notForReader }
        }
    }
}
