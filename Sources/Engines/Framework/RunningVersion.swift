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

extension Report.Database {
    /// Sets a running server's version, and says where two sources disagree.
    ///
    /// Best first: the package that owns the unreplaced executable; what the server wrote since it started; the strings of the executable that
    /// runs, which are looked through only when neither is there; the files of the data directory; the image's environment.
    /// - Parameter mustLook: look through the executable even when the version is known.
    /// - Returns: whether the executable speaks of the engine; nil where it was not looked through.
    @discardableResult
    mutating func chooseVersion(
        of server: Server, _ engine: any Engine, _ sources: VersionSources, mustLook: Bool = false, _ host: Host
    ) -> Bool? {
        let fits: (VersionClaim) -> Bool = { claim in
            sources.major.map { engine.major(of: claim.number) == $0 } ?? true
        }
        let installed = engine.versionClaim(package: server.package)
        var claims = (server.process.executableDeleted ? [] : [installed].compactMap { $0 }) + sources.live
        claims = claims.filter(fits)
        var speaks: Bool?
        if mustLook || !claims.contains(where: { $0.precision == .exact }) {
            switch ExecutableVersion.read(server, engine, host) {
            case .found(let claim, let vendor):
                speaks = true
                if fits(claim) { claims.append(claim) }
                if let vendor, server.package == nil {
                    self.vendor = vendor
                    note("vendor", vendor, source: claim.source)
                }
            case .absent: speaks = false
            case .unknown: break
            }
        }
        claims += sources.files + server.environmentVersions(engine).filter(fits)
        chooseVersion(claims)
        if server.process.executableDeleted { sayRestart(installed, server.process.executable, host) }
        if let version, versionPrecision == .exact {
            Self.compare(sources.upgraded, with: version, of: "the server that runs", host)
        }
        return speaks
    }

    /// An upgraded package whose server still runs the old code.
    private mutating func sayRestart(_ installed: VersionClaim?, _ executable: String?, _ host: Host) {
        if let installed {
            note("package", installed.text, source: installed.source)
            if let version, let running = Version(version), let new = Version(installed.number), running != new {
                return host.log.addHere(
                    .restartPending, "runs \(version), and \(installed.text) is installed: a restart is pending")
            }
        }
        host.log.addHere(
            .executableReplaced,
            "runs \(executable ?? "a file") that was deleted or replaced on disk: a restart is pending")
    }

    /// Says that a data directory was last written by another version than the software that serves it, or would.
    static func compare(_ written: [VersionClaim], with version: String, of software: String, _ host: Host) {
        for claim in written {
            let parts = claim.number.split(separator: ".").count
            guard let last = Version(claim.number), let own = Version(version, parts: parts), last != own else {
                continue
            }
            let message = "its data was last written by \(claim.number) (\(claim.source)), \(software) is \(version)"
            return host.log.addHere(last < own ? .upgradePending : .versionDisagreement, message)
        }
    }
}

/// A version to compare: its numbers in their order.
struct Version: Comparable {
    private let numbers: [Int]

    /// The numbers of `text`, such as `8.0.36`; nil when it holds something else. `parts` cuts it.
    init?(_ text: String, parts: Int = 5) {
        let numbers = text.split(separator: ".").map { Int($0) }
        guard !numbers.isEmpty, !numbers.contains(nil) else { return nil }
        self.numbers = Array(numbers.compactMap { $0 }.prefix(parts))
    }

    static func < (one: Version, other: Version) -> Bool { one.numbers.lexicographicallyPrecedes(other.numbers) }
}

extension Server {
    /// What an official image's environment says: `MYSQL_VERSION` and its like, and no other variable.
    fileprivate func environmentVersions(_ engine: any Engine) -> [VersionClaim] {
        environment.filter { engine.environmentNames.contains($0.key) }.sorted { $0.key < $1.key }.compactMap {
            name, value in
            VersionClaim(value, parts: engine.versionParts, source: "/proc/\(process.pid)/environ: \(name)")
        }
    }
}
