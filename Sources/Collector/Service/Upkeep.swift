import Foundation
import Logging
import ServiceLifecycle
import Store

/// What is done beside the requests: old reports and sizes go in small steps, and metrics go to the log when asked for.
struct Upkeep: Service {
    let backend: Backend
    /// Time between two runs of the retention.
    private static let retentionPause = Duration.seconds(3_600)
    /// Time between two steps, in which reports are stored.
    private static let stepPause = Duration.milliseconds(50)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.retain() }
                if self.backend.configuration.metrics.isEmbedded { group.addTask { await self.embed() } }
            }
        }
    }

    private func retain() async {
        while !Task.isCancelled {
            var progress = InventoryStore.RetentionProgress()
            do {
                while !Task.isCancelled {
                    let (isMore, next) = try await Blocking.run { [backend, progress] in
                        var next = progress
                        let isMore = try backend.store.retain(backend.configuration.retention, &next)
                        return (isMore, next)
                    }
                    progress = next
                    if !isMore { break }
                    try await Task.sleep(for: Self.stepPause)
                }
                let removed = progress.reports + progress.sizes + progress.others
                if removed > 0 {
                    backend.logger.info(
                        "removed what is older than the retention",
                        metadata: [
                            "reports": .stringConvertible(progress.reports),
                            "sizes": .stringConvertible(progress.sizes),
                            "others": .stringConvertible(progress.others),
                        ])
                }
            } catch is CancellationError {
                return
            } catch { backend.logger.error("the retention failed", metadata: ["error": "\(error)"]) }
            try? await Task.sleep(for: Self.retentionPause)
        }
    }

    private func embed() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(backend.configuration.metrics.embeddedSeconds))
            do {
                let samples = try await Blocking.run { [backend] in try backend.samples(backend.store) }
                for line in backend.metrics.embedded(samples, at: Date()) { LogOutput.write(line) }
            } catch { backend.logger.error("the metrics could not be read", metadata: ["error": "\(error)"]) }
        }
    }
}
