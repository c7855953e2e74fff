import Foundation
import Hummingbird
import HummingbirdCore
import Inventory
import Logging

/// Writes one line for each request: errors at level info, the others at level debug.
struct RequestLogMiddleware: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        guard let endpoint = context.endpoint else { return response }
        let status = response.status.code
        var metadata: Logger.Metadata = [
            "request_id": "\(context.requestID)", "method": "\(endpoint.method.rawValue)",
            "route": "\(endpoint.path)", "status": .stringConvertible(status), "address": "\(context.address)",
            "seconds": .stringConvertible((ContinuousClock.now - start) / .seconds(1)),
        ]
        if let trace = request.headers[.traceparent],
            trace.wholeMatch(of: /00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/) != nil
        {
            metadata["traceparent"] = "\(trace)"
        }
        metadata["token"] = context.outcome.token.map { "\($0.id)" }
        logger.log(level: status >= 400 ? .info : .debug, "request", metadata: metadata)
        return response
    }
}
