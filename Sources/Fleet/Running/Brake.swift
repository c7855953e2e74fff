import Inventory
import Logging

/// Stops a run when the document or the agent fails on too many hosts: AWS does not.
struct Brake {
    let environment: FleetEnvironment
    let settings: DiscoverySettings

    /// Looks at the counts, and tells the run to stop when they are too bad.
    func look(_ counts: JobCounts, _ job: Job) async throws {
        guard counts.stop == nil else { return }
        let isCanary = counts.stage == .canary && counts.ownFaults > 0
        guard isCanary || settings.stopAt.isReached(counts) else { return }
        let now = environment.now()
        let settings = settings
        let isStopped = try await environment.stored { store -> Bool in
            let fault = try store.mostFrequentFault(job.row) ?? "failed"
            let detail =
                isCanary
                ? "\(counts.ownFaults) of \(counts.started) hosts of the canary ended with \(fault)"
                : "\(counts.ownFaults) of \(counts.started) hosts ended with a fault of the document, most with \(fault): "
                    + "more than \(settings.stopAt.failures) %"
            return try store.stopJob(
                job.id, as: .halted, code: String(fault.prefix { $0 != " " }),
                detail: detail
                    + ". Correct the cause on the hosts and run `dbcensus-collector jobs retry`, or change the document and begin a new run",
                now: now)
        }
        guard isStopped else { return }
        environment.logger.error(
            "the run is halted: too many hosts failed",
            metadata: [
                "job": "\(job.id)", "failed": .stringConvertible(counts.ownFaults),
                "started": .stringConvertible(counts.started),
            ])
    }
}
