/// One condition on a field of a list.
public struct Condition: Sendable, Equatable {
    /// How a value is compared.
    public enum Comparison: String, Sendable, CaseIterable {
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case notEqual = "!="
        case less = "<"
        case greater = ">"
        case equal = "="
    }

    /// The field's name in the API.
    public var field: String
    /// How it is compared.
    public var comparison: Comparison
    /// The value as it was typed.
    public var value: String

    /// The condition that `field` compares so with `value`.
    public init(field: String, comparison: Comparison, value: String) {
        self.field = field
        self.comparison = comparison
        self.value = value
    }

    /// The condition in a text such as `version<8.0.36`; nil when it has no comparison.
    public init?(_ text: String) {
        let scalars = text.unicodeScalars
        guard let end = scalars.firstIndex(where: { "<>=!".unicodeScalars.contains($0) }), end > text.startIndex else {
            return nil
        }
        self.init(field: String(text[..<end]), operation: String(text[end...]))
    }

    /// The conditions on `field` in a value such as `mysql`, `<8.0.36`, `!=mysql,mariadb` or `>=8.0,<8.1`.
    public static func parse(_ field: String, _ value: String) -> [Condition] {
        guard let first = value.unicodeScalars.first, "<>!".unicodeScalars.contains(first) else {
            return [Condition(field: field, comparison: .equal, value: value)]
        }
        // A part that begins with no comparison is one more value of the condition before it.
        return value.parts(",").reduce(into: []) { conditions, part in
            if let condition = Condition(field: field, operation: part) {
                conditions.append(condition)
            } else if conditions.isEmpty {
                conditions.append(Condition(field: field, comparison: .equal, value: part))
            } else {
                conditions[conditions.count - 1].value += "," + part
            }
        }
    }

    private init?(field: String, operation: String) {
        let scalars = operation.unicodeScalars
        guard let comparison = Comparison.allCases.first(where: { scalars.starts(with: $0.rawValue.unicodeScalars) })
        else { return nil }
        self.init(
            field: field, comparison: comparison, value: String(scalars.dropFirst(comparison.rawValue.count)))
    }
}

extension String {
    /// The parts between `separator`s, of which the first `most` count: a combining mark behind one does not hide it,
    /// as it would from a `Character`.
    public func parts(_ separator: Unicode.Scalar, most: Int = .max) -> [String] {
        unicodeScalars.split(separator: separator, maxSplits: most, omittingEmptySubsequences: false).map(String.init)
    }
}
