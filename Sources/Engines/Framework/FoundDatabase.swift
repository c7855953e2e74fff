import HostView
import Report

/// A database and the root below which its paths are meant.
public struct FoundDatabase: Sendable {
    /// The database.
    public var database: Report.Database
    /// Below which its paths are meant; nil where the agent may not look.
    public var root: HostRoot?
    /// The process's details; nil for a database that does not run.
    var details: ProcessDetails?
    /// Devices and inodes of its directories, the data directory's first: two paths that lead to one place are one
    /// directory.
    var directories: [FileIdentity] = []
    /// The executable's device and inode; nil where it was replaced or cannot be seen.
    var executable: FileIdentity?

    /// Whose it is: the server's user, or the owner of the data directory.
    var uid: UInt32? { details?.uid ?? database.dataDirectories.first?.uid }

    init(_ database: Report.Database, root: HostRoot?) {
        self.database = database
        self.root = root
    }
}
