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
        let places = engine.profile.programs.flatMap { programs[$0] ?? [] }
        for path in places + engine.profile.softwarePatterns.flatMap({ glob($0, in: root) }) {
            guard let executable = try? root.canonical(path), seen.insert(executable).inserted,
                engine.profile.isServer(Path.name(of: executable)),
                let status = try? root.status(executable), status.kind == .regular
            else { continue }
            let package = packages.owner(of: executable, prefixes: engine.profile.packagePrefixes)
            guard engine.owns(software: executable, package: package, self) else { continue }
            found.append(Software(executable: executable, package: package))
        }
        packages.shortfalls.forEach(log.add)
        softwareByEngine[engine.id] = found
        return found
    }

    /// The programs of all engines in the directories where programs are installed, by name: each directory is listed
    /// once, however many engines there are.
    private var programs: [String: [String]] {
        if let installedPrograms { return installedPrograms }
        let wanted = Set(engines.flatMap(\.profile.programs))
        var found: [String: [String]] = [:]
        for directory in EngineProfile.programDirectories.flatMap({ glob($0, in: root) }) {
            guard !deadline.hasPassed, let entries = try? root.list(directory, limit: 4_096) else { continue }
            let names =
                entries.isCut
                ? wanted.filter { root.exists(Path.join(directory, $0)) }
                : Set(entries.value.map(\.name)).intersection(wanted)
            for name in names.sorted() { found[name, default: []].append(Path.join(directory, name)) }
        }
        installedPrograms = found
        return found
    }

    /// The software that would serve the stopped `database`: the only one that can, or the only one of a package; else
    /// nil.
    func software(serving database: Report.Database, _ engine: any Engine) -> Software? {
        let serving = software(of: engine).filter { engine.serves(database, software: $0.executable) }
        let packaged = serving.filter { $0.package != nil }
        return serving.count == 1 ? serving.first : packaged.count == 1 ? packaged.first : nil
    }

    /// systemd's services that may start servers.
    var serviceUnits: [ServiceUnit] {
        if let services { return services }
        let units = ServiceUnit.all(root, names: engines.flatMap(\.profile.serviceNames))
        log.concerning(nil) { units.shortfalls.forEach(log.add) }
        services = units.value
        return units.value
    }

    /// Data directories that systemd units would have `engine` use.
    func serviceClaims(_ engine: any Engine) -> [Claim] {
        serviceUnits.flatMap { unit in
            unit.commands.flatMap { words -> [Claim] in
                let program = Path.name(of: words[0])
                guard engine.profile.isServer(program) || engine.profile.starterNames.contains(program)
                else {
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
