import HostView
import Report

/// An engine that its profile describes, but for what is its own: how versions stand in its files, and who plays which
/// part.
protocol ProfiledEngine: Engine {
    /// Where the configuration file is, for a server whose options do not name it.
    func configuration(_ server: ServerProcess, _ host: ScanContext) -> Claim?
    /// Makes of the settings what the server makes of them.
    func adjust(_ settings: inout Settings)
    /// Further data directories that a running server names, in the order of trust.
    func claims(_ server: ServerProcess, _ settings: Settings) -> [Claim]
    /// Further data directories that settings name.
    func directories(_ settings: Settings) -> [Claim]
    /// What a data directory's files tell of the version. `startedAt` is when the server started, if one runs.
    func versions(_ directory: EngineDirectory, startedAt: Int64?, _ draft: Draft) -> VersionSources
    /// Adds what the profile cannot say; `directory` is nil where none was found.
    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?)
    /// Whether a directory without a server is this engine's and not a relative's; the profile's marks recognise it.
    func owns(_ directory: EngineDirectory, at place: StoppedPlace, _ host: ScanContext) -> Bool
}

extension ProfiledEngine {
    func configuration(_ server: ServerProcess, _ host: ScanContext) -> Claim? { nil }
    func adjust(_ settings: inout Settings) {}
    func claims(_ server: ServerProcess, _ settings: Settings) -> [Claim] { [] }
    func directories(_ settings: Settings) -> [Claim] { [] }
    func versions(_ directory: EngineDirectory, startedAt: Int64?, _ draft: Draft) -> VersionSources {
        VersionSources()
    }
    func describe(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {}
    func owns(_ directory: EngineDirectory, at place: StoppedPlace, _ host: ScanContext) -> Bool { true }
    func vendor(package: String) -> String? { nil }

    func heldDirectories(_ server: ServerProcess, _ host: ScanContext) -> [String] {
        server.directories(of: profile).map(\.value)
    }

    func purpose(ofPort port: UInt16, settings: [String: String]) -> String? {
        profile.ports.first { known in
            let set = known.setting.flatMap { settings[$0] }.map(PortProfile.numbers) ?? []
            return set.isEmpty ? known.number == port : set.contains(port)
        }?.purpose
    }

    func inspect(_ server: ServerProcess, _ draft: Draft) -> Verdict {
        if let runtime = profile.runtime {
            let command = server.javaCommand(draft.host)
            guard runtime.isStarted(by: command) else { return .otherEngine }
            if let name = command.mainClass {
                draft.note("engine", name, source: "/proc/\(server.process.pid)/cmdline")
            }
        }
        var settings = Settings.read(server, draft)
        adjust(&settings)
        draft.database.process?.arguments = settings.arguments.reported
        let claims = directoryClaims(server, settings)
        let search = EngineDirectory.first(of: claims, profile.directory, server.root, draft.host, server: server)
        if profile.directory.isOptional, search.found == nil, !search.denied {
            draft.keepsNoFiles = true
        } else {
            draft.noteDirectory(search, claims, of: server)
        }
        var sources = VersionSources()
        if let directory = search.found {
            draft.setDirectory(directory.path)
            if !claims.contains(where: { $0.source != "default" && Path.tidy($0.value) == directory.path }) {
                draft.note("data_directories", directory.path, source: "default")
            }
            sources = versions(directory, startedAt: draft.host.startTime(of: server.details), draft)
        }
        if let reason = draft.proveVersion(of: server, sources, isHeld: search.isHeld) { return .notADatabase(reason) }
        finish(draft, settings, search.found)
        return .database
    }

    func inspectStopped(_ place: StoppedPlace, _ draft: Draft) -> Bool {
        let host = draft.host
        let claims = [Claim(place.path, source: place.path)]
        guard let directory = EngineDirectory.first(of: claims, profile.directory, place.root, host).found,
            owns(directory, at: place, host)
        else { return false }
        draft.setDirectory(directory.path)
        draft.chooseStoppedVersion(versions(directory, startedAt: nil, draft), place)
        guard !place.isVolume else { return true }
        let settings = Settings.read(profile, host.root, host)
        if directories(settings, below: "/").contains(where: { host.isSame($0.value, place.path) }) {
            finish(draft, settings, directory)
        }
        return true
    }

    func configuredDataDirectories(_ host: ScanContext) -> [Claim] {
        directories(Settings.read(profile, host.root, host), below: "/")
    }

    func dataDirectories(
        startedBy words: [String], _ environment: [String: String], source: String, _ host: ScanContext
    ) -> [Claim] {
        directories(Settings.read(profile, startedBy: words, environment, source: source, host), below: "/")
    }

    private func finish(_ draft: Draft, _ settings: Settings, _ directory: EngineDirectory?) {
        settings.describe(draft)
        for other in profile.directory.others {
            if let claim = settings.claims(other.option).first {
                draft.addDirectory(claim.value, other.purpose.reported, source: claim.source)
            }
        }
        describe(draft, settings, directory)
    }

    private func directoryClaims(_ server: ServerProcess, _ settings: Settings) -> [Claim] {
        let place = server.workingDirectory?.value ?? "/"
        let named = self.claims(server, settings)
        var claims = server.directories(of: profile) + named.filter { $0.source != "default" }
        if profile.directory.isWorkingDirectory { claims += [server.workingDirectory].compactMap { $0 } }
        claims += directories(settings, below: place) + named.filter { $0.source == "default" }
        if let path = profile.directory.byDefault { claims.append(Claim(Path.join(place, path), source: "default")) }
        return claims
    }

    /// The directories that settings name; a relative one is meant from where the server works.
    private func directories(_ settings: Settings, below place: String) -> [Claim] {
        (profile.directory.options.flatMap { settings.claims($0) } + directories(settings)).map { claim in
            Claim(Path.join(place, claim.value), source: claim.source)
        }
    }
}

extension DirectoryProfile.Purpose {
    fileprivate var reported: Report.DataDirectory.Purpose {
        switch self {
        case .log: .log
        case .wal: .wal
        case .data: .data
        }
    }
}
