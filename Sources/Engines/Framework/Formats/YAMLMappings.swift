/// The nested mappings of YAML that servers' files use, and sequences of scalars; also `name = value` at the margin, as
/// MongoDB 2.4 has it.
///
/// A whole YAML parser would be most of the agent. Anchors and flow mappings do not occur among the keys that are read;
/// a mapping below `__exec` or `__rest`, which would run or fetch something, is a key that is on no list.
enum YAMLMappings {
    private static let depthLimit = 20

    /// The scalars in their order, by their dotted paths; each scalar of a sequence is an entry of its own.
    static func parse(_ text: String) -> [ConfigurationEntry] {
        var found: [ConfigurationEntry] = []
        var parents: [(indent: Int, name: String)] = []
        for raw in ConfigurationLines.significant(in: text) where found.count < ConfigurationEntry.limit {
            let line = ConfigurationLines.withoutComment(raw)
            let indent = line.prefix { $0 == " " }.count
            let body = line.dropFirst(indent)
            if body.hasPrefix("---") || body.hasPrefix("...") { parents = [] }
            if body.isEmpty || body.hasPrefix("---") || body.hasPrefix("...") { continue }
            if body.hasPrefix("- ") {
                // A sequence may stand at its key's own margin.
                parents.removeAll { $0.indent > indent }
                let item = body.dropFirst(2)
                if keyValue(item, ":") == nil, let path = path(parents.map(\.name)) {
                    found.append(
                        ConfigurationEntry(
                            path, ConfigurationLines.unquoted(item),
                            isPlain: isPlain(String(ConfigurationLines.trimmed(item)))))
                }
            } else if let (name, value) = keyValue(body, ":") {
                parents.removeAll { $0.indent >= indent }
                if value.isEmpty {
                    // A key that is no server's has nothing below it that counts.
                    let short = name.utf8.count <= ConfigurationEntry.nameLimit ? name : "…"
                    if parents.count < depthLimit { parents.append((indent, short)) }
                } else if let path = path(parents.map(\.name) + [name]) {
                    found.append(
                        ConfigurationEntry(path, ConfigurationLines.unquoted(value[...]), isPlain: isPlain(value)))
                }
            } else if indent == 0, let (name, value) = keyValue(body, "=") {
                found.append(ConfigurationEntry(name, ConfigurationLines.unquoted(value[...])))
            }
        }
        return found
    }

    /// The dotted path; nil for one that is longer than any server's, or empty.
    private static func path(_ names: [String]) -> String? {
        let length = names.reduce(-1) { $0 + $1.utf8.count + 1 }
        return length > 0 && length <= ConfigurationEntry.nameLimit ? names.joined(separator: ".") : nil
    }

    /// A key among `keys`, or above one of them, whose value this parser does not read, or that is to be run or
    /// fetched; nil when there is none.
    static func notUnderstood(_ settings: [ConfigurationEntry], among keys: Set<String>) -> String? {
        settings.first { setting in
            let isOurs = keys.contains { $0 == setting.name || $0.hasPrefix(setting.name + ".") }
            let parent = setting.name.split(separator: ".").dropLast().joined(separator: ".")
            let isComputed = setting.name.hasSuffix("__exec") || setting.name.hasSuffix("__rest")
            return isOurs && !setting.isPlain
                || isComputed && (parent.isEmpty || keys.contains { $0 == parent || $0.hasPrefix(parent + ".") })
        }?.name
    }

    private static func isPlain(_ value: String) -> Bool {
        !["{", "[", "&", "*", "|", ">", "!"].contains(value.prefix(1)) || value == "*"
    }

    /// `key<separator> value`, quotes taken away; the YAML separator must be followed by a blank or the line's end.
    private static func keyValue(_ body: Substring, _ separator: Character) -> (String, String)? {
        guard let mark = body.firstIndex(of: separator) else { return nil }
        let rest = body[body.index(after: mark)...]
        if separator == ":", let next = rest.first, !next.isWhitespace { return nil }
        let name = ConfigurationLines.unquoted(body[..<mark])
        guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || "_.-".contains($0) }) else { return nil }
        return (name, String(ConfigurationLines.trimmed(rest)))
    }
}
