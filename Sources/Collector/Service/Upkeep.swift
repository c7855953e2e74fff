import Foundation
import Inventory
import Logging
import ServiceLifecycle
import Web

/// Background work: removes what is older than the retention, in small steps.
struct Upkeep: Service {
    let backend: Backend
    let store: any Retention
    let live: LiveConfiguration
    /// This process among those on the store: one of them does it.
    let id: String
    /// Time between two runs of the retention.
    private static let retentionPause = Duration.seconds(3_600)
    /// Time between two steps, in which reports are stored.
    private static let stepPause = Duration.milliseconds(50)

    func run() async throws {
        await cancelWhenGracefulShutdown { await retain() }
    }

    /// Time between two looks whether it is for this process to do.
    private static let lookPause = Duration.seconds(5)

    private func retain() async {
        while !Task.isCancelled {
            guard backend.shares.isNearest(id) else {
                try? await Task.sleep(for: Self.lookPause)
                continue
            }
            var progress = RetentionProgress()
            do {
                while !Task.isCancelled {
                    let (isMore, next) = try await Blocking.run { [store, live, progress] in
                        var next = progress
                        let isMore = try store.retain(live.value.retention, &next, now: nil)
                        return (isMore, next)
                    }
                    progress = next
                    if !isMore { break }
                    try await Task.sleep(for: Self.stepPause)
                }
                let removed = progress.reports + progress.sizes + progress.others + progress.hosts
                if progress.areRowsRemoved {
                    backend.logger.warning(
                        """
                        a partition of the store that is too old cannot be dropped, so its rows are removed one by one: \
                        give the tables to the user of store.path (ALTER TABLE … OWNER TO), and end sessions that read \
                        them for long (pg_stat_activity)
                        """)
                }
                if removed > 0 {
                    backend.logger.info(
                        "removed what is older than the retention",
                        metadata: [
                            "reports": .stringConvertible(progress.reports),
                            "sizes": .stringConvertible(progress.sizes),
                            "others": .stringConvertible(progress.others),
                            "hosts": .stringConvertible(progress.hosts),
                        ])
                }
            } catch is CancellationError {
                return
            } catch { backend.logger.error("the retention failed", metadata: ["error": "\(error)"]) }
            try? await Task.sleep(for: Self.retentionPause)
        }
    }
}
