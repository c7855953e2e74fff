import Engines
import FoundationEssentials
import Glibc
import HostView
import Report
import Synchronization

/// The work of one scan, in the order of the data's way: processes, then, once the sandbox is locked, facts, databases, sizes.
final class ScanWork: Sendable {
    let progress = Mutex(ScanProgress())
    private let options: ScanOptions
    private let root: HostRoot
    private let deadline: Deadline
    private let done = Signal()

    init(options: ScanOptions, root: HostRoot, deadline: Deadline) {
        self.options = options
        self.root = root
        self.deadline = deadline
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
                        message: "no thread could be made: a read that hung would have kept the report"))
            }
            return true
        }
        lock()
        return done.wait(until: limit)
    }

    /// Looks at the host and keeps `progress` up to date.
    func look() {
        let log = ProblemLog()
        let host = Host(
            root, deadline: deadline, log: log, isRecorded: options.isRecorded, stepBack: Sandbox.stepBack)
        let engines = EngineRegistry.all.filter { options.engines.isEmpty || options.engines.contains($0.id) }
        let inspector = Inspector(host, engines: engines)
        let (servers, processesSeen) = takeHold(inspector)
        lock()
        let description = Report.Host(host.facts, cloud: CloudIdentity.read(root))
        if host.facts.addressesTruncated {
            log.add(
                .reportLimit, "host", "only \(HostFacts.addressLimit) of its addresses are reported", partial: false)
        }
        if engines.count < EngineRegistry.all.count {
            log.add(.engineFilter, "scan", "only \(engines.map(\.id).joined(separator: ", ")) was looked for")
        }
        publish(log) {
            $0.host = description
            $0.processesSeen = processesSeen
        }
        var findings: [Finding] = []
        inspector.run(servers) { finding in
            findings.append(finding)
            publish(log) { $0.databases.append(finding.database) }
        }
        if options.measuresSizes {
            Sizes.measure(&findings, host)
            publish(log) { $0.databases = findings.map(\.database) }
        }
        publish(log) { _ in }
    }

    private func publish(_ log: ProblemLog, _ change: (inout ScanProgress) -> Void) {
        progress.withLock {
            change(&$0)
            $0.problems = log.problems
            $0.isPartial = log.isPartial
            $0.limitedUsers = log.limitedUsers.sorted().prefix(Report.Scan.limitedUsersLimit).map { $0 }
        }
    }

    /// Gives up what the rest of the scan does not need; threads that are made later inherit it.
    private func lock() {
        let held = options.sandbox.lock()
        progress.withLock { $0.lockedThreads += held ? 1 : 0 }
    }

    private func takeHold(_ inspector: Inspector) -> (servers: [Candidate], processesSeen: Int) {
        let host = inspector.host
        do throws(HostError) {
            let (servers, table) = try inspector.takeHold()
            if table.isCut {
                host.log.add(
                    .tooManyProcesses, "/proc",
                    "only \(ProcessTable.limit) were looked at")
            }
            if table.value.denied > 0 {
                let hint = options.privileged ? "even to root" : "without root"
                host.log.add(
                    .notPrivileged, "/proc",
                    "\(table.value.denied) of \(table.value.pids.count) processes show no executable \(hint)",
                    partial: !options.privileged)
            }
            sayHidden(host)
            return (servers, table.value.pids.count)
        } catch {
            let reason = host.proc.isAbsent ? "there is no kernel's /proc below the root" : "\(error)"
            host.log.add(
                .noProcessTable, "/proc",
                "no process table, so only stopped and installed databases are found: \(reason)")
            return ([], 0)
        }
    }

    /// A /proc mounted with hidepid shows other users' processes to root alone (proc(5), "Mount options").
    private func sayHidden(_ host: Host) {
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
        addresses = facts.addresses
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
