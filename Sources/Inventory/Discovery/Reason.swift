/// How one instance ended a run of discovery. Each has exactly one in each run.
public enum Reason: String, CaseIterable, Sendable, Codable {
    /// It reported databases.
    case ok
    /// It reported that it has none.
    case noDatabase = "no_database"
    /// SSM does not know it.
    case notManaged = "not_managed"
    /// Its SSM agent is not connected.
    case offline
    /// It does not run.
    case stopped
    /// The agent does not run on its system or its processor.
    case unsupportedPlatform = "unsupported_platform"
    /// A policy forbids to ask it.
    case accessDenied = "access_denied"
    /// The command did not reach it.
    case undeliverable
    /// It took too long.
    case timedOut = "timed_out"
    /// The instance is gone.
    case terminated
    /// The document failed there; `detail` says how.
    case failed
    /// Its report came back cut.
    case truncated
    /// What came back is no report, or one that the inventory rejects.
    case badReport = "bad_report"
    /// Its report names another instance.
    case agentMismatch = "agent_mismatch"
    /// The run was cancelled.
    case cancelled
    /// The run left it out; `detail` says why.
    case skipped

    /// Whether a report came, and is in the inventory.
    public var isAnswered: Bool { self == .ok || self == .noDatabase }

    /// Whether the document or the agent may have caused it: many of them stop a run.
    public var isOwnFault: Bool { [.failed, .truncated, .badReport, .timedOut].contains(self) }

    /// Whether the instance was asked, or should have been, and did not answer: `scan --wait` exits with 3.
    public var isFailure: Bool {
        isOwnFault || [.accessDenied, .undeliverable, .agentMismatch, .cancelled].contains(self)
    }

    /// Whether the command started on the instance.
    public var isStarted: Bool { isAnswered || isOwnFault || self == .agentMismatch }

    /// What you can do about it; nil when there is nothing to do.
    public var remedy: String? {
        switch self {
        case .ok, .noDatabase, .terminated: nil
        case .notManaged: "Install the SSM agent, and give the instance a role with AmazonSSMManagedInstanceCore."
        case .offline: "Start the SSM agent, or open its way to the SSM endpoints."
        case .stopped: "Start the instance before the next run, or ignore it."
        case .unsupportedPlatform: "The agent runs on Linux on x86-64 and ARM64 only."
        case .accessDenied: "Allow the action to the spoke role: see `dbcensus-collector doctor --account`."
        case .undeliverable: "Check the SSM agent on the instance, then retry the run."
        case .timedOut: "Check the load and the file systems of the instance, then retry the run."
        case .failed: "See the detail in docs/operate/ssm-document.md, then retry the run."
        case .truncated: "Retry the run. If it happens again, set discovery.output_bucket and begin a new run."
        case .badReport: "See the dead letters, and check which agent the instance keeps."
        case .agentMismatch: "Find out why the instance reports for another one: it may be compromised."
        case .cancelled: "Retry the run."
        case .skipped: "See the detail: a tag, a maintenance window, or a run that was stopped."
        }
    }
}

/// How the look at one account and region ended.
public enum ScopeCode: String, CaseIterable, Sendable, Codable {
    /// Its instances were listed.
    case ok
    /// The role cannot be assumed, or may not list.
    case accessDenied = "access_denied"
    /// A service control policy of the organisation denies it.
    case deniedBySCP = "denied_by_scp"
    /// The account is suspended or closed.
    case suspended
    /// The account did not enable the region.
    case regionDisabled = "region_disabled"
    /// The credentials expired, and fresh ones did not help.
    case expired
    /// AWS limited the rate for too long.
    case throttled
    /// The run left it out, or was stopped before.
    case skipped
    /// AWS did not answer, or a setting, a document or a credential is missing: `detail` says which.
    case failed

    /// Whether something is wrong: `scan --wait` exits with 3.
    public var isFailure: Bool {
        [.accessDenied, .deniedBySCP, .expired, .throttled, .failed].contains(self)
    }

    /// What you can do about it; nil when there is nothing to do.
    public var remedy: String? {
        switch self {
        case .ok, .suspended, .skipped: nil
        case .accessDenied: "Create the spoke role there: run `dbcensus-collector doctor --account ID`."
        case .deniedBySCP: "Allow the region in the service control policy, or leave it out of discovery.regions."
        case .regionDisabled: "Enable the region for the account, or leave it out of discovery.regions."
        case .expired: "Check the clock of the collector and the sessions of the role, then retry the run."
        case .throttled: "Retry the run later, or lower discovery.concurrency.batches."
        case .failed: "See the detail: `dbcensus-collector jobs tasks JOB --where code=failed`. Then retry the run."
        }
    }
}
