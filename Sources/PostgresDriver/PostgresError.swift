import SQL

/// What the server says of an error: https://www.postgresql.org/docs/current/errcodes-appendix.html
extension SQLError {
    /// An error of the server, by its SQLSTATE.
    init(sqlState: String, _ message: String) {
        let code: Code =
            switch sqlState {
            // invalid_authorization, invalid_password, insufficient_privilege, invalid_catalog_name,
            // invalid_schema_name
            case "28000", "28P01", "42501", "3D000", "3F000": .cannotOpen
            // read_only_sql_transaction: a standby, or a primary that became one
            case "25006": .readOnly
            // serialization_failure, deadlock_detected
            case "40001", "40P01": .again
            // admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout, idle_in_transaction_timeout
            case "57P01", "57P02", "57P03", "57P05", "25P03": .lost
            // too_many_connections
            case "53300": .busy
            case "53100": .full
            // program_limit_exceeded and its kinds: the row is too large for an index, and will stay so
            case _ where sqlState.hasPrefix("54"): .constraint
            case _ where sqlState.hasPrefix("23"): .constraint
            // data_exception: what no column of the server can hold
            case _ where sqlState.hasPrefix("22"): .constraint
            case _ where sqlState.hasPrefix("08"): .lost
            // data_corrupted, index_corrupted
            case _ where sqlState.hasPrefix("XX00") && sqlState != "XX000": .damaged
            default: .failed
            }
        self.init(code, "\(message) (SQLSTATE \(sqlState))")
    }

    /// The connection ended, or the server did not answer in time.
    static func lost(_ why: String) -> SQLError {
        let line = why.split(separator: "\n").joined(separator: "; ")
        return SQLError(.lost, line.isEmpty ? "the connection was lost" : line)
    }
}
