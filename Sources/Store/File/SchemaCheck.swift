import GRDB
import Inventory

extension Schema {
    /// One entry of `sqlite_schema`.
    private struct Entry: Hashable {
        var type: String
        var name: String
        var sql: String?
    }

    /// Refuses the file at `path` unless its schema is, text by text, the one that its migrations make.
    ///
    /// A backup is a file like any other: a trigger in it could keep a revoked token valid, and a view could answer for
    /// a table.
    static func check(_ path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.prepareDatabase { try $0.execute(sql: InventoryStore.distrust) }
        do {
            let (applied, found) = try DatabaseQueue(path: path, configuration: configuration).read { database in
                try (migrator.appliedIdentifiers(database), entries(database))
            }
            let known = migrator.migrations
            guard let last = known.last(where: applied.contains),
                Set(known.prefix { $0 != last } + [last]) == Set(applied.filter(known.contains))
            else { throw refusal(path, "its migrations are none of this program's") }
            let model = try DatabaseQueue()
            try migrator.migrate(model, upTo: last)
            let wanted = try model.read(entries)
            if let other = found.symmetricDifference(wanted).map(\.name).min() {
                throw refusal(path, "its schema is not the one of a store: \(other.prefix(80)) differs")
            }
        } catch let error as DatabaseError { throw StoreError(error, path: path) }
    }

    private static func entries(_ database: Database) throws -> Set<Entry> {
        Set(
            try Row.fetchAll(database, sql: "SELECT type, name, sql FROM sqlite_schema").map {
                Entry(type: $0[0], name: $0[1], sql: $0[2])
            })
    }

    private static func refusal(_ path: String, _ why: String) -> StoreError {
        StoreError(.notAStore, "\(path) is no backup of a dbcensus store: \(why)")
    }
}
