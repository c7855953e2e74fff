/// Why the inventory rejects an observation. The report is kept as a dead letter.
public struct Refusal: Error, Sendable, Equatable {
    /// The reasons, for programs.
    public enum Code: String, Sendable, Codable, CaseIterable {
        /// The host has no instance id, no machine id and no name.
        case noIdentity = "no_identity"
        /// It breaks the rules of a report: two databases with one key, a negative size, too many databases.
        case invalid
        /// It cannot be decoded: a field is missing, or has another type than this program knows.
        case undecodable
        /// Its schema is one that this program does not read.
        case unknownSchema = "unknown_schema"
        /// The scan began further in the future than clocks usually are off.
        case future
        /// The scan began before 2020, or at a time that does not exist: the host's clock was never set.
        case past
        /// It contradicts what is stored.
        case contradiction
        /// Another sender reports for this host.
        case foreignSender = "foreign_sender"
        /// It names another account or region than the instance has.
        case identityConflict = "identity_conflict"
        /// The report of one instance came from another one: AWS says which.
        case agentMismatch = "agent_mismatch"
        /// The token may not report for this account, region or host.
        case outOfBounds = "out_of_bounds"
        /// Its token was revoked while the report waited in a spool.
        case revokedToken = "revoked_token"
    }

    /// The reason, for programs.
    public var code: Code
    /// One sentence for people.
    public var message: String

    /// A refusal for the reason `code`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
