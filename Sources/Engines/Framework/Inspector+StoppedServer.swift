import HostView
import Report

extension Inspector {
    /// Data directories of `engine` that no running server uses.
    func stopped(_ engine: any Engine, besides databases: [FoundDatabase]) -> [FoundDatabase] {
        var seen = Set(databases.flatMap(\.directories))
        let configured = engine.configuredDataDirectories(host) + host.serviceClaims(engine)
        let usual = engine.profile.dataDirectoryPatterns.flatMap { pattern in
            host.glob(pattern, in: host.root).map { Claim($0, source: "standard path " + pattern) }
        }
        let places = (configured + usual).map { StoppedPlace(path: $0.value, root: host.root, claim: $0) }
        var stopped: [FoundDatabase] = []
        for place in places + host.volumePlaces() {
            guard !host.deadline.hasPassed else { break }
            guard let (path, status) = directory(place), seen.insert(status.identity).inserted else { continue }
            var found = place
            found.path = path
            if host.proc.isLive, status.owner != 0 {
                // What lies there is its owner's: a link in it leads no further than the owner gets.
                let reader = FileReader(uid: status.owner, groups: [status.group])
                found.root =
                    place.root === host.root
                    ? host.root(readBy: reader) : (try? place.root.readable(by: reader)) ?? place.root
            }
            host.inTurn(path, of: status.owner) { inspect(engine, found, status.identity, databases) }?.map {
                stopped.append($0)
            }
        }
        return stopped
    }

    private func inspect(
        _ engine: any Engine, _ place: StoppedPlace, _ identity: FileIdentity, _ databases: [FoundDatabase]
    ) -> FoundDatabase? {
        let draft = Draft(engine, place, host)
        guard engine.inspectStopped(place, draft) else { return nil }
        if let doubt = doubt(engine, databases, about: place.path, identity) {
            host.log.add(
                .stateUnknown, place.path,
                "a data directory of \(engine.title); the agent cannot tell whether a server uses it: \(doubt.reason)")
            return nil
        }
        draft.note("data_directories", place.claim.value, source: place.claim.source)
        locate(draft)
        return FoundDatabase(draft)
    }

    /// Why "no server uses it" cannot be said of the directory at `path`, or of anything when there is none; nil when
    /// it can.
    func doubt(
        _ engine: any Engine, _ databases: [FoundDatabase], about path: String? = nil, _ identity: FileIdentity? = nil
    ) -> Doubt? {
        if host.hidesProcesses { return Doubt(reason: "processes are hidden") }
        let owner = path.flatMap { try? host.root.status($0).owner }
        let other = host.refused.first { other in
            // Anybody may stand in a directory; to serve it takes its owner, or root.
            let mayServe = !host.proc.isLive || other.uid == nil || other.uid == 0 || owner == nil || other.uid == owner
            guard let identity, mayServe else {
                return false
            }
            return (try? other.root.status(other.path))?.identity == identity
        }
        if let other {
            return Doubt(
                reason: "pid \(other.pid), which is not recognised as a server, has it as its working directory",
                uid: other.uid)
        }
        let unplaced = databases.first { found in
            found.directories.isEmpty && !found.keepsNoFiles && found.database.role != .router
                && engine.profile.executableNames.contains(
                    Path.name(of: found.database.process?.executable ?? found.program))
                && maySee(found, path)
        }
        return unplaced.map {
            Doubt(
                reason: "the data directory of pid \($0.database.process?.pid ?? 0) is not visible to the agent",
                uid: $0.details?.uid)
        }
    }

    /// Whether a server may use the host's directory: one with mounts of its own only when they lead there.
    private func maySee(_ found: FoundDatabase, _ path: String?) -> Bool {
        // A server's data directory is its user's.
        if host.proc.isLive, let path, let uid = found.details?.uid, uid != 0,
            let owner = try? host.root.status(path).owner, owner != uid
        {
            return false
        }
        guard let own = found.details?.mountNamespace, let ours = host.mountNamespace, own != ours else {
            return true
        }
        guard let path, let process = found.database.process,
            let theirs = host.mounts(process.pid, namespace: own, seenRoot: found.details?.root),
            let mounts = host.mounts(nil, namespace: nil, seenRoot: nil)
        else { return false }
        return !host.paths(to: path, in: theirs, seenThrough: mounts).isEmpty
    }

    /// The directory that a claim leads to; a configured one that is not there is no problem: it may never have been
    /// made.
    private func directory(_ place: StoppedPlace) -> (path: String, status: FileStatus)? {
        guard place.path.hasPrefix("/") else { return nil }
        do throws(HostError) {
            let status = try place.root.status(place.path)
            guard status.kind == .directory else { return nil }
            return (try place.root.canonical(place.path) ?? Path.tidy(place.path), status)
        } catch {
            host.log.add(error)
            return nil
        }
    }
}

/// Why it is not known whether a server uses something, and whose process is the reason; nil for the host itself.
struct Doubt {
    var reason: String
    var uid: UInt32?
}

extension FoundDatabase {
    /// argv[0] of a server whose executable is invisible.
    fileprivate var program: String { database.process?.arguments.first ?? "" }
}
