import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Store

/// One route of the API. The routes, the access rules and the OpenAPI description all come from `Endpoint.all`.
struct Endpoint: Sendable {
    var method: HTTPRequest.Method
    /// The path, with parameters in braces.
    var path: String
    /// What a token must allow; nil for everybody.
    var scope: Scope?
    /// One sentence for the reference.
    var summary: String
    /// What may stand in the query; anything else is refused.
    var parameters: [Parameter] = []
    /// The statuses it answers with beside those of every route, and the schema of each.
    var answers: [Int: String]
    /// What the request's body is.
    var body: Body?
    /// Whether a list can be had as CSV too.
    var hasCSV = false
    var run: @Sendable (Call) async throws -> Reply

    /// One parameter of a query.
    struct Parameter: Sendable {
        var name: String
        var help: String
        var isNumber = false
        /// It may stand more than once: all must hold.
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

/// One request, with what it may need.
struct Call: Sendable {
    var backend: Backend
    var request: Request
    /// Parameters of the path, decoded.
    var path: [String: String]
    /// The query, decoded, in its order.
    var query: [(name: String, value: String)]
    /// Who asks; nil on routes for everybody.
    var token: TokenRow?
    var requestID: String

    /// The only value of a parameter.
    func one(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// A number among the parameters.
    func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = one(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Problem(.badRequest, "bad_request", "\(name) is \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The request's body, at most `limit` bytes.
    ///
    /// - Parameter take: is told of the bytes as they come; what it throws ends it.
    func collect(upTo limit: Int, take: (Int) throws -> Void = { _ in }) async throws -> [UInt8] {
        let tooLarge = Problem(
            .contentTooLarge, "too_large", "the body has more than \(limit) bytes: send less at once")
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit { throw tooLarge }
        var bytes: [UInt8] = []
        var count = 0
        var refusal: (any Error)?
        for try await buffer in request.body {
            count += buffer.readableBytes
            guard count <= limit else { throw tooLarge }
            // The rest is read and dropped: a client that still sends would not see the answer.
            guard refusal == nil else { continue }
            do {
                try take(buffer.readableBytes)
                bytes.append(contentsOf: buffer.readableBytesView)
            } catch { (refusal, bytes) = (error, []) }
        }
        if let refusal { throw refusal }
        return bytes
    }

    /// The request's body as JSON of a type.
    func decode<Value: Decodable>(_ type: Value.Type) async throws -> Value {
        let bytes = try await collect(upTo: 64 << 10)
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
            throw Problem(.badRequest, "bad_request", "the body is not the JSON that belongs here")
        }
    }
}

/// What the routes work with.
struct Backend: Sendable {
    var store: InventoryStore
    var queue: IngestQueue
    var metrics: Metrics
    var audit: AuditTrail
    var access: Access
    var live: LiveConfiguration
    var logger: Logger

    /// What holds now.
    var configuration: Configuration { live.value }
}
