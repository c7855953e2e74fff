import Inventory
import SQL

extension StoreError {
    /// What a database's error means for the store at `path`.
    init(_ error: SQLError, path: String) {
        let (code, message): (Code, String) =
            switch error.code {
            case .readOnly where path.contains("://"):
                (
                    .unreachable,
                    """
                    the server \(path) is read-only: name the primary, or all servers and \
                    target_session_attrs=read-write
                    """
                )
            case .readOnly:
                (
                    .cannotOpen,
                    """
                    cannot use the store \(path): SQLite must be able to write in its directory even to read; run this as \
                    the store's owner
                    """
                )
            case .cannotOpen:
                (.cannotOpen, "cannot open the store \(path): \(error.message); name another with --store")
            case .damaged:
                (
                    .notAStore,
                    "\(path) is not a dbcensus store, or it is damaged: restore a backup, or name another with --store"
                )
            case .constraint: (.contradiction, "the report contradicts what is stored: \(error.message)")
            case .unknownOutcome, .notReplicated:
                (
                    .unreachable,
                    "the store \(path) did not confirm what was written: it may be there or not (\(error.message))"
                )
            case .outdated:
                (
                    .newerSchema,
                    """
                    a newer dbcensus-collector upgraded \(path) while this one ran: nothing was stored; start that \
                    version here too
                    """
                )
            case .full: (.full, "the disk that holds \(path) is full: nothing was stored")
            case .busy, .again, .lost, .timedOut:
                (path.contains("://") ? .unreachable : .failed, "the store \(path) failed: \(error.message)")
            case .failed: (.failed, "the store \(path) failed: \(error.message)")
            }
        self.init(code, message, cause: error.cause ?? error)
    }
}

/// Runs `body`; a database's errors become those of the store at `path`.
@discardableResult
func storing<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as SQLError { throw StoreError(error, path: path) }
}
