import GRDB

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
        case contradiction
        case badCursor = "bad_cursor"
        case badRequest = "bad_request"
        case inUse = "in_use"
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
        case .SQLITE_CONSTRAINT:
            self.init(.contradiction, "it contradicts what is stored: \(error.message ?? "constraint")")
        case .SQLITE_FULL:
            self.init(.full, "the disk that holds \(path) is full; nothing was stored")
        default:
            self.init(.failed, "the store \(path) failed: \(error.message ?? "\(error.resultCode)")")
        }
    }

    /// The message.
    public var description: String { message }
}
