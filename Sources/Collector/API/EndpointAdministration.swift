import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import Report
import Store

/// What a new token is to be.
struct NewToken: Codable, Sendable {
    var name: String
    var scopes: [String]
    /// Days until it ends; never without it.
    var days: Int?
}

/// A token that was made, with its secret: shown once.
struct MadeToken: Codable, Sendable {
    var token: String
    var id: String
    var name: String
    var scopes: String
    @ExplicitNull var expires_at: String?
}

extension Endpoint {
    private static let base = "/api/v1"

    /// What changes the inventory, and who may.
    static let administration: [Endpoint] = [
        Endpoint(
            method: .post, path: base + "/reports", scope: .ingest,
            summary:
                "Stores reports: frames, gzip, JSON texts or NDJSON, one or many. The answer comes when they are durable.",
            answers: [
                200: "IngestList", 400: "Problem", 413: "Problem", 415: "Problem", 422: "Problem", 503: "Problem",
                507: "Problem",
            ], body: .reports
        ) { try await $0.ingest() },
        .list(
            base + "/dead-letters", "DeadLetter", "Reports that were read and refused, the last received first.",
            .deadLetters, DeadLetterRow.columns
        ) { try $0.deadLetters($1) },
        Endpoint(
            method: .get, path: base + "/dead-letters/{id}", scope: .read,
            summary: "The JSON of a refused report, as it came.",
            answers: [200: "Anything", 404: "Problem"]
        ) { call in
            guard let id = Int64(call.path["id"] ?? ""), let json = try await call.read({ try $0.deadLetterBody(id) })
            else { throw Problem.notFound("dead letter") }
            var reply = Reply()
            reply.body = json
            return reply
        },
        Endpoint(
            method: .post, path: base + "/dead-letters/{id}/retry", scope: .admin,
            summary: "Tries a refused report again, and removes it when it is taken.",
            answers: [200: "Ingest", 404: "Problem"]
        ) { call in
            guard let id = Int64(call.path["id"] ?? ""),
                let outcome = try await call.read({ try $0.retryDeadLetter(id) })
            else { throw Problem.notFound("dead letter") }
            return try .json(IngestResult(byte: 0, outcome))
        },
        Endpoint(
            method: .get, path: base + "/tokens", scope: .admin, summary: "Tokens, without their secrets.",
            answers: [200: "TokenList"]
        ) { call in try .json(Page(items: try await call.read { try $0.tokens() }, next_cursor: nil)) },
        Endpoint(
            method: .post, path: base + "/tokens", scope: .admin,
            summary: "Makes a token; its secret is shown this once.",
            answers: [201: "MadeToken", 400: "Problem"], body: .json("NewToken")
        ) { call in
            let wanted = try await call.decode(NewToken.self)
            let made = try TokenMaker.make(name: wanted.name, scopes: wanted.scopes, days: wanted.days)
            try await call.read { try $0.addToken(made.row, hash: made.token.hash) }
            return try .json(made.shown, status: .created)
        },
        Endpoint(
            method: .delete, path: base + "/tokens/{id}", scope: .admin, summary: "Revokes a token at once.",
            answers: [204: "", 404: "Problem"]
        ) { call in
            let id = call.path["id"] ?? ""
            guard try await call.read({ try $0.revokeToken(id) }) else { throw Problem.notFound("valid token") }
            return Reply(status: .noContent)
        },
        .list(
            base + "/audit", "Audit", "Who asked for and changed what, the last line first.", .audit, AuditRow.columns,
            scope: .admin
        ) { try $0.audit($1) },
    ]

    /// What watches the collector.
    static let probes: [Endpoint] = [
        Endpoint(method: .get, path: "/healthz", scope: nil, summary: "The process answers.", answers: [200: "Health"])
        { _ in
            try .json(["status": "ok"])
        },
        Endpoint(
            method: .get, path: "/readyz", scope: nil, summary: "Reports can be stored and questions answered.",
            answers: [200: "Health", 503: "Problem", 507: "Problem"]
        ) { call in
            try await call.read { try $0.probe() }
            return try .json(["status": "ready"])
        },
        Endpoint(
            method: .get, path: "/metrics", scope: .read, summary: "Metrics in the Prometheus text format.",
            answers: [200: "Text"]
        ) { call in
            let samples = try await call.read { try call.backend.samples($0) }
            var reply = Reply(contentType: "text/plain; version=0.0.4; charset=utf-8")
            reply.body = Array(call.backend.metrics.prometheus(samples).utf8)
            return reply
        },
        Endpoint(
            method: .get, path: "/openapi.json", scope: .read, summary: "This description.", answers: [200: "Anything"]
        ) { _ in
            var reply = Reply()
            reply.body = OpenAPI.document
            return reply
        },
    ]
}

/// Makes tokens, for the API and for the command line.
enum TokenMaker {
    static func make(
        name: String, scopes: [String], days: Int?, loopbackOnly: Bool = false
    ) throws -> (token: Token, row: TokenRow, shown: MadeToken) {
        let known = scopes.compactMap(Scope.init)
        guard !known.isEmpty, known.count == scopes.count else {
            throw Problem(
                .badRequest, "bad_request", "scopes are \(Scope.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard 1...100 ~= name.utf8.count else { throw Problem(.badRequest, "bad_request", "a name has 1 to 100 bytes") }
        guard days.map({ 1...3_650 ~= $0 }) ?? true else {
            throw Problem(.badRequest, "bad_request", "a token ends after 1 to 3650 days, or never")
        }
        let token = Token()
        let row = TokenRow(
            token, name: name, scopes: known, loopbackOnly: loopbackOnly,
            expires: days.map { Date().addingTimeInterval(Double($0) * 86_400) })
        let shown = MadeToken(
            token: token.text, id: token.id, name: name, scopes: row.scopes,
            expires_at: ExplicitNull(wrappedValue: row.expires_at))
        return (token, row, shown)
    }
}

extension Call {
    /// `POST reports`: room for the body first, then its reports, then one answer for all of them.
    fileprivate func ingest() async throws -> Reply {
        let limits = backend.configuration.limits
        if let coding = request.headers[.contentEncoding]?.lowercased(), !["gzip", "identity"].contains(coding) {
            throw Problem(.unsupportedMediaType, "unsupported_encoding", "a body is sent as it is, or as gzip")
        }
        var room = 0
        defer { backend.queue.release(room) }
        // Room is taken as bytes come: who only promises them takes none from others.
        let queue = backend.queue
        let bytes = try await collect(upTo: limits.bodyBytes) { count in
            try queue.reserve(count)
            room += count
        }
        let source = token?.id ?? "-"
        let intakes = try await Blocking.parse {
            ReportFile.entries(
                in: bytes, limit: limits.inflatedBytes, frames: limits.inflatedBytes, each: limits.reportBytes,
                most: limits.reports, values: 100_000
            ).map { Intake($0, source: source) }
        }
        if intakes.count == 1, case .garbled(let error) = intakes[0].content, error.code == .tooMany {
            throw Problem(.contentTooLarge, "too_many_reports", error.message)
        }
        // What is no report needs no place in a commit.
        let isGarbled = intakes.allSatisfy { if case .garbled = $0.content { true } else { false } }
        let results =
            isGarbled
            ? intakes.map { $0.result(nil) } : try await backend.queue.store(intakes, source: source)
        for result in results { note(result) }
        guard results.allSatisfy({ $0.outcome == "rejected" }) else {
            return try .json(Page(items: results, next_cursor: nil))
        }
        var problem =
            isGarbled
            ? Problem(.badRequest, "no_report", "no report could be read from the body")
            : Problem(.unprocessableContent, "rejected", "every report was refused; they are kept as dead letters")
        problem.items = results
        throw problem
    }

    /// Counts what became of a report, and says it in the log with its host.
    private func note(_ result: IngestResult) {
        backend.metrics.add(.reports, [("outcome", result.outcome)])
        let isRefused = result.outcome == "rejected"
        var metadata: Logger.Metadata = ["request_id": "\(requestID)", "outcome": "\(result.outcome)"]
        metadata["token"] = token.map { "\($0.id)" }
        metadata["host"] = result.host_id.map { "\($0)" }
        metadata["reason"] = result.reason.map { "\($0.prefix(200))" }
        backend.logger.log(
            level: isRefused ? .info : .debug, isRefused ? "report refused" : "report taken", metadata: metadata)
    }
}
