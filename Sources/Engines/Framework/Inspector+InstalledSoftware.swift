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
        var database = Report.Database(
            key: "\(engine.id):software:\(software.executable)", engine: engine.id, state: .installed)
        database.note("state", "installed", source: software.executable)
        database.add(software.package, of: engine)
        let claim = engine.versionClaim(package: software.package) ?? host.version(of: software, engine)
        database.chooseVersion([claim].compactMap { $0 })
        if database.version == nil {
            host.log.add(
                .versionUnknown, database.key,
                "no package owns \(software.executable), and it contains no version string", partial: false)
        }
        return FoundDatabase(database, root: host.root)
    }

    private func isUsed(_ executable: String, _ engine: any Engine, _ databases: [FoundDatabase]) -> Bool {
        let identity = (try? host.root.status(executable))?.identity
        return databases.contains { found in
            let database = found.database
            guard database.engine == engine.id else { return false }
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

extension Report.Database {
    /// Names the package that owns the software.
    mutating func add(_ package: Package?, of engine: any Engine) {
        guard let package else { return }
        self.package = Report.Package(name: package.name, version: package.version, manager: .init(package.manager))
        note("package", "\(package.name) \(package.version)", source: package.source)
        if let vendor = engine.vendor(package: package.name) {
            self.vendor = vendor
            note("vendor", vendor, source: "\(package.source): \(package.name)")
        }
    }
}

extension Engine {
    /// What the package's version says of the engine's.
    func versionClaim(package: Package?) -> VersionClaim? {
        package.flatMap {
            VersionClaim(
                $0.version, parts: versionParts, source: "\($0.source): \($0.name)", ofPackage: true)
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
