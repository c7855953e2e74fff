import Fleet
import Inventory
import Logging
import ServiceLifecycle

/// Discovery inside `serve`: works on the queue, and begins the runs of the schedule.
struct DiscoveryService: Service {
    let local: LocalDiscovery
    let logger: Logger
    /// No other process works on the store, so that the leases of an earlier one are free.
    let isAlone: Bool

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.work() }
                if let scheduler = self.local.scheduler { group.addTask { await scheduler.run() } }
            }
        }
        await local.close()
    }

    private func work() async {
        var isFirst = isAlone
        while !Task.isCancelled {
            do { try await local.discovery.run(isAlone: isFirst) } catch is CancellationError { return } catch {
                logger.error("discovery stopped; trying again", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(5))
            }
            isFirst = false
        }
    }
}
