import FoundationEssentials

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

/// An account as Organizations lists it.
public struct OrganizationAccount: Sendable, Equatable {
    /// Twelve digits.
    public var id: String
    /// Its name.
    public var name: String?
    /// Its owner's address.
    public var email: String?
    /// `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE`, ….
    public var state: String?
    /// The names of the organisational units above it, such as `Root/workload`.
    public var organizationalUnit: String?
    /// Its tags; nil when they were not asked for.
    public var tags: [String: String]?

    /// An account.
    public init(
        id: String, name: String? = nil, email: String? = nil, state: String? = nil, organizationalUnit: String? = nil,
        tags: [String: String]? = nil
    ) {
        self.id = id
        self.name = name
        self.email = email
        self.state = state
        self.organizationalUnit = organizationalUnit
        self.tags = tags
    }
}

/// An instance as EC2 lists it, or a managed node outside EC2 as SSM does.
public struct ListedInstance: Sendable, Equatable {
    /// `i-…` or `mi-…`.
    public var id: String
    /// The tag `Name`, or the node's own name.
    public var name: String?
    /// EC2's state, such as `running`; for other nodes `running` while SSM sees them.
    public var state: String
    /// Such as `m7g.large`.
    public var type: String?
    /// Such as `eu-west-1a`.
    public var availabilityZone: String?
    /// The AMI.
    public var imageID: String?
    /// The VPC.
    public var vpcID: String?
    /// The private address.
    public var privateAddress: String?
    /// When it was launched.
    public var launchedAt: Date?
    /// Such as `Linux/UNIX` or `Windows`.
    public var platform: String?
    /// `x86_64`, `arm64`, ….
    public var architecture: String?
    /// What SSM says: `Online`, `ConnectionLost` or `Inactive`; nil when SSM does not know it.
    public var ssmStatus: String?
    /// The version of its SSM agent.
    public var ssmAgentVersion: String?
    /// Its tags.
    public var tags: [String: String]

    /// An instance.
    public init(id: String, state: String, tags: [String: String] = [:]) {
        self.id = id
        self.state = state
        self.tags = tags
        name = tags["Name"]
    }
}

/// An instance of a run, and whether it can be asked.
public struct PlannedHost: Sendable, Equatable {
    /// The instance.
    public var instance: ListedInstance
    /// Whether the run is about it; others are only kept as what EC2 knows.
    public var isInRun: Bool
    /// Why it is not asked; nil when it is.
    public var reason: Reason?
    /// More about the reason.
    public var detail: String?
    /// The agent's architecture: `x86_64` or `aarch64`.
    public var architecture: String
    /// The maintenance windows that concern it, by their places among the settings.
    public var windows: [Int]

    /// An instance of a run.
    public init(
        _ instance: ListedInstance, isInRun: Bool = true, reason: Reason? = nil, detail: String? = nil,
        architecture: String = "x86_64", windows: [Int] = []
    ) {
        self.instance = instance
        self.isInRun = isInRun
        self.reason = reason
        self.detail = detail
        self.architecture = architecture
        self.windows = windows
    }
}

/// Up to 50 hosts of a task that get one command.
public struct Batch: Sendable, Equatable {
    /// How far it is.
    public enum State: String, Sendable {
        /// Nothing was sent.
        case planned
        /// AWS was asked to send it, and its answer is not known yet.
        case sending
        case sent
        case done
    }

    /// Its row.
    public var row: Int64
    /// The comment of its command, which no other command has.
    public var comment: String
    /// How far it is.
    public var state: State
    /// The agent's architecture.
    public var architecture: String
    /// Whether the hosts download the agent.
    public var fetches: Bool
    /// The command, once AWS answered.
    public var commandID: String?
    /// When AWS was first asked to send it.
    public var sendingAt: Date?
    /// The hosts that have no reason yet, and how often each was asked, this time included.
    public var hosts: [String: Int]

    /// A batch.
    public init(
        row: Int64, comment: String, state: State, architecture: String, fetches: Bool, commandID: String?,
        sendingAt: Date?, hosts: [String: Int]
    ) {
        self.row = row
        self.comment = comment
        self.state = state
        self.architecture = architecture
        self.fetches = fetches
        self.commandID = commandID
        self.sendingAt = sendingAt
        self.hosts = hosts
    }
}

/// What a task does next with its hosts.
public enum BatchStep: Sendable, Equatable {
    /// A batch to send.
    case batch(Batch)
    /// No host waits, or none may be asked now.
    case nothing
    /// The run was told to stop.
    case stopped
}

/// How an invocation ended for one host.
public struct HostResult: Sendable, Equatable {
    /// The instance.
    public var instanceID: String
    /// How it ended.
    public var reason: Reason
    /// More about it.
    public var detail: String?
    /// When AWS took the command.
    public var startedAt: Date?
    /// When it ended.
    public var endedAt: Date?
    /// Databases in its report.
    public var databases: Int?
    /// It is asked once more, after this; `fetches` when it has to download the agent first.
    public var again: Again?

    /// How a host is asked once more.
    public struct Again: Sendable, Equatable {
        /// Whether it downloads the agent.
        public var fetches: Bool
        /// The agent's architecture, when it turned out to be another; nil for the same.
        public var architecture: String?

        /// Asked again.
        public init(fetches: Bool, architecture: String? = nil) {
            self.fetches = fetches
            self.architecture = architecture
        }
    }

    /// A result.
    public init(_ instanceID: String, _ reason: Reason, detail: String? = nil) {
        self.instanceID = instanceID
        self.reason = reason
        self.detail = detail
    }
}

/// What a run's brake looks at.
public struct JobCounts: Sendable, Equatable {
    /// Hosts on which the document started.
    public var started: Int
    /// Those of them that ended with a fault of the document's or the agent's own.
    public var ownFaults: Int
    /// Which hosts are asked.
    public var stage: JobStage
    /// How the run ends; nil when it goes on.
    public var stop: JobState?

    /// Counts.
    public init(started: Int, ownFaults: Int, stage: JobStage, stop: JobState?) {
        self.started = started
        self.ownFaults = ownFaults
        self.stage = stage
        self.stop = stop
    }
}

/// Which hosts a new document goes to first.
public struct CanaryRule: Codable, Sendable, Equatable {
    /// Tags: one of the values of each.
    public var tags: [String: [String]]
    /// Accounts.
    public var accounts: [String]
    /// A part of all hosts, in percent, at least one; 0 for none.
    public var percent: Int

    /// A rule.
    public init(tags: [String: [String]] = [:], accounts: [String] = [], percent: Int = 1) {
        self.tags = tags
        self.accounts = accounts
        self.percent = percent
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
