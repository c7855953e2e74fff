import SQL

/// A migration uses no Swift constant that other code uses: a change of that constant would rewrite it, and stores in
/// the field would then differ from new ones. MigrationTests pins the hash of each text.
extension Migration {
    /// Every migration of a SQLite store, in order, each in a file of its own. A new one goes to the end.
    static let sqlite: [Migration] = [inventory, history, senders, places, discovery, counts, placeInKeys, collectors]

    /// Those of a store in PostgreSQL: they make the same tables.
    static let postgresql: [Migration] = [postgresInventory, postgresDiscovery]

    /// Its number, such as 0005.
    var number: Substring { name.prefix { $0 != " " } }
}

/// The store's schema: what its migrations make, one after the other.
enum Schema {
    /// The state of a database that is there, and "missing" for the others. An index has this exact expression.
    static func presentState(_ table: String) -> String {
        "CASE WHEN \(table)missing_since IS NULL THEN \(table)state ELSE 'missing' END"
    }

    /// Whether a newer program migrated the database.
    static func isNewer(_ applied: [String], than migrations: [Migration] = Migration.sqlite) -> Bool {
        !Set(applied).isSubset(of: migrations.map(\.name))
    }
}
