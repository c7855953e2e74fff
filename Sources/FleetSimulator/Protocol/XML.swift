/// XML as text that is being written.
struct XML: Sendable {
    private(set) var text: String

    init(_ text: String = "") { self.text = text }

    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        text += "<\(name)>"
        for character in value.unicodeScalars {
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            default: text.unicodeScalars.append(character)
            }
        }
        text += "</\(name)>"
    }

    mutating func add(_ name: String, _ content: (inout XML) -> Void) {
        text += "<\(name)>"
        content(&self)
        text += "</\(name)>"
    }

    /// A list as EC2 and Organizations write it: one element with an `item` for each value.
    mutating func add<Value>(
        _ name: String, _ values: some Sequence<Value>, item: String = "item", _ content: (inout XML, Value) -> Void
    ) {
        add(name) { xml in for value in values { xml.add(item) { content(&$0, value) } } }
    }
}
