import Engines
import FoundationEssentials
import Glibc
import HostView
import Report
import Synchronization

/// What a scan is asked to do.
struct ScanOptions: Sendable {
    /// The directory that is taken for the host's `/`.
    var root = "/"
    /// Plain files in the root's /proc are a recording of processes.
    var isRecorded = false
    /// Seconds within which a report comes.
    var deadline = 30.0
    /// Whether data directories are measured.
    var measuresSizes = true
    /// Ids of the engines to look for; empty for the established ones.
    var engines: Set<String> = []
    /// Ids of engines to look for beside them.
    var also: Set<String> = []
    /// The wall clock.
    var now: @Sendable () -> Date = { Date() }
    /// Whether the agent runs as root.
    var privileged = geteuid() == 0
    /// What the kernel forbids the agent.
    var sandbox = Sandbox.none
}

/// What a scan has found so far; the reporting thread may take a copy at any time.
struct ScanProgress: Sendable {
    var host = Report.Host()
    var processesSeen = 0
    var databases: [Report.Database] = []
    var engines: [Report.EngineRun] = []
    var problems: [Report.Problem] = []
    var isPartial = false
    var limitedUsers: [UInt32] = []
    /// Threads that have locked themselves: the one that works and the one that waits.
    var lockedThreads = 0
}

/// Scans one host: the work runs on one thread, and the caller's thread keeps the promise that a report comes in time.
///
/// A read of a dead network file system cannot be interrupted. Then the report holds what was found before, with a
/// problem.
struct Scanner {
    /// The part of the deadline that is kept for writing the report.
    private static let reserve = 0.1

    let options: ScanOptions

    init(_ options: ScanOptions) { self.options = options }

    /// Looks, and returns within the deadline. Throws only when the root cannot be opened.
    func run() throws -> Report {
        let root = try HostRoot(options.root)
        let begun = Deadline.now()
        let startedAt = Timestamp.rounded(options.now())
        let time = options.deadline * (1 - Self.reserve)
        let work = ScanWork(options: options, root: root, deadline: Deadline(seconds: time * 0.9))
        let finished = work.run(within: time)
        var progress = work.progress.withLock { $0 }
        if !finished {
            progress.isPartial = true
            progress.problems.append(
                Report.Problem(
                    code: ProblemCode.deadline.rawValue, subject: "scan",
                    message: "a read did not return before the deadline; the report contains what was found before it"))
        }
        return Report(
            agent: Report.Agent(version: agentVersion, architecture: Self.architecture),
            host: progress.host,
            scan: Report.Scan(
                startedAt: startedAt, durationMs: Int((Deadline.now() - begun) / 1_000_000),
                status: progress.isPartial ? .partial : .complete, privileged: options.privileged,
                sandbox: Report.Sandbox(seccomp: options.sandbox.seccomp, landlock: progress.lockedThreads >= 2),
                processesSeen: progress.processesSeen, engines: progress.engines,
                problems: progress.problems, limitedUsers: progress.limitedUsers),
            databases: progress.databases.sorted { $0.key < $1.key })
    }

    private static var architecture: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }
}
