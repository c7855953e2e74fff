import HostView
import Report

extension Report.Database {
    /// Notes where a running server's data directory was looked for.
    mutating func place<Directory>(
        _ search: DirectorySearch<Directory>, _ claims: [Claim], of server: Server, _ engine: any Engine, _ host: Host
    ) {
        for claim in claims where claim.source != "default" && ValueType.file.fits(claim.value) {
            note("data_directories", claim.value, source: claim.source)
        }
        if search.found != nil {
            if let gone = server.deletedPlace {
                host.log.addHere(
                    .dataDirectoryReplaced,
                    "the server uses \(gone), which was moved or deleted; what lies at its configured place now may be another"
                )
            }
        } else if search.denied, let path = claims.first(where: { $0.source != "default" }) ?? claims.first {
            dataDirectories = [Report.DataDirectory(path: Path.tidy(path.value), hostPath: nil, purpose: .data)]
        } else if !search.holders.isEmpty {
            let pids = search.holders.sorted().map(String.init).joined(separator: ", ")
            host.log.addHere(
                .dataDirectoryConflict,
                "it names the data directory of pid \(pids) and holds nothing in it: its own directory is not known",
                partial: true)
        } else if !claims.isEmpty {
            let places = claims.map(\.value).filter(ValueType.file.fits)
            host.log.addHere(
                .dataDirectoryNotFound,
                "none of \(places.joined(separator: ", ")) is a data directory of \(engine.title)",
                partial: true)
        }
    }

    /// Sets the version as `chooseVersion` does.
    ///
    /// What proves to serve its data directory is a server. What merely names one, or has none, needs the word of a package or of its own
    /// executable: a version from a file or a variable that anybody may write proves nothing.
    /// - Returns: why the process is no server after all.
    mutating func proveVersion(
        of server: Server, _ engine: any Engine, _ sources: VersionSources, isHeld: Bool, _ host: Host
    ) -> String? {
        let isProven = isHeld || server.package != nil
        let speaks = chooseVersion(of: server, engine, sources, mustLook: !isProven, host)
        guard !isProven, speaks == false else { return nil }
        return
            "it has the name of a server and listens, but it holds no data directory and there is no version of \(engine.title) in its executable"
    }

    /// Sets a stopped database's version: who wrote its files last, and what software of the host would serve it next.
    mutating func chooseStoppedVersion(
        _ sources: VersionSources, _ place: StoppedPlace, _ engine: any Engine, _ host: Host
    ) {
        let software = place.isVolume ? nil : host.software(serving: self, engine)
        version = nil
        var next = engine.versionClaim(package: software?.package)
        if next == nil, let software, !sources.files.contains(where: { $0.precision == .exact }) {
            next = host.version(of: software, engine)
        }
        if let major = sources.major, let claim = next, engine.major(of: claim.number) != major {
            // The one PostgreSQL that is installed is another major's: somebody forgot to move the data.
            note("package", claim.text, source: claim.source)
            host.log.addHere(.upgradePending, "its data belongs to \(major), and only \(claim.text) is installed")
            chooseVersion(sources.files)
            return
        }
        add(software?.package, of: engine)
        let nextClaims = [next].compactMap { $0 }
        // A data directory that belongs to a major version does not tell more: what would serve it does.
        chooseVersion(sources.major == nil ? sources.files + nextClaims : nextClaims + sources.files)
        if let next { Self.compare(sources.upgraded, with: next.number, of: "the software that would serve it", host) }
    }
}

extension Server {
    /// The working directory or a data file that the server uses and that its name no longer leads to.
    fileprivate var deletedPlace: String? {
        ([details.workingDirectory] + (open?.files ?? [])).compactMap { $0 }.first { $0.hasSuffix(" (deleted)") }
    }
}
