/// Why the store refused.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// The reasons, for programs.
    public enum Code: String, Sendable {
        case cannotOpen = "cannot_open"
        case notAStore = "not_a_store"
        case newerSchema = "newer_schema"
        case olderSchema = "older_schema"
        case notUpgraded = "not_upgraded"
        case full = "disk_full"
        case failed
        /// The server cannot be reached, or did not confirm what was written: the same call may succeed later.
        case unreachable = "store_unreachable"
        case contradiction
        case badCursor = "bad_cursor"
        case badRequest = "bad_request"
        case conflict
        case inUse = "in_use"
    }

    /// The reason, for programs.
    public var code: Code
    /// What failed, why, and what to do, in one line.
    public var message: String
    /// The error that led to this one, such as the database's; for the log, as it may name SQL.
    public var cause: (any Error)?

    /// A refusal for the reason `code`.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message.
    public var description: String { message }
}
