import Foundation
import Logging
import ServiceLifecycle
import Web

/// Writes the metrics to the log, for CloudWatch, and each account's coverage.
struct MetricLines: Service {
    let backend: Backend
    let live: LiveConfiguration
    /// Whether it writes the coverage: one process of those on a store is enough.
    let tellsCoverage: Bool
    /// Time between two lines of each account's coverage.
    private static let coveragePause = Duration.seconds(3_600)

    func run() async throws {
        guard live.value.metrics.isEmbedded else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown { await untilCancelled() }
        // What was counted since the last lines.
        do { try await write() } catch {
            backend.logger.error("cannot read the metrics", metadata: ["error": "\(error)"])
        }
    }

    private func untilCancelled() async {
        let clock = ContinuousClock()
        var nextCoverage = clock.now
        while true {
            do { try await Task.sleep(for: .seconds(live.value.metrics.embeddedSeconds)) } catch { return }
            do {
                try await write()
                guard tellsCoverage, clock.now >= nextCoverage else { continue }
                // Before the first run there is nothing to tell.
                if try await writeCoverage() { nextCoverage = clock.now + Self.coveragePause }
            } catch is CancellationError { return } catch {
                backend.logger.error("cannot read the metrics", metadata: ["error": "\(error)"])
            }
        }
    }

    private func write() async throws {
        try await backend.sampleMetrics()
        let labels = live.value.metrics.embedsLabels
        for line in backend.metrics.embedded(at: Date(), allLabels: labels) { LogOutput.write(line) }
    }

    /// - Returns: false when no account has coverage.
    private func writeCoverage() async throws -> Bool {
        let accounts = try await Blocking.run { [backend] in try backend.accountCoverage() }
        for account in accounts {
            backend.logger.info(
                "coverage",
                metadata: [
                    "kind": "coverage", "account_id": "\(account.id)", "hosts": .stringConvertible(account.hosts),
                    "answered": .stringConvertible(account.answered),
                ])
        }
        return !accounts.isEmpty
    }
}
