import GRDB

/// One step of the store's schema: literal SQL, in a file of its own, that never changes once it is released.
///
/// A migration uses no Swift constant that other code uses: a change of that constant would rewrite it, and stores in
/// the field would then differ from new ones. MigrationTests pins the hash of each text.
struct Migration: Sendable {
    /// Its number and a word; GRDB records it in the store.
    let name: String
    /// The statements.
    let sql: String

    /// Every migration, in order. A new one goes to the end.
    static let all: [Migration] = [inventory, history, senders, places, discovery]
}

/// The store's schema: what its migrations make, one after the other.
enum Schema {
    static var migrator: DatabaseMigrator { migrator(Migration.all) }

    static func migrator(_ migrations: [Migration]) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for migration in migrations {
            migrator.registerMigration(migration.name) { try $0.execute(sql: migration.sql) }
        }
        return migrator
    }

    /// The state of a database that is there, and "missing" for the others. An index has this exact expression.
    static func presentState(_ table: String) -> String {
        "CASE WHEN \(table)missing_since IS NULL THEN \(table)state ELSE 'missing' END"
    }
}
