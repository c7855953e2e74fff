import FoundationEssentials
import HTTPTypes
import Inventory
import Report

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
    /// The request's id, which the log has too.
    var request_id = ""
    /// What became of each report of a rejected request.
    var items: [IngestResult]?
    /// Seconds after which to try again; as `Retry-After` too.
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

    /// The stable word of its type.
    var code: String { String(type.split(separator: ":").last ?? "") }

    /// There is nothing of that id.
    static func notFound(_ what: String) -> Problem { Problem(.notFound, "not_found", "there is no such \(what)") }

    /// The one place that turns errors into answers.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as StoreError:
            switch error.code {
            case .badCursor, .badRequest: self.init(.badRequest, error.code.rawValue, error.message)
            case .conflict: self.init(.conflict, error.code.rawValue, error.message)
            case .full:
                self.init(.init(code: 507), "disk_full", "the store's disk is full: nothing was stored", retryAfter: 30)
            default:
                let reason = "the store cannot be used now; the log has the reason"
                self.init(.serviceUnavailable, "store_unavailable", reason, retryAfter: 30)
            }
        case let refusal as TokenMaker.Invalid: self.init(.badRequest, "bad_request", refusal.message)
        case is IngestQueue.Full:
            self.init(.serviceUnavailable, "busy", "too many reports are waiting: send it again", retryAfter: 1)
        case is Spool.Full:
            let reason = "the store cannot be reached, and the spool is full: send it again; the log has the reason"
            self.init(.serviceUnavailable, "spool_full", reason, retryAfter: 30)
        case is StoreReach.Away:
            let reason = "the store cannot be reached now; only reports are taken"
            self.init(.serviceUnavailable, "store_unavailable", reason, retryAfter: 30)
        case is IngestQueue.Revoked:
            self.init(.unauthorized, "bad_token", "the token was revoked or expired before the reports were stored")
        case is CancellationError:
            self.init(.serviceUnavailable, "stopping", "the collector is stopping: send it again", retryAfter: 5)
        default:
            self.init(.internalServerError, "internal", "the request failed; the log has the reason")
        }
    }

    func reply() -> Reply {
        let bytes = (try? Array(Report.encoder(.minified).encode(self))) ?? []
        var reply = Reply(status: .init(code: status), .problem, bytes)
        if let retry_after { reply.headers[.retryAfter] = "\(retry_after)" }
        if let allow { reply.headers[.allow] = allow }
        if status == 401 { reply.headers[.wwwAuthenticate] = "Bearer realm=\"dbcensus\"" }
        return reply
    }
}
