import Foundation

/// What is known of the backups that a collector takes by itself.
public struct BackupStatus: Sendable, Equatable {
    /// When the newest backup was taken, as of the last time that its place could be read; nil when there is none.
    public var newest: Date?
    /// When a backup was last restored and checked, by this program.
    public var checked: Date?
    /// Backups that were taken since the program began.
    public var taken = 0
    /// Tries that failed since the program began.
    public var failed = 0
    /// Backups that could not be restored and checked, since the program began.
    public var checksFailed = 0
    /// Whether the last backup that was checked is damaged: then none counts as good, and none is removed.
    public var isDoubtful = false
    /// Time between two backups, in seconds.
    public var every: Double
    /// When the program began: without any backup, it is late from then on.
    public var since: Date

    /// The status of a program that begins.
    public init(every: Double, since: Date) {
        self.every = every
        self.since = since
    }

    /// Whether the newest backup is older than twice the time between two, or cannot be restored.
    public func isLate(now: Date) -> Bool { isDoubtful || now.timeIntervalSince(newest ?? since) > 2 * every }
}
