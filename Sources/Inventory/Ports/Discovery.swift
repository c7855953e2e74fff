import FoundationEssentials

/// Keeps runs of discovery, their tasks and what became of each host. What it answered is durable.
///
/// A method that takes a lease throws `LeaseLost` when another worker has the task now; then nothing is written.
public protocol DiscoveryQueue: StoreClock {
    /// Adds a run; the one that is there already when its requester used the idempotency key before.
    ///
    /// - Throws: `StoreError` with the code `conflict` when the key was used for another request, and when too many
    ///   runs are open.
    func addJob(_ job: NewJob, now: Date) throws -> (job: Job, isNew: Bool)

    /// Adds the run that the schedule has at a time, once for all programs on the store. While another run is active,
    /// that it was left out is kept instead.
    func addScheduledJob(_ job: NewJob, dueAt: Date, now: Date) throws -> ScheduledRun

    /// A run; nil when there is none.
    func job(_ id: String) throws -> Job?

    /// How far a run is; nil when there is none.
    func progress(_ id: String) throws -> JobProgress?

    /// The runs that have not ended, the first one first.
    func openJobs() throws -> [Job]

    /// Tells a run to stop: nothing further is sent. False when it has ended, or was told before.
    ///
    /// - Parameters:
    ///   - end: `halted`, `cancelled` or `failed`.
    func stopJob(_ id: String, as end: JobState, code: String, detail: String, now: Date) throws -> Bool

    /// Asks what failed in an ended run again: its failed hosts, and scopes in which something is wrong. Nil when there
    /// is no such run; 0 when nothing failed.
    ///
    /// - Throws: `StoreError` with the code `conflict` while the run goes on.
    func retryJob(_ id: String, now: Date) throws -> Int?

    /// Moves a run on: from its canary to the rest, and to its end; says whether it ended now.
    func advance(_ job: Int64, canary: CanaryRule, now: Date) throws -> (job: Job, hasEnded: Bool)

    /// Takes the task that is due first; nil when none may be worked on now.
    func lease(owner: String, seconds: Double, now: Date?) throws -> TaskLease?

    /// Keeps the leases of `owner`.
    func renewLeases(owner: String, seconds: Double, now: Date?) throws

    /// Gives the leases of `owner` back, or those of everybody; no failure of the tasks.
    func releaseLeases(owner: String?) throws

    /// Makes every task that waits for a time due now: the clock was set back.
    func hasten(now: Date) throws

    /// Gives a task back, to be worked on when its run is further.
    func giveBack(_ lease: TaskLease) throws

    /// Counts a failure, and tries the task again at a time.
    func postpone(_ lease: TaskLease, until: Date, detail: String) throws

    /// Ends a task: `isDead` when it was given up and can be retried. Hosts without a reason get `reason`.
    func end(
        _ lease: TaskLease, _ code: ScopeCode, detail: String?, isDead: Bool, reason: Reason, reasonDetail: String?,
        now: Date
    ) throws

    /// Ends a task when all of its hosts have their reasons, and gives it back otherwise; true when it ended.
    func settle(_ lease: TaskLease, now: Date) throws -> Bool

    /// Ends a task that found others.
    func expand(_ lease: TaskLease, into tasks: [NewTask], accounts: [OrganizationAccount], now: Date) throws

    /// Keeps instances that were listed; may be called several times with the same `now`.
    func record(_ lease: TaskLease, _ hosts: [PlannedHost], now: Date) throws

    /// Ends the listing that began at `now`. After a complete one, instances that are not in it are terminated.
    func finishListing(_ lease: TaskLease, isComplete: Bool, now: Date) throws -> Job

    /// The next hosts to ask; hosts of an active maintenance window are skipped.
    func nextBatch(_ lease: TaskLease, size: Int, windows: [Int], now: Date) throws -> BatchStep

    /// Batches of the task that have no end yet.
    func openBatches(_ lease: TaskLease) throws -> [Batch]

    /// Notes that AWS is about to be asked to send a batch; false when its run was told to stop.
    func beginSending(_ batch: Batch, _ lease: TaskLease, now: Date) throws -> Bool

    /// Notes the command of a batch.
    func sent(_ batch: Batch, commandID: String, _ lease: TaskLease, now: Date) throws

    /// Ends a batch that AWS refused: its hosts are asked again, in batches of at most `limit`.
    func takeBack(_ batch: Batch, limit: Int, _ lease: TaskLease) throws

    /// Keeps what became of hosts of a batch; `isLast` ends the batch.
    func finish(_ results: [HostResult], of batch: Batch, isLast: Bool, _ lease: TaskLease, now: Date) throws
        -> JobCounts

    /// What the brake looks at now.
    func counts(_ job: Int64) throws -> JobCounts

    /// The fault of the document's or the agent's own that most hosts of a run ended with.
    func mostFrequentFault(_ job: Int64) throws -> String?

    /// The document that a run sends in a region; nil when it has not sent any.
    func document(of job: Int64, in region: String) throws -> RunDocument?

    /// Keeps the document that a run sends in a region, unless another worker kept one before; gives the one that is
    /// kept.
    func keep(_ document: RunDocument, of job: Int64, in region: String) throws -> RunDocument

    /// What waits in the queue.
    func depth(now: Date) throws -> QueueDepth

    /// When the last run that completed ended; nil when none did.
    func lastCompletedRun() throws -> String?
}

/// Which version of the SSM document a run sends in a region.
public struct RunDocument: Sendable, Equatable {
    /// The document's version.
    public var version: String
    /// SHA-256 in small hex digits; AWS refuses to run a document with another one.
    public var hash: String?
    /// The agent that the document runs; nil if it does not tell.
    public var agentVersion: String?

    /// A version, and what is known of it.
    public init(version: String, hash: String?, agentVersion: String? = nil) {
        self.version = version
        self.hash = hash
        self.agentVersion = agentVersion
    }
}

/// What became of a run of the schedule that is due.
public enum ScheduledRun: Sendable {
    /// It began.
    case begun(Job)
    /// It was left out: that run was still active.
    case skipped(active: String)
    /// Another program on the store began it, or left it out.
    case settled
}

/// What runs of discovery found, and how much of the organisation they reach.
public protocol DiscoveryLists: Sendable {
    /// Instances counted by columns of `Coverage.columns`, `tag:KEY` and `account_tag:KEY`.
    ///
    /// - Parameter conditions: on the same columns, with `=` and `!=`.
    func coverage(groupBy: [String], conditions: [Condition], bounds: Bounds) throws -> Coverage

    /// The coverage of the runs that ended, the last one first.
    func coverageHistory(limit: Int, bounds: Bounds) throws -> [RunCoverage]

    /// The databases of the report of that number, as JSON objects; nil when it is no longer kept.
    func databases(ofReport id: Int64) throws -> [ListRow]?
}

/// Begins and ends runs of discovery.
public protocol DiscoveryControl: Sendable {
    /// Begins a run; the one that is there already when its requester used the idempotency key before.
    ///
    /// - Throws: `StoreError`: `badRequest` for an invalid request, `conflict` for a key of another request.
    func begin(
        _ request: ScanRequest, origin: String, requestedBy: String, traceparent: String?, idempotencyKey: String?
    ) throws -> (job: Job, isNew: Bool)

    /// There is work: a run was retried or stopped.
    func wake()

    /// When the schedule begins the next run; nil without a schedule.
    var nextRun: Date? { get }

    /// Whether no run completed although the schedule had two.
    ///
    /// - Parameter last: when a run last completed; nil for never: then since this program began.
    func isOverdue(_ last: String?, now: Date) -> Bool

    /// What discovery counted since the program began.
    func counters() -> DiscoveryCounters
}
