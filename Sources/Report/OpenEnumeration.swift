/// A word of the report that later agents may have more values of.
///
/// A reader keeps a value that it does not know as its text, and never rejects the report for it. `allCases` has the
/// values that this version writes.
public protocol OpenEnumeration: RawRepresentable, CaseIterable, Codable, Hashable, Sendable
where RawValue == String {
    /// The value `rawValue`, known or not.
    init(rawValue: String)
}
