import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Inventory
import NIOCore

/// The API's routes, each behind the same chain.
public enum APIRouter {
    /// Every standard method: a route answers those that it does not have with 405.
    private static let methods: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
    ]

    /// What answers the requests of an API.
    public static func responder(_ backend: Backend) -> RouterResponder<APIContext> {
        responder(backend, Endpoint.all(backend.store.catalog))
    }

    /// What answers requests to `endpoints`.
    static func responder(_ backend: Backend, _ endpoints: [Endpoint]) -> RouterResponder<APIContext> {
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        let paths = Dictionary(grouping: endpoints, by: \.path)
        for (path, endpoints) in paths {
            let known = endpoints.map(\.method)
            let allowed = known.flatMap { $0 == .get ? ["GET", "HEAD"] : [$0.rawValue] }.joined(separator: ", ")
            for endpoint in endpoints {
                let group = chain(router.group(), backend, endpoint)
                group.add(middleware: AccessMiddleware(backend: backend, endpoint: endpoint))
                group.on(RouterPath(path), method: endpoint.method) { request, context in
                    try await backend.answer(endpoint, Call(endpoint, backend, request, context)).response()
                }
            }
            let others = chain(router.group(), backend, nil)
            for method in methods where !known.contains(method) && !(method == .head && known.contains(.get)) {
                others.on(RouterPath(path), method: method) { _, _ -> Response in
                    var problem = Problem(.methodNotAllowed, "method_not_allowed", "this route takes \(allowed)")
                    problem.allow = allowed
                    throw problem
                }
            }
        }
        // Those of the router itself are only for requests that no route answers: the groups above have their own.
        for middleware in parts(backend, nil) { router.add(middleware: middleware) }
        return router.buildResponder()
    }

    private static func chain(
        _ group: RouterGroup<APIContext>, _ backend: Backend, _ endpoint: Endpoint?
    ) -> RouterGroup<APIContext> {
        for middleware in parts(backend, endpoint) { group.add(middleware: middleware) }
        return group
    }

    /// What every request passes, from the outside to the inside.
    private static func parts(
        _ backend: Backend, _ endpoint: Endpoint?
    ) -> [any MiddlewareProtocol<Request, Response, APIContext>] {
        [
            RequestIDMiddleware(endpoint: endpoint),
            SecurityHeadersMiddleware(live: backend.live),
            RequestLogMiddleware(logger: backend.logger),
            RequestMetricsMiddleware(metrics: backend.metrics),
            CompressionMiddleware(),
            CachingMiddleware(),
            AuditMiddleware(audit: backend.audit),
            ProblemMiddleware(metrics: backend.metrics, logger: backend.logger),
        ]
    }
}

extension Call {
    /// The call of a request: its path and its query, checked against the route.
    init(_ endpoint: Endpoint, _ backend: Backend, _ request: Request, _ context: APIContext) throws {
        guard let query = QueryText.parse(request.uri.query ?? "") else {
            throw Problem(.badRequest, "bad_request", "invalid percent-encoding in the query")
        }
        let known = Dictionary(uniqueKeysWithValues: endpoint.parameters.map { ($0.name, $0) })
        for (name, _) in query {
            guard let parameter = known[name] else {
                let names = endpoint.parameters.map(\.name).joined(separator: ", ")
                let hint = names.isEmpty ? ": this route has none" : ": there are \(names)"
                throw Problem(.badRequest, "bad_request", "no parameter \"\(name.prefix(80))\"\(hint)")
            }
            guard parameter.isList || query.count(where: { $0.name == name }) == 1 else {
                throw Problem(.badRequest, "bad_request", "\(name) may not be repeated")
            }
        }
        var path: [String: String] = [:]
        for name in endpoint.pathParameters {
            guard let raw = context.parameters.get(name), let text = raw.removingPercentEncoding, !text.contains("\0"),
                text.utf8.count <= 8_192
            else { throw Problem(.badRequest, "bad_request", "invalid percent-encoding in the path") }
            path[name] = text
        }
        let (token, lag) = (context.outcome.token, ReadLag())
        self.init(
            backend: backend, request: request, path: path, query: query, token: token, requestID: context.requestID,
            store: backend.store, lag: lag)
        guard let near = try backend.nearStore(for: endpoint, request, token: token, lag) else { return }
        (store, isNear) = (near, true)
    }
}
