import HostView
import Report

extension Inspector {
    /// Data directories of `engine` that no running server uses.
    func stopped(_ engine: any Engine, besides findings: [Finding]) -> [Finding] {
        var seen = Set(
            findings.filter { $0.rootOnHost == "/" }.flatMap(\.database.dataDirectories).compactMap(\.hostPath))
        let configured = engine.configuredDataDirectories(host)
        let standard = engine.dataDirectoryPatterns.flatMap { pattern in
            host.root.glob(pattern).map { Claim($0, source: "standard path " + pattern) }
        }
        var stopped: [Finding] = []
        for claim in configured + standard {
            guard let path = canonicalDirectory(claim), seen.insert(path).inserted,
                var database = engine.inspectStopped(path, host)
            else { continue }
            database.note("data_directories", claim.value, source: claim.source)
            var finding = Finding(
                database: database, root: host.root, mountNamespace: nil, rootOnHost: "/")
            locate(&finding, pid: nil)
            stopped.append(finding)
        }
        return stopped
    }

    /// The directory that a claim leads to; a configured one that is not there is no problem: it may never have been made.
    private func canonicalDirectory(_ claim: Claim) -> String? {
        guard claim.value.hasPrefix("/") else { return nil }
        do throws(HostError) {
            return try host.root.canonical(Path.tidy(claim.value))
        } catch {
            host.log.add(error)
            return nil
        }
    }
}
