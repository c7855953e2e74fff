import HostView
import Report

extension Inspector {
    /// Executables of `engine` that neither a running server nor a stopped data directory accounts for.
    func installed(_ engine: any Engine, besides databases: [FoundDatabase]) -> [FoundDatabase] {
        // A data directory that nobody could place may be served by any of it.
        let software = host.software(of: engine)
        if let doubt = doubt(engine, databases) {
            if !software.isEmpty {
                host.log.concerning(doubt.uid) {
                    host.log.add(
                        .stateUnknown, software[0].executable,
                        "the agent cannot tell whether a server uses this software: \(doubt.reason)")
                }
            }
            return []
        }
        return software.filter { !isUsed($0.executable, engine, databases) }.map { found(engine, $0) }
    }

    private func found(_ engine: any Engine, _ software: Software) -> FoundDatabase {
        let draft = Draft(engine, software, host)
        draft.add(software.package)
        let claim = engine.versionClaim(package: software.package) ?? engine.version(of: software, host)
        draft.chooseVersion([claim].compactMap { $0 })
        if draft.database.version == nil {
            draft.add(
                .versionUnknown, "no package owns \(software.executable), and it contains no version string")
        }
        return FoundDatabase(draft)
    }

    /// Whether a virtual machine runs the software: its package is the same, or its archive lies below the same home.
    private func isRun(_ executable: String, _ runtime: RuntimeProfile, _ database: Report.Database) -> Bool {
        let home = runtime.home(of: executable)
        let owned = database.package.map { package in
            host.packages.owner(of: executable, prefixes: [package.name])?.name == package.name
        }
        return owned == true
            || database.evidence.contains {
                $0.field == "version" && $0.source.hasPrefix(home == "/" ? "/" : home + "/")
            }
    }

    private func isUsed(_ executable: String, _ engine: any Engine, _ databases: [FoundDatabase]) -> Bool {
        let identity = (try? host.root.status(executable))?.identity
        return databases.contains { found in
            let database = found.database
            guard database.engine == engine.id else { return false }
            if let runtime = engine.profile.runtime, database.process != nil {
                return isRun(executable, runtime, database)
            }
            if let process = database.process {
                guard process.executable != nil else { return true }  // it may be this one: not to be told apart
                // A replaced executable has another inode than its path now has: the path tells.
                let samePath = process.executable == executable && found.executable == nil
                return samePath || (found.executable != nil && found.executable == identity)
            }
            // Nothing of the host serves what lies in a container's volume.
            guard database.state == .stopped, found.root.map(host.isShared) == true else { return false }
            return host.software(serving: database, engine).map { $0.executable == executable }
                ?? engine.serves(database, software: executable)
        }
    }
}

extension Engine {
    /// What the package's version says of the engine's.
    func versionClaim(package: Package?) -> VersionClaim? {
        package.flatMap {
            VersionClaim(
                $0.version, parts: profile.versionParts, source: "\($0.source): \($0.name)", ofPackage: true)
        }
    }
}

extension Report.Package.Manager {
    init(_ manager: Package.Manager) {
        switch manager {
        case .dpkg: self = .dpkg
        case .rpm: self = .rpm
        case .apk: self = .apk
        }
    }
}
