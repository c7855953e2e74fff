import Foundation
import HTTPTypes
import Inventory
import Report
import Store
import Testing

@testable import Web

@Suite("Who may ask, and how often")
struct AccessTests {
    @Test("without a valid token there is 401; with one that lacks the scope, 403")
    func tokens() async throws {
        let api = try TestAPI()
        let read = try api.token("read")
        let revoked = try api.token("read")
        _ = try api.store.revokeToken(String(revoked.split(separator: "_")[1]))
        let local = try api.token("read") { $0.loopbackOnly = true }
        var expired = AccessToken(
            id: "", name: "old", scopes: "read", loopbackOnly: false, createdAt: "2020", expiresAt: "2021")
        let secret = Token()
        expired.id = secret.id
        try api.store.addToken(expired, hash: secret.hash)
        try await api.run { api in
            let missing = try await api.send(.get, "/api/v1/hosts")
            #expect(missing.status == 401 && missing.problem == "no_token")
            #expect(missing.header("WWW-Authenticate") == "Bearer realm=\"dbcensus\"")
            for token in [
                "x", "dbc_1_2", revoked, local, secret.text,
                String(read.dropLast(1)) + (read.hasSuffix("0") ? "1" : "0"),
            ] {
                let answer = try await api.send(.get, "/api/v1/hosts", token: token)
                #expect(answer.status == 401 && answer.problem == "bad_token")
            }
            let forbidden = try await api.send(.get, "/api/v1/tokens", token: read)
            #expect(forbidden.status == 403 && forbidden.problem == "forbidden")
            #expect(try await api.send(.get, "/api/v1/hosts", token: read).status == 200)
            #expect(try await api.send(.get, "/healthz").status == 200)
            #expect(try await api.send(.get, "/readyz").status == 200)
        }
    }

    @Test("every route that is not for everybody needs a token, and says 401 before anything else")
    func everyRoute() async throws {
        try await TestAPI().run { api in
            for endpoint in Endpoint.all(.current) where endpoint.scope != nil {
                let path = endpoint.path.replacing(/\{\w+\}/, with: "x")
                let answer = try await api.send(endpoint.method, path)
                // After ten failures from one address, the next ones wait.
                #expect([401, 429].contains(answer.status), "\(endpoint.method) \(endpoint.path)")
            }
        }
    }

    @Test("ten invalid tokens from an address, then 429 with Retry-After; a valid one still works")
    func failures() async throws {
        let api = try TestAPI()
        let token = try api.token("read")
        try await api.run { api in
            var statuses: [Int] = []
            for _ in 0..<12 { statuses.append(try await api.send(.get, "/api/v1/hosts", token: "x").status) }
            #expect(statuses == Array(repeating: 401, count: 10) + [429, 429])
            let answer = try await api.send(.get, "/api/v1/hosts", token: "x")
            #expect(answer.problem == "too_many_failures" && Int(answer.header("Retry-After") ?? "") ?? 0 > 0)
            #expect(try await api.send(.get, "/api/v1/hosts", token: token).status == 200)
        }
    }

    @Test("a token has a burst of requests, and each has its own")
    func rate() async throws {
        let api = try TestAPI {
            $0.limits.requestsPerSecond = 1
            $0.limits.requestBurst = 3
        }
        let (one, other) = (try api.token("read"), try api.token("read"))
        try await api.run { api in
            // Where the machine is busy, the token gets another request meanwhile: all are sent at once.
            let answers = try await withThrowingTaskGroup { group in
                for _ in 0..<40 {
                    group.addTask {
                        let answer = try await api.send(.get, "/openapi.json", token: one)
                        return "\(answer.status) \(answer.problem)"
                    }
                }
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(Set(answers) == ["200 ", "429 too_many_requests"] && answers.count { $0 == "200 " } >= 3)
            #expect(try await api.send(.get, "/openapi.json", token: other).status == 200)
        }
    }

    @Test("an expensive answer costs more of the burst than a cheap one")
    func charge() throws {
        let limiter = RateLimiter()
        let now = ContinuousClock.now
        #expect(limiter.take("x", perSecond: 1, burst: 10, now: now) == nil)
        limiter.charge("x", 20, perSecond: 1, burst: 10, now: now)
        #expect(limiter.take("x", perSecond: 1, burst: 10, now: now) == 12)
        #expect(limiter.take("x", perSecond: 1, burst: 10, now: now + .seconds(12)) == nil)
    }

    @Test("/metrics is open when the configuration says so")
    func metrics() async throws {
        let api = try TestAPI()
        let live = api.live
        try await api.run { api in
            #expect(try await api.send(.get, "/metrics").status == 401)
            live.value.metricsNeedToken = false
            let metrics = try await api.send(.get, "/metrics")
            #expect(metrics.status == 200 && metrics.text.contains("dbcensus_build_info{version=\"0.1.0\"} 1"))
        }
    }

    @Test("tokens are created, listed and revoked over the API; invalid wishes are 400")
    func administration() async throws {
        let api = try TestAPI()
        let admin = try api.token("admin")
        try await api.run { api in
            let made = try await api.send(
                .post, "/api/v1/tokens", token: admin,
                body: Array(#"{"name":"n","scopes":["read"],"days":1,"tags":["env=prod"]}"#.utf8))
            #expect(made.status == 201)
            let token = try #require(made.object["token"] as? String)
            #expect(try await api.send(.get, "/api/v1/databases", token: token).status == 200)
            let list = try await api.send(.get, "/api/v1/tokens", token: admin)
            #expect(
                list.items.contains { $0["tags"] as? String == "env=prod" } && !list.text.contains(token.suffix(64)))
            let id = try #require(made.object["id"] as? String)
            #expect(try await api.send(.delete, "/api/v1/tokens/\(id)", token: admin).status == 204)
            #expect(try await api.send(.get, "/api/v1/databases", token: token).status == 401)
            #expect(try await api.send(.delete, "/api/v1/tokens/\(id)", token: admin).status == 404)
            for body in [
                "", "[]", #"{"name":"n"}"#, #"{"name":"n","scopes":[]}"#, #"{"name":"n","scopes":["root"]}"#,
                #"{"name":"","scopes":["read"]}"#, #"{"name":"n","scopes":["read"],"days":0}"#,
                #"{"name":"n","scopes":["read"],"hosts":["a,b"]}"#, #"{"name":"n","scopes":["admin"],"hosts":["a"]}"#,
                #"{"name":"n","scopes":["read"],"any_sender":true}"#,
                #"{"name":"n","scopes":["read"],"replaces":"none"}"#,
            ] {
                let answer = try await api.send(.post, "/api/v1/tokens", token: admin, body: Array(body.utf8))
                #expect(answer.status == 400 && answer.problem == "bad_request", "\(body)")
            }
        }
    }
}
