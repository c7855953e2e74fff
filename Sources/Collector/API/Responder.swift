import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Report
import Store
import Terminal

/// What Hummingbird keeps of a request.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The peer's address, without its port.
    let address: String

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "unix"
    }
}

/// Answers every request: finds its route, checks its token, runs it, and writes down that it did.
struct Responder: HTTPResponder {
    private let routes: any HTTPResponder<APIContext>
    private let patterns = Endpoint.all.map {
        (method: $0.method, parts: $0.path.split(separator: "/").map(String.init))
    }
    private let backend: Backend

    init(_ backend: Backend) {
        let router = Router(context: APIContext.self)
        for endpoint in Endpoint.all {
            let path = endpoint.path
            router.on(RouterPath(path), method: endpoint.method) { request, context in
                try await Self.run(endpoint, backend, request, context)
            }
        }
        routes = router.buildResponder()
        self.backend = backend
    }

    func respond(to request: Request, context: APIContext) async throws -> Response {
        let isHead = request.method == .head
        var request = request
        if isHead {
            var head = request.head
            head.method = .get
            request = Request(head: head, body: request.body)
        }
        let response: Response
        if let problem = unknown(request) {
            var problem = problem
            problem.request_id = Self.requestID(request)
            response = Self.finish(problem.reply(), problem.request_id, backend, nil, request)
        } else {
            response = try await routes.respond(to: request, context: context)
        }
        return isHead ? response.createHeadResponse() : response
    }

    /// There is no such route, or none with this method; nil when there is.
    private func unknown(_ request: Request) -> Problem? {
        let parts = request.uri.path.split(separator: "/", omittingEmptySubsequences: true)
        let methods = patterns.filter { Self.matches($0.parts, parts) }.map(\.method)
        guard !methods.contains(request.method) else { return nil }
        backend.metrics.add(
            .requests, [("route", "none"), ("method", "any"), ("status", methods.isEmpty ? "404" : "405")])
        guard !methods.isEmpty else { return Problem(.notFound, "not_found", "there is no such route") }
        let names = methods.flatMap { $0 == .get ? ["GET", "HEAD"] : [$0.rawValue] }.joined(separator: ", ")
        var problem = Problem(.methodNotAllowed, "method_not_allowed", "this route takes \(names)")
        problem.allow = names
        return problem
    }

    private static func matches(_ pattern: [String], _ parts: [Substring]) -> Bool {
        pattern.count == parts.count && zip(pattern, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    private static func run(
        _ endpoint: Endpoint, _ backend: Backend, _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let start = ContinuousClock.now
        let requestID = requestID(request)
        var token: TokenRow?
        var reply: Reply
        var logger = backend.logger
        logger[metadataKey: "request_id"] = "\(requestID)"
        do {
            let isOpen = endpoint.path == "/metrics" && !backend.configuration.metrics.needsToken
            if let scope = endpoint.scope, !isOpen {
                token = try await backend.access.check(request, scope, address: context.address)
            }
            let call = try call(endpoint, backend, request, context, token, requestID)
            reply = try await endpoint.run(call)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            var problem = Problem(error)
            problem.request_id = requestID
            if problem.status >= 500 {
                logger.error("request failed", metadata: ["route": "\(endpoint.path)", "error": "\(error)"])
            }
            if [401, 403, 429].contains(problem.status) {
                let reason = problem.type.split(separator: ":").last.map(String.init) ?? ""
                backend.metrics.add(.refusals, [("reason", reason)])
            }
            reply = problem.reply()
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let status = "\(reply.status.code)"
        let method = endpoint.method.rawValue
        backend.metrics.add(.requests, [("route", endpoint.path), ("method", method), ("status", status)])
        backend.metrics.observe(.requestSeconds, seconds, [("route", endpoint.path)])
        if endpoint.scope != nil {
            let line = AuditRow(
                at: Date(), actor: token?.id ?? "-", address: context.address, action: "\(method) \(endpoint.path)",
                target: token == nil || endpoint.path == request.uri.string ? nil : Self.target(request.uri.string),
                status: reply.status.code, requestID: requestID)
            backend.audit.add(line, token: token?.id)
        }
        let level: Logger.Level = reply.status.code >= 400 ? .info : .debug
        var metadata: Logger.Metadata = [
            "method": "\(method)", "route": "\(endpoint.path)", "status": .stringConvertible(reply.status.code),
            "address": "\(context.address)", "seconds": .stringConvertible(seconds),
        ]
        metadata["token"] = token.map { "\($0.id)" }
        logger.log(level: level, "request", metadata: metadata)
        return finish(reply, requestID, backend, endpoint, request)
    }

    /// What was asked for, without a secret that was put there by mistake, however often it was percent-encoded.
    static func target(_ uri: String) -> String {
        var text = String(uri.prefix(1_000))
        for _ in 0..<3 {
            guard text.contains("%"), let decoded = text.removingPercentEncoding, decoded != text else { break }
            text = decoded
        }
        let redacted = text.replacing(/(?i)(dbc_[0-9a-f]{12}_)[0-9a-f]+/) { "\($0.1)…" }
        return String(redacted.prefix(500))
    }

    private static func call(
        _ endpoint: Endpoint, _ backend: Backend, _ request: Request, _ context: APIContext, _ token: TokenRow?,
        _ requestID: String
    ) throws -> Call {
        guard let query = QueryText.parse(request.uri.query ?? "") else {
            throw Problem(.badRequest, "bad_request", "the query has a broken percent code")
        }
        let known = Dictionary(uniqueKeysWithValues: endpoint.parameters.map { ($0.name, $0) })
        for (name, _) in query {
            guard let parameter = known[name] else {
                let names = endpoint.parameters.map(\.name).joined(separator: ", ")
                throw Problem(
                    .badRequest, "bad_request",
                    "no parameter \"\(name.prefix(80))\"" + (names.isEmpty ? " is taken here" : ": there are \(names)"))
            }
            guard parameter.isList || query.count(where: { $0.name == name }) == 1 else {
                throw Problem(.badRequest, "bad_request", "\(name) stands more than once")
            }
        }
        var path: [String: String] = [:]
        for name in endpoint.pathParameters {
            guard let raw = context.parameters.get(name), let text = raw.removingPercentEncoding, !text.contains("\0"),
                text.utf8.count <= 8_192
            else { throw Problem(.badRequest, "bad_request", "the path has a broken percent code") }
            path[name] = text
        }
        return Call(
            backend: backend, request: request, path: path, query: query, token: token, requestID: requestID)
    }

    /// The client's own id for the request, where it is a plain word; else a new one.
    private static func requestID(_ request: Request) -> String {
        if let id = request.headers[.requestID], 1...64 ~= id.utf8.count,
            id.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2D || $0 == 0x5F
            })
        {
            return id
        }
        return UUID().uuidString.lowercased()
    }

    /// Bodies from this size on are compressed for those who take it.
    private static let compressedFrom = 1_024

    /// The answer with what every answer has.
    private static func finish(
        _ reply: Reply, _ requestID: String, _ backend: Backend, _ endpoint: Endpoint?, _ request: Request
    ) -> Response {
        var headers = reply.headers
        headers[.contentType] = reply.body.isEmpty ? nil : reply.contentType
        headers[.requestID] = requestID
        headers[.xContentTypeOptions] = "nosniff"
        headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        headers[.referrerPolicy] = "no-referrer"
        headers[.vary] = "Accept, Accept-Encoding, Authorization"
        if backend.configuration.isTLS { headers[.strictTransportSecurity] = "max-age=31536000" }
        var status = reply.status
        let isJSON = reply.contentType.hasSuffix("json")
        var body = isJSON ? PlainText.escapedJSON(reply.body) : reply.body
        if endpoint?.method == .get, status == .ok {
            headers[.cacheControl] = "private, no-cache"
            let digest = SHA256.hash(data: body).prefix(16).hex
            let tag = "W/\"\(digest)\""
            headers[.eTag] = tag
            let known = (request.headers[.ifNoneMatch] ?? "").split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            if known.contains(tag) || known.contains("*") {
                status = .notModified
                headers[.contentType] = nil
                body = []
            }
        } else {
            headers[.cacheControl] = "no-store"
        }
        if body.count >= compressedFrom, takesGzip(request), let packed = try? Gzip.compress(body, level: .fast) {
            headers[.contentEncoding] = "gzip"
            body = packed
        }
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }

    private static func takesGzip(_ request: Request) -> Bool {
        (request.headers[.acceptEncoding] ?? "").lowercased().split(separator: ",").contains { part in
            let words = part.split(separator: ";").map { $0.filter { $0 != " " } }
            return ["gzip", "*"].contains(words.first ?? "")
                && !words.dropFirst().contains { $0 == "q=0" || $0 == "q=0.0" }
        }
    }
}

extension HTTPField.Name {
    static let requestID = known("X-Request-Id")
    static let referrerPolicy = known("Referrer-Policy")
}
