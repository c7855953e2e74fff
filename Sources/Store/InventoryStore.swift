import Foundation
import GRDB
import Inventory
import Report

/// The inventory in one SQLite file: what every host last said, what changed since, and the reports it was said in.
///
/// A write is durable when its call returns (`synchronous=FULL`, WAL): a crash afterwards loses nothing.
/// Reads go on beside a write, each on one state of the store.
public struct InventoryStore: Sendable {
    let database: any DatabaseWriter
    /// Nobody exchanges the store while this one may write.
    private let use: StoreLock?
    /// Where the store is.
    public let path: String
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

    /// "dbc1" in SQLite's header tells a store from any other program's database.
    static let applicationID = 0x6462_6331
    /// What a connection that reads keeps of the store's pages: 8 MiB.
    private static let reading = "PRAGMA cache_size = -8192"
    /// The pages that a large commit touches must fit into the cache, 64 MiB, or they are written twice. What a
    /// statement with triggers keeps to undo itself stays in memory: as a file it costs half of the time of a new host.
    private static let writing = """
        PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
        PRAGMA temp_store = MEMORY
        """
    /// A store's schema may call nothing that has effects, and a page that lies about itself is an error.
    static let distrust = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; "
    /// The most reads at a time; further ones wait.
    private static let readers = 4

    /// Opens the store at `path`.
    ///
    /// - Parameter keepsBackup: whether a store of an older program is backed up before its schema changes.
    /// - Throws: `StoreError` that says what is wrong with the file and what to do.
    public init(path: String, mode: Mode = .write, keepsBackup: Bool = true, catalog: Catalog = .current) throws {
        try self.init(
            path: path, mode: mode, keepsBackup: keepsBackup, catalog: catalog, migrations: Migration.all)
    }

    /// Opens a store with columns and migrations of its own, as a test that adds a column does.
    init(
        path: String, mode: Mode = .write, keepsBackup: Bool = true, catalog: Catalog, migrations: [Migration]
    ) throws {
        self.catalog = catalog
        sql = DatabaseSQL(catalog)
        let facts = catalog.hosts.factNames.map { "\($0) = COALESCE(?, \($0))" }
        hostFacts = """
            UPDATE hosts SET \(facts.joined(separator: ", ")), last_seen = ?, last_started_at = ?, sender = ?,
                retired_at = NULL, digest = ? WHERE row_id = ?
            """
        let use = mode == .write ? try StoreLock(path: path, .writing) : nil
        let path = try StoreFile.resolve(path, makes: false)
        self.path = path
        self.use = use
        do {
            if mode == .read, !FileManager.default.fileExists(atPath: path) {
                throw StoreError(
                    .cannotOpen, "there is no store \(path): ingest a report first, or name another with --store")
            }
            try Self.refuseForeign(path)
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            configuration.foreignKeysEnabled = true
            configuration.maximumReaderCount = Self.readers
            configuration.readonly = mode == .read
            configuration.prepareDatabase { database in
                // GRDB lowers this to NORMAL when it turns WAL on; then a power cut may lose what was acknowledged.
                try database.execute(
                    sql: Self.distrust + (database.configuration.readonly ? Self.reading : Self.writing))
            }
            let migrator = Schema.migrator(migrations)
            if mode == .read {
                let queue = try DatabaseQueue(path: path, configuration: configuration)
                database = queue
                try Self.refuseNewer(try queue.read(migrator.hasBeenSuperseded), path)
                guard try queue.read({ try migrator.hasCompletedMigrations($0) && !Self.needsRebuild($0) }) else {
                    throw StoreError(.olderSchema, "\(path) is of an older dbcensus-collector: `ingest` migrates it")
                }
                return
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            database = pool
            try Self.refuseNewer(try pool.read(migrator.hasBeenSuperseded), path)
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL")
                guard try Int.fetchOne(database, sql: "PRAGMA application_id") != Self.applicationID else { return }
                try database.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
            }
            upgradeBackup = try upgrade(migrator, migrations, keepsBackup: keepsBackup)
            if try pool.read(Self.needsRebuild) { try rebuild() }
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }

    /// Whether a migration left the inventory to be derived anew.
    private static func needsRebuild(_ database: Database) throws -> Bool {
        try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM meta WHERE key = 'rebuild')") ?? false
    }

    private static func refuseNewer(_ isNewer: Bool, _ path: String) throws {
        guard isNewer else { return }
        let backup = upgradeBackup(of: path).map {
            """
            . To go back to this version, restore the backup from before the upgrade; the store then lacks what was \
            stored since: dbcensus-collector restore --store \(path) \($0)
            """
        }
        throw StoreError(
            .newerSchema,
            """
            \(path) was written by a newer dbcensus-collector, and is unchanged: use that version, or another \
            --store\(backup ?? "")
            """)
    }

    /// Refuses a database of another program before anything in it is touched.
    private static func refuseForeign(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.prepareDatabase { try $0.execute(sql: Self.distrust) }
        let isForeign = try DatabaseQueue(path: path, configuration: configuration).read { database in
            let id = try Int.fetchOne(database, sql: "PRAGMA application_id")
            let tables = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM sqlite_master") ?? 0
            return tables > 0 && id != applicationID
        }
        if isForeign {
            throw StoreError(.notAStore, "\(path) is another program's database: name another file with --store")
        }
    }

    /// Closes the store: what the write-ahead log holds goes into the main file.
    public func finish() throws {
        do { try database.close() } catch let error as DatabaseError { throw StoreError(error, path: path) }
    }

    /// Reads one state of the store.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try database.read(body) } catch let error as DatabaseError { throw StoreError(error, path: path) }
    }

    /// Reads with one statement: it needs no transaction to see one state of the store.
    func look<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try database.unsafeRead(body) } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }

    /// Writes in one transaction, which is durable when this returns.
    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try database.write(body) } catch let error as DatabaseError { throw StoreError(error, path: path) }
    }
}
