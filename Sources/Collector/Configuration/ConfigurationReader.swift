import Foundation
import Yams

/// Reads a configuration: flags come before the environment, the environment before the file, the file before defaults.
struct ConfigurationReader<Root: Sendable> {
    let settings: [Setting<Root>]
    private(set) var configured: Configured<Root>

    /// Begins with the defaults in `standard`.
    init(_ defaults: Root, _ settings: [Setting<Root>]) {
        self.settings = settings
        configured = Configured(value: defaults)
    }

    /// Reads a YAML file of sections and keys.
    mutating func read(file: String) throws(ConfigurationError) {
        let data = try RegularFile.read(file)
        let root: Node?
        do { root = try Yams.compose(yaml: String(decoding: data, as: UTF8.self)) } catch {
            throw ConfigurationError("\(file): invalid YAML: \(error)")
        }
        guard let root, root != Node("") else { return }
        try read(SettingNode(root), [], file)
    }

    /// Reads a section of a file, with the sections around it.
    private mutating func read(_ node: SettingNode, _ path: [String], _ file: String) throws(ConfigurationError) {
        func source(_ line: Int?) -> SettingSource { .file(file, line: line ?? node.line) }
        guard let members = node.members else {
            let section = path.isEmpty ? "the file" : path.joined(separator: ".")
            throw ConfigurationError("\(source(node.line)): \(section) must have keys below it")
        }
        for (key, value) in members {
            let path = path + [key.text ?? "?"]
            let name = path.joined(separator: ".")
            if let setting = settings.first(where: { $0.name == name }) {
                try set(setting, value, source(key.line))
            } else if settings.contains(where: { $0.name.hasPrefix(name + ".") }) {
                try read(SettingNode(value.content, line: value.line ?? key.line), path, file)
            } else {
                throw unknown(name, source(key.line))
            }
        }
    }

    /// Reads the variables that belong to settings.
    mutating func read(environment: [String: String]) throws(ConfigurationError) {
        let sections = Set(settings.map { "DBCENSUS_" + $0.name.prefix { $0 != "." }.uppercased() + "_" })
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard sections.contains(where: variable.hasPrefix) else { continue }
            guard let setting = settings.first(where: { $0.variable == variable }) else {
                let hint = Nearest.hint(variable, among: settings.map(\.variable))
                throw ConfigurationError("environment variable \(variable): there is no such setting\(hint)")
            }
            try set(setting, value, .environment(variable))
        }
    }

    /// Reads flags of the form `section.key=value`.
    mutating func read(flags: [String]) throws(ConfigurationError) {
        for flag in flags {
            let parts = flag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw ConfigurationError("--set \(flag): write section.key=value") }
            guard let setting = settings.first(where: { $0.name == parts[0] }) else {
                throw unknown(parts[0], .flag("--set \(parts[0])"))
            }
            try set(setting, parts[1], .flag("--set \(parts[0])"))
        }
    }

    private mutating func set(
        _ setting: Setting<Root>, _ text: String, _ source: SettingSource
    ) throws(ConfigurationError) {
        guard !setting.isScalar else { return try set(setting, SettingNode(.scalar(text)), source) }
        let node: SettingNode
        do { node = try SettingNode.flow(text) } catch {
            throw ConfigurationError("\(source): \(setting.name) is invalid YAML: \(error)")
        }
        try set(setting, node, source)
    }

    private mutating func set(
        _ setting: Setting<Root>, _ node: SettingNode, _ source: SettingSource
    ) throws(ConfigurationError) {
        do throws(SettingMismatch) { try setting.read(&configured.value, node) } catch {
            var place = source
            if case .file(let file, let line) = source { place = .file(file, line: error.line ?? line) }
            let message = setting.isSecret ? "must be \(setting.type)" : error.message
            throw ConfigurationError("\(place): \(setting.name) \(message)")
        }
        configured.sources[setting.name] = source
    }

    private func unknown(_ name: String, _ source: SettingSource) -> ConfigurationError {
        let section = name.contains(".") ? String(name.prefix { $0 != "." }) + "." : ""
        let names = settings.map(\.name)
        let near = Nearest.nearest(name, among: names)
        let own = section.isEmpty ? sections : names.filter { $0.hasPrefix(section) }
        let hint = near.map { "; did you mean \($0)?" } ?? Nearest.hint(name, among: own.isEmpty ? sections : own)
        return ConfigurationError("\(source): there is no setting \"\(name)\"\(hint)")
    }

    private var sections: [String] {
        settings.map { String($0.name.prefix { $0 != "." }) }.reduce(into: []) { names, name in
            if names.last != name { names.append(name) }
        }
    }
}
