import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// Gives each request its id and its route: the outermost part of the chain.
struct RequestIDMiddleware: RouterMiddleware {
    let endpoint: Endpoint?

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.requestID = Self.id(request)
        context.endpoint = endpoint
        var response = try await next(request, context)
        response.headers[.requestID] = context.requestID
        return response
    }

    /// The client's own id when it is a plain word; else a new one.
    private static func id(_ request: Request) -> String {
        if let id = request.headers[.requestID], 1...64 ~= id.utf8.count,
            id.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2D || $0 == 0x5F
            })
        {
            return id
        }
        return UUID().uuidString.lowercased()
    }
}
