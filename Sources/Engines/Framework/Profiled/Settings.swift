import HostView
import Report

/// What is said of a server's options, within its profile's list: by arguments, variables and configuration files, the
/// strongest first.
struct Settings {
    private let profile: EngineProfile
    /// The allowed arguments.
    private(set) var arguments: Arguments
    /// The files that were read, in order.
    private(set) var files: [String] = []
    /// Everything that could be said was read and understood, so that silence means the default.
    private(set) var isComplete = true
    private var values: [String: [Claim]] = [:]
    /// Options that are set to something that is not understood: no default is assumed.
    private var unclear: Set<String> = []

    /// The most files that includes lead to, and bytes of all files together.
    private static let fileLimit = 100, byteLimit = 8 << 20

    private init(_ profile: EngineProfile, words: [String] = []) {
        self.profile = profile
        arguments = profile.arguments(words)
    }

    // MARK: Asking

    /// What is said of an option, the strongest first; the manual's default last, where silence means it.
    func claims(_ name: String) -> [Claim] { values[name] ?? [] }

    /// The value that counts.
    func value(_ name: String) -> String? { claims(name).first?.value }

    /// The claim that turns a flag on; nil where it is off or not set.
    func on(_ name: String) -> Claim? { claims(name).first.flatMap { Self.isOn($0) ? $0 : nil } }

    /// What is said of a flag, in the report's words.
    func flag(_ name: String, on: String = "on", off: String = "off") -> [Claim] {
        claims(name).map { Claim(Self.isOn($0) ? on : off, source: $0.source) }
    }

    private static func isOn(_ claim: Claim) -> Bool {
        ["", "1", "on", "true", "yes", "y", "t", "enabled"].contains(claim.value.lowercased())
    }

    /// The manual's default, where silence means it.
    func defaultClaims(_ value: String) -> [Claim] {
        isComplete && unclear.isEmpty ? [Claim(value, source: "default")] : []
    }

    /// Has `claim` count before all others.
    mutating func overrule(_ name: String, _ claim: Claim) { values[name, default: []].insert(claim, at: 0) }

    /// Puts the options with a name in the report into `draft`.
    func describe(_ draft: Draft) {
        draft.database.configFiles = files
        for option in profile.options {
            guard let setting = option.setting else { continue }
            let isClear = isComplete && !unclear.contains(option.name)
            let silence = isClear ? option.byDefault.map { [Claim($0, source: "default")] } : nil
            draft.setting(setting, claims(option.name) + (silence ?? []))
        }
    }

    // MARK: Reading

    /// The settings of a running server.
    static func read(_ server: ServerProcess, _ draft: Draft) -> Settings {
        let profile = draft.engine.profile
        let host = draft.host
        let pid = server.process.pid
        var settings = Settings(profile, words: server.process.arguments)
        settings.arguments.reportUnfit(pid: pid, host.log)
        if !server.process.shortfalls.isEmpty { settings.isComplete = false }
        if let named = profile.namedFile(settings.arguments, server.process.arguments, server.environment) {
            settings.readNamed(named, server, draft)
        } else if let claim = (draft.engine as? any ProfiledEngine)?.configuration(server, host), let root = server.root
        {
            settings.read(claim.value, root, host)
        } else if let root = server.root, !profile.configuration.defaultFiles.isEmpty {
            settings.readDefault(server, root, draft)
        }
        if profile.configuration.hidesArguments, settings.files.isEmpty { settings.isComplete = false }
        for (name, _) in settings.arguments.unfit { settings.unclear.insert(name) }
        for option in profile.options {
            let argument = settings.arguments.claim(option.name, pid: pid)
            var variable: Claim?
            if let name = option.variable, let value = server.environment[name] {
                variable = Claim(value, source: "/proc/\(pid)/environ: \(name)").fitting(option.type, host.log)
            }
            settings.values[option.name, default: []].insert(contentsOf: [argument, variable].compactMap { $0 }, at: 0)
        }
        return settings
    }

    /// The settings of a server that the host's own files describe: of the first file that is there.
    static func read(_ profile: EngineProfile, _ root: HostRoot, _ host: ScanContext) -> Settings {
        var settings = Settings(profile)
        for file in profile.configuration.defaultFiles.flatMap({ host.glob($0, in: root) }) {
            settings.read(file, root, host)
            if !settings.files.isEmpty { break }
        }
        return settings
    }

    /// The settings of a server that `words` would start on the host.
    static func read(
        _ profile: EngineProfile, startedBy words: [String], _ environment: [String: String], source: String,
        _ host: ScanContext
    ) -> Settings {
        var settings = Settings(profile, words: words)
        if let named = profile.namedFile(settings.arguments, words, environment) {
            settings.read(named, host.root, host)
        } else {
            settings = read(profile, host.root, host)
            settings.arguments = profile.arguments(words)
        }
        for option in profile.options {
            let said = [settings.arguments.values[option.name], option.variable.flatMap { environment[$0] }]
            for value in said.compactMap({ $0 }).reversed() where option.type.fits(value) {
                settings.values[option.name, default: []].insert(Claim(value, source: source), at: 0)
            }
        }
        return settings
    }

    /// The file that the command line names, wherever the server was when it read it.
    private mutating func readNamed(_ named: String, _ server: ServerProcess, _ draft: Draft) {
        guard let root = server.root else { return isComplete = false }
        let near = server.directories(of: profile).map { $0.value + "/" }
        for place in server.configuration(named, next: near, draft.host) {
            let found = profile.configuration.nameInDirectory.map { Path.join(place.value, $0) } ?? place.value
            read(found, root, draft.host)
            if !files.isEmpty { return }
        }
        isComplete = false
        server.reportNotFound(named, draft)
    }

    /// The default file that the server may have read: what it says of ports and directories is what is seen.
    private mutating func readDefault(_ server: ServerProcess, _ root: HostRoot, _ draft: Draft) {
        let host = draft.host
        let directories = { (settings: Settings) in (draft.engine as? any ProfiledEngine)?.directories(settings) ?? [] }
        for file in profile.configuration.defaultFiles.flatMap({ host.glob($0, in: root) }) {
            var read = self
            read.read(file, root, host)
            guard !read.files.isEmpty else { continue }
            if read.fits(server, directories) { return self = read }
            // Another server's: this one was told by something that is not seen.
            isComplete = false
        }
    }

    private func fits(_ server: ServerProcess, _ directories: (Settings) -> [Claim]) -> Bool {
        let ports = profile.ports.compactMap { port in
            profile.options.first { $0.setting == port.setting && port.setting != nil }
        }.compactMap { value($0.name) ?? $0.byDefault }.flatMap(PortProfile.numbers)
        let listens = ports.isEmpty || server.tcp.isEmpty || server.tcp.contains { ports.contains($0.port) }
        let held = server.directories(of: profile).map { Path.tidy($0.value) }
        let named = (profile.directory.options.flatMap(claims) + directories(self)).map { Path.tidy($0.value) }
        return listens && (held.isEmpty || named.isEmpty || named.contains { held.contains($0) || !$0.hasPrefix("/") })
    }

    private mutating func read(_ path: String, _ root: HostRoot, _ host: ScanContext) {
        var pending = [path]
        var bytes = 0
        while let path = pending.popLast() {
            guard !files.contains(path), !host.deadline.hasPassed else { continue }
            guard files.count < Self.fileLimit, bytes < Self.byteLimit else {
                isComplete = false
                return host.log.add(
                    .includeLimit, path,
                    "more than \(Self.fileLimit) configuration files or \(Self.byteLimit >> 20) MiB of them")
            }
            guard let text = host.text(path, in: root) else {
                // A file that is there and cannot be read may say anything.
                if root.exists(path) { isComplete = false }
                continue
            }
            files.append(path)
            bytes += text.utf8.count
            pending += read(text, of: path, host).reversed()
            if files.count == 1 {
                let place = Path.parent(of: path)
                let more = profile.configuration.dropIns.flatMap { pattern -> [String] in
                    let directory = Path.join(place, String(Path.parent(of: "/" + pattern).dropFirst()))
                    let end = Path.name(of: pattern).drop { $0 == "*" }
                    return EngineDirectory.names(directory, root, host).filter { $0.hasSuffix(end) }.map {
                        Path.join(directory, $0)
                    }
                }
                pending.insert(contentsOf: more.reversed(), at: 0)
            }
        }
    }

    /// Keeps what the text says, and returns the files that it includes.
    private mutating func read(_ text: String, of path: String, _ host: ScanContext) -> [String] {
        let names = profile.optionNames
        var includes: [String] = []
        let entries = profile.configuration.format.parse(text, names: Set(names.keys))
        if host.reportCut(entries, of: path) { isComplete = false }
        for entry in entries {
            if let include = profile.configuration.include, entry.name == include {
                includes.append(Path.join(Path.parent(of: path), entry.value))
                continue
            }
            guard let option = names[entry.name], claims(option.name).count < EvidenceLimits.claims else { continue }
            guard entry.isPlain else {
                unclear.insert(option.name)
                host.log.add(
                    .notUnderstood, path,
                    "\(entry.name) uses syntax that the agent does not support; no default is assumed", partial: false)
                continue
            }
            let source = "\(path) \(entry.name)"
            if option.type == .presence {
                values[option.name] = entry.value.isEmpty ? [] : [Claim("set", source: source)]
            } else if let claim = Claim(entry.value, source: source).fitting(option.type, host.log) {
                // The last one in a file counts.
                values[option.name, default: []].insert(claim, at: 0)
            } else {
                unclear.insert(option.name)
            }
        }
        return includes
    }
}

extension EngineProfile {
    /// The options by each of their names in a file.
    fileprivate var optionNames: [String: EngineOption] {
        options.reduce(into: [:]) { names, option in
            for name in [option.name] + option.otherNames { names[name] = option }
        }
    }

    /// The allowed arguments of a command line.
    func arguments(_ words: [String]) -> Arguments {
        var names: [String: String] = [:]
        var short: [Character: String] = [:]
        for option in options {
            for name in option.arguments {
                names[name] = option.name
                if name.count == 1, let letter = name.first { short[letter] = option.name }
            }
        }
        for name in configuration.arguments { names[name] = Self.fileOption }
        var allowed = Dictionary(options.map { ($0.name, $0.type) }) { first, _ in first }
        allowed[Self.fileOption] = .file
        return Arguments(words, allowed: allowed, short: short) { names[$0] ?? "" }
    }

    /// The name that the argument with the configuration file is known by.
    private static let fileOption = "configuration file"

    /// The file that a command line or a variable names.
    fileprivate func namedFile(_ arguments: Arguments, _ words: [String], _ environment: [String: String]) -> String? {
        if let named = arguments.values[Self.fileOption] { return named }
        if configuration.isPositional, words.count > 1, let word = words.dropFirst().first, !word.hasPrefix("-"),
            ValueType.file.fits(word)
        {
            return word
        }
        return configuration.variable.flatMap { environment[$0] }.flatMap { ValueType.file.fits($0) ? $0 : nil }
    }
}
