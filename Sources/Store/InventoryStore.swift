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

    /// Opens the store at `path`, makes it where there is none, and migrates it to this program's schema.
    ///
    /// - Throws: `StoreError` that says what is wrong with the file and what to do.
    public init(path: String) throws {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = true
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            // GRDB lowers this to NORMAL when it turns WAL on; then a power cut may lose what was acknowledged.
            try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            self.path = path
            let migrator = Schema.migrator
            if try database.read(migrator.hasBeenSuperseded) {
                throw StoreError(
                    .newerSchema, "\(path) was written by a newer dbcensus-collector: use that one, or another --store")
            }
            try migrator.migrate(database)
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
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
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH:
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
