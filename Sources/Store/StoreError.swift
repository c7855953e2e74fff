import GRDB
import Inventory

extension StoreError {
    /// What SQLite's error means for the store at `path`.
    init(_ error: DatabaseError, path: String) {
        let (code, message): (Code, String) =
            switch error.resultCode {
            case .SQLITE_READONLY:
                (
                    .cannotOpen,
                    """
                    cannot use the store \(path): SQLite must be able to write in its directory even to read; run this as \
                    the store's owner
                    """
                )
            case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
                (.cannotOpen, "cannot open the store \(path): \(error.message ?? "denied"); name another with --store")
            case .SQLITE_NOTADB, .SQLITE_CORRUPT:
                (
                    .notAStore,
                    "\(path) is not a dbcensus store, or it is damaged: restore a backup, or name another with --store"
                )
            case .SQLITE_CONSTRAINT:
                (.contradiction, "the report contradicts what is stored: \(error.message ?? "constraint")")
            case .SQLITE_FULL: (.full, "the disk that holds \(path) is full: nothing was stored")
            default: (.failed, "the store \(path) failed: \(error.message ?? "\(error.resultCode)")")
            }
        self.init(code, message, cause: error)
    }
}
