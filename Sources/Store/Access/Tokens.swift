import FoundationEssentials
import Inventory
import Report
import SQL

extension AccessToken {
    /// The token in `tokenColumns` of a row: every request reads one, and columns are quicker found by their place.
    fileprivate init(_ row: SQLRow) throws {
        try self.init(
            id: row[1], name: row[2], scopes: row[3], loopbackOnly: row[4], createdAt: row[5], expiresAt: row[6])
        revokedAt = try row[7]
        lastUsedAt = try row[8]
        accounts = try row[9]
        regions = try row[10]
        hosts = try row[11]
        tags = try row[12]
        anySender = try row[13]
    }
}

extension InventoryStore {
    private static let tokenColumns = """
        hash, id, name, scopes, loopback_only, created_at, expires_at, revoked_at, last_used_at, accounts, regions,
        hosts, tags, any_sender
        """

    /// All tokens, in the order in which they were created.
    public func tokens() throws -> [AccessToken] {
        try read {
            try $0.all("SELECT \(Self.tokenColumns) FROM tokens ORDER BY created_at, id")
                .map(AccessToken.init)
        }
    }

    /// The token `id` and the hash of its secret; nil when there is none.
    public func token(_ id: String) throws -> (token: AccessToken, hash: [UInt8])? {
        try look { database in
            try database.one("SELECT \(Self.tokenColumns) FROM tokens WHERE id = ?", [id]).map {
                try (AccessToken($0), $0[0])
            }
        }
    }

    /// Adds a token whose secret has the hash `hash`. The token of the first start, which anybody on the machine may
    /// have read, ends with it.
    public func addToken(
        _ token: AccessToken, hash: [UInt8], replacing replaced: String? = nil, now: Date? = nil
    ) throws {
        let now = now ?? self.now()
        try write { database in
            let time = Timestamp.format(now)
            if let replaced {
                let changed = try database.run(
                    "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", [time, replaced])
                guard changed == 1 else {
                    throw StoreError(.badRequest, "there is no valid token \(replaced.prefix(80)) to replace")
                }
                try database.run("UPDATE hosts SET sender = ? WHERE sender = ?", [token.id, replaced])
                try database.run("UPDATE reports SET source = ? WHERE source = ?", [token.id, replaced])
            }
            try Self.insert(token, hash, database)
            try database.run(
                """
                UPDATE tokens SET revoked_at = ? WHERE revoked_at IS NULL AND id <> ?
                    AND id = (SELECT value FROM meta WHERE key = 'first_token_id')
                """, [time, token.id])
        }
    }

    /// The ids among `ids` of tokens that are valid now.
    public func validTokens(_ ids: Set<String>, now: Date? = nil) throws -> Set<String> {
        let now = now ?? self.now()
        let time = Timestamp.format(now)
        return try look { database in
            let sql = "SELECT id FROM tokens WHERE id = ? AND revoked_at IS NULL AND COALESCE(expires_at, '9') > ?"
            return try Set(database.all(ids.map { (sql, [$0, time]) }).joined().map { try $0[0] as String })
        }
    }

    /// Adds the first token; false when a store once had one, even if it was revoked since.
    public func addFirstToken(_ token: AccessToken, hash: [UInt8]) throws -> Bool {
        try write { database in
            let changed = try database.run(
                "INSERT INTO meta (key, value) VALUES ('first_token', ?) ON CONFLICT DO NOTHING", [token.createdAt])
            guard changed == 1 else { return false }
            guard try (database.value("SELECT COUNT(*) FROM tokens") as Int?) == 0 else { return false }
            try Self.insert(token, hash, database)
            try database.run("INSERT INTO meta VALUES ('first_token_id', ?)", [token.id])
            return true
        }
    }

    private static func insert(_ token: AccessToken, _ hash: [UInt8], _ database: any SQLConnection) throws {
        try database.run(
            "INSERT INTO tokens (\(tokenColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                hash, token.id, token.name, token.scopes, token.loopbackOnly, token.createdAt,
                token.expiresAt, token.revokedAt, token.lastUsedAt, token.accounts, token.regions, token.hosts,
                token.tags, token.anySender,
            ])
    }

    /// Revokes the token `id` at once and for ever; false when there is none that was valid.
    public func revokeToken(_ id: String, now: Date? = nil) throws -> Bool {
        let now = now ?? self.now()
        return try write { database in
            let changed = try database.run(
                "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", [Timestamp.format(now), id])
            guard changed == 1 else { return false }
            // What revokes must have revoked, whatever the file does of itself.
            let sql = "SELECT revoked_at IS NOT NULL FROM tokens WHERE id = ?"
            guard try (database.value(sql, [id]) as Bool?) == true else {
                throw StoreError(
                    .failed,
                    "the token \(id) is still valid after it was revoked: the store is damaged, restore a backup")
            }
            return true
        }
    }
}
