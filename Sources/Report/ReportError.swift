/// Why bytes are not a report.
public struct ReportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of refusal, for programs.
    public enum Code: String, Sendable {
        case compressedTooLarge = "compressed_too_large"
        case inflatedTooLarge = "inflated_too_large"
        case truncated
        case badChecksum = "bad_checksum"
        case badLength = "bad_length"
        case badBase64 = "bad_base64"
        case badGzip = "bad_gzip"
        case trailingBytes = "trailing_bytes"
        case badJSON = "bad_json"
        case unknownSchema = "unknown_schema"
        case invalid
        case noReport = "no_report"
        case tooMany = "too_many_reports"
    }

    /// The kind of refusal.
    public var code: Code
    /// One sentence for people; it may quote hostile input, so neutralise it before it reaches a terminal.
    public var message: String

    /// A refusal of the kind `code`.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Message and code in one line.
    public var description: String { "\(message) (\(code.rawValue))" }
}
