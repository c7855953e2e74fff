import Foundation
import HTTPTypes
import Inventory
import Report
import Store
import Synchronization
import Testing

@testable import Web

@Suite("The chain around every route")
struct ChainTests {
    private static func endpoint(_ path: String, _ run: @escaping @Sendable (Call) async throws -> Reply) -> Endpoint {
        Endpoint(method: .get, path: path, scope: nil, summary: "", answers: [:], run: run)
    }

    @Test("a reply's kind decides on its headers")
    func kinds() async throws {
        let kinds: [(Reply.Kind, String, String)] = [
            (.json, "application/json", "private, no-cache"), (.csv, "text/csv", "private, no-cache"),
            (.text("text/plain"), "text/plain", "private, no-cache"), (.html, "text/html", "private, no-cache"),
            (.asset("text/css"), "text/css", "public, max-age=31536000, immutable"),
        ]
        let endpoints = kinds.enumerated().map { index, kind in
            Self.endpoint("/\(index)") { _ in Reply(kind.0, Array("abc".utf8)) }
        }
        try await TestAPI().run(endpoints) { api in
            for (index, (kind, type, caching)) in kinds.enumerated() {
                let answer = try await api.send(.get, "/\(index)")
                #expect(answer.header("Content-Type")?.hasPrefix(type) == true, "\(kind)")
                #expect(answer.header("Cache-Control") == caching, "\(kind)")
                #expect(answer.header("X-Content-Type-Options") == "nosniff")
                #expect(answer.header("Referrer-Policy") == "no-referrer")
                let policy = try #require(answer.header("Content-Security-Policy"))
                #expect(policy.contains("script-src 'self'") == (kind == .html), "\(kind): \(policy)")
                #expect(policy.contains("frame-ancestors 'none'"))
            }
        }
    }

    @Test("a stream is sent as it is made, and has no length, no ETag and no gzip")
    func streams() async throws {
        let count = Mutex(0)
        let endpoint = Self.endpoint("/stream") { _ in
            Reply(.ndjson) {
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return number <= 100 ? Array(repeating: UInt8(ascii: "x"), count: 10_000) : nil
            }
        }
        try await TestAPI().run([endpoint]) { api in
            let answer = try await api.send(.get, "/stream", [.acceptEncoding: "gzip"])
            #expect(answer.bytes.count == 1_000_000)
            #expect(answer.header("ETag") == nil && answer.header("Content-Encoding") == nil)
            #expect(answer.header("Content-Length") == nil && answer.header("Cache-Control") == "no-store")
        }
        #expect(count.withLock { $0 } == 101)
    }

    @Test("a client that has the bytes gets 304, with gzip and without, and with no body")
    func caching() async throws {
        let endpoint = Self.endpoint("/big") { _ in Reply(.json, Array(repeating: UInt8(ascii: "1"), count: 5_000)) }
        try await TestAPI().run([endpoint]) { api in
            let plain = try await api.send(.get, "/big")
            let packed = try await api.send(.get, "/big", [.acceptEncoding: "br, gzip;q=0.5"])
            #expect(packed.header("Content-Encoding") == "gzip" && packed.bytes.count < 1_000)
            #expect(try Gzip.decompress(packed.bytes).count == plain.bytes.count)
            let tag = try #require(plain.header("ETag"))
            #expect(packed.header("ETag") == tag)
            let again = try await api.send(.get, "/big", [.ifNoneMatch: "\"x\", \(tag)", .acceptEncoding: "gzip"])
            #expect(again.status == 304 && again.bytes.isEmpty && again.header("Content-Type") == nil)
            #expect(try await api.send(.get, "/big", [.acceptEncoding: "gzip;q=0"]).bytes.count == 5_000)
        }
    }

    @Test("HEAD is answered as GET is; other methods get 405 with the ones that are there")
    func methods() async throws {
        let api = try TestAPI()
        let token = try api.token("admin")
        try await api.run { api in
            let head = try await api.send(.head, "/healthz")
            #expect(head.status == 200 && head.bytes.isEmpty)
            for (path, allowed) in [("/api/v1/databases", "GET, HEAD"), ("/api/v1/reports", "POST")] {
                let answer = try await api.send(.put, path, token: token)
                #expect(answer.status == 405 && answer.header("Allow") == allowed, "\(path)")
                #expect(answer.problem == "method_not_allowed")
            }
            let tokens = try await api.send(.put, "/api/v1/tokens", token: token)
            #expect(Set((tokens.header("Allow") ?? "").components(separatedBy: ", ")) == ["GET", "HEAD", "POST"])
            #expect(try await api.send(.get, "/nowhere", token: token).problem == "not_found")
        }
    }

    @Test("a request keeps its plain id; a strange one is replaced; problems name it")
    func requestIDs() async throws {
        try await TestAPI().run { api in
            let name = try #require(HTTPField.Name("X-Request-Id"))
            let kept = try await api.send(.get, "/api/v1/hosts", [name: "abc-1"])
            #expect(kept.header("X-Request-Id") == "abc-1" && kept.object["request_id"] as? String == "abc-1")
            for strange in ["a b", "<script>", String(repeating: "a", count: 65)] {
                let answer = try await api.send(.get, "/healthz", [name: strange])
                #expect(answer.header("X-Request-Id")?.count == 36)
            }
        }
    }

    @Test(
        "errors of the store have their status",
        arguments: [
            (StoreError.Code.badCursor, 400), (.badRequest, 400), (.full, 507), (.failed, 503), (.cannotOpen, 503),
            (.inUse, 503),
        ])
    func errors(code: StoreError.Code, status: Int) async throws {
        let endpoint = Self.endpoint("/fails") { _ in throw StoreError(code, "secret path", cause: CancellationError())
        }
        try await TestAPI().run([endpoint]) { api in
            let answer = try await api.send(.get, "/fails")
            #expect(answer.status == status)
            #expect(answer.text.contains("secret path") == (status == 400), "what the store says is for the log")
            #expect((answer.header("Retry-After") != nil) == (status > 500))
        }
    }

    @Test("an unexpected error is 500 without details")
    func unexpected() async throws {
        struct Unexpected: Error { var secret = "s3cret" }
        let endpoint = Self.endpoint("/fails") { _ in throw Unexpected() }
        try await TestAPI().run([endpoint]) { api in
            let answer = try await api.send(.get, "/fails")
            #expect(answer.status == 500 && answer.problem == "internal" && !answer.text.contains("s3cret"))
        }
    }

    @Test("requests with a token go to the audit log and to the metrics, without secrets")
    func auditAndMetrics() async throws {
        let api = try TestAPI()
        let token = try api.token("admin")
        try await api.run { api in
            _ = try await api.send(.get, "/api/v1/databases?q=\(token)", token: token)
            _ = try await api.send(.get, "/api/v1/hosts")
        }
        let lines = try api.store.page(.audit, ListRequest()).items
        #expect(lines.map(\.action).contains("GET /api/v1/databases") && lines.map(\.status).contains(401))
        #expect(!lines.contains { $0.text("target").contains(token.suffix(64)) })
        let metrics = api.backend.metrics.registry.prometheus()
        #expect(
            metrics.contains(
                "dbcensus_http_requests_total{route=\"/api/v1/databases\",method=\"GET\",status=\"200\"} 1"))
        #expect(metrics.contains("dbcensus_access_refusals_total{reason=\"no_token\"} 1"))
        #expect(metrics.contains("dbcensus_http_request_duration_seconds_bucket{route=\"/api/v1/databases\",le="))
    }

    @Test("every metric that is declared is in both exporters, with its help and its unit")
    func exporters() async throws {
        let api = try TestAPI()
        _ = try api.store.ingest(.of("a"))
        try await api.backend.sampleMetrics()
        let registry = api.backend.metrics.registry
        let text = registry.prometheus()
        let lines = api.backend.metrics.embedded(at: Date(), allLabels: true)
        for definition in registry.state.withLock({ $0.definitions }) {
            #expect(text.contains("# HELP \(definition.name) "), "\(definition.name)")
            let isSet = registry.state.withLock { $0.series[definition.name] != nil }
            if isSet { #expect(lines.contains { $0.contains("\"\(definition.name)\"") }, "\(definition.name)") }
        }
    }
}
