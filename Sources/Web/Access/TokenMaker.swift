import Foundation
import Inventory
import Report

/// Creates tokens, for the API and for the command line.
public enum TokenMaker {
    /// Why a token cannot be created.
    public struct Invalid: Error {
        /// One sentence.
        public var message: String
    }

    /// A new token: its secret, shown once, and what the store keeps.
    public struct Made: Sendable {
        /// The token with its secret.
        public var token: Token
        /// What the store keeps.
        public var row: AccessToken
    }

    /// What a new token is bound to; nil and empty for everything.
    public struct Wanted: Sendable {
        /// What it is for.
        public var name: String
        /// The names of its scopes.
        public var scopes: [String]
        /// Days until it expires; nil for never.
        public var days: Int?
        /// Whether it works from this machine only.
        public var loopbackOnly = false
        /// AWS accounts.
        public var accounts: [String] = []
        /// Regions, with `*` for any letters.
        public var regions: [String] = []
        /// Ids and names of hosts, with `*` for any letters.
        public var hosts: [String] = []
        /// Tags of hosts: `KEY`, or `KEY=VALUE`.
        public var tags: [String] = []
        /// Whether it may report for hosts that another token reported first.
        public var anySender = false

        /// A token that is bound to nothing.
        public init(name: String, scopes: [String], days: Int? = nil) {
            (self.name, self.scopes, self.days) = (name, scopes, days)
        }
    }

    /// The most patterns of one kind, and bytes of each.
    private static let patternLimit = 200, patternBytes = 255

    /// A new token.
    public static func make(_ wanted: Wanted, now: Date) throws(Invalid) -> Made {
        let known = wanted.scopes.compactMap(Scope.init)
        guard !known.isEmpty, known.count == wanted.scopes.count else {
            let names = Scope.allCases.map(\.rawValue).joined(separator: ", ")
            throw Invalid(message: "scopes are \(names)")
        }
        guard 1...100 ~= wanted.name.utf8.count else { throw Invalid(message: "a name has 1 to 100 bytes") }
        guard wanted.days.map({ 1...3_650 ~= $0 }) ?? true else {
            throw Invalid(message: "a token expires after 1 to 3650 days, or never")
        }
        let token = Token()
        let expires = wanted.days.map { Timestamp.format(now.addingTimeInterval(Double($0) * 86_400)) }
        var row = AccessToken(
            id: token.id, name: wanted.name,
            scopes: Set(known).map(\.rawValue).sorted().joined(separator: " "), loopbackOnly: wanted.loopbackOnly,
            createdAt: Timestamp.format(now), expiresAt: expires)
        row.accounts = try joined(wanted.accounts, "accounts")
        row.regions = try joined(wanted.regions, "regions")
        row.hosts = try joined(wanted.hosts, "hosts")
        row.tags = try joined(wanted.tags, "tags")
        row.anySender = wanted.anySender
        // An admin can create tokens, and so leave every bound.
        guard !row.bounds.limitsReading || !known.contains(.admin) else {
            throw Invalid(message: "a token with the scope admin cannot be bound")
        }
        guard !row.anySender || known.contains(.ingest) || known.contains(.admin) else {
            throw Invalid(message: "any_sender needs the scope ingest")
        }
        return Made(token: token, row: row)
    }

    private static func joined(_ patterns: [String], _ name: String) throws(Invalid) -> String? {
        guard !patterns.isEmpty else { return nil }
        let areGood = patterns.allSatisfy {
            1...patternBytes ~= $0.utf8.count && !$0.contains(",") && !$0.contains("\0")
        }
        guard areGood, patterns.count <= patternLimit else {
            throw Invalid(
                message: "\(name): at most \(patternLimit), of 1 to \(patternBytes) bytes each, without commas")
        }
        return patterns.joined(separator: ",")
    }
}
