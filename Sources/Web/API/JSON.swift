/// JSON to be written, where there is no type for it.
public enum JSON: Encodable, ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, Sendable
{
    case text(String)
    case number(Int)
    case decimal(Double)
    case flag(Bool)
    case list([JSON])
    case object([String: JSON])

    /// A literal.
    public init(stringLiteral value: String) { self = .text(value) }
    /// A literal.
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    /// A literal.
    public init(integerLiteral value: Int) { self = .number(value) }
    /// A literal.
    public init(arrayLiteral elements: JSON...) { self = .list(elements) }
    /// A literal.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }

    /// Writes the value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .decimal(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// The object with `other`'s members added.
    func merging(_ other: [String: JSON]) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.merging(other) { $1 })
    }
}
