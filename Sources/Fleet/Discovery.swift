import AWSClient
import Foundation
import Inventory
import Logging
import Synchronization

/// Runs discovery: gives the tasks of all runs to workers, as many as the queue has work for.
package final class Discovery: Sendable {
    private let environment: FleetEnvironment
    private let access: SpokeAccess
    private let documents = DocumentFinder()
    private let limits: Limits
    /// The most workers: tasks at a time.
    private let most: Int
    /// This program among those that share the store.
    package let owner =
        "\(ProcessInfo.processInfo.hostName)/\(ProcessInfo.processInfo.processIdentifier)/\(UUID().uuidString.prefix(8))"
    private let paces = Mutex<[Int64: PollPace]>([:])
    private let bell = Bell()
    /// Runs may have come to their end without a worker.
    private let mustAdvance = Mutex(true)
    private let clock = Mutex(Date.distantPast)
    /// Workers that have a task now.
    private let busy = Mutex(0)

    /// Seconds that a lease lasts, and between two renewals.
    private static let leaseSeconds = 90.0
    private static let renewal = Duration.seconds(30)
    /// Every so many times that a worker looks for work, all runs are moved on.
    private static let advancing = 10
    /// How long a worker waits for work before it looks again.
    private static let patience = Duration.seconds(1)

    /// - Parameter takesTasks: whether it works on runs, or leaves that to other processes on the store.
    package init(
        _ environment: FleetEnvironment, concurrency: DiscoverySettings.Concurrency, takesTasks: Bool = true
    ) {
        self.environment = environment
        access = SpokeAccess(environment)
        limits = Limits(commands: concurrency.batches)
        most = takesTasks ? max(1, concurrency.accounts) : 0
    }

    /// Whether it works on runs.
    package var takesTasks: Bool { most > 0 }

    /// Shares its limits with other processes: so many work on runs, with this one.
    package func share(among processes: Int) async { await limits.share(among: processes) }

    /// There is new work, or a run was told to stop.
    package func wake() {
        mustAdvance.withLock { $0 = true }
        bell.ring()
    }

    /// Begins a run; the one that is there already when its requester used the idempotency key before.
    package func begin(_ job: NewJob) throws -> (job: Job, isNew: Bool) {
        let begun = try environment.store.addJob(job, now: environment.now())
        if begun.isNew { tell(job) }
        return begun
    }

    /// Begins the run that the schedule has at a time, unless another program on the store did.
    package func begin(_ job: NewJob, dueAt: Date) throws -> ScheduledRun {
        let run = try environment.store.addScheduledJob(job, dueAt: dueAt, now: environment.now())
        if case .begun = run { tell(job) }
        return run
    }

    private func tell(_ job: NewJob) {
        var metadata: Logger.Metadata = [
            "job": "\(job.id)", "origin": "\(job.origin)", "requested_by": "\(job.requestedBy)",
        ]
        metadata["traceparent"] = job.traceparent.map { "\($0)" }
        environment.logger.notice("a run of discovery begins", metadata: metadata)
        environment.audit(
            AuditEntry(
                at: environment.now(), actor: job.requestedBy, address: nil, action: "run begin", target: job.id,
                status: nil, requestID: job.id))
        bell.ring()
    }

    /// Works until its task is cancelled, or until `isDone` says so when a task has ended.
    ///
    /// - Parameter isAlone: no other program works on the store: leases that one left behind are free at once.
    package func run(isAlone: Bool, until isDone: @escaping @Sendable () async throws -> Bool = { false }) async throws
    {
        if isAlone {
            let now = environment.now()
            try await environment.stored { store in
                try store.releaseLeases(owner: nil)
                try store.hasten(now: now)
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.renew() }
            // Tasks become due, and other programs add runs, without a ring.
            group.addTask {
                for second in 1... {
                    try await Task.sleep(for: Self.patience)
                    // The process that ended the last task of a run may have ended with it.
                    if second.isMultiple(of: Self.advancing) { self.mustAdvance.withLock { $0 = true } }
                    self.bell.ring()
                }
            }
            group.addTask { try await self.dispatch(until: isDone) }
            _ = try await group.next()
            group.cancelAll()
        }
    }

    private func renew() async throws {
        while !Task.isCancelled {
            try await Task.sleep(for: Self.renewal)
            do {
                try await environment.stored { [owner] in
                    try $0.renewLeases(owner: owner, seconds: Self.leaseSeconds, now: nil)
                }
            } catch {
                environment.logger.error("cannot renew the leases", metadata: ["error": "\(error)"])
            }
        }
    }

    private func dispatch(until isDone: @escaping @Sendable () async throws -> Bool) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            while !Task.isCancelled {
                if mustAdvance.withLock({ $0.take() }) { await advanceAll() }
                if try await isDone() { break }
                var lease: TaskLease?
                if busy.withLock({ $0 }) < most { lease = try await next() }
                guard let lease else {
                    await bell.wait()
                    continue
                }
                count(1)
                group.addTask {
                    await self.work(lease)
                    self.count(-1)
                    self.bell.ring()
                }
            }
            group.cancelAll()
        }
        // What was under way is free for the next program, which reads the commands that were sent. In a task of its
        // own: this one is cancelled.
        try? await Task { [environment, owner] in
            try await environment.stored { try $0.releaseLeases(owner: owner) }
        }.value
    }

    private func count(_ workers: Int) {
        busy.withLock { $0 += workers }
        environment.metrics.change { $0.workers += workers }
    }

    /// A task that is due; a store that is busy or full is asked again later.
    private func next() async throws -> TaskLease? {
        let now = environment.now()
        let isSetBack = clock.withLock { now < $0.addingTimeInterval(-1) }
        do {
            // What is due by a clock that was wrong is due now.
            if isSetBack { try await environment.stored { try $0.hasten(now: now) } }
            clock.withLock { $0 = now }
            return try await environment.stored { [owner] in
                try $0.lease(owner: owner, seconds: Self.leaseSeconds, now: nil)
            }
        } catch {
            environment.logger.error("cannot read the queue; trying again", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func work(_ lease: TaskLease) async {
        let runner = TaskRunner(
            environment: environment, access: access, documents: documents, limits: limits, pace: pace(lease.job.row),
            lease: lease)
        await runner.run()
        guard !Task.isCancelled else { return }
        do { try await advance(lease.job) } catch {
            environment.logger.error(
                "cannot update the run; trying again", metadata: ["job": "\(lease.job.id)", "error": "\(error)"])
            mustAdvance.withLock { $0 = true }
        }
    }

    private func pace(_ job: Int64) -> PollPace {
        paces.withLock { paces in
            if let pace = paces[job] { return pace }
            let pace = PollPace()
            paces[job] = pace
            return pace
        }
    }

    private func advanceAll() async {
        do {
            for job in try await environment.stored({ try $0.openJobs() }) { try await advance(job) }
        } catch {
            environment.logger.error("cannot update the runs; trying again", metadata: ["error": "\(error)"])
            mustAdvance.withLock { $0 = true }
        }
    }

    /// Moves a run on, and tells of its end.
    private func advance(_ job: Job) async throws {
        let canary = (try? DiscoverySettings(text: job.settings))?.canary ?? CanaryRule()
        let now = environment.now()
        let (after, hasEnded) = try await environment.stored { try $0.advance(job.row, canary: canary, now: now) }
        if after.state.isEnded { paces.withLock { _ = $0.removeValue(forKey: job.row) } }
        guard hasEnded else { return }
        environment.metrics.change { $0.runs[after.state.rawValue, default: 0] += 1 }
        environment.audit(
            AuditEntry(
                at: now, actor: job.requestedBy, address: nil, action: "run end",
                target: "\(job.id) \(after.state.rawValue)",
                status: nil, requestID: job.id))
        let progress = try await environment.stored { try $0.progress(job.id) }
        environment.logger.notice(
            "the run of discovery ended",
            metadata: [
                "job": "\(job.id)", "state": "\(after.state.rawValue)",
                "hosts": .stringConvertible(progress?.hosts ?? 0),
                "answered": .stringConvertible(progress?.answered ?? 0),
                "failed": .stringConvertible(progress?.failures ?? 0),
                "databases": .stringConvertible(progress?.databases ?? 0),
            ])
    }
}

extension Bool {
    /// The value, which is false from now on.
    fileprivate mutating func take() -> Bool {
        defer { self = false }
        return self
    }
}
