import Inventory
import Logging
import ServiceLifecycle
import Store
import Web

extension InventoryStore: ReplicatedStore {
    /// The store with its questions to a copy that is near enough and has the commits.
    public func nearStore(
        after commits: [Int64], _ note: @escaping @Sendable (Double?) -> Void
    ) -> (any WebStore)? { near(after: commits, note) }
}

/// Looks once a second how far the copies of the store are behind.
struct Replicas: Service {
    let store: InventoryStore
    let logger: Logger

    func run() async throws {
        guard !store.readReplicas.isEmpty else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown { await untilCancelled() }
    }

    private func untilCancelled() async {
        var failures: [String: String] = [:]
        while !Task.isCancelled {
            try? await Blocking.run { [store] in store.refreshReplicas() }
            for replica in store.readReplicas where failures[replica.name] != replica.failure {
                failures[replica.name] = replica.failure
                let metadata: Logger.Metadata = ["replica": "\(replica.name)"]
                guard let failure = replica.failure else {
                    logger.notice("a read replica can be asked again", metadata: metadata)
                    continue
                }
                logger.error(
                    "a read replica cannot be asked: its questions go to the store",
                    metadata: metadata.merging(["error": "\(failure)"]) { $1 })
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
