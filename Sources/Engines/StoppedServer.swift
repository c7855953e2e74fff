import HostView
import Report

extension Inspector {
    /// Data directories of `engine` that no running server uses.
    func stopped(_ engine: any Engine, besides findings: [Finding]) -> [Finding] {
        var seen = Set(findings.flatMap(\.directories))
        let configured = engine.configuredDataDirectories(host) + host.serviceClaims(engine)
        let patterns = engine.dataDirectoryPatterns + host.volumePatterns
        let standard = patterns.flatMap { pattern in
            host.glob(pattern, in: host.root).map { Claim($0, source: "standard path " + pattern) }
        }
        var stopped: [Finding] = []
        for claim in configured + standard {
            guard !host.deadline.hasPassed else { break }
            guard let (path, identity) = directory(claim), seen.insert(identity).inserted,
                var database = engine.inspectStopped(path, host)
            else { continue }
            if let doubt = doubt(engine, findings) {
                host.log.settle(nil)
                host.log.add(
                    .stateUnknown, path,
                    "a data directory of \(engine.title); whether a server uses it is not known: \(doubt)")
                continue
            }
            database.note("data_directories", claim.value, source: claim.source)
            var finding = Finding(database, root: host.root)
            locate(&finding)
            host.log.settle(finding.database.key)
            stopped.append(finding)
        }
        return stopped
    }

    /// Why "no server uses it" cannot be said; nil when it can.
    func doubt(_ engine: any Engine, _ findings: [Finding]) -> String? {
        if host.hidesProcesses { return "processes are hidden" }
        let unplaced = findings.first { finding in
            finding.directories.isEmpty && finding.database.role != .router
                && engine.executableNames.contains(
                    Path.name(of: finding.database.process?.executable ?? finding.program))
        }
        return unplaced.map { "the directory of pid \($0.database.process?.pid ?? 0) may not be seen" }
    }

    /// The directory that a claim leads to; a configured one that is not there is no problem: it may never have been made.
    private func directory(_ claim: Claim) -> (path: String, identity: FileIdentity)? {
        guard claim.value.hasPrefix("/") else { return nil }
        do throws(HostError) {
            let status = try host.root.status(claim.value)
            guard status.kind == .directory else { return nil }
            return (try host.root.canonical(claim.value) ?? Path.tidy(claim.value), status.identity)
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
