import Hummingbird
import HummingbirdCore

/// Counts requests and measures how long they take.
struct RequestMetricsMiddleware: RouterMiddleware {
    let metrics: Metrics

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let route = context.endpoint?.path ?? "none"
        let method = context.endpoint?.method.rawValue ?? "any"
        metrics.requests.add([("route", route), ("method", method), ("status", "\(response.status.code)")])
        metrics.answers.add()
        if response.status.code >= 500 { metrics.serverErrors.add() }
        if context.endpoint != nil {
            metrics.requestSeconds.observe((ContinuousClock.now - start) / .seconds(1), [("route", route)])
        }
        return response
    }
}
