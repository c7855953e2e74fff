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
    /// AWS accounts that it may report for; all without it.
    var accounts: [String]?
    /// Regions that it may report for, with `*` for any letters.
    var regions: [String]?
    /// Hosts that it may report for, by id or name, with `*` for any letters.
    var hosts: [String]?
    /// It may report for hosts that another token reported first.
    var any_sender: Bool?
    /// A token that it replaces: it takes over its hosts, and the other one is revoked.
    var replaces: String?
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
            parameters: [
                Parameter(
                    name: "take_over", help: "true lets its sender report for the host from now on (foreign_sender).")
            ], answers: [200: "Ingest", 400: "Problem", 404: "Problem"]
        ) { call in
            let takesOver = call.one("take_over") ?? "false"
            guard ["true", "false"].contains(takesOver) else {
                throw Problem(.badRequest, "bad_request", "take_over is true or false")
            }
            guard let id = Int64(call.path["id"] ?? ""),
                let outcome = try await call.read({ try $0.retryDeadLetter(id, takesOver: takesOver == "true") })
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
            var made = try TokenMaker.make(name: wanted.name, scopes: wanted.scopes, days: wanted.days)
            try made.row.bound(
                accounts: wanted.accounts, regions: wanted.regions, hosts: wanted.hosts,
                anySender: wanted.any_sender)
            let (row, hash) = (made.row, made.token.hash)
            try await call.read { try $0.addToken(row, hash: hash, replacing: wanted.replaces) }
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

extension TokenRow {
    /// The most patterns of one kind, and bytes of each.
    private static let patternLimit = 200, patternBytes = 255

    /// Binds the token to what it may report.
    ///
    /// - Throws: `Problem` for a pattern that cannot be kept, and for bounds of a token that reports nothing.
    mutating func bound(accounts: [String]?, regions: [String]?, hosts: [String]?, anySender: Bool?) throws {
        func joined(_ patterns: [String]?, _ name: String) throws -> String? {
            guard let patterns, !patterns.isEmpty else { return nil }
            let isGood = patterns.allSatisfy {
                1...Self.patternBytes ~= $0.utf8.count && !$0.contains(",") && !$0.contains("\0")
            }
            guard isGood, patterns.count <= Self.patternLimit else {
                throw Problem(
                    .badRequest, "bad_request",
                    "\(name): at most \(Self.patternLimit), of 1 to \(Self.patternBytes) bytes, without commas")
            }
            return patterns.joined(separator: ",")
        }
        self.accounts = try joined(accounts, "accounts")
        self.regions = try joined(regions, "regions")
        self.hosts = try joined(hosts, "hosts")
        any_sender = anySender ?? false
        let isBound = self.accounts != nil || self.regions != nil || self.hosts != nil || any_sender
        guard !isBound || allows(.ingest) else {
            throw Problem(
                .badRequest, "bad_request", "only a token with the scope ingest can be bound to what it reports")
        }
    }
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
        let source = token?.id ?? "-"
        let bounds = token?.bounds ?? SenderBounds()
        var room = 0
        defer { backend.queue.release(room, of: source) }
        // Room is taken as bytes come: who only promises them takes none from others.
        let queue = backend.queue
        let bytes = try await collect(upTo: limits.bodyBytes) { count in
            try queue.reserve(count, for: source)
            room += count
        }
        // What it may inflate to, at the most that deflate packs (zlib's technical details: 1032 to 1).
        let most = bytes.count > limits.inflatedBytes / Self.ratio ? limits.inflatedBytes : bytes.count * Self.ratio
        var taken = try await queue.memory.take(most, for: source)
        defer { queue.memory.release(taken, of: source) }
        let entries = try await Blocking.parse(most) {
            ReportFile.entries(
                in: bytes, limit: limits.inflatedBytes, frames: limits.inflatedBytes, each: limits.reportBytes,
                most: limits.reports, values: 100_000)
        }
        let needed = min(taken, entries.reduce(0) { $0 + $1.bytes })
        queue.memory.release(taken - needed, of: source)
        taken = needed
        if entries.count == 1, case .failure(let error) = entries[0].json, error.code == .tooMany {
            throw Problem(.contentTooLarge, "too_many_reports", error.message)
        }
        var results: [IngestResult] = []
        var isGarbled = true
        for part in Self.parts(of: entries) {
            let intakes = try await Blocking.parse(part.reduce(0) { $0 + entries[$1].bytes }) {
                part.map { Intake(entries[$0], source: source, bounds: bounds) }
            }
            // What is no report needs no place in a commit.
            let isNothing = intakes.allSatisfy { if case .garbled = $0.content { true } else { false } }
            isGarbled = isGarbled && isNothing
            results += isNothing ? intakes.map { $0.result(nil) } : try await queue.store(intakes, source: source)
        }
        for result in results { note(result) }
        guard results.allSatisfy({ $0.outcome == "rejected" }) else {
            return try .json(Page(items: results, next_cursor: nil))
        }
        if let reset = results.first(where: { $0.code == IngestResult.overQuota })?.retry_at {
            let seconds = Timestamp.parse(reset).map { max(1, Int($0.timeIntervalSinceNow.rounded(.up))) }
            var problem = Problem(
                .tooManyRequests, IngestResult.overQuota,
                "the token has used up what it may write today: send it again after \(reset)", retryAfter: seconds)
            problem.items = results
            throw problem
        }
        var problem =
            isGarbled
            ? Problem(.badRequest, "no_report", "no report could be read from the body")
            : Problem(.unprocessableContent, "rejected", "every report was refused; they are kept as dead letters")
        problem.items = results
        throw problem
    }

    /// The most that deflate packs.
    private static let ratio = 1_032
    /// Bytes of JSON that are read to reports at a time.
    private static let partBytes = 4 << 20

    /// The entries in parts that are stored one after the other, so that a large body is never in memory as reports.
    private static func parts(of entries: [ReportFile.Entry]) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = 0
        var bytes = 0
        for (index, entry) in entries.enumerated() {
            bytes += entry.bytes
            guard bytes >= partBytes || index - start + 1 == InventoryStore.batchLimit || index == entries.count - 1
            else { continue }
            parts.append(start..<index + 1)
            (start, bytes) = (index + 1, 0)
        }
        return parts
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
