/// A value, and everything that is missing from it: what a limit cut off, or what could not be read.
///
/// It is the one way in which readers tell that something is missing. A later shortfall never replaces an earlier one.
public struct Bounded<Value> {
    /// As much of the value as could be read.
    public var value: Value
    /// Why the rest is missing, in the order in which it was met; empty when nothing is.
    public private(set) var shortfalls: [HostError]

    /// A value from which something may be missing.
    public init(_ value: Value, shortfalls: [HostError] = []) {
        self.value = value
        self.shortfalls = shortfalls
    }

    /// Whether something is missing.
    public var isCut: Bool { !shortfalls.isEmpty }

    /// Adds a reason why something is missing.
    public mutating func note(_ shortfall: HostError) { shortfalls.note(shortfall) }

    /// The same shortfalls with another value.
    public func map<Other, Failure>(_ change: (Value) throws(Failure) -> Other) throws(Failure) -> Bounded<Other> {
        Bounded<Other>(try change(value), shortfalls: shortfalls)
    }

    /// The value; its shortfalls go to `shortfalls`.
    public func value(notingIn shortfalls: inout [HostError]) -> Value {
        for shortfall in self.shortfalls { shortfalls.note(shortfall) }
        return value
    }
}

extension Bounded: Sendable where Value: Sendable {}
extension Bounded: Equatable where Value: Equatable {}

extension [HostError] {
    /// The most shortfalls that are kept of one value.
    private static let shortfallLimit = 32

    /// Adds a shortfall that is not there yet. When there are too many, the first ones stay.
    public mutating func note(_ shortfall: HostError) {
        if count < Self.shortfallLimit, !contains(shortfall) { append(shortfall) }
    }
}

/// What was read of a file: at most as many bytes as the reader's limit.
public typealias FileContents = Bounded<[UInt8]>

extension Bounded<[UInt8]> {
    /// The bytes.
    public var bytes: [UInt8] { value }
    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    public var text: String { String(decoding: value, as: UTF8.self) }
}
