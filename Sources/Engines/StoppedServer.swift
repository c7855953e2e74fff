import HostView
import Report

extension Inspector {
    /// Data directories of `engine` that no running server uses.
    func stopped(_ engine: any Engine, besides findings: [Finding]) -> [Finding] {
        var seen = Set(findings.flatMap(\.directories))
        let configured = engine.configuredDataDirectories(host) + host.serviceClaims(engine)
        let standard = engine.dataDirectoryPatterns.flatMap { pattern in
            host.glob(pattern, in: host.root).map { Claim($0, source: "standard path " + pattern) }
        }
        let places = (configured + standard).map { StoppedPlace(path: $0.value, root: host.root, claim: $0) }
        var stopped: [Finding] = []
        for place in places + host.volumePlaces() {
            guard !host.deadline.hasPassed else { break }
            guard let (path, identity) = directory(place), seen.insert(identity).inserted else { continue }
            var found = place
            found.path = path
            guard var database = engine.inspectStopped(found, host) else { continue }
            if let doubt = doubt(engine, findings, about: path, identity) {
                host.log.settle(nil)
                host.log.add(
                    .stateUnknown, path,
                    "a data directory of \(engine.title); whether a server uses it is not known: \(doubt)")
                continue
            }
            database.note("data_directories", place.claim.value, source: place.claim.source)
            var finding = Finding(database, root: place.root)
            locate(&finding)
            host.log.settle(finding.database.key)
            stopped.append(finding)
        }
        return stopped
    }

    /// Why "no server uses it" cannot be said of the directory at `path`, or of anything when there is none; nil when it can.
    func doubt(
        _ engine: any Engine, _ findings: [Finding], about path: String? = nil, _ identity: FileIdentity? = nil
    ) -> String? {
        if host.hidesProcesses { return "processes are hidden" }
        if let identity, let other = host.refused.first(where: { (try? $0.root.status($0.path))?.identity == identity })
        {
            return "pid \(other.pid), which is no ordinary server, works in it"
        }
        let unplaced = findings.first { finding in
            finding.directories.isEmpty && finding.database.role != .router
                && engine.executableNames.contains(
                    Path.name(of: finding.database.process?.executable ?? finding.program))
                && maySee(finding, path)
        }
        return unplaced.map { "the directory of pid \($0.database.process?.pid ?? 0) may not be seen" }
    }

    /// Whether a server may use the host's directory: one with mounts of its own only when they lead there.
    private func maySee(_ finding: Finding, _ path: String?) -> Bool {
        // A server's data directory is its user's.
        if host.proc.isLive, let path, let uid = finding.details?.uid, uid != 0,
            let owner = try? host.root.status(path).owner, owner != uid
        {
            return false
        }
        guard let own = finding.details?.mountNamespace, let ours = host.mountNamespace, own != ours else {
            return true
        }
        guard let path, let process = finding.database.process,
            let theirs = host.mounts(process.pid, namespace: own, seenRoot: finding.details?.root),
            let mounts = host.mounts(nil, namespace: nil, seenRoot: nil)
        else { return false }
        return !host.paths(to: path, in: theirs, seenThrough: mounts).isEmpty
    }

    /// The directory that a claim leads to; a configured one that is not there is no problem: it may never have been made.
    private func directory(_ place: StoppedPlace) -> (path: String, identity: FileIdentity)? {
        guard place.path.hasPrefix("/") else { return nil }
        do throws(HostError) {
            let status = try place.root.status(place.path)
            guard status.kind == .directory else { return nil }
            return (try place.root.canonical(place.path) ?? Path.tidy(place.path), status.identity)
        } catch {
            host.log.add(error)
            return nil
        }
    }
}

extension Finding {
    /// argv[0] of a server whose executable is invisible.
    fileprivate var program: String { database.process?.arguments.first ?? "" }
}
