import FoundationEssentials
import GRDB
import Report

/// The inventory in one SQLite file: what every host last said, and the reports it was said in.
///
/// A write is durable when its call returns (`synchronous=FULL`, WAL): a crash afterwards loses nothing.
public struct InventoryStore: Sendable {
    let database: DatabaseQueue
    /// Where the store is.
    public let path: String

    /// Whether a store may be made, or only read.
    public enum Mode: Sendable {
        /// Make it where there is none, and bring it to this program's schema.
        case write
        /// Read one that is there, and change nothing.
        case read
    }

    /// "dbc1" in SQLite's header tells a store from any other program's database.
    private static let applicationID = 0x6462_6331

    /// Opens the store at `path`.
    ///
    /// - Throws: `StoreError` that says what is wrong with the file and what to do.
    public init(path: String, mode: Mode = .write) throws {
        self.path = path
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = true
        if mode == .write { configuration.journalMode = .wal }
        configuration.readonly = mode == .read
        do {
            if mode == .read, !FileManager.default.fileExists(atPath: path) {
                throw StoreError(
                    .cannotOpen, "there is no store \(path): ingest a report first, or name another with --store")
            }
            try Self.refuseForeign(path)
            database = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = Schema.migrator
            if try database.read(migrator.hasBeenSuperseded) {
                throw StoreError(
                    .newerSchema, "\(path) was written by a newer dbcensus-collector: use that one, or another --store")
            }
            if mode == .read {
                guard try database.read(migrator.hasCompletedMigrations) else {
                    throw StoreError(.olderSchema, "\(path) is of an older dbcensus-collector: `ingest` migrates it")
                }
                return
            }
            // GRDB lowers this to NORMAL when it turns WAL on; then a power cut may lose what was acknowledged.
            try database.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA synchronous = FULL; PRAGMA application_id = \(Self.applicationID)")
            }
            try migrator.migrate(database)
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }

    /// Refuses a database of another program before anything in it is touched.
    private static func refuseForeign(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        var configuration = Configuration()
        configuration.readonly = true
        let isForeign = try DatabaseQueue(path: path, configuration: configuration).read { database in
            let id = try Int.fetchOne(database, sql: "PRAGMA application_id")
            let tables = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM sqlite_master") ?? 0
            return tables > 0 && id != applicationID
        }
        if isForeign {
            throw StoreError(.notAStore, "\(path) is another program's database: name another file with --store")
        }
    }
}

/// Why the store refused.
public struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of refusal, for programs.
    public enum Code: String, Sendable {
        case cannotOpen = "cannot_open"
        case notAStore = "not_a_store"
        case newerSchema = "newer_schema"
        case olderSchema = "older_schema"
        case full = "disk_full"
        case failed
        case badCursor = "bad_cursor"
    }

    /// The kind of refusal.
    public var code: Code
    /// What is wrong and what to do, in one line.
    public var message: String

    /// A refusal of the kind `code`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: DatabaseError, path: String) {
        switch error.resultCode {
        case .SQLITE_READONLY:
            self.init(
                .cannotOpen,
                "cannot use the store \(path): even to read it, SQLite needs to write beside it, and may not; ask as its owner"
            )
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(
                .cannotOpen, "cannot open the store \(path): \(error.message ?? "denied"); name another with --store")
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            self.init(
                .notAStore, "\(path) is no dbcensus store, or is damaged: restore a backup or name another with --store"
            )
        case .SQLITE_FULL:
            self.init(.full, "the disk that holds \(path) is full; nothing was stored")
        default:
            self.init(.failed, "the store \(path) failed: \(error.message ?? "\(error.resultCode)")")
        }
    }

    /// The message.
    public var description: String { message }
}
