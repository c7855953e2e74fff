import Foundation
import HTTPTypes
import Inventory
import Report
import Store
import Testing

@testable import Web

@Suite("Lists over HTTP")
struct ListEndpointTests {
    let api: TestAPI
    let token: String

    init() throws {
        api = try TestAPI()
        token = try api.token("read")
        for machine in "abc" { _ = try api.store.ingest(.of(machine, ["/1", "/2"])) }
    }

    @Test("every list is there as JSON, as CSV with its own columns, and whole as NDJSON")
    func formats() async throws {
        let token = try api.token("admin")
        let job = NewJob(
            id: "job-1", origin: "api", requestedBy: "t", request: ScanRequest(), settings: "{}", document: "d")
        _ = try api.store.addJob(job, now: Date())
        try await api.run { api in
            for endpoint in Endpoint.all(.current) {
                guard let list = endpoint.list, endpoint.pathParameters.isEmpty else { continue }
                // The results of a run name it, and say how far it is.
                let isOfRun = list.name == "results"
                var endpoint = endpoint
                if isOfRun { endpoint.path += "?job_id=job-1" }
                let json = try await api.send(.get, endpoint.path, token: token)
                #expect(json.status == 200 && json.header("Content-Type") == "application/json", "\(endpoint.path)")
                #expect(
                    json.object.keys.sorted() == ["items"] + (isOfRun ? ["job_id"] : []) + ["next_cursor"]
                        + (isOfRun ? ["state"] : []))
                let csv = try await api.send(.get, endpoint.path, token: token, accept: "text/csv")
                #expect(csv.header("Content-Type") == "text/csv; charset=utf-8; header=present")
                #expect(csv.text.hasPrefix(list.fields.map(\.name).joined(separator: ",") + "\r\n"))
                let lines = try await api.send(.get, endpoint.path, token: token, accept: "application/x-ndjson")
                #expect(lines.header("Content-Type") == "application/x-ndjson" && lines.header("ETag") == nil)
                let both = try await api.send(
                    .get, endpoint.path, token: token, accept: "text/csv, application/json")
                #expect(both.header("Content-Type") == "application/json")
            }
        }
    }

    @Test("pages go on, by cursor and by Link; NDJSON needs no pages, and keeps a limit")
    func pages() async throws {
        try await api.run { [token] api in
            var keys: [String] = []
            var query = "?limit=4"
            while true {
                let page = try await api.send(.get, "/api/v1/databases" + query, token: token)
                keys += page.items.compactMap { $0["id"] as? String }
                guard let next = page.object["next_cursor"] as? String else { break }
                query = "?limit=4&cursor=" + next
            }
            #expect(keys.count == 6 && Set(keys).count == 6)
            let csv = try await api.send(.get, "/api/v1/databases?limit=4", token: token, accept: "text/csv")
            let link = try #require(csv.header("Link"))
            #expect(link.hasPrefix("<?limit=4&cursor=") && link.hasSuffix(">; rel=\"next\""))
            for (query, count) in [("", 6), ("?limit=4", 4), ("?engine=none", 0), ("?limit=2&sort=-version", 2)] {
                let lines = try await api.send(
                    .get, "/api/v1/databases" + query, token: token, accept: "application/x-ndjson")
                let rows = lines.text.split(separator: "\n")
                #expect(rows.count == count)
                for row in rows {
                    let object = try JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: Any]
                    #expect(object?["engine"] as? String == "mysql")
                }
            }
        }
    }

    @Test("NDJSON has more rows than a page")
    func lines() async throws {
        _ = try api.store.ingest(.of("d", (0..<2_500).map { "/\($0)" }))
        try await api.run { [token] api in
            let lines = try await api.send(.get, "/api/v1/databases", token: token, accept: "application/x-ndjson")
            #expect(lines.text.split(separator: "\n").count == 2_506)
        }
    }

    @Test(
        "what is wrong with a request is an answer of its own, in every format",
        arguments: [
            ("?nonsense=1", "bad_request"), ("?limit=0", "bad_request"), ("?limit=1&limit=2", "bad_request"),
            ("?cursor=x", "bad_cursor"), ("?sort=nonsense", "bad_request"), ("?as_of=soon", "bad_request"),
            ("?engine=%zz", "bad_request"), ("?bytes=much", "bad_request"), ("?q=%2A", "bad_request"),
        ])
    func invalid(query: String, code: String) async throws {
        try await api.run { [token] api in
            for accept in ["application/json", "text/csv", "application/x-ndjson"] {
                let answer = try await api.send(.get, "/api/v1/databases" + query, token: token, accept: accept)
                #expect(answer.status == 400 && answer.problem == code)
                #expect(answer.header("Content-Type") == "application/problem+json")
                #expect((answer.object["detail"] as? String)?.isEmpty == false)
            }
        }
    }

    @Test("a database and a host by id, with what their report says; what is not there is 404")
    func details() async throws {
        try await api.run { [token] api in
            let host = String(repeating: "a", count: 32)
            let database = try await api.send(.get, "/api/v1/databases/\(host)%2Fmysql:%2F1", token: token)
            #expect((database.object["database"] as? [String: Any])?["key"] as? String == "mysql:/1")
            #expect((database.object["report"] as? [String: Any])?["engine"] as? String == "mysql")
            let detail = try await api.send(.get, "/api/v1/hosts/\(host)", token: token)
            #expect((detail.object["databases"] as? [Any])?.count == 2)
            for path in [
                "/databases/none", "/databases/none%2Fx", "/databases/none%2Fx/history", "/databases/none%2Fx/sizes",
                "/hosts/none", "/nowhere",
            ] {
                let answer = try await api.send(.get, "/api/v1" + path, token: token)
                #expect(answer.status == 404 && answer.problem == "not_found", "\(path)")
            }
            let history = try await api.send(.get, "/api/v1/databases/\(host)%2Fmysql:%2F1/history", token: token)
            #expect(history.items.map { $0["kind"] as? String } == ["appeared"])
        }
    }
}
