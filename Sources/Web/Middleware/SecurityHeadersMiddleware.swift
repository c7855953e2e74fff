import HTTPTypes
import Hummingbird
import HummingbirdCore

/// The headers that tell browsers what an answer may do.
struct SecurityHeadersMiddleware: RouterMiddleware {
    let live: Live<WebConfiguration>

    /// Pages load their own files and talk to their own server, and nothing else.
    static let page = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
        connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
        """
    /// Everything else loads nothing at all.
    static let data = "default-src 'none'; frame-ancestors 'none'"

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        let isPage = response.headers[.contentType]?.hasPrefix("text/html") == true
        response.headers[.contentSecurityPolicy] = isPage ? Self.page : Self.data
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "no-referrer"
        if live.value.isTLS { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        return response
    }
}
