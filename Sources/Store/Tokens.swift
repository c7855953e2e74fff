import FoundationEssentials
import GRDB
import Report

/// A token as it is listed: never its secret, of which the store knows a hash alone.
public struct TokenRow: Codable, Sendable, Equatable, FetchableRecord {
    /// The part of the token that is no secret.
    public var id: String
    /// What it is for, in its maker's words.
    public var name: String
    /// `read`, `ingest`, `scan`, `admin`, with blanks between them.
    public var scopes: String
    /// Whether it is taken from this machine alone.
    public var loopback_only: Bool
    /// When it was made: RFC 3339, UTC.
    public var created_at: String
    /// When it ends; null for never.
    @ExplicitNull public var expires_at: String?
    /// When it was revoked.
    @ExplicitNull public var revoked_at: String?
    /// When it was last used, to the second or so.
    @ExplicitNull public var last_used_at: String?
    /// Accounts that it may report for, with commas between them; null for all.
    @ExplicitNull public var accounts: String?
    /// Regions that it may report for.
    @ExplicitNull public var regions: String?
    /// Hosts that it may report for.
    @ExplicitNull public var hosts: String?
    /// Whether it may report for hosts that another token reported first.
    public var any_sender = false

    /// What it may report.
    public var bounds: SenderBounds {
        func parts(_ text: String?) -> [String] { (text ?? "").parts(",").filter { !$0.isEmpty } }
        return SenderBounds(
            accounts: parts(accounts), regions: parts(regions), hosts: parts(hosts), takesOver: any_sender)
    }

    /// A token that is not revoked and was never used.
    public init(id: String, name: String, scopes: String, loopback_only: Bool, created_at: String, expires_at: String?)
    {
        self.id = id
        self.name = name
        self.scopes = scopes
        self.loopback_only = loopback_only
        self.created_at = created_at
        self.expires_at = expires_at
    }
}

extension InventoryStore {
    private static let tokenColumns =
        "id, name, scopes, loopback_only, created_at, expires_at, revoked_at, last_used_at, accounts, regions, hosts, any_sender"

    /// All tokens, in the order in which they were made.
    public func tokens() throws -> [TokenRow] {
        try read {
            try TokenRow.fetchAll($0, sql: "SELECT \(Self.tokenColumns) FROM tokens ORDER BY created_at, id")
        }
    }

    /// The token `id` and the hash of its secret; nil when there is none.
    public func token(_ id: String) throws -> (row: TokenRow, hash: [UInt8])? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT hash, \(Self.tokenColumns) FROM tokens WHERE id = ?")
            guard let row = try Row.fetchOne(statement, arguments: [id]) else { return nil }
            return (try TokenRow(row: row), Array(row[0] as Data))
        }
    }

    /// Adds a token whose secret has the hash `hash`. The token of the first start, which anybody on the machine may have read, ends with it.
    ///
    /// - Parameter replaced: the id of a token whose hosts the new one takes over; it is revoked.
    /// - Throws: `StoreError` with the code `badRequest` when there is no valid token `replaced`.
    public func addToken(
        _ token: TokenRow, hash: [UInt8], replacing replaced: String? = nil, now: Date = Date()
    ) throws {
        try write { database in
            let time = Timestamp.format(now)
            if let replaced {
                try database.execute(
                    sql: "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                    arguments: [time, replaced])
                guard database.changesCount == 1 else {
                    throw StoreError(.badRequest, "there is no valid token \(replaced.prefix(80)) to replace")
                }
                try database.execute(
                    sql: "UPDATE hosts SET sender = ? WHERE sender = ?", arguments: [token.id, replaced])
                try database.execute(
                    sql: "UPDATE reports SET source = ? WHERE source = ?", arguments: [token.id, replaced])
            }
            try Self.insert(token, hash, database)
            try database.execute(
                sql: """
                    UPDATE tokens SET revoked_at = ? WHERE revoked_at IS NULL AND id <> ?
                        AND id = (SELECT value FROM meta WHERE key = 'first_token_id')
                    """, arguments: [time, token.id])
        }
    }

    /// The ids among `ids` of tokens that are valid now.
    public func validTokens(_ ids: Set<String>, now: Date = Date()) throws -> Set<String> {
        let time = Timestamp.format(now)
        return try read { database in
            let sql = "SELECT 1 FROM tokens WHERE id = ? AND revoked_at IS NULL AND COALESCE(expires_at, '9') > ?"
            return try ids.filter {
                try Int.fetchOne(database.cachedStatement(sql: sql), arguments: [$0, time]) != nil
            }
        }
    }

    /// Adds the first token; false when a store once had one, even if it was revoked since.
    public func addFirstToken(_ token: TokenRow, hash: [UInt8]) throws -> Bool {
        try write { database in
            try database.execute(
                sql: "INSERT INTO meta (key, value) VALUES ('first_token', ?) ON CONFLICT DO NOTHING",
                arguments: [token.created_at])
            guard database.changesCount == 1 else { return false }
            guard try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM tokens") == 0 else { return false }
            try Self.insert(token, hash, database)
            try database.execute(sql: "INSERT INTO meta VALUES ('first_token_id', ?)", arguments: [token.id])
            return true
        }
    }

    private static func insert(_ token: TokenRow, _ hash: [UInt8], _ database: Database) throws {
        try database.execute(
            sql: "INSERT INTO tokens (hash, \(tokenColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                Data(hash), token.id, token.name, token.scopes, token.loopback_only, token.created_at,
                token.expires_at, token.revoked_at, token.last_used_at, token.accounts, token.regions, token.hosts,
                token.any_sender,
            ])
    }

    /// Revokes the token `id` at once and for ever; false when there is none that was valid.
    public func revokeToken(_ id: String, now: Date = Date()) throws -> Bool {
        try write { database in
            try database.execute(
                sql: "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                arguments: [Timestamp.format(now), id])
            guard database.changesCount == 1 else { return false }
            // What revokes must have revoked, whatever the file does of itself.
            let sql = "SELECT revoked_at IS NOT NULL FROM tokens WHERE id = ?"
            guard try Bool.fetchOne(database, sql: sql, arguments: [id]) == true else {
                throw StoreError(.failed, "the token \(id) is still valid after it was revoked: the store is not sound")
            }
            return true
        }
    }
}
