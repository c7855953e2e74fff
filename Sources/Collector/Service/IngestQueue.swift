import Foundation
import Logging
import Report
import ServiceLifecycle
import Store
import Synchronization

/// Collects what several requests send into one commit, and answers each of them after it.
///
/// It is bounded: what does not fit is refused at once. On shutdown everything that was taken is stored first.
final class IngestQueue: Service {
    /// The queue is full, or closed.
    struct Full: Error {}

    private struct Job {
        var intakes: [Intake]
        var source: String
        var done: CheckedContinuation<[IngestResult], any Error>
    }

    private struct State {
        var jobs: [Job] = []
        var reports = 0
        var bytes = 0
        var isClosed = false
        /// The writer, when it waits for a job.
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let store: InventoryStore
    private let limits: Configuration.Limits
    private let metrics: Metrics
    private let logger: Logger

    init(_ store: InventoryStore, _ limits: Configuration.Limits, _ metrics: Metrics, _ logger: Logger) {
        self.store = store
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
    }

    /// Reports that wait, and bytes of bodies that are worked on.
    var depth: (reports: Int, bytes: Int) { state.withLock { ($0.reports, $0.bytes) } }

    /// Room for a body of `bytes`; `release` gives it back.
    func reserve(_ bytes: Int) throws(Full) {
        let isTaken = state.withLock { state in
            guard !state.isClosed, state.reports < limits.queuedReports, state.bytes + bytes <= limits.queuedBytes
            else {
                return false
            }
            state.bytes += bytes
            return true
        }
        if !isTaken { throw Full() }
    }

    /// Gives back the room for a body.
    func release(_ bytes: Int) { state.withLock { $0.bytes -= bytes } }

    /// Stores the reports; returns after they are durable.
    ///
    /// - Throws: `Full` when there is no room; what the store throws when it cannot write.
    func store(_ intakes: [Intake], source: String) async throws -> [IngestResult] {
        try await withCheckedThrowingContinuation { continuation in
            let (isTaken, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
                // A request larger than the queue is taken when the queue is empty: its body is bounded.
                guard !state.isClosed, state.jobs.isEmpty || state.reports + intakes.count <= limits.queuedReports
                else {
                    return (false, nil)
                }
                state.jobs.append(Job(intakes: intakes, source: source, done: continuation))
                state.reports += intakes.count
                defer { state.waiter = nil }
                return (true, state.waiter)
            }
            if !isTaken { continuation.resume(throwing: Full()) }
            waiter?.resume()
        }
    }

    /// Writes until the service shuts down, or another one of its group failed, and nothing waits any more.
    func run() async throws {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await writeAll()
            } onGracefulShutdown: {
                self.close()
            }
        } onCancel: {
            close()
        }
    }

    private func close() {
        let waiter = state.withLock { state in
            state.isClosed = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    private func writeAll() async {
        while true {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if !state.jobs.isEmpty || state.isClosed { return true }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
            let batch = takeBatch()
            if batch.isEmpty { return }
            await write(batch)
        }
    }

    private func takeBatch() -> [Job] {
        state.withLock { state in
            var count = 0
            let end = state.jobs.firstIndex { job in
                count += job.intakes.count
                return count > InventoryStore.batchLimit && count > job.intakes.count
            }
            let batch = Array(state.jobs[..<(end ?? state.jobs.count)])
            state.jobs.removeFirst(batch.count)
            return batch
        }
    }

    private func write(_ batch: [Job]) async {
        let intakes = batch.flatMap(\.intakes)
        let start = ContinuousClock.now
        let result: Result<[[IngestResult]], any Error>
        do {
            result = .success(
                try await Blocking.run { [store] in try store.take(batch.map { ($0.intakes, $0.source) }) })
        } catch {
            logger.error(
                "reports could not be stored",
                metadata: ["error": "\(error)", "reports": .stringConvertible(intakes.count)])
            result = .failure(error)
        }
        metrics.observe(.commitSeconds, (ContinuousClock.now - start) / .seconds(1))
        metrics.observe(.batchReports, Double(intakes.count))
        state.withLock { $0.reports -= intakes.count }
        for (index, job) in batch.enumerated() {
            job.done.resume(with: result.map { $0[index] })
        }
    }
}
