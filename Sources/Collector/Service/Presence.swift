import Fleet
import Foundation
import Inventory
import Logging
import ServiceLifecycle
import Store
import Web

/// Says to the other processes on the store that this one is there, and shares its limits with them.
struct Presence: Service {
    let store: any CollectorRegistry
    let process: CollectorProcess
    let shares: Shares
    let discovery: Discovery
    let logger: Logger

    /// - Parameter kind: what this process does.
    init(
        _ local: LocalDiscovery, _ kind: CollectorProcess.Kind, _ store: any CollectorRegistry, _ backend: Backend?
    ) {
        self.store = store
        process = CollectorProcess(
            id: local.discovery.owner, kind: kind, takesTasks: local.discovery.takesTasks,
            version: CollectorCommand.version)
        shares = backend?.shares ?? Shares()
        discovery = local.discovery
        logger = backend?.logger ?? Logger(label: "dbcensus") { _ in SwiftLogNoOpLogHandler() }
    }

    /// Time between two beats.
    private static let pause = Duration.seconds(10)

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await untilCancelled() }
    }

    /// Does it until its task is cancelled.
    ///
    /// - Throws: `StoreError` when a newer program upgraded the store, for a process that only works: it cannot go on.
    func untilCancelled() async throws {
        var versions: Set<String> = []
        while !Task.isCancelled {
            try await beat(&versions)
            try? await Task.sleep(for: Self.pause)
        }
        // In a task of its own: this one is cancelled.
        try? await Task { [store, process] in
            try await Blocking.run { try store.leave(process.id) }
        }.value
    }

    /// - Parameter known: the versions that the log has.
    private func beat(_ known: inout Set<String>) async throws {
        do {
            let all = try await Blocking.run { [store, process] in try store.present(process) }
            shares.update(all)
            await discovery.share(among: shares.working)
            let versions = Set(all.map(\.version))
            if versions.count > 1, versions != known {
                logger.warning(
                    "collectors of several versions work on the store: bring all of them to the same one",
                    metadata: ["versions": "\(versions.sorted().joined(separator: ", "))"])
            }
            known = versions
        } catch let error as StoreError where error.code == .newerSchema && process.kind == .work {
            throw error
        } catch {
            logger.error(
                "cannot tell the store that this collector is there; trying again", metadata: ["error": "\(error)"])
        }
    }
}
