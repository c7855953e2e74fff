import Inventory
import SQL

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
    static func check(_ path: String, _ files: any SQLFiles) throws {
        try storing(path) {
            let file = try files.open(path, .read, StoreFile.distrusting)
            let applied = Set(try file.appliedMigrations())
            let found = try file.read(entries)
            let known = Migration.sqlite
            guard let last = known.lastIndex(where: { applied.contains($0.name) }),
                known[...last].allSatisfy({ applied.contains($0.name) })
            else { throw refusal(path, "its migrations are none of this program's") }
            let model = try files.inMemory()
            try model.migrate(Array(known[...last]))
            let wanted = try model.read(entries)
            if let other = found.symmetricDifference(wanted).map(\.name).min() {
                throw refusal(path, "its schema is not the one of a store: \(other.prefix(80)) differs")
            }
        }
    }

    private static func entries(_ connection: any SQLConnection) throws -> Set<Entry> {
        Set(
            try connection.all("SELECT type, name, sql FROM sqlite_schema").map {
                try Entry(type: $0[0], name: $0[1], sql: $0[2])
            })
    }

    private static func refusal(_ path: String, _ why: String) -> StoreError {
        StoreError(.notAStore, "\(path) is no backup of a dbcensus store: \(why)")
    }
}
