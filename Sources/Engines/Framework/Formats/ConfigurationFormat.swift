import HostView

/// How a configuration file is written.
enum ConfigurationFormat: Sendable {
    /// `name value`, a line each; `#` begins a comment.
    case words
    /// `--name=value`, a line each, as a command line has it.
    case flags
    /// `name = value` below `[section]`: INI, TOML, properties; the section's name comes before the option's.
    case sections
    /// Nested mappings.
    case yaml
    /// Elements, the root's name left out; or Hadoop's `<property><name>…<value>…`.
    case xml
    /// Objects.
    case json

    /// What the text sets, in its order.
    ///
    /// - Parameter names: the options that are asked for.
    func parse(_ text: String, names: Set<String>) -> [ConfigurationEntry] {
        switch self {
        case .words: Array(Self.words(text).prefix(ConfigurationEntry.limit))
        case .flags: Array(Self.flags(text).prefix(ConfigurationEntry.limit))
        case .sections: SectionedLines.parse(text)
        case .yaml: YAMLMappings.parse(text)
        case .xml: XMLElements.parse(text)
        case .json: Self.json(text, names)
        }
    }

    /// `name value`: a value in quotes goes to its end, others to the line's.
    private static func words(_ text: String) -> [ConfigurationEntry] {
        ConfigurationLines.significant(in: text).compactMap { line in
            let line = ConfigurationLines.trimmed(line)
            let name = line.prefix { !$0.isWhitespace }
            guard !name.isEmpty else { return nil }
            return ConfigurationEntry(
                name.lowercased(), ConfigurationLines.unquoted(line[name.endIndex...]))
        }
    }

    private static func flags(_ text: String) -> [ConfigurationEntry] {
        ConfigurationLines.significant(in: text).compactMap { line in
            let body = ConfigurationLines.trimmed(line).drop { $0 == "-" }
            let name = body.prefix { $0 != "=" }
            guard !name.isEmpty else { return nil }
            return ConfigurationEntry(String(name), ConfigurationLines.unquoted(body[name.endIndex...].dropFirst()))
        }
    }

    private static func json(_ text: String, _ names: Set<String>) -> [ConfigurationEntry] {
        guard let document = JSONDocument(Array(text.utf8)) else { return [] }
        return names.sorted().compactMap { name in
            let path = name.split(separator: ".").map(String.init)
            guard let value = document.at(path) else { return nil }
            let text =
                value.string() ?? value.integer().map(String.init) ?? value.boolean().map { $0 ? "true" : "false" }
            return text.map { ConfigurationEntry(name, $0) }
        }
    }
}

/// One value that a configuration file sets.
struct ConfigurationEntry: Equatable {
    /// The most bytes of a name with all that comes before it, and of what one file may set: no server's own is longer,
    /// and a file is anybody's.
    static let nameLimit = 256, limit = 20_000

    /// The option, parents and sections before it, with dots between them.
    var name: String
    /// Its value, without quotes.
    var value: String
    /// The value stands there as it is: no anchor, no flow mapping, no reference to something else.
    var isPlain = true

    init(_ name: String, _ value: String, isPlain: Bool = true) {
        self.name = name
        self.value = value
        self.isPlain = isPlain
    }
}
