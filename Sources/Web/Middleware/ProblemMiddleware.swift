import HTTPTypes
import Hummingbird
import HummingbirdCore
import Inventory
import Logging
import NIOHTTP1

/// Turns errors into problem details, and logs those that are the collector's own.
struct ProblemMiddleware: RouterMiddleware {
    let metrics: Metrics
    let logger: Logger

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch let error as HTTPParserError { throw error } catch {
            let isUnknown = context.endpoint == nil && (error as? HTTPError)?.status == .notFound
            var problem = isUnknown ? Problem.notFound("route") : Problem(error)
            problem.request_id = context.requestID
            if problem.status >= 500 { log(error, context) }
            if [401, 403, 429].contains(problem.status) { metrics.refusals.add([("reason", problem.code)]) }
            return problem.reply().response()
        }
    }

    private func log(_ error: any Error, _ context: APIContext) {
        var metadata: Logger.Metadata = [
            "request_id": "\(context.requestID)", "route": "\(context.endpoint?.path ?? "none")", "error": "\(error)",
        ]
        metadata["cause"] = (error as? StoreError)?.cause.map { "\($0)" }
        logger.error("request failed", metadata: metadata)
    }
}
