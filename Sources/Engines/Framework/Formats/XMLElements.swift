/// The text of an XML file's elements by their paths, without a document in memory: no entity but the five of XML is
/// expanded, nothing is fetched, and what is deeper than `depthLimit` is passed over.
enum XMLElements {
    static let depthLimit = 64

    /// The texts in their order; the root element's name is left out. Hadoop's `<property><name>n</name>
    /// <value>v</value></property>` is an entry `n`.
    static func parse(_ text: String) -> [ConfigurationEntry] {
        var found: [ConfigurationEntry] = []
        var path: [(name: Substring, isPlain: Bool)] = []
        var depth = 0
        var content = ""
        var property: (name: String?, value: String?) = (nil, nil)
        var rest = Substring(text)
        while !rest.isEmpty, found.count < ConfigurationEntry.limit {
            let before = rest.prefix { $0 != "<" }
            content += before
            rest = rest[before.endIndex...]
            guard !rest.isEmpty else { break }
            if let after = skipped(rest) {
                rest = after
                continue
            }
            guard let end = tagEnd(rest) else { break }
            let tag = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.first == "/" {
                if depth > depthLimit {
                    depth -= 1
                    continue
                }
                guard let element = path.popLast() else { break }
                depth -= 1
                let value = decoded(ConfigurationLines.trimmed(Substring(content)))
                content = ""
                let isProperty = path.last?.name == "property"
                if isProperty, element.name == "name" { property.name = value }
                if isProperty, element.name == "value" { property.value = value }
                if element.name == "property", let name = property.name {
                    found.append(ConfigurationEntry(name, property.value ?? ""))
                    property = (nil, nil)
                } else if !value.isEmpty, !path.isEmpty, !isProperty {
                    let names = path.dropFirst().map { String($0.name) } + [String(element.name)]
                    let name = names.joined(separator: ".")
                    if name.utf8.count <= ConfigurationEntry.nameLimit {
                        found.append(ConfigurationEntry(name, value, isPlain: element.isPlain))
                    }
                }
            } else {
                content = ""
                guard tag.last != "/" else { continue }
                depth += 1
                guard depth <= depthLimit else { continue }
                let name = tag.prefix { !$0.isWhitespace }
                // ClickHouse fills such an element from elsewhere.
                let isPlain = !["from_env=", "from_zk=", "incl=", "encrypted_by="].contains { tag.contains($0) }
                path.append((name.utf8.count <= ConfigurationEntry.nameLimit ? name : "…", isPlain))
            }
        }
        return found
    }

    /// What follows a comment, a declaration or CDATA, which are all passed over; nil where none begins.
    private static func skipped(_ text: Substring) -> Substring? {
        for (begin, end) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] where text.hasPrefix(begin) {
            guard let close = text.firstRange(of: end) else { return text[text.endIndex...] }
            return text[close.upperBound...]
        }
        guard text.hasPrefix("<!") else { return nil }
        guard let end = text.firstIndex(of: ">") else { return text[text.endIndex...] }
        return text[text.index(after: end)...]
    }

    /// The `>` that ends the tag at the beginning of `text`: none within quotes.
    private static func tagEnd(_ text: Substring) -> Substring.Index? {
        var quote: Character?
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == ">" {
                return index
            }
        }
        return nil
    }

    private static func decoded(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        var text = String(text)
        for (name, value) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
            text = text.replacing(name, with: value)
        }
        return text
    }
}
