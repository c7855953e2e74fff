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
    var directories: [FileIdentity]
    /// The executable's device and inode; nil where it was replaced or cannot be seen.
    var executable: FileIdentity?

    /// Whose it is: the server's user, or the owner of the data directory.
    var uid: UInt32? { details?.uid ?? database.dataDirectories.first?.uid }

    /// The server may keep all its data in memory, and keeps no files that the agent knows.
    var keepsNoFiles: Bool
    /// What went wrong with it.
    var problems: [DraftProblem]

    /// What the draft has become.
    init(_ draft: Draft) {
        database = draft.database
        root = draft.root
        details = draft.server?.details
        directories = draft.directories
        executable = draft.executable
        keepsNoFiles = draft.keepsNoFiles
        problems = draft.problems
    }
}
