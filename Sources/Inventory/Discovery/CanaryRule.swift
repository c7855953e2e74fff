/// Which hosts a new document goes to first.
public struct CanaryRule: Codable, Sendable, Equatable {
    /// Tags: one of the values of each.
    public var tags: [String: [String]]
    /// Accounts.
    public var accounts: [String]
    /// A part of all hosts, in percent, at least one; 0 for none.
    public var percent: Int

    /// A rule.
    public init(tags: [String: [String]] = [:], accounts: [String] = [], percent: Int = 1) {
        self.tags = tags
        self.accounts = accounts
        self.percent = percent
    }
}
