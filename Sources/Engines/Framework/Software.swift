import HostView
import Report

/// A server's executable on the host and the package that owns it.
public struct Software: Sendable, Equatable {
    /// The executable, every link resolved.
    public var executable: String
    /// Its owner, where a package database knows it.
    public var package: Package?
}

extension ScanContext {
    /// The executables of `engine` that are installed on the host, each once, however many links lead to it.
    public func software(of engine: any Engine) -> [Software] {
        if let known = softwareByEngine[engine.id] { return known }
        var seen: Set<String> = []
        var found: [Software] = []
        for path in engine.softwarePatterns.flatMap({ glob($0, in: root) }) {
            guard let executable = try? root.canonical(path), seen.insert(executable).inserted,
                engine.executableNames.contains(Path.name(of: executable)),
                let status = try? root.status(executable), status.kind == .regular
            else { continue }
            let package = packages.owner(of: executable, prefixes: engine.packagePrefixes)
            guard engine.owns(software: executable, package: package, self) else { continue }
            found.append(Software(executable: executable, package: package))
        }
        packages.shortfalls.forEach(log.add)
        softwareByEngine[engine.id] = found
        return found
    }

    /// The software that would serve the stopped `database`: the only one that can, or the only one of a package; else
    /// nil.
    func software(serving database: Report.Database, _ engine: any Engine) -> Software? {
        let serving = software(of: engine).filter { engine.serves(database, software: $0.executable) }
        let packaged = serving.filter { $0.package != nil }
        return serving.count == 1 ? serving.first : packaged.count == 1 ? packaged.first : nil
    }

    /// The version that the strings of the executable tell, for software that no package owns.
    func version(of software: Software, _ engine: any Engine) -> VersionClaim? {
        guard case .found(let claim, _) = ExecutableVersion.read(software.executable, root, engine, self) else {
            return nil
        }
        return claim
    }

    /// systemd's services that may start servers.
    var serviceUnits: [ServiceUnit] {
        if let services { return services }
        let units = ServiceUnit.all(root, names: EngineRegistry.all.flatMap(\.serviceNames))
        log.concerning(nil) { units.shortfalls.forEach(log.add) }
        services = units.value
        return units.value
    }

    /// Data directories that systemd units would have `engine` use.
    func serviceClaims(_ engine: any Engine) -> [Claim] {
        serviceUnits.flatMap { unit in
            unit.commands.flatMap { words -> [Claim] in
                let program = Path.name(of: words[0])
                guard engine.executableNames.contains(program) || engine.starterNames.contains(program) else {
                    return []
                }
                return engine.dataDirectories(
                    startedBy: words, unit.environment, source: "unit \(unit.name) ExecStart", self)
            }
        }
    }

    /// When a process started, in seconds since 1970; nil where the boot's time is not known.
    func startTime(of details: ProcessDetails) -> Int64? {
        facts.bootedAt.map { $0.saturating(plus: Int64(clamping: details.startTicks / 100)) }
    }
}
