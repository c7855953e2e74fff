import Foundation
import Inventory
import Logging
import Report
import ServiceLifecycle
import Synchronization

/// Collects the reports of several requests into one commit, and answers each request after it.
///
/// Senders take turns, report by report, so that no sender waits behind a thousand reports of another. The queue is
/// bounded in all and by sender: it rejects at once what does not fit. On shutdown it stores everything that it
/// accepted.
public final class IngestQueue: Service {
    /// The queue is full, or closed.
    struct Full: Error {}
    /// The token was revoked, or ended, while its reports waited.
    struct Revoked: Error {}

    /// The reports of one request.
    private final class Job: Sendable {
        let results: Mutex<[IngestResult?]>
        let done: CheckedContinuation<[IngestResult], any Error>

        init(_ count: Int, _ done: CheckedContinuation<[IngestResult], any Error>) {
            results = Mutex(Array(repeating: nil, count: count))
            self.done = done
        }
    }

    private struct Item: Sendable {
        var job: Job
        var index: Int
        var report: IncomingReport
    }

    private struct State {
        /// What was taken off is nil: its reports are not kept longer than their commit.
        var waiting: [String: [Item?]] = [:]
        /// How many of a sender's have been taken off its list's front.
        var taken: [String: Int] = [:]
        /// Senders with something that waits, the next one first.
        var turns: [String] = []
        var reports = 0
        var reportsBySender: [String: Int] = [:]
        var bytes = 0
        var bytesBySender: [String: Int] = [:]
        var isClosed = false
        /// The writer, when it waits for a job.
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// Room for what bodies inflate to.
    let memory: MemoryBudget
    private let state = Mutex(State())
    private let store: any ReportSink
    private let reach: StoreReach
    /// Takes the reports while the store cannot be reached.
    private let spool: Spool?
    private let limits: WebConfiguration.Limits
    private let metrics: Metrics
    private let logger: Logger

    init(
        _ store: any ReportSink, _ reach: StoreReach, _ spool: Spool?, _ limits: WebConfiguration.Limits,
        _ metrics: Metrics, _ logger: Logger
    ) {
        (self.store, self.reach, self.spool) = (store, reach, spool)
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        memory = MemoryBudget(total: limits.queuedBytes, patience: .seconds(limits.bodySeconds))
    }

    /// Reports that wait, and bytes that they and bodies being read take.
    var depth: (reports: Int, bytes: Int) { state.withLock { ($0.reports, $0.bytes + memory.used) } }

    /// Room for a body of `bytes` as it comes; `release` gives it back. One sender gets half of it at most.
    func reserve(_ bytes: Int, for sender: String) throws(Full) {
        let isTaken = state.withLock { state in
            let own = state.bytesBySender[sender, default: 0] + bytes
            guard !state.isClosed, state.bytes + bytes <= limits.queuedBytes,
                own <= max(limits.queuedBytes / 2, limits.bodyBytes),
                state.reportsBySender[sender, default: 0] < max(1, limits.queuedReports / 2)
            else { return false }
            state.bytes += bytes
            state.bytesBySender[sender] = own
            return true
        }
        if !isTaken { throw Full() }
    }

    /// Gives back the room for a body.
    func release(_ bytes: Int, of sender: String) {
        state.withLock { state in
            state.bytes -= bytes
            let left = state.bytesBySender[sender, default: 0] - bytes
            state.bytesBySender[sender] = left > 0 ? left : nil
        }
    }

    /// Stores the reports; returns after they are durable: in the store, or in the spool while that cannot be reached.
    ///
    /// - Throws: `Full` when there is no room; `Revoked`; what the store throws when it cannot write; `Spool.Full`.
    func store(_ reports: [IncomingReport], sender source: String) async throws -> [IngestResult] {
        guard !reports.isEmpty else { return [] }
        return try await withCheckedThrowingContinuation { continuation in
            let (isTaken, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
                // A request larger than the queue is taken when nothing of its sender waits: its body is bounded.
                let own = state.reportsBySender[source, default: 0]
                let fits = own + reports.count <= limits.queuedReports && state.reports < limits.queuedReports
                guard !state.isClosed, own == 0 || fits else { return (false, nil) }
                let job = Job(reports.count, continuation)
                if state.waiting[source] == nil { state.turns.append(source) }
                state.waiting[source, default: []] += reports.enumerated().map {
                    Item(job: job, index: $0.offset, report: $0.element)
                }
                state.reports += reports.count
                state.reportsBySender[source] = own + reports.count
                defer { state.waiter = nil }
                return (true, state.waiter)
            }
            if !isTaken { continuation.resume(throwing: Full()) }
            waiter?.resume()
        }
    }

    /// Writes until the service shuts down, or another one of its group failed, and nothing waits any more.
    public func run() async throws {
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
                    if !state.turns.isEmpty || state.isClosed { return true }
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

    /// One report of each sender in turn, up to the reports and the databases that one transaction may have.
    private func takeBatch() -> [(source: String, item: Item)] {
        state.withLock { state in
            var batch: [(source: String, item: Item)] = []
            var databases = 0
            while let source = state.turns.first, batch.count < IngestBatch.reports {
                let index = state.taken[source, default: 0]
                guard let count = state.waiting[source]?.count, let item = state.waiting[source]?[index] else { break }
                databases += item.report.databases
                guard batch.isEmpty || databases <= IngestBatch.databases else { break }
                batch.append((source, item))
                state.waiting[source]?[index] = nil
                state.turns.removeFirst()
                if index + 1 == count {
                    state.waiting[source] = nil
                    state.taken[source] = nil
                } else {
                    state.taken[source] = index + 1
                    state.turns.append(source)
                }
            }
            return batch
        }
    }

    private func write(_ batch: [(source: String, item: Item)]) async {
        let start = ContinuousClock.now
        let senders = Set(batch.map(\.source))
        let quota = SenderQuota(
            rows: Int64(limits.tokenRows), bytes: Int64(limits.tokenBytes), hosts: Int64(limits.tokenHosts))
        do {
            let (valid, results) = try await reach.ask { [store] in
                // A token may have been revoked while its body came.
                let valid = try store.validTokens(senders, now: nil)
                let kept = batch.filter { valid.contains($0.source) }
                let groups = kept.map { (reports: [$0.item.report], sender: $0.source) }
                return (valid, try store.take(groups, quota: quota).map { $0[0] })
            }
            var next = results.makeIterator()
            for (source, item) in batch {
                guard valid.contains(source) else {
                    fail(item, Revoked())
                    continue
                }
                if let result = next.next() { finish(item, result) }
            }
        } catch is StoreReach.Away {
            await keep(batch)
        } catch {
            logger.error(
                "could not store reports",
                metadata: ["error": "\(error)", "reports": .stringConvertible(batch.count)])
            for (_, item) in batch { fail(item, error) }
        }
        metrics.commitSeconds.observe((ContinuousClock.now - start) / .seconds(1))
        metrics.batchReports.observe(Double(batch.count))
        state.withLock { state in
            state.reports -= batch.count
            for (source, _) in batch {
                let left = state.reportsBySender[source, default: 1] - 1
                state.reportsBySender[source] = left > 0 ? left : nil
            }
        }
    }

    /// Keeps reports in the spool.
    private func keep(_ batch: [(source: String, item: Item)]) async {
        let time = Timestamp.format(store.now())
        let waiting = batch.compactMap { SpooledReport($0.item.report, sender: $0.source, at: time) }
        do {
            try await Blocking.spool { [spool] in try spool?.append(waiting) }
            for (_, item) in batch { finish(item, item.report.spooledResult) }
        } catch let full as Spool.Full where full.isOfSender && Set(batch.map(\.source)).count > 1 {
            // The others of the batch find room.
            for group in Dictionary(grouping: batch, by: \.source).values { await keep(group) }
        } catch {
            logger.error(
                "could not keep reports in the spool",
                metadata: ["error": "\(error)", "reports": .stringConvertible(batch.count)])
            for (_, item) in batch { fail(item, error) }
        }
    }

    private func finish(_ item: Item, _ result: IngestResult) {
        let all = item.job.results.withLock { results -> [IngestResult]? in
            guard !results.isEmpty else { return nil }
            results[item.index] = result
            let known = results.compactMap { $0 }
            guard known.count == results.count else { return nil }
            results = []
            return known
        }
        if let all { item.job.done.resume(returning: all) }
    }

    /// One report that could not be stored fails its request; the others of it may be stored, and are duplicates when
    /// it is sent again.
    private func fail(_ item: Item, _ error: any Error) {
        let isFirst = item.job.results.withLock { results in
            defer { results = [] }
            return !results.isEmpty
        }
        if isFirst { item.job.done.resume(throwing: error) }
    }
}
