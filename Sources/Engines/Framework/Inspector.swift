import HostView
import Report

/// Finds the databases of one host: running ones, then stopped ones, then software without either.
public struct Inspector {
    /// The most databases of one host.
    public static let limit = 1_000
    /// What the texts of one report may weigh before databases lose their details; readers refuse 64 MiB.
    static let reportBytes = 2 << 20
    /// What those of one ordinary user's databases may weigh.
    static let userBytesOfReport = reportBytes / 2

    /// The host under inspection.
    public let host: ScanContext
    let engines: [any Engine]

    /// Looks for the engines of `host`.
    public init(_ host: ScanContext) {
        self.host = host
        engines = host.engines
        host.runs = EngineRuns(engines)
    }

    /// Calls `found` with each database as soon as it is known, until the deadline: first `servers`, then what does not
    /// run.
    public func run(_ servers: [Candidate], found: (FoundDatabase) -> Void) {
        var databases = FoundDatabases(host)
        func add(_ new: FoundDatabase) {
            if let kept = databases.add(new) { found(kept) }
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
                reportHangs(servers[position])
            }
        }
        for engine in engines {
            if stop("stopped servers") { return }
            host.measured(engine) { stopped(engine, besides: databases.all).forEach(add) }
        }
        for engine in engines {
            if stop("installed software") { return }
            host.measured(engine) { installed(engine, besides: databases.all).forEach(add) }
            if !host.deadline.hasPassed { host.runs.finish(engine) }
        }
        noteCopies(databases.all.map(\.database))
    }

    /// Seconds without an answer from any server's files, before those that have answered are looked at; and seconds
    /// that the others get then.
    private static let silence = 1.0, longSilence = 4.0

    private func findHolders(_ candidate: Candidate) {
        for engine in candidate.engines where !host.deadline.hasPassed {
            host.measured(engine) { findHolder(candidate.server, engine) }
        }
    }

    private func inspect(_ candidate: Candidate, _ add: (FoundDatabase) -> Void) {
        let server = candidate.server
        for engine in candidate.engines where !host.deadline.hasPassed {
            host.measured(engine) {
                host.inTurn("pid \(server.process.pid)", of: server.details.uid) { running(server, engine) }?.map(add)
            }
        }
    }

    private func reportHangs(_ candidate: Candidate) {
        let server = candidate.server
        for engine in candidate.engines { host.runs.add(0, isPartial: true, of: engine) }
        let place = server.workingDirectory?.value ?? "its directories"
        host.log.concerning(server.details.uid) {
            host.log.add(
                .unreadable, "pid \(server.process.pid)",
                "\(server.process.name): reading its files hangs, so it was skipped: check the file system of \(place)"
            )
        }
    }

    /// Notes which directories a server proves to serve: no other process inherits one of them by its name alone.
    private func findHolder(_ server: ServerProcess, _ engine: any Engine) {
        _ = host.inTurn("pid \(server.process.pid)", of: server.details.uid) {
            for path in engine.heldDirectories(server, host) {
                guard let identity = try? server.root?.status(path).identity else { continue }
                host.holders[identity, default: []].insert(server.process.pid)
            }
        }
    }

    private func stop(_ what: String) -> Bool {
        guard host.deadline.hasPassed else { return false }
        host.log.add(.deadline, "scan", "the deadline passed during the search for \(what)")
        return true
    }

    private func running(_ server: ServerProcess, _ engine: any Engine) -> FoundDatabase? {
        var server = server
        server.findPackage(engine, host)
        server.helpers = host.helpers[server.process.pid] ?? []
        let draft = Draft(engine, server, host)
        if server.lostRoot {
            draft.add(.unreadable, "its root directory no longer exists: none of its files can be read", partial: true)
        }
        switch engine.inspect(server, draft) {
        case .otherEngine: return nil
        case .notADatabase(let reason):
            refuse(server, reason)
            return nil
        case .database:
            attach(server, to: draft)
            let mounts = host.mounts(
                server.process.pid, namespace: server.details.mountNamespace, seenRoot: server.details.root)
            addContainer(server, mounts, to: draft)
            locate(draft)
            return FoundDatabase(draft)
        }
    }
}
