import AWSClient
import Foundation
import Inventory
import Logging
import Synchronization

/// Works on one task until it ends, waits for its run, or is put off.
struct TaskRunner {
    let environment: FleetEnvironment
    let access: SpokeAccess
    let documents: DocumentFinder
    let limits: Limits
    let pace: PollPace
    let lease: TaskLease

    func run() async {
        let logger = environment.logger(lease)
        let begun = ContinuousClock.now
        do {
            let settings = try DiscoverySettings(text: lease.job.settings)
            if let stop = lease.job.stop, lease.phase != .send {
                try await end(.skipped, detail: stop.rawValue, reason: .skipped)
            } else {
                switch lease.phase {
                case .accounts: try await findAccounts(settings)
                case .regions: try await findRegions(settings)
                case .list:
                    let job = try await list(settings)
                    // The hosts wait until all are known, when a canary has to be chosen among them.
                    if job.stage == .rest || job.stop != nil {
                        try await ask(settings)
                    } else {
                        try await stored { try $0.giveBack($1) }
                    }
                case .send: try await ask(settings)
                }
            }
        } catch is LeaseLost {
            logger.warning("another worker has the task now")
        } catch is CancellationError {
            logger.debug("the task stops with the collector")
        } catch let error as AWSError where error.kind == .cancelled || Task.isCancelled {
            logger.debug("the task stops with the collector")
        } catch let error as AWSError {
            await keepTrying(logger) { try await failed(error, logger) }
        } catch {
            logger.error("the task failed", metadata: ["error": "\(error)"])
            await keepTrying(logger) {
                // A store that is busy or full comes back. Any other error does not go away by itself.
                guard error is StoreError || lease.failures + 1 < Self.most else {
                    return try await end(
                        .failed, detail: String("\(error)".prefix(500)), isDead: true, reason: .skipped, "failed")
                }
                try await postpone(seconds: 10, "\(error)")
            }
        }
        let seconds = (ContinuousClock.now - begun) / .seconds(1)
        environment.metrics.change { $0.seconds[lease.phase.rawValue, default: 0] += seconds }
    }

    private func stored(
        _ body: @escaping @Sendable (any DiscoveryQueue & ReportSink, TaskLease) throws -> Void
    ) async throws {
        try await environment.stored { [lease] in try body($0, lease) }
    }

    // MARK: Phases

    private func findAccounts(_ settings: DiscoverySettings) async throws {
        let hub = try await access.hub()
        let found = try await AccountFinder(
            settings: settings, request: lease.job.request, hub: hub.client, hubAccount: hub.account,
            logger: environment.logger(lease)
        ).find()
        access.management = found.accounts.first(where: \.isManagement)?.id
        let now = environment.now()
        try await stored { try $0.expand($1, into: found.tasks, accounts: found.accounts, now: now) }
    }

    private func findRegions(_ settings: DiscoverySettings) async throws {
        let client = try await access.spoke(lease.accountID, lease.job, settings)
        let tasks = try await RegionFinder.find(
            client, account: lease.accountID, settings, lease.job.request)
        let now = environment.now()
        try await stored { try $0.expand($1, into: tasks, accounts: [], now: now) }
    }

    private func list(_ settings: DiscoverySettings) async throws -> Job {
        let client = try await access.spoke(lease.accountID, lease.job, settings).in(region: lease.region)
        let lister = HostLister(client: client, request: lease.job.request)
        let selection = HostSelection(
            settings: settings, request: lease.job.request, account: lease.accountID, region: lease.region)
        let now = environment.now()
        // First the nodes: an instance that comes in between is one that SSM does not know yet.
        var nodes = try await lister.nodes()
        try await lister.instances { page in
            let hosts = page.map { selection.host($0, nodes.removeValue(forKey: $0.id)) }
            try await stored { try $0.record($1, hosts, now: now) }
        }
        let others = nodes.values.filter { $0.resourceType == "ManagedInstance" || $0.instanceId.hasPrefix("mi-") }
        let hosts = others.map(selection.host)
        let isComplete = lister.isComplete
        return try await environment.stored { [lease] store in
            if !hosts.isEmpty { try store.record(lease, hosts, now: now) }
            return try store.finishListing(lease, isComplete: isComplete, now: now)
        }
    }

    /// Sends the document to the hosts that have no reason yet, in batches, and ends the task when all have one.
    private func ask(_ settings: DiscoverySettings) async throws {
        let client = try await access.spoke(lease.accountID, lease.job, settings).in(region: lease.region)
        let hub = try await access.hub()
        let runner = BatchRunner(
            environment: environment, lease: lease, settings: settings, client: client, hub: hub,
            documents: documents, pace: pace, intake: limits.intake)
        let known = try await environment.stored { [lease] in try $0.openBatches(lease) }
        // After a failure nothing more is sent: what waits stays planned.
        let failure = FirstFailure()
        let stop = try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            func add(_ batch: Batch) {
                // A place is taken before the batch begins: what waits here holds nothing.
                running += 1
                group.addTask { [limits, account = lease.accountID] in
                    do {
                        try await limits.commands.with(account) {
                            try Task.checkCancellation()
                            if batch.state == .planned, failure.error != nil { return }
                            try await runner.run(batch)
                        }
                    } catch { failure.keep(error) }
                }
            }
            // Commands that an earlier worker sent are read, not sent again.
            for batch in known { add(batch) }
            while true {
                var step = BatchStep.nothing
                if failure.error == nil, running < Self.width {
                    let (now, windows) = (environment.now(), open(settings))
                    step = try await environment.stored { [lease] in
                        try $0.nextBatch(lease, size: SSM.commandSize, windows: windows, now: now)
                    }
                }
                if case .batch(let batch) = step {
                    add(batch)
                    continue
                }
                guard running > 0 else {
                    if let error = failure.error { throw error }
                    return step == .stopped
                }
                // The other batches that were sent come to their ends. One that ended may have left hosts to be asked
                // again.
                try await group.next()
                running -= 1
            }
        }
        let now = environment.now()
        guard stop else {
            _ = try await environment.stored { [lease] in try $0.settle(lease, now: now) }
            return
        }
        let end = try await environment.stored { [lease] in try $0.job(lease.job.id)?.stop } ?? .halted
        try await self.end(.ok, detail: nil, reason: end == .cancelled ? .cancelled : .skipped, end.rawValue)
    }

    /// Batches of one task that are under way or wait for a place.
    private static let width = 200

    private func open(_ settings: DiscoverySettings) -> [Int] {
        let now = environment.now()
        return settings.maintenanceWindows.indices.filter { settings.maintenanceWindows[$0].isOpen(at: now) }
    }

    // MARK: Ends

    private func end(
        _ code: ScopeCode, detail: String?, isDead: Bool = false, reason: Reason, _ reasonDetail: String? = nil
    ) async throws {
        let now = environment.now()
        try await stored {
            try $0.end(
                $1, code, detail: detail, isDead: isDead, reason: reason, reasonDetail: reasonDetail ?? detail,
                now: now)
        }
    }

    private func postpone(seconds: Double, _ detail: String) async throws {
        let until = environment.now().addingTimeInterval(seconds)
        try await stored { try $0.postpone($1, until: until, detail: String(detail.prefix(500))) }
    }

    /// Before AWS's message, which may be long.
    private static let managementAccount =
        "this is the management account, which StackSets never reach: deploy packaging/aws/spoke.yaml there as a stack. "

    /// How often a task that AWS throttles, or that gets no answer, is tried.
    private static let most = 6

    private func failed(_ failed: AWSError, _ logger: Logger) async throws {
        var error = failed
        if error.action == "sts:AssumeRole", error.kind == .denied, lease.accountID == access.management {
            error.message = Self.managementAccount + error.message
        }
        let failure = TaskFailure(error)
        let metadata: Logger.Metadata = [
            "error": "\(error)", "code": "\(failure.code.rawValue)", "failures": .stringConvertible(lease.failures + 1),
        ]
        let stop = try await environment.stored { [lease] in try $0.job(lease.job.id)?.stop }
        if let stop, lease.phase != .send {
            return try await end(.skipped, detail: stop.rawValue, reason: .skipped)
        }
        if failure.isPassing, stop == nil, lease.failures + 1 < Self.most {
            // 10 s, 20 s, …, at most 5 minutes, and a random part: those that failed at once do not return at once.
            let pause = min(300, 10 * Double(1 << min(lease.failures, 5))) * (0.5 + .random(in: 0..<0.5))
            logger.warning("the task failed; trying again later", metadata: metadata)
            return try await postpone(seconds: pause, "\(error)")
        }
        logger.error("the task failed; its hosts were not asked", metadata: metadata)
        try await end(
            failure.code, detail: String("\(error)".prefix(500)), isDead: failure.code.isFailure,
            reason: failure.reason, failure.code.rawValue)
    }

    /// Writes what became of a task, as long as the store cannot: a full disk must not lose it.
    private func keepTrying(_ logger: Logger, _ body: () async throws -> Void) async {
        while !Task.isCancelled {
            do { return try await body() } catch is LeaseLost {
                return logger.warning("another worker has the task now")
            } catch {
                logger.error("cannot store the result of a task; trying again", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }
}

/// The first error of several batches.
private final class FirstFailure: Sendable {
    private let first = Mutex<(any Error)?>(nil)
    var error: (any Error)? { first.withLock { $0 } }
    func keep(_ error: any Error) { first.withLock { $0 = $0 ?? error } }
}

/// What an error of AWS means for a task.
struct TaskFailure: Equatable {
    var code: ScopeCode
    /// What its hosts end with.
    var reason: Reason
    /// Whether another attempt may help.
    var isPassing: Bool

    init(_ error: AWSError) {
        switch error.kind {
        case .throttled: (code, reason, isPassing) = (.throttled, .skipped, true)
        case .denied: (code, reason, isPassing) = (.accessDenied, .accessDenied, false)
        case .deniedBySCP: (code, reason, isPassing) = (.deniedBySCP, .accessDenied, false)
        case .expired: (code, reason, isPassing) = (.expired, .accessDenied, true)
        case .regionDisabled: (code, reason, isPassing) = (.regionDisabled, .skipped, false)
        // A region that the account did not enable knows none of its keys.
        case .unrecognizedCredentials:
            (code, reason, isPassing) = (
                error.action == "sts:AssumeRole" ? .accessDenied : .regionDisabled, .skipped, false
            )
        case .network, .timeout, .unavailable, .malformed, .skewedClock:
            (code, reason, isPassing) = (.failed, .skipped, true)
        case .certificate, .notFound, .invalid, .redirected, .credentials, .configuration, .cancelled, .other:
            (code, reason, isPassing) = (.failed, .skipped, false)
        }
    }
}
