/// Copies of a database that follow it, and answer reads. Its calls block their thread.
package protocol SQLReplicas: Sendable {
    /// Finds out how far behind each copy is. It is called once a second.
    func refresh()

    /// What the last `refresh` found.
    var states: [SQLReplicaState] { get }

    /// The database with its reads on a copy, where one is near enough; writes go to the database itself.
    ///
    /// - Parameters:
    ///   - commits: what the copy must have, as `SQLDatabase.lastCommit` named it.
    ///   - note: is told of each read: seconds that the copy may be behind, or nil for the database itself.
    func near(after commits: [Int64], _ note: @escaping @Sendable (Double?) -> Void) -> any SQLDatabase
}

/// How a copy of a database is.
package struct SQLReplicaState: Sendable {
    /// Its address without secrets.
    package var name: String
    /// Everything that was committed before so many seconds is there; nil when it is not known.
    package var secondsBehind: Double?
    /// Whether reads go there.
    package var isUsed: Bool
    /// Why it cannot be asked.
    package var failure: String?
    /// Reads that it answered.
    package var reads: Int
    /// Reads that it failed to answer: those were asked of the database itself.
    package var failedReads: Int

    package init(name: String) {
        self.name = name
        (isUsed, reads, failedReads) = (false, 0, 0)
    }
}
