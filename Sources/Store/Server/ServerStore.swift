import Inventory
import SQL

/// What differs for a store in a server's database.
extension InventoryStore {
    /// Refuses a database that has tables and is no store.
    func refuseForeign() throws {
        guard try database.appliedMigrations().isEmpty else { return }
        let table: String? = try database.read { connection in
            try connection.value(
                """
                SELECT c.relname FROM pg_class c
                WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
                    AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('dbcensus_migrations', 'dbcensus_commits')
                ORDER BY c.relname LIMIT 1
                """)
        }
        guard let table else { return }
        throw StoreError(
            .notAStore,
            """
            \(path) has the table \(table.prefix(80)) and is no dbcensus store: make a database for it alone, or a schema \
            that you name with options=-csearch_path%3D…
            """)
    }

    /// Whether the tables are distributed over the nodes of a Citus cluster.
    func isOnNodes() throws -> Bool {
        try database.look {
            let isCitus: Bool? = try $0.value("SELECT to_regclass('pg_dist_partition') IS NOT NULL")
            guard isCitus == true else { return false }
            return try $0.exists("SELECT 1 FROM pg_dist_partition WHERE logicalrelid = to_regclass('reports')")
        }
    }

    /// Refuses a store on several nodes: a row cannot move to another place there.
    func refuseDistributed() throws {
        guard isDistributed else { return }
        throw StoreError(
            .badRequest,
            """
            \(path) is distributed over several nodes, and cannot be rebuilt there: copy it into a file with \
            `dbcensus-collector store migrate`, rebuild that, and copy it into a new database
            """)
    }

    /// The error of a command that is for files.
    package static func needsFile(_ what: String) -> StoreError {
        StoreError(
            .badRequest,
            """
            \(what) is for stores in a SQLite file. Back a server's database up with its own means: pg_dump, \
            pg_basebackup or your provider's snapshots
            """)
    }

    /// - Throws: `StoreError` for a store in a server's database: `what` is for files.
    func needsFile(_ what: String) throws -> StoreHandle {
        if let file { return file }
        throw Self.needsFile(what)
    }
}
