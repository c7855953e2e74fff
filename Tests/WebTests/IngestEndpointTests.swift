import Foundation
import HTTPTypes
import Inventory
import Report
import Store
import Testing

@testable import Web

@Suite("Reports over HTTP")
struct IngestEndpointTests {
    @Test("reports are stored; the same ones are duplicates; what is no report is named with its byte")
    func stored() async throws {
        let api = try TestAPI()
        let token = try api.token("ingest")
        let body =
            try Report.of("a").json(.minified) + [10] + Report.of("b").json(.minified) + Array("\ngarbage\n".utf8)
        try await api.run { api in
            let first = try await api.send(.post, "/api/v1/reports", token: token, body: body)
            #expect(first.status == 200)
            #expect(first.items.map { $0["outcome"] as? String } == ["stored", "stored", "rejected"])
            let again = try await api.send(.post, "/api/v1/reports", token: token, body: body)
            #expect(again.items.map { $0["outcome"] as? String } == ["duplicate", "duplicate", "rejected"])
            let nothing = try await api.send(.post, "/api/v1/reports", token: token, body: Array("hello".utf8))
            #expect(nothing.status == 400 && nothing.problem == "no_report")
        }
        #expect(try api.store.summary().deadLetters == 0)
    }

    @Test("limits: the body, its reports, what it inflates to, its encoding")
    func limits() async throws {
        let api = try TestAPI {
            $0.limits.bodyBytes = 20_000
            $0.limits.reports = 2
            $0.limits.reportBytes = 5_000
        }
        let token = try api.token("ingest")
        let report = try Report.of("a").json(.minified)
        let large = try Report.of("a", (0..<100).map { "/\($0)" }).json(.minified)
        try await api.run { api in
            func send(_ body: [UInt8], _ headers: HTTPFields = [:]) async throws -> Answer {
                try await api.send(.post, "/api/v1/reports", token: token, headers, body: body)
            }
            let body = try await send(Array(repeating: 32, count: 20_001))
            #expect(body.status == 413 && body.problem == "too_large")
            let many = try await send(report + [10] + report + [10] + report)
            #expect(many.status == 413 && many.problem == "too_many_reports")
            let inflated = try await send(try Gzip.compress(large))
            #expect(inflated.status == 400 && inflated.items[0]["code"] as? String == "inflated_too_large")
            let coding = try await send(report, [.contentEncoding: "br"])
            #expect(coding.status == 415 && coding.problem == "unsupported_encoding")
            #expect(try await send(try Gzip.compress(report), [.contentEncoding: "gzip"]).status == 200)
        }
    }

    @Test("a full queue and a used-up quota say when to come back")
    func full() async throws {
        let busy = try TestAPI { $0.limits.queuedBytes = 0 }
        let token = try busy.token("ingest")
        let report = try Report.of("a").json(.minified)
        try await busy.run { api in
            let answer = try await api.send(.post, "/api/v1/reports", token: token, body: report)
            #expect(answer.status == 503 && answer.problem == "busy" && answer.header("Retry-After") == "1")
        }
        let used = try TestAPI { $0.limits.tokenHosts = 1 }
        let other = try used.token("ingest")
        let second = try Report.of("b").json(.minified)
        try await used.run { api in
            #expect(try await api.send(.post, "/api/v1/reports", token: other, body: report).status == 200)
            let answer = try await api.send(.post, "/api/v1/reports", token: other, body: second)
            #expect(answer.status == 429 && answer.problem == "over_quota")
            #expect(Int(answer.header("Retry-After") ?? "") ?? 0 > 0)
        }
    }

    @Test("a report of a future agent is stored, shown and found with words that this collector does not know")
    func future() async throws {
        let api = try TestAPI()
        let token = try api.token("ingest", "read")
        var json = String(
            decoding: try Report.of("a") {
                $0.databases[0].role = .primary
                $0.databases[0].listeners = [
                    .init(address: "::", port: 1, protocol: .tcp, exposure: .all, purpose: "client")
                ]
                $0.databases[0].container = .init(runtime: "docker", id: "c1")
            }.json(.minified), as: UTF8.self)
        for (known, unknown) in [
            ("\"primary\"", "\"witness\""), ("\"running\"", "\"paused\""), ("\"tcp\"", "\"quic\""),
            ("\"exposure\":\"all\"", "\"exposure\":\"mesh\""), ("\"purpose\":\"data\"", "\"purpose\":\"cache\""),
            ("\"docker\"", "\"wasm\""), ("\"exact\"", "\"semantic\""),
        ] {
            #expect(json.contains(known), "\(known)")
            json = json.replacing(known, with: unknown)
        }
        let body = Array(json.utf8)
        try await api.run { api in
            #expect(try await api.send(.post, "/api/v1/reports", token: token, body: body).status == 200)
            for query in ["role=witness", "state=paused"] {
                let found = try await api.send(.get, "/api/v1/databases?\(query)", token: token)
                #expect(found.items.map { $0["role"] as? String } == ["witness"], "\(query)")
                #expect(found.items.map { $0["state"] as? String } == ["paused"], "\(query)")
            }
            let id = String(repeating: "a", count: 32) + "%2Fmysql:%2Fa"
            let detail = try await api.send(.get, "/api/v1/databases/\(id)", token: token)
            for word in ["quic", "mesh", "cache", "wasm", "semantic"] { #expect(detail.text.contains("\"\(word)\"")) }
            let stats = try await api.send(.get, "/api/v1/stats?group_by=state", token: token)
            #expect(stats.text.contains("paused"))
        }
    }

    @Test("a report that cannot be decoded is kept as it came, and can be read and tried again")
    func undecodable() async throws {
        let api = try TestAPI()
        let token = try api.token("admin")
        let bad =
            String(decoding: try Report.of("a").json(.minified), as: UTF8.self)
            .replacing("\"databases\":[", with: "\"databases\":{\"0\":").dropLast(2) + "}}"
        let broken = Array(try Frame.encode(.of("b")).dropLast(60))
        let bodies: [([UInt8], String)] = [(Array(bad.utf8), "undecodable"), (broken, "undecodable")]
        try await api.run { api in
            for (index, (body, code)) in bodies.enumerated() {
                let answer = try await api.send(.post, "/api/v1/reports", token: token, body: body)
                #expect(answer.status == 422 && answer.items[0]["code"] as? String == code, "\(answer.text)")
                let letter = try await api.send(.get, "/api/v1/dead-letters/\(index + 1)", token: token)
                #expect(letter.status == 200 && !letter.bytes.isEmpty)
            }
            let kept = try await api.send(.get, "/api/v1/dead-letters/1", token: token)
            #expect(kept.text == bad)
            let again = try await api.send(.post, "/api/v1/dead-letters/1/retry", token: token)
            #expect(
                again.object["outcome"] as? String == "rejected" && again.object["code"] as? String == "undecodable")
        }
    }
}
