import HTTPTypes
import Inventory

/// One route. The router, access, audit and the OpenAPI description all come from the same table of endpoints.
struct Endpoint: Sendable {
    var method: HTTPRequest.Method
    /// The path, with parameters in braces.
    var path: String
    /// What a token must allow; nil for everybody.
    var scope: Scope?
    /// Whether a token that is bound to accounts, regions, hosts or tags may use it; then its answer keeps to them.
    var isForBound = false
    /// One sentence for the reference.
    var summary: String
    /// The query's parameters; the route rejects any other.
    var parameters: [Parameter] = []
    /// The statuses that it answers with, besides those of every route, and the schema of each.
    var answers: [Int: String]
    /// What the request's body is.
    var body: Body?
    /// The list that it answers with, also as CSV and as a stream of lines.
    var list: List?
    var run: @Sendable (Call) async throws -> Reply

    /// One parameter of a query.
    struct Parameter: Sendable {
        var name: String
        var help: String
        var isNumber = false
        /// Whether it may be repeated: all must hold.
        var isList = false
    }

    /// What a request carries.
    enum Body: Sendable {
        /// Reports in any form.
        case reports
        /// JSON of a schema.
        case json(String)
    }

    /// Names in braces in the path.
    var pathParameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }
}
