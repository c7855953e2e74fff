import Foundation
import HTTPTypes

/// A request whose body is read.
struct HTTPCall: Sendable {
    var method: String
    /// As it was sent, percent-encoded.
    var path: String
    var query: String
    var authority: String
    var headers: HTTPFields
    var body: [UInt8]

    func header(_ name: String) -> String? {
        if name == "host" { return authority }
        return HTTPField.Name(name).flatMap { headers[$0] }
    }

    func queryValue(_ name: String) -> String? { Self.pairs(query)[name] }

    /// The names and values of a query or of a form.
    static func pairs(_ text: String) -> [String: String] {
        var pairs: [String: String] = [:]
        for part in text.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count == 2 ? pair[1].replacing("+", with: " ") : ""
            pairs[pair[0].removingPercentEncoding ?? ""] = value.removingPercentEncoding ?? ""
        }
        return pairs
    }
}

/// An answer before it has its HTTP form.
enum Answer: Sendable {
    case json(JSON)
    /// The content of `<ActionResult>`, or inside EC2's `<ActionResponse>`.
    case xml(XML)
    /// S3's.
    case object([UInt8]?, headers: [String: String])
}
