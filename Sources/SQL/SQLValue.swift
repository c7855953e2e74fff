/// A value of a statement or of a row.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    /// Where the engine has no truth values: 0 and 1.
    case flag(Bool)
    case bytes([UInt8])
}

/// A type that statements take and rows give.
package protocol SQLConvertible: Sendable {
    /// The value as the engine takes it.
    var sqlValue: SQLValue { get }
    /// - Returns: nil for a value of another kind.
    static func from(_ value: SQLValue) -> Self?
}

extension SQLValue: SQLConvertible {
    package var sqlValue: SQLValue { self }
    package static func from(_ value: SQLValue) -> SQLValue? { value }
}

extension Int64: SQLConvertible {
    package var sqlValue: SQLValue { .integer(self) }
    package static func from(_ value: SQLValue) -> Int64? {
        if case .integer(let number) = value { number } else { nil }
    }
}

extension Int: SQLConvertible {
    package var sqlValue: SQLValue { .integer(Int64(self)) }
    package static func from(_ value: SQLValue) -> Int? { Int64.from(value).flatMap { Int(exactly: $0) } }
}

extension Bool: SQLConvertible {
    package var sqlValue: SQLValue { .flag(self) }
    package static func from(_ value: SQLValue) -> Bool? {
        switch value {
        case .flag(let flag): flag
        case .integer(let number): number != 0
        default: nil
        }
    }
}

extension String: SQLConvertible {
    package var sqlValue: SQLValue { .text(self) }
    package static func from(_ value: SQLValue) -> String? { if case .text(let text) = value { text } else { nil } }
}

extension [UInt8]: SQLConvertible {
    package var sqlValue: SQLValue { .bytes(self) }
    package static func from(_ value: SQLValue) -> [UInt8]? { if case .bytes(let bytes) = value { bytes } else { nil } }
}

extension Optional: SQLConvertible where Wrapped: SQLConvertible {
    package var sqlValue: SQLValue { self?.sqlValue ?? .null }
    package static func from(_ value: SQLValue) -> Wrapped?? {
        if case .null = value { return .some(nil) }
        return Wrapped.from(value).map { .some($0) }
    }
}
