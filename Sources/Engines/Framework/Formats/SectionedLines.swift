/// `[section]` and `name = value`, as INI, TOML and Java's properties have them; of TOML and properties the part that
/// servers' files use.
enum SectionedLines {
    /// What the lines set: `section.name`.
    static func parse(_ text: String) -> [ConfigurationEntry] {
        var found: [ConfigurationEntry] = []
        var section = ""
        for raw in ConfigurationLines.significant(
            in: text, comments: [UInt8(ascii: "#"), UInt8(ascii: ";"), UInt8(ascii: "!")])
        {
            let line = ConfigurationLines.trimmed(raw)
            if line.first == "[" {
                // A table of an array, `[[name]]`, counts like another table.
                let name = line.drop { $0 == "[" }.prefix { $0 != "]" }
                section = ConfigurationLines.unquoted(name)
                continue
            }
            guard section.utf8.count <= ConfigurationEntry.nameLimit, found.count < ConfigurationEntry.limit else {
                continue
            }
            guard let mark = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else { continue }
            let name = ConfigurationLines.unquoted(line[..<mark])
            let value = ConfigurationLines.withoutComment(line[line.index(after: mark)...])
            guard !name.isEmpty, name.utf8.count <= ConfigurationEntry.nameLimit else { continue }
            found.append(
                ConfigurationEntry(
                    section.isEmpty ? name : section + "." + name, ConfigurationLines.unquoted(value),
                    isPlain: !["{", "[", "\"\"\"", "'''"].contains { ConfigurationLines.trimmed(value).hasPrefix($0) }))
        }
        return found
    }
}
