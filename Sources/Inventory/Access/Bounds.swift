/// What a token is bound to: the accounts, regions, hosts and tags that it may report for and read. Empty means all.
public struct Bounds: Sendable, Equatable {
    /// AWS accounts.
    public var accounts: [String]
    /// Regions; `*` stands for any letters.
    public var regions: [String]
    /// Ids and names of hosts; `*` stands for any letters.
    public var hosts: [String]
    /// Tags that a host must have, all of them: `KEY`, or `KEY=VALUE`.
    public var tags: [String]
    /// Whether it may also report for hosts that another sender reported first.
    public var takesOver: Bool

    /// The bounds of a token.
    public init(
        accounts: [String] = [], regions: [String] = [], hosts: [String] = [], tags: [String] = [],
        takesOver: Bool = false
    ) {
        self.accounts = accounts
        self.regions = regions
        self.hosts = hosts
        self.tags = tags
        self.takesOver = takesOver
    }

    /// Whether they keep rows from a reader.
    public var limitsReading: Bool {
        !accounts.isEmpty || !regions.isEmpty || !hosts.isEmpty || !tags.isEmpty
    }

    /// Why the sender may not send an observation of `place`; nil when it may.
    public func refusal(_ place: Place) -> Refusal? {
        func isAmong(_ value: String?, _ patterns: [String]) -> Bool {
            patterns.isEmpty || value.map { value in patterns.contains { Pattern.matches($0, value) } } == true
        }
        func refuse(_ what: String, _ value: String?) -> Refusal {
            let name = "\(what) \(value?.prefix(80) ?? "(none)")"
            return Refusal(.outOfBounds, "the token may not report for \(name): see `dbcensus-collector token list`")
        }
        let (account, region, names): (String?, String?, [String]) =
            switch place {
            case .host(let host):
                (host.claimedAccountID, host.region, [host.identity.id, host.hostname].compactMap { $0 })
            case .scope(let scope, _): (scope.accountID, scope.region, [])
            }
        if !isAmong(account, accounts) { return refuse("account", account) }
        if !isAmong(region, regions) { return refuse("region", region) }
        if case .scope = place, !tags.isEmpty { return refuse("a place without tags", region) }
        let isHost = hosts.isEmpty || names.contains { isAmong($0, hosts) }
        return isHost ? nil : refuse("host", names.first)
    }
}

/// A text with `*` for any letters.
public enum Pattern {
    /// Whether `text` is what `pattern` describes.
    public static func matches(_ pattern: String, _ text: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return pattern == text }
        guard let first = parts.first, let last = parts.last, text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}

/// What one sender may write in a day (UTC).
public struct SenderQuota: Sendable, Equatable {
    /// Rows of the store that its reports insert, change or remove.
    public var rows: Int64
    /// Bytes by which they make the store grow.
    public var bytes: Int64
    /// Hosts that they add.
    public var hosts: Int64

    /// No limits: the command line's.
    public static let none = SenderQuota(rows: .max, bytes: .max, hosts: .max)

    /// So many rows, bytes and hosts.
    public init(rows: Int64, bytes: Int64, hosts: Int64) {
        self.rows = rows
        self.bytes = bytes
        self.hosts = hosts
    }
}
