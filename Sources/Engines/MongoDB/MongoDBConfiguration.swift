/// mongod.conf: the nested mappings of YAML that it uses, or `name = value` of MongoDB 2.4.
///
/// A whole YAML parser would be most of the agent. Sequences, anchors and flow mappings do not occur among the keys
/// that are read; a mapping below `__exec` or `__rest`, which would run or fetch something, stays what it is: a key
/// nobody allows.
enum MongoDBConfiguration {
    private static let depthLimit = 20

    /// One scalar by its dotted path.
    struct Setting: Equatable {
        var name: String
        var value: String
        /// The value is a plain or a quoted scalar: not a flow mapping, a block, an anchor or an alias.
        var isPlain: Bool
    }

    /// The scalars in their order.
    static func parse(_ text: String) -> [Setting] {
        var found: [Setting] = []
        var parents: [(indent: Int, name: String)] = []
        for raw in ConfigurationLines.significant(in: text) {
            let line = withoutComment(raw)
            let indent = line.prefix { $0 == " " }.count
            let body = line.dropFirst(indent)
            if body.isEmpty || body.hasPrefix("---") || body.hasPrefix("...") { continue }
            if let (name, value) = keyValue(body, ":") {
                parents.removeAll { $0.indent >= indent }
                if value.isEmpty {
                    if parents.count < depthLimit { parents.append((indent, name)) }
                } else {
                    let path = (parents.map(\.name) + [name]).joined(separator: ".")
                    found.append(Setting(name: path, value: unquoted(value[...]), isPlain: isPlain(value)))
                }
            } else if indent == 0, let (name, value) = keyValue(body, "=") {
                found.append(Setting(name: name, value: unquoted(value[...]), isPlain: true))
            }
        }
        return found
    }

    /// A key among `keys`, or above one of them, whose value this parser does not read, or that is to be run or
    /// fetched; nil when there is none.
    static func notUnderstood(_ settings: [Setting], among keys: Set<String>) -> String? {
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
        let name = unquoted(body[..<mark])
        guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }) else {
            return nil
        }
        return (name, String(trimmed(rest)))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func unquoted(_ text: Substring) -> String {
        let text = trimmed(text)
        if let quote = text.first, quote == "\"" || quote == "'", text.count > 1, text.last == quote {
            return String(text.dropFirst().dropLast())
        }
        return String(text)
    }

    private static func withoutComment(_ line: Substring) -> Substring {
        var quote: Character?
        var previous: Character = " "
        for index in line.indices {
            let character = line[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "#", previous.isWhitespace {
                return line[..<index]
            }
            previous = character
        }
        return line
    }
}
