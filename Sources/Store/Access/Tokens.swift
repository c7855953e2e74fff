import FoundationEssentials
import GRDB
import Inventory
import Report

extension AccessToken {
    /// The token in `tokenColumns` of a row: every request reads one, and columns are quicker found by their place.
    fileprivate init(_ row: Row) {
        self.init(
            id: row[1], name: row[2], scopes: row[3], loopbackOnly: row[4], createdAt: row[5], expiresAt: row[6])
        revokedAt = row[7]
        lastUsedAt = row[8]
        accounts = row[9]
        regions = row[10]
        hosts = row[11]
        tags = row[12]
        anySender = row[13]
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
            try Row.fetchAll($0, sql: "SELECT \(Self.tokenColumns) FROM tokens ORDER BY created_at, id")
                .map(AccessToken.init)
        }
    }

    /// The token `id` and the hash of its secret; nil when there is none.
    public func token(_ id: String) throws -> (token: AccessToken, hash: [UInt8])? {
        try look { database in
            let statement = try database.cachedStatement(
                sql: "SELECT \(Self.tokenColumns) FROM tokens WHERE id = ?")
            return try Row.fetchOne(statement, arguments: [id]).map { (AccessToken($0), Array($0[0] as Data)) }
        }
    }

    /// Adds a token whose secret has the hash `hash`. The token of the first start, which anybody on the machine may
    /// have read, ends with it.
    public func addToken(
        _ token: AccessToken, hash: [UInt8], replacing replaced: String? = nil, now: Date = Date()
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
    public func addFirstToken(_ token: AccessToken, hash: [UInt8]) throws -> Bool {
        try write { database in
            try database.execute(
                sql: "INSERT INTO meta (key, value) VALUES ('first_token', ?) ON CONFLICT DO NOTHING",
                arguments: [token.createdAt])
            guard database.changesCount == 1 else { return false }
            guard try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM tokens") == 0 else { return false }
            try Self.insert(token, hash, database)
            try database.execute(sql: "INSERT INTO meta VALUES ('first_token_id', ?)", arguments: [token.id])
            return true
        }
    }

    private static func insert(_ token: AccessToken, _ hash: [UInt8], _ database: Database) throws {
        try database.execute(
            sql: "INSERT INTO tokens (\(tokenColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                Data(hash), token.id, token.name, token.scopes, token.loopbackOnly, token.createdAt,
                token.expiresAt, token.revokedAt, token.lastUsedAt, token.accounts, token.regions, token.hosts,
                token.tags, token.anySender,
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
                throw StoreError(
                    .failed,
                    "the token \(id) is still valid after it was revoked: the store is damaged, restore a backup")
            }
            return true
        }
    }
}
