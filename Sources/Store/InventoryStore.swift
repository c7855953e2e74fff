import Foundation
import Inventory
import Report
import SQL

/// The inventory in one SQLite file or in a PostgreSQL database: what every host last said, what changed since, and the
/// reports it was said in.
///
/// A write is durable when its call returns: a crash afterwards loses nothing. Reads go on beside a write, each on one
/// state of the store.
public struct InventoryStore: Sendable {
    var database: any SQLDatabase
    /// Copies of a server's database that answer reads; nil without any.
    let replicas: (any SQLReplicas)?
    /// Where the store is: a file, or a server's address without its password.
    public let path: String
    /// What the store is for its file; nil on a server.
    let file: StoreHandle?
    /// Whether its tables are distributed over the nodes of a Citus cluster.
    private(set) var isDistributed = false
    /// The backup that was made because this program changed the store's schema; nil when it did not.
    public private(set) var upgradeBackup: String?
    /// The lists and their columns.
    public let catalog: Catalog
    /// The statements that write databases.
    let sql: DatabaseSQL
    /// The statement that writes a host's facts.
    let hostFacts: String
    let partsCache = ReportPartsCache()

    /// What a store is opened for.
    public enum Mode: Sendable {
        /// Make it where there is none, and bring it to this program's schema.
        case write
        /// Read one that is there, and change nothing.
        case read
    }

    /// A file and the right to write to it.
    struct StoreHandle {
        /// Opens the file, and others next to it.
        let files: any SQLFiles
        /// No process exchanges the store while this one may write.
        let use: StoreLock?
    }

    private init(
        _ database: any SQLDatabase, _ path: String, _ catalog: Catalog, _ file: StoreHandle?,
        replicas: (any SQLReplicas)? = nil
    ) {
        self.database = database
        self.replicas = replicas
        self.path = path
        self.file = file
        self.catalog = catalog
        sql = DatabaseSQL(catalog)
        let facts = catalog.hosts.factNames.map { "\($0) = COALESCE(?, \($0))" }
        hostFacts = """
            UPDATE hosts SET \(facts.joined(separator: ", ")), last_seen = ?, last_started_at = ?, sender = ?,
                retired_at = NULL, digest = ? WHERE row_id = ?
            """
    }

    /// Opens the store in the file at `path`.
    ///
    /// - Parameters:
    ///   - files: opens the store's file.
    ///   - keepsBackup: whether a store of an older program is backed up before its schema changes.
    ///   - catalog: the columns; a test that adds one brings its own.
    ///   - migrations: the schema; a test brings its own.
    ///   - isCopy: the target of a copy, which may be incomplete.
    /// - Throws: `StoreError` that says what is wrong with the file and what to do.
    package init(
        path: String, files: any SQLFiles, mode: Mode = .write, keepsBackup: Bool = true, catalog: Catalog = .current,
        migrations: [Migration]? = nil, isCopy: Bool = false
    ) throws {
        let migrations = migrations ?? Migration.sqlite
        let use = mode == .write ? try StoreLock(path: path, .writing) : nil
        let path = try StoreFile.resolve(path, makes: false)
        let database = try StoreFile.openDatabase(path, files, mode)
        self.init(database, path, catalog, StoreHandle(files: files, use: use))
        try storing(path) {
            guard try isCurrent(migrations, mode) else { return }
            try StoreFile.mark(database)
            upgradeBackup = try upgrade(migrations, keepsBackup: keepsBackup)
            if try needsRebuild() { try rebuild() }
            if !isCopy { try refuseCopy() }
        }
    }

    /// Opens the store in a server's database.
    ///
    /// - Parameters:
    ///   - name: the server's address without its password.
    ///   - replicas: copies of the database that answer reads.
    /// - Throws: `StoreError` that says what is wrong with the database and what to do.
    package init(
        server database: any SQLDatabase, name: String, mode: Mode = .write, catalog: Catalog = .current,
        isCopy: Bool = false, replicas: (any SQLReplicas)? = nil
    ) throws {
        self.init(database, name, catalog, nil, replicas: replicas)
        try storing(name) {
            try refuseForeign()
            isDistributed = try isOnNodes()
            guard try isCurrent(Migration.postgresql, mode) else { return }
            try database.migrate(Migration.postgresql)
            // A store is one without them too: rows go into the partitions for all others.
            try? makePartitions()
            if try needsRebuild() { try rebuild() }
            if !isCopy { try refuseCopy() }
        }
    }

    /// Whether a store is there whose schema this program may bring up to date.
    ///
    /// - Throws: `StoreError` for a schema that this program cannot use: a newer one, and to read an older one.
    /// - Returns: false to read a store of this schema.
    private func isCurrent(_ migrations: [Migration], _ mode: Mode) throws -> Bool {
        let applied = try database.appliedMigrations()
        if Schema.isNewer(applied, than: migrations) { throw newerSchema() }
        guard mode == .read else { return true }
        guard !applied.isEmpty || file != nil else {
            throw StoreError(
                .cannotOpen, "there is no store in \(path): ingest a report first, or name another with --store")
        }
        guard try migrations.allSatisfy({ applied.contains($0.name) }) && !needsRebuild() else {
            throw StoreError(.olderSchema, "\(path) is of an older dbcensus-collector: `ingest` migrates it")
        }
        try refuseCopy()
        return false
    }

    /// Refuses a store that is not completely copied.
    private func refuseCopy() throws {
        let source: String? = try database.read {
            try $0.value("SELECT value FROM meta WHERE key = ?", [StoreCopy.mark])
        }
        guard let source else { return }
        throw StoreError(
            .inUse,
            """
            \(path) is an incomplete copy: run `dbcensus-collector store migrate` from \(source.prefix(200)) again, which \
            goes on where it ended
            """)
    }

    /// Whether a migration left the inventory to be derived anew.
    private func needsRebuild() throws -> Bool {
        try database.read { try $0.exists("SELECT 1 FROM meta WHERE key = 'rebuild'") }
    }

    private func newerSchema() -> StoreError {
        let backup = (file == nil ? nil : Self.upgradeBackup(of: path)).map {
            """
            . To go back to this version, restore the backup from before the upgrade; the store then lacks what was \
            stored since: dbcensus-collector restore --store \(path) \($0)
            """
        }
        return StoreError(
            .newerSchema,
            """
            \(path) was written by a newer dbcensus-collector, and is unchanged: use that version, or another \
            --store\(backup ?? "")
            """)
    }

    /// The server's time; this machine's for a store in a file.
    public func now() -> Date { Date().addingTimeInterval(database.clockAhead) }

    /// Closes the store: what the write-ahead log holds goes into the main file.
    public func finish() throws { try storing(path) { try database.close() } }

    /// Reads one state of the store.
    func read<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try storing(path) { try database.read(body) }
    }

    /// Reads with one statement: it needs no transaction to see one state of the store.
    func look<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try storing(path) { try database.look(body) }
    }

    /// Writes in one transaction, which is durable when this returns.
    @discardableResult
    func write<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        try storing(path) { try database.write(body) }
    }
}
