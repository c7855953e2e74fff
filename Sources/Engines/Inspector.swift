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
        var findings: [Finding] = []
        var weight = 0
        func add(_ finding: Finding) {
            defer { host.log.settle(nil) }
            guard findings.count < Self.limit else {
                return host.log.add(.reportLimit, "scan", "more than \(Self.limit) databases; the rest is left out")
            }
            var finding = finding
            if finding.database.evidence.count >= EvidenceLimits.notes {
                host.log.add(
                    .reportLimit, finding.database.key, "only \(EvidenceLimits.notes) notes of evidence are kept",
                    partial: false)
            }
            if weight + finding.database.weight > Self.reportBytes {
                finding.database.shed()
                host.log.add(
                    .reportLimit, finding.database.key, "the report grows too large: evidence and details are left out")
            }
            weight += finding.database.weight
            guard weight <= 2 * Self.reportBytes else {
                return host.log.add(.reportLimit, finding.database.key, "the report is too large for it")
            }
            // A configuration may name a path with a NUL in it, which no path has and no reader takes.
            finding.database.key = finding.database.key.split(separator: "\0", omittingEmptySubsequences: false).joined(
                separator: "?")
            finding.database.key = uniqueKey(finding, among: findings)
            sayCopy(finding.database, among: findings)
            host.log.settle(finding.database.key)
            findings.append(finding)
            found(finding)
        }
        for (server, engines) in servers {
            for engine in engines {
                if stop("running servers") { return }
                host.inTurn("pid \(server.process.pid)") { running(server, engine) }.map(add)
            }
        }
        for engine in engines {
            if stop("stopped servers") { return }
            stopped(engine, besides: findings).forEach(add)
        }
        for engine in engines {
            if stop("installed software") { return }
            installed(engine, besides: findings).forEach(add)
        }
    }

    /// Two databases of one identity on one host: members of a cluster, or one is a copy of the other's files.
    private func sayCopy(_ database: Report.Database, among findings: [Finding]) {
        for name in ["server_uuid", "system_identifier"] {
            guard let own = database.identity[name] else { continue }
            let others = findings.map(\.database).filter { $0.engine == database.engine && $0.identity[name] == own }
            // A standby has its primary's system identifier; no two MySQL servers have one uuid.
            let isStandby = name == "system_identifier" && ([database] + others).contains { $0.role == .replica }
            if let other = others.first, !isStandby {
                host.log.addHere(.identityShared, "has the \(name) of \(other.key): one is a copy of the other")
            }
        }
    }

    private func stop(_ what: String) -> Bool {
        guard host.deadline.hasPassed else { return false }
        host.log.add(.deadline, "scan", "the deadline came while \(what) were looked for")
        return true
    }

    private func running(_ server: Server, _ engine: any Engine) -> Finding? {
        var server = server
        server.findPackage(engine, host)
        if server.lostRoot {
            host.log.addHere(.unreadable, "what it sees as / is gone: none of its files can be read", partial: true)
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

    /// A key that no other finding has. Two servers in one data directory are both shown, and the conflict is said.
    private func uniqueKey(_ finding: Finding, among findings: [Finding]) -> String {
        let key = finding.database.key
        let taken = Set(findings.map(\.database.key))
        guard taken.contains(key) else { return key }
        let rivals = findings.filter { $0.directories.first == finding.directories.first && !$0.directories.isEmpty }
        if !rivals.isEmpty {
            let pids = (rivals + [finding]).compactMap { $0.database.process.map { "\($0.pid)" } }
            host.log.add(
                .dataDirectoryConflict, key,
                "several servers claim this data directory: pids \(pids.joined(separator: ", "))")
        }
        var number = 2
        while taken.contains("\(key)#\(number)") { number += 1 }
        return "\(key)#\(number)"
    }
}
