import Hummingbird
import HummingbirdCore
import Inventory

/// Lets a request through when its token allows it: the innermost part of the chain.
struct AccessMiddleware: RouterMiddleware {
    let backend: Backend
    let endpoint: Endpoint

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let isOpen = endpoint.path == MetricsEndpoint.path && !backend.live.value.metricsNeedToken
        if let scope = endpoint.scope, !isOpen {
            let near: Access.Lookup? = endpoint.isForReplicas && backend.replicated != nil ? backend.nearToken : nil
            let token = try await backend.access.check(request, scope, address: context.address, near: near)
            context.outcome.token = token
            if token.bounds.limitsReading, !endpoint.isForBound {
                throw Problem(
                    .forbidden, "bound",
                    "the token is bound to accounts, regions, hosts or tags, and this route is not: use another token")
            }
        }
        return try await next(request, context)
    }
}
