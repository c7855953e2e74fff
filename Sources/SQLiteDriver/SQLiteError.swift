import GRDB
import SQL

/// Runs `body`; GRDB's errors become the store's.
func translated<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as DatabaseError { throw SQLError(error) }
}

extension SQLError {
    /// What SQLite's error means.
    init(_ error: DatabaseError) {
        let code: Code =
            switch error.resultCode {
            case .SQLITE_READONLY: .readOnly
            case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: .cannotOpen
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: .damaged
            case .SQLITE_CONSTRAINT: .constraint
            case .SQLITE_FULL: .full
            default: .failed
            }
        self.init(code, error.message ?? "\(error.resultCode)", cause: error)
    }
}
