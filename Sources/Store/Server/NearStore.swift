import Inventory
import SQL

/// Questions that copies of a server's database answer.
extension InventoryStore {
    /// The copies, as the last `refreshReplicas` found them; empty where there are none.
    public var readReplicas: [ReadReplica] {
        replicas?.states.map { state in
            ReadReplica(
                name: state.name, secondsBehind: state.secondsBehind, isUsed: state.isUsed, failure: state.failure,
                reads: state.reads, failedReads: state.failedReads)
        } ?? []
    }

    /// Finds out how far behind each copy is. It is called once a second.
    public func refreshReplicas() { replicas?.refresh() }

    /// The last transaction that this program committed, as copies know it; nil where there are none.
    public var lastCommit: Int64? { replicas == nil ? nil : database.lastCommit }

    /// The store with its questions to a copy, where one is near enough and has the commits.
    ///
    /// - Parameters:
    ///   - commits: what the copy must have, as `lastCommit` named it.
    ///   - note: is told of each read: seconds that the copy may be behind, or nil for the store itself.
    /// - Returns: nil where there are no copies.
    public func near(after commits: [Int64], _ note: @escaping @Sendable (Double?) -> Void) -> InventoryStore? {
        guard let replicas else { return nil }
        var store = self
        store.database = replicas.near(after: commits, note)
        return store
    }
}
