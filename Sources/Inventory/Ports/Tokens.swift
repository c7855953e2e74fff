import FoundationEssentials
import Report

/// Keeps the API's tokens: never their secrets, only a hash of each.
public protocol TokenStore: StoreClock {
    /// All tokens, in the order in which they were created.
    func tokens() throws -> [AccessToken]

    /// The token `id` and the hash of its secret; nil when there is none.
    func token(_ id: String) throws -> (token: AccessToken, hash: [UInt8])?

    /// Adds a token whose secret has the hash `hash`. The token of the first start, which anybody on the machine may
    /// have read, ends with it.
    ///
    /// - Parameter replaced: the id of a token whose hosts the new one takes over; it is revoked.
    /// - Throws: `StoreError` with the code `badRequest` when there is no valid token `replaced`.
    func addToken(_ token: AccessToken, hash: [UInt8], replacing replaced: String?, now: Date?) throws

    /// Revokes the token `id` at once and for ever; false when there is none that was valid.
    func revokeToken(_ id: String, now: Date?) throws -> Bool
}

/// A token of the API, without its secret. `List.tokens` documents the columns.
public struct AccessToken: Sendable, Equatable {
    /// 12 hexadecimal digits, which are no secret.
    public var id: String
    /// What it is for.
    public var name: String
    /// `read`, `ingest`, `scan`, `admin`, separated by blanks.
    public var scopes: String
    /// Whether it works from this machine only.
    public var loopbackOnly: Bool
    /// When it was created: RFC 3339, UTC.
    public var createdAt: String
    /// When it expires; nil for never.
    public var expiresAt: String?
    /// When it was revoked.
    public var revokedAt: String?
    /// When it was last used.
    public var lastUsedAt: String?
    /// Patterns with commas between them; nil for all.
    public var accounts: String?
    /// Patterns of regions.
    public var regions: String?
    /// Patterns of ids and names of hosts.
    public var hosts: String?
    /// Tags of hosts, all of which must hold.
    public var tags: String?
    /// Whether it may report for hosts that another token reported first.
    public var anySender = false

    /// A token that is not revoked and was never used.
    public init(
        id: String, name: String, scopes: String, loopbackOnly: Bool, createdAt: String, expiresAt: String?
    ) {
        self.id = id
        self.name = name
        self.scopes = scopes
        self.loopbackOnly = loopbackOnly
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    /// What it may report and read.
    public var bounds: Bounds {
        func parts(_ text: String?) -> [String] { (text ?? "").parts(",").filter { !$0.isEmpty } }
        return Bounds(
            accounts: parts(accounts), regions: parts(regions), hosts: parts(hosts), tags: parts(tags),
            takesOver: anySender)
    }

    /// The token as a row of `List.tokens`.
    public var row: ListRow {
        ListRow(
            .tokens,
            [
                .text(id), .text(name), .text(scopes), .flag(loopbackOnly), .text(createdAt), Value(expiresAt),
                Value(revokedAt), Value(lastUsedAt), Value(accounts), Value(regions), Value(hosts), Value(tags),
                .flag(anySender),
            ])
    }
}
