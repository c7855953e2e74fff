import Foundation
import Hummingbird
import HummingbirdCore
import Inventory

/// Adds a line to the audit log for each request to a route that needs a token.
struct AuditMiddleware: RouterMiddleware {
    let audit: AuditTrail

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let response = try await next(request, context)
        guard let endpoint = context.endpoint, endpoint.scope != nil else { return response }
        let token = context.outcome.token
        let uri = request.uri.string
        audit.add(
            AuditEntry(
                at: audit.now, actor: token?.id ?? "-", address: context.address,
                action: "\(endpoint.method.rawValue) \(endpoint.path)",
                target: token == nil || endpoint.path == uri ? nil : Self.target(uri), status: response.status.code,
                requestID: context.requestID), token: token?.id)
        return response
    }

    /// The path and the query, without a secret that was put there by mistake, however often it was percent-encoded.
    static func target(_ uri: String) -> String {
        var text = String(uri.prefix(1_000))
        for _ in 0..<3 {
            guard text.contains("%"), let decoded = text.removingPercentEncoding, decoded != text else { break }
            text = decoded
        }
        let redacted = text.replacing(/(?i)(dbc_[0-9a-f]{12}_)[0-9a-f]+/) { "\($0.1)…" }
        return String(redacted.prefix(500))
    }
}
