import Foundation
import Yams

extension Configuration {
    /// The configuration of a file, an environment and flags; what comes later wins.
    ///
    /// - Parameters:
    ///   - file: a YAML file of sections with keys; none when nil.
    ///   - flags: `section.key=value` each.
    static func load(
        file: String?, environment: [String: String], flags: [String]
    ) throws(ConfigurationError) -> Configuration {
        var configuration = Configuration()
        if let file { try configuration.read(file) }
        try configuration.take(environment)
        for flag in flags {
            let parts = flag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw ConfigurationError("--set \(flag): write section.key=value") }
            try configuration.set(parts[0], parts[1], place: "--set \(flag)")
        }
        try configuration.validate()
        return configuration
    }

    private mutating func set(_ name: String, _ value: String, place: String) throws(ConfigurationError) {
        guard let setting = Setting.all.first(where: { $0.name == name }) else {
            throw ConfigurationError("\(place): no setting \"\(name)\"\(Self.hint(name))")
        }
        guard setting.apply(&self, value) else {
            throw ConfigurationError("\(place): \(name) is \(setting.type), not \"\(value)\"")
        }
    }

    /// A setting whose last part is the same, or the section's keys.
    private static func hint(_ name: String) -> String {
        let key = name.split(separator: ".").last.map(String.init) ?? name
        if let other = Setting.all.first(where: { $0.name.hasSuffix("." + key) }) { return "; there is \(other.name)" }
        let section = name.prefix { $0 != "." } + "."
        let keys = Setting.all.filter { $0.name.hasPrefix(section) }.map { $0.name.dropFirst(section.count) }
        return keys.isEmpty ? "" : "; there are \(keys.joined(separator: ", "))"
    }

    private mutating func take(_ environment: [String: String]) throws(ConfigurationError) {
        let sections = Set(Setting.all.map { "DBCENSUS_" + $0.name.prefix { $0 != "." }.uppercased() + "_" })
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard sections.contains(where: variable.hasPrefix) else { continue }
            guard let setting = Setting.all.first(where: { $0.variable == variable }) else {
                throw ConfigurationError("the environment's \(variable): no such setting")
            }
            try set(setting.name, value, place: "the environment's \(variable)")
        }
    }

    private mutating func read(_ file: String) throws(ConfigurationError) {
        let data = try RegularFile.read(file)
        let root: Node?
        do { root = try Yams.compose(yaml: String(decoding: data, as: UTF8.self)) } catch {
            throw ConfigurationError("\(file): \(error)")
        }
        guard let root, root != Node("") else { return }
        guard let sections = root.mapping else {
            throw ConfigurationError("\(Self.place(file, root)): sections are wanted")
        }
        for (name, node) in sections {
            guard let section = name.string, let keys = node.mapping else {
                throw ConfigurationError(
                    "\(Self.place(file, name)): \(name.string ?? "?") is a section, with keys below it")
            }
            for (key, value) in keys {
                let place = Self.place(file, key)
                guard let text = value.scalar?.string else {
                    throw ConfigurationError("\(place): \(section).\(key.string ?? "?") is one value")
                }
                try set("\(section).\(key.string ?? "?")", text, place: place)
            }
        }
    }

    private static func place(_ file: String, _ node: Node) -> String {
        node.mark.map { "\(file), line \($0.line)" } ?? file
    }
}
