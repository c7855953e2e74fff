import HostView
import Report

/// A database and the root below which its paths are meant.
public struct Finding: Sendable {
    /// The database.
    public var database: Report.Database
    /// Below which its paths are meant; nil where the agent may not look.
    public var root: HostRoot?
    /// Its mount namespace, where it has a process.
    var mountNamespace: String?
    /// The root as the agent's own mount namespace names it; nil when it lies in another one.
    var rootOnHost: String?
}

/// Finds the databases of one host: running ones, then stopped ones, then software without either.
public struct Inspector {
    let host: Host
    let engines: [any Engine]

    /// Looks for `engines` on `host`.
    public init(_ host: Host, engines: [any Engine] = EngineRegistry.all) {
        self.host = host
        self.engines = engines
    }

    /// Calls `found` with each database as soon as it is known, until the deadline.
    public func run(_ processes: [HostProcess], found: (Finding) -> Void) {
        var findings: [Finding] = []
        func add(_ finding: Finding) {
            var finding = finding
            finding.database.key = uniqueKey(finding.database, among: findings)
            findings.append(finding)
            found(finding)
        }
        let claimed = candidates(processes)
        let executables = Dictionary(claimed.map { ($0.process.pid, $0.process.executable) }) { first, _ in first }
        for (process, engine) in claimed {
            if stop("running servers") { return }
            guard let server = Server.read(process, engine, host) else { continue }
            // A server that forks shows, for an instant, a child with its own name and arguments.
            if let parent = executables[server.details.ppid], parent == process.executable { continue }
            running(server, engine).map(add)
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

    private func stop(_ what: String) -> Bool {
        guard host.deadline.hasPassed else { return false }
        host.log.add(.deadline, "scan", "the deadline came while \(what) were looked for")
        return true
    }

    /// Processes and the engines that claim them.
    private func candidates(_ processes: [HostProcess]) -> [(process: HostProcess, engine: any Engine)] {
        processes.flatMap { process in engines.filter { $0.claims(process) }.map { (process, $0) } }
    }

    private func running(_ server: Server, _ engine: any Engine) -> Finding? {
        let process = server.process
        switch engine.inspect(server, host) {
        case .otherEngine:
            return nil
        case .notADatabase(let reason):
            host.log.add(.notADatabase, "pid \(process.pid)", "\(process.name): \(reason)", partial: false)
            return nil
        case .database(var database):
            let sameNamespace =
                server.details.mountNamespace == nil || host.mountNamespace == nil
                || server.details.mountNamespace == host.mountNamespace
            attach(server, engine, to: &database)
            var finding = Finding(
                database: database, root: server.root, mountNamespace: server.details.mountNamespace,
                rootOnHost: sameNamespace ? server.details.root ?? "/" : nil)
            locate(&finding, pid: process.pid)
            if process.executableDeleted {
                host.log.add(
                    .executableReplaced, finding.database.key,
                    "pid \(process.pid) runs \(process.executable ?? "a file") that was deleted or replaced on disk: "
                        + "a restart is pending", partial: false)
            }
            return finding
        }
    }

    /// Two servers that claim one data directory are both shown, and the conflict is said.
    private func uniqueKey(_ database: Report.Database, among findings: [Finding]) -> String {
        let others = findings.filter {
            $0.database.key == database.key || $0.database.key.hasPrefix(database.key + "#")
        }
        guard !others.isEmpty else { return database.key }
        host.log.add(
            .dataDirectoryConflict, database.key,
            "several servers claim this data directory: pids "
                + (others.map(\.database) + [database]).compactMap { $0.process.map { "\($0.pid)" } }
                .joined(separator: ", "))
        return "\(database.key)#\(others.count + 1)"
    }
}
