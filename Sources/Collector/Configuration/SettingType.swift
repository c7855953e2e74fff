import Foundation

/// What is wrong with a value, and in which line.
struct SettingMismatch: Error {
    /// What the value must be, and what it is.
    var message: String
    var line: Int?
}

/// The type of a setting: how a value is read, how it is written back, and how the reference describes it.
struct SettingType<Value: Sendable>: Sendable {
    /// Such as `a whole number from 0 to 65535`.
    let name: String
    /// Whether a flag or a variable has it as one text.
    let isScalar: Bool
    let read: @Sendable (SettingNode) throws(SettingMismatch) -> Value
    /// The value as YAML in one line.
    let write: @Sendable (Value) -> String

    fileprivate init(
        _ name: String, isScalar: Bool = true, write: @escaping @Sendable (Value) -> String,
        read: @escaping @Sendable (SettingNode) throws(SettingMismatch) -> Value
    ) {
        (self.name, self.isScalar, self.read, self.write) = (name, isScalar, read, write)
    }

    /// A type whose values are scalars.
    fileprivate static func scalar(
        _ name: String, write: @escaping @Sendable (Value) -> String, parse: @escaping @Sendable (String) -> Value?
    ) -> SettingType {
        SettingType(name, write: write) { node throws(SettingMismatch) in
            guard let text = node.text else {
                throw SettingMismatch(message: "must be \(name), not a list or a map", line: node.line)
            }
            guard let value = parse(text) else {
                throw SettingMismatch(message: "must be \(name), not \"\(text.prefix(80))\"", line: node.line)
            }
            return value
        }
    }

    /// The type of a setting that has no value by default.
    static func optional<Wrapped>(_ type: SettingType<Wrapped>) -> SettingType where Value == Wrapped? {
        SettingType(type.name, isScalar: type.isScalar, write: { $0.map(type.write) ?? "" }) {
            node throws(SettingMismatch) in try type.read(node)
        }
    }
}

extension SettingType where Value == String {
    /// Any text that is not empty.
    static let text = scalar("text", write: YAMLText.quoted) { $0.isEmpty || $0.contains("\0") ? nil : $0 }
}

extension SettingType where Value == String {
    /// Any text, also the empty one.
    static func text(mayBeEmpty: Bool) -> SettingType {
        scalar("text", write: { $0.isEmpty ? "" : YAMLText.quoted($0) }) { $0.contains("\0") ? nil : $0 }
    }
}

extension SettingType where Value == String? {
    /// Any text, or `none`.
    static let textOrNone = SettingType("text, or none", write: { $0.map(YAMLText.quoted) ?? "none" }) {
        node throws(SettingMismatch) in
        let text = try SettingType<String>.text.read(node)
        return text == "none" ? nil : text
    }
}

extension SettingType where Value == Int {
    /// A duration, in seconds.
    static func seconds(_ range: ClosedRange<Int>) -> SettingType {
        let ends = "\(range.lowerBound)s to \(range.upperBound)s"
        return scalar("a duration such as 30s, 10m, 2h or 1d, from \(ends)", write: { "\($0)s" }) {
            DurationText.seconds($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A duration, in seconds.
    static let seconds = scalar("a duration such as 30s, 10m, 2h or 1d", write: { "\($0)s" }) {
        DurationText.seconds($0)
    }

    /// A whole number.
    static func integer(_ range: ClosedRange<Int>) -> SettingType {
        scalar("a whole number from \(range.lowerBound) to \(range.upperBound)", write: { "\($0)" }) { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A part of a hundred, such as `5%`.
    static let percent = scalar("a percentage such as 5%", write: { "\($0)%" }) { text in
        text.hasSuffix("%") ? Int(text.dropLast()).flatMap { 0...100 ~= $0 ? $0 : nil } : nil
    }
}

extension SettingType where Value == Bool {
    /// `true` or `false`.
    static let flag = scalar("true or false", write: { "\($0)" }) { ["true": true, "false": false][$0] }
}

extension SettingType where Value == Duration {
    /// Seconds, minutes, hours or days: `90s`, `10m`, `2h`, `1d`.
    static let duration = scalar("a duration such as 30s, 10m, 2h or 1d", write: { "\($0.components.seconds)s" }) {
        text in DurationText.seconds(text).map { .seconds($0) }
    }
}

/// Durations as text.
enum DurationText {
    /// The seconds in `90s`, `10m`, `2h` or `1d`; nil for any other text.
    static func seconds(_ text: String) -> Int? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let number = UInt32(text.dropLast()) else { return nil }
        return Int(number) * unit
    }
}

extension SettingType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the values of an enumeration.
    static var choice: SettingType {
        let names = Value.allCases.map(\.rawValue)
        return scalar("one of \(names.joined(separator: ", "))", write: \.rawValue, parse: { Value(rawValue: $0) })
    }
}

extension SettingType {
    /// A list.
    static func list<Element>(of element: SettingType<Element>) -> SettingType where Value == [Element] {
        SettingType(
            "a list of \(element.name)", isScalar: false,
            write: { "[" + $0.map(element.write).joined(separator: ", ") + "]" }
        ) { node throws(SettingMismatch) in
            guard case .list(let items) = node.content else {
                throw SettingMismatch(message: "must be a list of \(element.name): write [a, b]", line: node.line)
            }
            var values: [Element] = []
            for item in items { values.append(try element.read(item)) }
            return values
        }
    }

    /// A list, or one value of it alone.
    static func oneOrMore<Element>(of element: SettingType<Element>) -> SettingType where Value == [Element] {
        let list = SettingType.list(of: element)
        return SettingType("\(element.name) or a list of it", isScalar: false, write: list.write) {
            node throws(SettingMismatch) in
            guard case .scalar = node.content else { return try list.read(node) }
            return [try element.read(node)]
        }
    }

    /// A map with any keys.
    static func map<Element>(of element: SettingType<Element>) -> SettingType where Value == [String: Element] {
        SettingType(
            "a map whose values are \(element.name)", isScalar: false,
            write: { values in
                let members = values.sorted { $0.key < $1.key }
                return "{" + members.map { "\(YAMLText.quoted($0)): \(element.write($1))" }.joined(separator: ", ")
                    + "}"
            }
        ) { node throws(SettingMismatch) in
            guard let members = node.members else {
                throw SettingMismatch(message: "must be a map: write { key: value }", line: node.line)
            }
            var values: [String: Element] = [:]
            for (key, value) in members { values[key.text ?? ""] = try element.read(value) }
            return values
        }
    }

    /// A value with members of its own, such as one account among `accounts`.
    static func record(_ empty: Value, _ members: [SettingMember<Value>]) -> SettingType {
        let names = members.map(\.name)
        return SettingType(
            "a map with \(names.joined(separator: ", "))", isScalar: false,
            write: { value in "{ " + members.map { "\($0.name): \($0.write(value))" }.joined(separator: ", ") + " }" }
        ) { node throws(SettingMismatch) in
            guard let found = node.members else {
                throw SettingMismatch(message: "must be a map with \(names.joined(separator: ", "))", line: node.line)
            }
            var value = empty
            for (key, node) in found {
                guard let member = members.first(where: { $0.name == key.text }) else {
                    let hint = Nearest.hint(key.text ?? "", among: names)
                    throw SettingMismatch(message: "has no key \"\(key.text ?? "?")\"\(hint)", line: key.line)
                }
                do throws(SettingMismatch) { try member.read(&value, node) } catch {
                    throw SettingMismatch(message: "\(member.name) \(error.message)", line: error.line ?? node.line)
                }
            }
            if let missing = members.first(where: { member in
                member.isRequired && !found.contains { $0.key.text == member.name }
            }) {
                throw SettingMismatch(message: "has no \(missing.name), which it needs", line: node.line)
            }
            return value
        }
    }
}

/// One member of a record.
struct SettingMember<Root: Sendable>: Sendable {
    let name: String
    let isRequired: Bool
    let read: @Sendable (inout Root, SettingNode) throws(SettingMismatch) -> Void
    let write: @Sendable (Root) -> String

    /// The member `name`, kept in the property at `path`.
    init<Value>(
        _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ type: SettingType<Value>,
        isRequired: Bool = false
    ) {
        (self.name, self.isRequired) = (name, isRequired)
        read = { root, node throws(SettingMismatch) in root[keyPath: path] = try type.read(node) }
        write = { type.write($0[keyPath: path]) }
    }
}

/// Text in YAML.
enum YAMLText {
    /// `text` as it is where YAML reads it as the same text, else in quotes.
    static func quoted(_ text: String) -> String {
        let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._/"))
        let isPlain =
            text.unicodeScalars.allSatisfy { $0.isASCII && plain.contains($0) } && text.first?.isLetter == true
            && !["true", "false", "null", "yes", "no", "on", "off", "~"].contains(text.lowercased())
        let isPath = text.hasPrefix("/") || text.hasPrefix("./")
        if isPlain || (isPath && text.unicodeScalars.allSatisfy { plain.contains($0) && $0.isASCII }) { return text }
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\"\(escaped)\""
    }
}
