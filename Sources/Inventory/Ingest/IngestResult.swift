import Report

/// What became of one report of a request or a file, as the API and the command line answer.
public struct IngestResult: Codable, Sendable, Equatable {
    /// The byte of the input at which it begins; within JSON and gzip, the byte at which that begins.
    public var byte: Int
    /// Where within JSON, such as `CommandInvocations.3.CommandPlugins.0.Output`.
    @ExplicitNull public var place: String?
    /// `stored`, `duplicate`, `older`, `spooled` or `rejected`; for the command also `unreadable`.
    public var outcome: String
    /// The host that it is about.
    @ExplicitNull public var host_id: String?
    /// Its databases, when it was stored.
    @ExplicitNull public var databases: Int?
    /// Why it was rejected, for programs.
    @ExplicitNull public var code: String?
    /// Why it was rejected, for people.
    @ExplicitNull public var reason: String?
    /// When it may be sent again, where that would help: RFC 3339, UTC.
    @ExplicitNull public var retry_at: String?

    /// A result without details.
    public init(byte: Int, outcome: String) {
        self.byte = byte
        self.outcome = outcome
    }

    /// What the store said of a report.
    public init(byte: Int, _ outcome: IngestOutcome) {
        // Swift 6.2 does not compile assignments to wrapped properties after self.init.
        var result = Self(byte: byte, outcome: "rejected")
        switch outcome {
        case .stored(let place, let count):
            (result.outcome, result.host_id, result.databases) = ("stored", place, count)
        case .duplicate(let place): (result.outcome, result.host_id) = ("duplicate", place)
        case .older(let place): (result.outcome, result.host_id) = ("older", place)
        case .rejected(let refusal): (result.code, result.reason) = (refusal.code.rawValue, refusal.message)
        case .overQuota(let reset):
            result.code = Self.overQuota
            result.reason = "the token has used up its daily quota: send the report again after \(reset)"
            result.retry_at = reset
        }
        self = result
    }

    /// The outcome of a report that waits on the collector's disk until the store can be reached; what becomes of it is
    /// settled then.
    public static let spooled = "spooled"
    /// The code of a report that was not stored because its sender used up its daily quota.
    public static let overQuota = "over_quota"
}
