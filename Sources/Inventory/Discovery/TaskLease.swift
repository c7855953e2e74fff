/// What a task of a run does next.
public enum TaskPhase: String, CaseIterable, Sendable, Codable {
    /// Finds the accounts: the one task that each run begins with.
    case accounts
    /// Finds the regions of an account.
    case regions
    /// Lists the instances of an account and region.
    case list
    /// Sends the document to its hosts, and reads what they answer.
    case send
}

/// The right to work on a task until a time. The fence grows with each lease: what an earlier holder writes is refused.
public struct TaskLease: Sendable {
    /// The run.
    public var job: Job
    /// The task's row.
    public var task: Int64
    /// Twelve digits, or `*` for the task that finds the accounts.
    public var accountID: String
    /// A region, or `*` for the task that finds them.
    public var region: String
    /// What is to be done.
    public var phase: TaskPhase
    /// How often it failed so far.
    public var failures: Int
    /// Who holds it.
    public var owner: String
    /// Its number among the leases of the task.
    public var fence: Int64

    /// A lease.
    public init(
        job: Job, task: Int64, accountID: String, region: String, phase: TaskPhase, failures: Int, owner: String,
        fence: Int64
    ) {
        self.job = job
        self.task = task
        self.accountID = accountID
        self.region = region
        self.phase = phase
        self.failures = failures
        self.owner = owner
        self.fence = fence
    }
}

/// Another worker has the task now: what this one does no longer counts.
public struct LeaseLost: Error {
    /// The error.
    public init() {}
}

/// A task that another task found.
public struct NewTask: Sendable, Equatable {
    /// Twelve digits.
    public var accountID: String
    /// A region, or `*`.
    public var region: String
    /// How it ended already; nil when there is something to do.
    public var code: ScopeCode?
    /// Why.
    public var detail: String?

    /// A task.
    public init(accountID: String, region: String, code: ScopeCode? = nil, detail: String? = nil) {
        self.accountID = accountID
        self.region = region
        self.code = code
        self.detail = detail
    }
}

/// What waits in the queue.
public struct QueueDepth: Sendable, Equatable {
    /// Tasks that a worker could take now.
    public var ready: Int
    /// Tasks by state.
    public var states: [String: Int]
    /// When the oldest of the ready ones became due.
    public var oldest: String?

    /// A depth.
    public init(ready: Int, states: [String: Int], oldest: String?) {
        self.ready = ready
        self.states = states
        self.oldest = oldest
    }
}
