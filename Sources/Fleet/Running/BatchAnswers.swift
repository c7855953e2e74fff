import AWSClient
import Foundation
import Inventory
import Report

/// What the hosts of a batch answered.
extension BatchRunner {
    /// The results and the outputs of the invocations that have ended; their hosts are no longer in `open`.
    ///
    /// It takes the first ones of `rest`, as many as may be in memory.
    func read(
        _ rest: inout ArraySlice<SSM.Invocation>, _ open: inout [String: Int], _ batch: Batch, cancelled: Reason?
    ) async throws -> (results: [HostResult], printed: [Printed]) {
        var results: [HostResult] = []
        var printed: [Printed] = []
        let files = settings.outputBucket.map { (hub: hub.client, bucket: $0, prefix: settings.outputPrefix) }
        var output = InvocationOutput(client: client, files: files, metrics: environment.metrics)
        var bytes = 0
        while bytes < InvocationOutput.mostBytes, let invocation = rest.popFirst() {
            guard let attempt = open[invocation.instanceId] else { continue }
            switch InvocationOutcome.of(invocation, batch, attempt: attempt) {
            case .open: continue
            case .printed:
                let text = try await output.text(invocation)
                bytes += text.utf8.count
                printed.append((invocation, text))
            case .ended(let reason, let detail, let again):
                let reason = reason == .cancelled ? cancelled ?? .cancelled : reason
                var result = HostResult(invocation.instanceId, reason, detail: detail)
                (result.startedAt, result.endedAt) = Self.times(invocation, environment.now())
                result.again = cancelled == nil ? again : nil
                results.append(result)
            }
            open[invocation.instanceId] = nil
        }
        return (results, printed)
    }

    /// What a host printed.
    typealias Printed = (invocation: SSM.Invocation, text: String)

    private static func times(_ invocation: SSM.Invocation, _ now: Date) -> (Date?, Date) {
        let last = invocation.commandPlugins?.compactMap(\.responseFinishDateTime).max() ?? now
        let start = requested(invocation, now)
        return (start, max(start ?? .distantPast, min(now, last)))
    }

    /// When AWS took the command; nil where that is far from every clock that is somewhat right.
    private static func requested(_ invocation: SSM.Invocation, _ now: Date) -> Date? {
        invocation.requestedDateTime.flatMap { abs($0.timeIntervalSince(now)) < 30 * 86_400 ? $0 : nil }
    }

    /// Stores the reports that hosts printed. What a host prints is its own: which host it is about, AWS says.
    func take(_ printed: [Printed]) async throws -> [HostResult] {
        let (lease, catalog, now) = (lease, environment.catalog, environment.now())
        return try await environment.stored { store in
            var results: [HostResult] = []
            var reports: [(report: IncomingReport, result: HostResult)] = []
            var bytes = 0
            func keep() throws {
                let taken = try store.take([(reports.map(\.report), Observation.discovery)], quota: .none).first ?? []
                for ((report, result), answer) in zip(reports, taken) {
                    var result = result
                    let taken = ReportIntake.taken(answer, report)
                    (result.reason, result.detail, result.databases) = (taken.reason, taken.detail, taken.databases)
                    results.append(result)
                }
                (reports, bytes) = ([], 0)
            }
            for (invocation, text) in printed {
                var result = HostResult(invocation.instanceId, .badReport)
                (result.startedAt, result.endedAt) = Self.times(invocation, now)
                let (found, size, failure) = try ReportIntake.read(text, catalog: catalog) {
                    try store.digests(of: $0)
                }
                guard var report = found else {
                    (result.reason, result.detail) = (failure?.reason ?? .badReport, failure?.detail)
                    results.append(result)
                    continue
                }
                report.vouch(
                    Voucher(
                        accountID: lease.accountID, region: lease.region, instanceID: invocation.instanceId,
                        jobID: lease.job.id, requestedAt: Self.requested(invocation, now) ?? now, receivedAt: now))
                reports.append((report, result))
                bytes += size
                if bytes > ReportIntake.mostBytes { try keep() }
            }
            try keep()
            return results
        }
    }
}
