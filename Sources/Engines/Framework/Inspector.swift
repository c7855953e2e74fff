import HostView
import Report

/// A database and the root below which its paths are meant.
public struct Finding: Sendable {
    /// The database.
    public var database: Report.Database
    /// Below which its paths are meant; nil where the agent may not look.
    public var root: HostRoot?
    /// The process's details; nil for a database that does not run.
    var details: ProcessDetails?
    /// Devices and inodes of its directories, the data directory's first: two paths that lead to one place are one directory.
    var directories: [FileIdentity] = []
    /// The executable's device and inode; nil where it was replaced or cannot be seen.
    var executable: FileIdentity?

    /// Whose it is: the server's user, or the owner of the data directory.
    var uid: UInt32? { details?.uid ?? database.dataDirectories.first?.uid }

    init(_ database: Report.Database, root: HostRoot?) {
        self.database = database
        self.root = root
    }
}

/// Finds the databases of one host: running ones, then stopped ones, then software without either.
public struct Inspector {
    /// The most databases of one host.
    public static let limit = 1_000
    /// What the texts of one report may weigh before databases lose their details; readers refuse 64 MiB.
    static let reportBytes = 2 << 20
    /// What those of one ordinary user's databases may weigh.
    static let userBytesOfReport = reportBytes / 2

    /// The host under inspection.
    public let host: Host
    let engines: [any Engine]

    /// Looks for `engines` on `host`.
    public init(_ host: Host, engines: [any Engine] = EngineRegistry.all) {
        self.host = host
        self.engines = engines
    }

    /// Calls `found` with each database as soon as it is known, until the deadline: first `servers`, then what does not run.
    public func run(_ servers: [Candidate], found: (Finding) -> Void) {
        var findings = Findings(host)
        func add(_ finding: Finding) {
            if let kept = findings.add(finding) { found(kept) }
        }
        let probes = Probes(servers.map(\.server))
        let silent = probes.silent(after: Self.silence)
        let answering = servers.indices.filter { !silent.contains($0) }
        for position in answering { findHolders(servers[position]) }
        for position in answering {
            if stop("running servers") { return }
            inspect(servers[position], add)
        }
        // A slow disk gets more time; what hangs for good keeps nothing else from being found.
        let end = Deadline(seconds: Self.longSilence)
        for position in silent.sorted() {
            if stop("running servers") { return }
            if probes.waitForAnswer(of: position, until: end) {
                findHolders(servers[position])
                inspect(servers[position], add)
            } else {
                sayHangs(servers[position].server)
            }
        }
        for engine in engines {
            if stop("stopped servers") { return }
            stopped(engine, besides: findings.all).forEach(add)
        }
        for engine in engines {
            if stop("installed software") { return }
            installed(engine, besides: findings.all).forEach(add)
        }
        sayCopies(findings.all.map(\.database))
    }

    /// Seconds without an answer from any server's files, before those that have answered are looked at; and seconds that the others get then.
    private static let silence = 1.0, longSilence = 4.0

    private func findHolders(_ candidate: Candidate) {
        for engine in candidate.engines where !host.deadline.hasPassed { findHolder(candidate.server, engine) }
    }

    private func inspect(_ candidate: Candidate, _ add: (Finding) -> Void) {
        let server = candidate.server
        for engine in candidate.engines where !host.deadline.hasPassed {
            host.inTurn("pid \(server.process.pid)", of: server.details.uid) { running(server, engine) }?.map(add)
        }
    }

    private func sayHangs(_ server: Server) {
        let place = server.workingDirectory?.value ?? "its directories"
        host.log.concerning(server.details.uid) {
            host.log.add(
                .unreadable, "pid \(server.process.pid)",
                "\(server.process.name): its files do not answer, so it was not looked at: see whether the file system of \(place) hangs"
            )
        }
    }

    /// Notes which directories a server proves to serve: no other process inherits one of them by its name alone.
    private func findHolder(_ server: Server, _ engine: any Engine) {
        _ = host.inTurn("pid \(server.process.pid)", of: server.details.uid) {
            for path in engine.heldDirectories(server, host) {
                guard let identity = try? server.root?.status(path).identity else { continue }
                host.holders[identity, default: []].insert(server.process.pid)
            }
        }
    }

    /// Databases of one identity on one host: members of a cluster, or copies of one another's files.
    private func sayCopies(_ databases: [Report.Database]) {
        for name in ["server_uuid", "system_identifier"] {
            let groups = Dictionary(grouping: databases.filter { $0.identity[name] != nil }) {
                $0.engine + " " + ($0.identity[name] ?? "")
            }
            for group in groups.values where group.count > 1 {
                // A standby has its primary's system identifier; no two MySQL servers have one uuid.
                let isCluster = name == "system_identifier" && group.contains { $0.role == .replica }
                if isCluster { continue }
                let keys = group.map(\.key).sorted()
                let shown = keys.prefix(Self.copiesShown).joined(separator: ", ")
                let more = keys.count > Self.copiesShown ? " and \(keys.count - Self.copiesShown) more" : ""
                host.log.add(
                    .identityShared, keys[0],
                    "\(keys.count) databases have one \(name): all but one of them are copies (\(shown)\(more))",
                    partial: false)
            }
        }
    }

    /// The most keys that a problem names.
    private static let copiesShown = 4

    private func stop(_ what: String) -> Bool {
        guard host.deadline.hasPassed else { return false }
        host.log.add(.deadline, "scan", "the deadline came while \(what) were looked for")
        return true
    }

    private func running(_ server: Server, _ engine: any Engine) -> Finding? {
        var server = server
        server.findPackage(engine, host)
        if server.lostRoot {
            host.log.addHere(
                .unreadable, "its root directory no longer exists: none of its files can be read", partial: true)
        }
        let process = server.process
        switch engine.inspect(server, host) {
        case .otherEngine:
            host.log.settle(nil)
            return nil
        case .notADatabase(let reason):
            host.log.settle(nil)
            refuse(server, reason)
            return nil
        case .database(var database):
            attach(server, engine, to: &database)
            var finding = Finding(database, root: server.root)
            finding.details = server.details
            if let path = process.executable.flatMap(server.inside), !process.executableDeleted {
                finding.executable = (try? server.root?.status(path))?.identity
            }
            let mounts = host.mounts(
                process.pid, namespace: server.details.mountNamespace, seenRoot: server.details.root)
            addContainer(server, mounts, to: &finding)
            locate(&finding)
            return finding
        }
    }
}
