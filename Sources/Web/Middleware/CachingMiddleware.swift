import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// Gives answers an ETag, and answers 304 to a client that has the very same bytes.
struct CachingMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        guard response.headers[.cacheControl] == nil else { return response }
        guard context.endpoint?.method == .get, response.status == .ok, response.body.contentLength != nil else {
            response.headers[.cacheControl] = "no-store"
            return response
        }
        let bytes = try await response.body.bytes()
        let tag = "W/\"\(SHA256.hash(data: bytes).prefix(16).hex)\""
        response.headers[.cacheControl] = "private, no-cache"
        response.headers[.eTag] = tag
        let known = (request.headers[.ifNoneMatch] ?? "").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        guard known.contains(tag) || known.contains("*") else {
            response.body = .init(byteBuffer: ByteBuffer(bytes: bytes))
            return response
        }
        var headers = response.headers
        headers[.contentType] = nil
        headers[.contentLength] = nil
        return Response(status: .notModified, headers: headers)
    }
}
