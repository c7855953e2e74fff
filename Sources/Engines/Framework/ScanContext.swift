import HostView
import Report

/// One host under inspection: everything that engines read from, and the log of what could not be read.
public final class ScanContext {
    /// The host's files.
    public let root: HostRoot
    /// The host's /proc.
    public let proc: ProcFS
    /// Its listening sockets.
    public let sockets: SocketTable
    /// Its package databases.
    public let packages: Packages
    /// The engines that are looked for.
    let engines: [any Engine]
    /// When to stop: the scan, or what has its turn.
    public private(set) var deadline: Deadline
    private let scanDeadline: Deadline
    /// Seconds that one server's files may take, waits for a processor left out: files that are slow to read must not
    /// keep the others from being read.
    static let turn = 5.0
    /// The part of a scan's time that the files of all servers and directories of one ordinary user may take together.
    static let userShare = 0.5
    private let userTurn: Double
    /// Seconds of its own processor time that the agent works at the priority that it was started with; then it steps
    /// back.
    public static let processorTime = 3.0
    /// Steps back behind the host's other work, once.
    private let stepBack: () -> Void
    private var hasSteppedBack = false
    private var usedByUser: [UInt32: Double] = [:]
    /// Nanoseconds of processor time that the processes of one ordinary user may take to look at.
    private static let lookTime: UInt64 = 1_500_000_000
    private var lookedByUser: [UInt32: UInt64] = [:]
    /// What went wrong.
    public let log: ProblemLog
    /// How each engine's part goes.
    var runs = EngineRuns()
    /// What the host's files say of the machine.
    public private(set) lazy var facts = HostFacts.read(root, proc)
    /// The mount namespace of the host's own processes; nil where unknown.
    public let mountNamespace: String?
    private var mounts: [String: Mounts] = [:]
    /// The most bytes of mounts that are kept, of all views together.
    private static let mountBytes = 64 << 20
    /// Paths of the host by their patterns: related engines ask for the same.
    private var paths: [ObjectIdentifier: [String: [String]]] = [:]
    /// The host's root as each user may read it.
    private var roots: [FileReader: HostRoot] = [:]
    /// Which process proves to serve a directory: it holds a database's file open in it, or its own pid file says so.
    var holders: [FileIdentity: Set<Int32>] = [:]
    private var packagesByView: [String: Packages] = [:]
    var softwareByEngine: [String: [Software]] = [:]
    /// Paths of installed programs by their names, once they were asked for.
    var installedPrograms: [String: [String]]?
    /// What engines read once below a root, by the root and the value's type (`once`).
    private var cache: [CacheKey: Any] = [:]
    private struct CacheKey: Hashable {
        var root: ObjectIdentifier
        var type: ObjectIdentifier
    }
    /// Container engines' volumes, once they were asked for.
    var volumes: [StoppedPlace]?
    /// systemd's services, once they were asked for.
    var services: [ServiceUnit]?
    /// Where processes work that have a server's name and were refused.
    var refused: [(pid: Int32, uid: UInt32?, path: String, root: HostRoot)] = []
    /// How many of each user were refused.
    var refusedByUser: [UInt32: Int] = [:]
    /// Processes that tell something of the server that is their parent (`Engine.isHelper`), by the parent's pid.
    var helpers: [Int32: [Int32]] = [:]
    /// The mount namespace of every process, once a server's control group names a container.
    var mountNamespaces: [Int32: String] = [:]
    /// /proc hides processes of other users from the agent.
    public var hidesProcesses = false

    /// The host below `root`.
    ///
    /// - Parameters:
    ///   - engines: what is looked for.
    ///   - isRecorded: plain files in its /proc are a recording of processes.
    ///   - stepBack: makes the calling thread the last one to get a processor.
    public init(
        _ root: HostRoot, deadline: Deadline, log: ProblemLog, engines: [any Engine] = EngineRegistry.established,
        isRecorded: Bool = false,
        stepBack: @escaping () -> Void = {}
    ) {
        self.root = root
        self.engines = engines
        self.stepBack = stepBack
        self.deadline = deadline
        scanDeadline = deadline
        userTurn = deadline.secondsLeft * Self.userShare
        self.log = log
        proc = ProcFS(root, isRecorded: isRecorded)
        sockets = SocketTable(proc)
        packages = Self.packages(root, deadline, engines)
        mountNamespace = (try? proc.link(proc.isLive && root.path == "/" ? "self/ns/mnt" : "1/ns/mnt"))
    }

    private static func packages(_ root: HostRoot, _ deadline: Deadline, _ engines: [any Engine]) -> Packages {
        Packages(
            root, packageNames: engines.flatMap(\.profile.packagePrefixes),
            fileNames: engines.reduce(into: []) {
                $0.formUnion($1.profile.softwareNames)
            },
            deadline: deadline)
    }

    /// Does `body`, which may take as long as one server's turn is, and whose problems are the user's `uid`.
    ///
    /// - Returns: nil when all that one user's files may take is used up.
    func inTurn<Result>(_ subject: String, of uid: UInt32?, _ body: () -> Result) -> Result? {
        watchProcessorTime()
        return log.concerning(uid) {
            let user = uid.flatMap { $0 == 0 ? nil : Report.Scan.userGroup(of: $0) }
            let left = user.map { userTurn - usedByUser[$0, default: 0] } ?? Self.turn
            guard left > 0 else {
                log.add(
                    .deadline, subject,
                    "was skipped: reading the files of user \(uid ?? 0) took longer than \(Int(userTurn)) s in total")
                return nil
            }
            let begun = Deadline.workingTime()
            deadline = Deadline(turn: min(left, Self.turn), within: scanDeadline)
            let result = body()
            let overran = deadline.hasPassed
            deadline = scanDeadline
            if let user { usedByUser[user, default: 0] += max(0, Deadline.workingTime() - begun) }
            if overran {
                log.add(
                    .deadline, subject,
                    "took longer than \(Int(min(left, Self.turn).rounded(.up))) s to inspect: some of its files were not read"
                )
            }
            return result
        }
    }

    /// Whether a process of `uid` may be looked at: to count what a user's processes hold open takes a bounded time in
    /// all.
    func mayLook(at uid: UInt32?) -> Bool {
        guard let uid, uid != 0, lookedByUser[Report.Scan.userGroup(of: uid), default: 0] > Self.lookTime else {
            return true
        }
        log.add(
            .tooManyProcesses, "user \(uid)",
            "inspecting its processes took more than \(Double(Self.lookTime) / 1e9) s of processor time; the rest were skipped"
        )
        return false
    }

    /// Counts nanoseconds of processor time that a process of `uid` took to look at.
    func count(_ nanoseconds: UInt64, of uid: UInt32?) {
        lookedByUser[Report.Scan.userGroup(of: uid ?? 0), default: 0] += nanoseconds
    }

    /// Steps back once the agent has used its share of processor time.
    func watchProcessorTime() {
        guard !hasSteppedBack, Double(Deadline.processorTime()) / 1e9 > Self.processorTime else { return }
        stepBackNow()
        log.concerning(nil) {
            log.add(
                .processorTime, "scan",
                "used \(Int(Self.processorTime)) s of processor time before it found all servers: it continues at the lowest priority",
                partial: false)
        }
    }

    /// From here on the host's other work comes first.
    public func stepBackNow() {
        guard !hasSteppedBack else { return }
        hasSteppedBack = true
        stepBack()
    }

    /// The host's root as `reader` may read it.
    func root(readBy reader: FileReader) -> HostRoot {
        if let known = roots[reader] { return known }
        guard let view = try? root.readable(by: reader) else { return root }
        roots[reader] = view
        return view
    }

    /// The packages that the process of `details` sees below its root; each such view is read once.
    func packages(_ root: HostRoot, _ details: ProcessDetails) -> Packages {
        if details.root == "/", details.mountNamespace == mountNamespace { return packages }
        let view = (details.mountNamespace ?? "") + " " + (details.root ?? root.path)
        if let known = packagesByView[view] { return known }
        let read = Self.packages(root, scanDeadline, engines)
        packagesByView[view] = read
        return read
    }

    /// A path as the host names it: below the root of a container or a chroot, with that root before it.
    func shown(_ path: String, _ root: HostRoot) -> String { root.prefix(below: self.root) + path }

    /// Whether two paths below the host's root lead to one directory.
    func isSame(_ one: String, _ other: String) -> Bool {
        guard let first = try? root.status(one).identity else { return false }
        return first == (try? root.status(other))?.identity
    }

    /// Existing paths below `root` that match a pattern of `HostRoot.glob`.
    public func glob(_ pattern: String, in root: HostRoot) -> [String] {
        if let known = paths[ObjectIdentifier(root)]?[pattern] { return known }
        let paths = root.glob(pattern)
        if isShared(root) { self.paths[ObjectIdentifier(root), default: [:]][pattern] = paths.value }
        for shortfall in paths.shortfalls {
            if shortfall.path == pattern {
                log.add(.fileTooLarge, pattern, "only the first \(paths.value.count) paths were searched")
            } else {
                log.concerning(try? root.status(shortfall.path).owner) {
                    log.add(
                        .fileTooLarge, shown(shortfall.path, root),
                        "only some of its entries were searched for \(pattern)")
                }
            }
        }
        return paths.value
    }

    /// What `read` gives below `root`, read once per type of value while the root lasts.
    func once<Value>(below root: HostRoot, _ read: () -> Value) -> Value {
        let key = CacheKey(root: ObjectIdentifier(root), type: ObjectIdentifier(Value.self))
        if let known = cache[key] as? Value { return known }
        let value = read()
        if isShared(root) { cache[key] = value }
        return value
    }

    /// The root is the host's, for every user or one: it stays as long as the scan, and is worth remembering what was
    /// found below it.
    func isShared(_ root: HostRoot) -> Bool {
        root === self.root || root.reader.map { roots[$0] === root } == true
    }

    /// What is mounted where, as `pid` sees it, below the root that it sees; each such view is read once.
    func mounts(_ pid: Int32?, namespace: String?, seenRoot: String?) -> Mounts? {
        let key = (namespace ?? "host") + " " + (seenRoot ?? "/")
        if let known = mounts[key] { return known }
        guard mounts.values.reduce(0, { $0 + $1.weight }) < Self.mountBytes else {
            log.add(.fileTooLarge, "mountinfo", "more than \(Self.mountBytes >> 20) MiB of mount tables in total")
            return nil
        }
        do throws(HostError) {
            let read = try Mounts.read(pid.map(String.init) ?? (root.path == "/" ? "self" : "1"), proc)
            if read.isCut { log.add(.fileTooLarge, "mountinfo", "not every mount was read") }
            mounts[key] = read.value
            return read.value
        } catch {
            log.add(error)
            return nil
        }
    }
}
