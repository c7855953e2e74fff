import HostView

/// Which engines may know a process, by its names: what a process costs does not grow with the number of engines.
struct EngineIndex {
    private var byName: [String: [any Engine]] = [:]
    private var byAlias: [String: [any Engine]] = [:]
    private var byRuntime: [any Engine] = []
    private var helpers: [(title: String, engine: any Engine)] = []

    init(_ engines: [any Engine]) {
        for engine in engines {
            for name in engine.profile.executableNames { byName[name, default: []].append(engine) }
            for name in engine.profile.executableAliases { byAlias[name, default: []].append(engine) }
            if engine.profile.runtime != nil { byRuntime.append(engine) }
            if let title = engine.profile.helperTitle { helpers.append((title, engine)) }
        }
    }

    /// The engines whose servers are called like `process`, in the registry's order.
    func claiming(_ process: HostProcess, _ proc: ProcFS) -> [any Engine] {
        if !byRuntime.isEmpty, RuntimeProfile.executables.contains(process.name) { return started(process, proc) }
        if let named = byName[process.name] { return named }
        guard let engines = byAlias[process.name] else { return [] }
        // A server that rewrites its title puts more than its name there.
        let title = process.arguments.first?.prefix { $0 != " " } ?? ""
        let name = Path.name(of: String(title))
        return engines.filter { $0.profile.executableNames.contains(name) }
    }

    /// The engines of which a virtual machine runs a server.
    ///
    /// All of them when an argument file names what it runs: files are read later, where one that hangs hides nothing
    /// else.
    private func started(_ process: HostProcess, _ proc: ProcFS) -> [any Engine] {
        var process = process
        guard (try? process.readArguments(proc)) != nil else { return [] }
        let command = JavaCommand(process.arguments)
        if command.runsUnknown { return byRuntime }
        return byRuntime.filter { $0.profile.runtime?.isStarted(by: command) == true }
    }

    /// Whether `process` tells something of the server that is its parent.
    func isHelper(_ process: HostProcess) -> Bool {
        helpers.contains { process.arguments.first?.hasPrefix($0.title) == true && $0.engine.isHelper(process) }
    }
}
