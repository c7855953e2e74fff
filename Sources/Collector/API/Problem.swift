import Foundation
import HTTPTypes
import Report
import Store

/// What went wrong with a request, as RFC 9457 problem details.
struct Problem: Error, Encodable, Sendable {
    /// `urn:dbcensus:problem:` and a stable word for programs.
    var type: String
    /// The same in words.
    var title: String
    /// The HTTP status.
    var status: Int
    /// What is wrong with this request, and what to do.
    var detail: String
    /// The request's id, which the log names too.
    var request_id = ""
    /// What became of each report of a refused request.
    var items: [IngestResult]?
    /// Seconds after which it may go better; as `Retry-After` too.
    var retry_after: Int?
    /// The methods that a route takes, as `Allow`.
    var allow: String?

    private enum CodingKeys: String, CodingKey { case type, title, status, detail, request_id, items, retry_after }

    init(_ status: HTTPResponse.Status, _ code: String, _ detail: String, retryAfter: Int? = nil) {
        type = "urn:dbcensus:problem:" + code
        title = code.replacing("_", with: " ")
        self.status = status.code
        self.detail = detail
        retry_after = retryAfter
    }

    /// The one place where errors become answers.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as StoreError:
            switch error.code {
            case .badCursor, .badRequest: self.init(.badRequest, error.code.rawValue, error.message)
            case .full:
                self.init(.init(code: 507), "disk_full", "the store's disk is full: nothing was stored", retryAfter: 30)
            default:
                let reason = "the store cannot be used now; the log has the reason"
                self.init(.serviceUnavailable, "store_unavailable", reason, retryAfter: 30)
            }
        case is IngestQueue.Full:
            self.init(.serviceUnavailable, "busy", "too much waits to be stored: send it again", retryAfter: 1)
        case is IngestQueue.Revoked:
            self.init(.unauthorized, "bad_token", "the token was revoked, or ended, before the reports were stored")
        case is CancellationError:
            self.init(.serviceUnavailable, "stopping", "the collector stops: send it again", retryAfter: 5)
        default:
            self.init(.internalServerError, "internal", "the request failed; the log has the reason")
        }
    }

    func reply() -> Reply {
        var reply = Reply(status: .init(code: status), contentType: "application/problem+json")
        reply.body = (try? Array(Report.encoder(.minified).encode(self))) ?? []
        if let retry_after { reply.headers[.retryAfter] = "\(retry_after)" }
        if let allow { reply.headers[.allow] = allow }
        if status == 401 { reply.headers[.wwwAuthenticate] = "Bearer realm=\"dbcensus\"" }
        return reply
    }
}

/// An answer, whole: answers are bounded by the rows of a page.
struct Reply: Sendable {
    var status: HTTPResponse.Status = .ok
    var contentType = "application/json"
    var headers: HTTPFields = [:]
    var body: [UInt8] = []

    init(status: HTTPResponse.Status = .ok, contentType: String = "application/json") {
        self.status = status
        self.contentType = contentType
    }

    /// `value` as JSON with sorted keys.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Reply {
        var reply = Reply(status: status)
        reply.body = Array(try Report.encoder(.minified).encode(value))
        return reply
    }
}
