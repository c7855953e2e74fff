/// What a database answered instead of doing what it was asked.
package struct SQLError: Error, CustomStringConvertible {
    /// The kinds of errors that callers tell apart.
    package enum Code: String, Sendable {
        /// It may not be written.
        case readOnly
        /// It cannot be opened or reached, or the user may not use it.
        case cannotOpen
        /// The file is no database, or it is damaged.
        case damaged
        /// A constraint refused the row.
        case constraint
        /// There is no room left.
        case full
        /// The database takes no more connections now.
        case busy
        /// Another transaction was in the way: the same one succeeds when it is tried again.
        case again
        /// The connection was lost, or the database shuts down. Nothing was written.
        case lost
        /// It did not answer in time.
        case timedOut
        /// The transaction is committed on the database itself, and perhaps on no standby that it should have waited
        /// for.
        case notReplicated
        /// The database did not say whether the transaction was committed.
        case unknownOutcome
        /// Another program changed the schema while this one ran.
        case outdated
        /// Anything else.
        case failed
    }

    package let code: Code
    /// What the engine said.
    package let message: String
    /// The driver's own error.
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { message }
}
