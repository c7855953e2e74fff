/// One cell of a list: a text, a whole number, true or false, or nothing.
///
/// Times are text in RFC 3339, UTC, with milliseconds, so that they sort. Sizes are bytes.
public enum Value: Sendable, Hashable {
    case null
    case text(String)
    case integer(Int64)
    case flag(Bool)

    /// The text; nil for everything else.
    public var text: String? { if case .text(let text) = self { text } else { nil } }
    /// The number; nil for everything else.
    public var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
    /// True or false; nil for everything else.
    public var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }
    /// Whether there is no value.
    public var isNull: Bool { self == .null }

    /// A text, or nothing.
    public init(_ text: String?) { self = text.map(Value.text) ?? .null }
    /// A number, or nothing.
    public init(_ number: (some BinaryInteger)?) { self = number.map { .integer(Int64(clamping: $0)) } ?? .null }
    /// True, false, or nothing.
    public init(_ flag: Bool?) { self = flag.map(Value.flag) ?? .null }

    /// The value as a cell of CSV has it: the empty text for nothing.
    public var csv: String {
        switch self {
        case .null: ""
        case .text(let text): text
        case .integer(let number): String(number)
        case .flag(let flag): flag ? "true" : "false"
        }
    }
}

extension Value: CustomStringConvertible {
    /// The value as CSV has it.
    public var description: String { csv }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    /// A literal, or a value of JSON.
    public init(stringLiteral value: String) { self = .text(value) }
    /// A literal, or a value of JSON.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A literal, or a value of JSON.
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    /// A literal, or a value of JSON.
    public init(nilLiteral: ()) { self = .null }
}

extension Value: Codable {
    /// Writes the value, or `null`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .text(let text): try container.encode(text)
        case .integer(let number): try container.encode(number)
        case .flag(let flag): try container.encode(flag)
        }
    }

    /// A literal, or a value of JSON.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else {
            self = .integer(try container.decode(Int64.self))
        }
    }
}
