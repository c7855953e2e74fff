import Engines
import FoundationEssentials
import Glibc
import HostView
import Report
import Synchronization

/// The work of one scan, in the order of the data's way: processes, then, once the sandbox is locked, facts, databases,
/// sizes.
final class ScanWork: Sendable {
    let progress = Mutex(ScanProgress())
    private let options: ScanOptions
    private let root: HostRoot
    private let deadline: Deadline
    private let done = Signal()
    private let engines: [any Engine]

    init(options: ScanOptions, root: HostRoot, deadline: Deadline) {
        self.options = options
        self.root = root
        self.deadline = deadline
        let chosen =
            options.engines.isEmpty ? Set(EngineRegistry.established.map(\.id)) : options.engines
        engines = EngineRegistry.all.filter { chosen.contains($0.id) || options.also.contains($0.id) }
        let runs = engines.map { Report.EngineRun(id: $0.id, outcome: .notRun, durationMs: 0) }
        progress.withLock { $0.engines = runs }
    }

    /// Runs `look` on a thread of its own; false when it has not come back after `seconds`.
    func run(within seconds: Double, _ look: @escaping @Sendable (ScanWork) -> Void = { $0.look() }) -> Bool {
        let limit = Deadline(seconds: seconds)
        let started = startThread { [self] in
            look(self)
            done.signal()
        }
        guard started else {
            look(self)
            lock()
            progress.withLock {
                $0.problems.append(
                    Report.Problem(
                        code: ProblemCode.deadline.rawValue, subject: "scan",
                        message: "could not start a second thread: a read that hangs would have delayed the report"))
            }
            return true
        }
        lock()
        return done.wait(until: limit)
    }

    /// Looks at the host and keeps `progress` up to date.
    func look() {
        let log = ProblemLog()
        let host = ScanContext(
            root, deadline: deadline, log: log, engines: engines, isRecorded: options.isRecorded,
            stepBack: Sandbox.stepBack)
        let inspector = Inspector(host)
        let (servers, processesSeen) = findCandidates(inspector)
        lock()
        let description = Report.Host(host.facts, cloud: CloudIdentity.read(root))
        if host.facts.addresses.isCut {
            log.add(
                .reportLimit, "host", "only \(host.facts.addresses.value.count) of its addresses are reported",
                partial: false)
        }
        if !options.engines.isEmpty, engines.count < EngineRegistry.all.count {
            log.add(.engineFilter, "scan", "only \(engines.map(\.id).joined(separator: ", ")) was searched for")
        }
        publish(host) {
            $0.host = description
            $0.processesSeen = processesSeen
        }
        var databases: [FoundDatabase] = []
        inspector.run(servers) { found in
            databases.append(found)
            publish(host) { $0.databases.append(found.database) }
        }
        if options.measuresSizes {
            Sizes.measure(&databases, host)
            publish(host) { $0.databases = databases.map(\.database) }
        }
        publish(host) { _ in }
    }

    private func publish(_ host: ScanContext, _ change: (inout ScanProgress) -> Void) {
        progress.withLock {
            change(&$0)
            $0.engines = host.engineRuns
            $0.problems = host.log.problems
            $0.isPartial = host.log.isPartial
            $0.limitedUsers = host.log.limitedUsers.sorted().prefix(Report.Scan.limitedUsersLimit).map { $0 }
        }
    }

    /// Gives up what the rest of the scan does not need; threads that are made later inherit it.
    private func lock() {
        let held = options.sandbox.lock()
        progress.withLock { $0.lockedThreads += held ? 1 : 0 }
    }

    private func findCandidates(_ inspector: Inspector) -> (servers: [Candidate], processesSeen: Int) {
        let host = inspector.host
        do throws(HostError) {
            let (servers, table) = try inspector.findCandidates()
            if table.isCut {
                host.log.add(
                    .tooManyProcesses, "/proc",
                    "only \(ProcessTable.limit) processes were read")
            }
            if table.value.denied > 0 {
                let hint = options.privileged ? "even to root" : "without root"
                host.log.add(
                    .notPrivileged, "/proc",
                    "\(table.value.denied) of \(table.value.pids.count) processes show no executable \(hint)",
                    partial: !options.privileged)
            }
            reportHidden(host)
            return (servers, table.value.pids.count)
        } catch {
            let reason = host.proc.isAbsent ? "the root has no /proc of a kernel" : "\(error)"
            host.log.add(
                .noProcessTable, "/proc",
                "no process table, so running databases are missing: \(reason)")
            return ([], 0)
        }
    }

    /// A /proc mounted with hidepid shows other users' processes to root alone (proc(5), "Mount options").
    private func reportHidden(_ host: ScanContext) {
        guard !(options.privileged && host.proc.isLive),
            let mount = try? Mounts.read(host.proc.isLive ? "self" : "1", host.proc).value.holding("/proc"),
            let option = mount.options.split(separator: ",").first(where: {
                $0.hasPrefix("hidepid=") && $0 != "hidepid=0" && $0 != "hidepid=off"
            })
        else { return }
        host.hidesProcesses = true
        host.log.add(
            .hiddenProcesses, "/proc", "mounted with \(option): processes of other users are invisible without root")
    }
}

extension Report.Host {
    /// The facts in the report's words.
    init(_ facts: HostFacts, cloud identity: CloudIdentity?) {
        self.init()
        hostname = facts.hostname
        machineID = facts.machineID
        bootID = facts.bootID
        os = facts.os.map { Report.OperatingSystem(id: $0.id, version: $0.version, name: $0.name) }
        kernel = facts.kernel
        architecture = facts.architecture
        cpus = facts.cpus
        memoryBytes = facts.memoryBytes
        bootedAt = facts.bootedAt.map { Timestamp.rounded(Date(timeIntervalSince1970: Double($0))) }
        addresses = facts.addresses.value
        cloud = identity.map { identity in
            var cloud = Report.Cloud(provider: "aws")
            cloud.accountID = identity.accountID
            cloud.region = identity.region
            cloud.availabilityZone = identity.availabilityZone
            cloud.instanceID = identity.instanceID
            cloud.instanceType = identity.instanceType
            return cloud
        }
    }
}
