import HostView
import Report

/// What is known of a version, by how far it can be trusted.
struct VersionSources {
    /// What the running server wrote of itself since it started.
    var live: [VersionClaim] = []
    /// What the data directory's files say: the version that last wrote or made them.
    var files: [VersionClaim] = []
    /// Those of `files` that a server of another version would have brought up to its own.
    var upgraded: [VersionClaim] = []
    /// The major version that the data directory belongs to, for engines whose servers serve one alone.
    var major: String?
}

extension Draft {
    /// Sets a running server's version, and says where two sources disagree.
    ///
    /// Best first: the package that owns the unreplaced executable; what the server wrote since it started; the strings
    /// of the executable that runs, which are looked through only when neither is there; the files of the data
    /// directory; the image's environment.
    /// - Parameter mustLook: look through the executable even when the version is known.
    /// - Returns: whether the executable speaks of the engine; nil where it was not looked through.
    @discardableResult
    func chooseVersion(of server: ServerProcess, _ sources: VersionSources, mustLook: Bool = false) -> Bool? {
        func fits(_ claim: VersionClaim) -> Bool {
            sources.major.map { engine.major(of: claim.number) == $0 } ?? true
        }
        let installed = engine.versionClaim(package: server.package)
        // Of a virtual machine the software is in other files.
        let isReplaced = server.process.executableDeleted && engine.profile.runtime == nil
        var claims = (isReplaced ? [] : [installed].compactMap { $0 }) + sources.live
        claims = claims.filter(fits)
        var speaks: Bool?
        if mustLook || !claims.contains(where: { $0.precision == .exact }) {
            switch engine.executableVersion(server, host) {
            case .found(let claim, let vendor):
                speaks = true
                if fits(claim) { claims.append(claim) }
                if let vendor, server.package == nil { setVendor(vendor, source: claim.source) }
            case .absent: speaks = false
            case .unknown: break
            }
        }
        claims += sources.files + server.environmentVersions(engine).filter(fits)
        chooseVersion(claims)
        if isReplaced { reportRestart(installed, server.process.executable) }
        if let version = database.version, database.versionPrecision == .exact {
            compare(sources.upgraded, with: version, of: "the server that runs")
        }
        return speaks
    }

    /// Sets the version as `chooseVersion` does.
    ///
    /// What proves to serve its data directory is a server. What merely names one, or has none, needs the word of a
    /// package or of its own executable: a version from a file or a variable that anybody may write proves nothing.
    /// - Returns: why the process is no server after all.
    func proveVersion(of server: ServerProcess, _ sources: VersionSources, isHeld: Bool) -> String? {
        let isProven = isHeld || server.package != nil
        let speaks = chooseVersion(of: server, sources, mustLook: !isProven)
        guard !isProven, speaks == false else { return nil }
        return
            "it is named like a server and listens, but has no data directory and no \(engine.title) version in its executable"
    }

    /// Sets a stopped database's version: who wrote its files last, and what software of the host would serve it next.
    func chooseStoppedVersion(_ sources: VersionSources, _ place: StoppedPlace) {
        let software = place.isVolume ? nil : host.software(serving: database, engine)
        database.version = nil
        var next = engine.versionClaim(package: software?.package)
        if next == nil, let software, !sources.files.contains(where: { $0.precision == .exact }) {
            next = engine.version(of: software, host)
        }
        if let major = sources.major, let claim = next, engine.major(of: claim.number) != major {
            // The one PostgreSQL that is installed is another major's: somebody forgot to move the data.
            note("package", claim.text, source: claim.source)
            add(
                .upgradePending, "its data belongs to \(major), and only \(claim.text) is installed")
            chooseVersion(sources.files)
            return
        }
        add(software?.package)
        let nextClaims = [next].compactMap { $0 }
        // A data directory that belongs to a major version does not tell more: what would serve it does.
        chooseVersion(sources.major == nil ? sources.files + nextClaims : nextClaims + sources.files)
        if let next { compare(sources.upgraded, with: next.number, of: "the software that would serve it") }
    }

    /// An upgraded package whose server still runs the old code.
    private func reportRestart(_ installed: VersionClaim?, _ executable: String?) {
        if let installed {
            note("package", installed.text, source: installed.source)
            if let version = database.version, let running = Version(version), let new = Version(installed.number),
                running != new
            {
                return add(
                    .restartPending, "runs \(version), and \(installed.text) is installed: a restart is pending")
            }
        }
        add(
            .executableReplaced,
            "runs \(executable ?? "a file") that was deleted or replaced on disk: a restart is pending")
    }

    /// Says that a data directory was last written by another version than the software that serves it, or would.
    private func compare(_ written: [VersionClaim], with version: String, of software: String) {
        for claim in written {
            let parts = claim.number.split(separator: ".").count
            guard let last = Version(claim.number), let own = Version(version, parts: parts), last != own else {
                continue
            }
            let message = "its data was last written by \(claim.number) (\(claim.source)), \(software) is \(version)"
            return add(last < own ? .upgradePending : .versionDisagreement, message)
        }
    }
}

extension ServerProcess {
    /// What an official image's environment says: `MYSQL_VERSION` and its like, and no other variable.
    fileprivate func environmentVersions(_ engine: any Engine) -> [VersionClaim] {
        environment.filter { engine.profile.environmentNames.contains($0.key) }.sorted { $0.key < $1.key }.compactMap {
            name, value in
            VersionClaim(value, parts: engine.profile.versionParts, source: "/proc/\(process.pid)/environ: \(name)")
        }
    }
}
