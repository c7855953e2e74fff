import Foundation
import HTTPTypes
import Inventory
import Report
import Store
import Testing

@testable import Web

@Suite("A bound token sees its own part, on every route")
struct BoundTokenTests {
    /// Two hosts: the token's own, and a foreign one whose every name has `zzz` or another account in it.
    let api: TestAPI
    static let own = String(repeating: "a", count: 32)
    static let foreign = String(repeating: "f", count: 32)
    static let secrets = [foreign, "zzz", "999999999999", "us-east-9"]

    init() throws {
        api = try TestAPI()
        for minute in 0..<2 {
            _ = try api.store.ingest(
                .of("a", hostname: "own1", account: "111122223333", region: "eu-west-1", minute: minute) {
                    $0.databases[0].identity["replica_set"] = "rs-own"
                    $0.databases[0].version = "8.0.3\(minute)"
                })
            _ = try api.store.ingest(
                .of("f", hostname: "zzz1", account: "999999999999", region: "us-east-9", ["/zzz"], minute: minute) {
                    $0.databases[0].identity["replica_set"] = "rs-zzz"
                    $0.databases[0].version = "8.0.3\(minute)"
                    $0.databases[0].vendor = "zzz"
                })
        }
        let scope = try #require(Scope(accountID: "999999999999", region: "us-east-9"))
        var database = Report.Database(key: "rds:zzz", engine: "postgresql", state: .running)
        database.version = "16.4"
        let listing = Listing(
            service: "rds", scope: scope, startedAt: Date(timeIntervalSince1970: 1_790_000_000), isComplete: true,
            databases: [database])
        _ = try api.store.ingest([Observation(listing)])
        _ = try api.store.setTags(Self.own, ["team": "payments"])
        _ = try api.store.setTags(Self.foreign, ["team": "zzz"])
        _ = try api.store.retireHost(Self.foreign)
    }

    static let bounds: [(String, @Sendable (inout TokenMaker.Wanted) -> Void)] = [
        ("account", { $0.accounts = ["111122223333"] }), ("region", { $0.regions = ["eu-*"] }),
        ("host id", { $0.hosts = [own] }), ("host name", { $0.hosts = ["own*"] }),
        ("tag", { $0.tags = ["team=payments"] }),
        ("everything", { ($0.accounts, $0.regions, $0.hosts, $0.tags) = (["1*"], ["eu-west-1"], ["own1"], ["team"]) }),
    ]

    /// Requests to a route: with each id in its path, in each format, and with filters that could leak.
    private static func requests(_ endpoint: Endpoint) -> [(path: String, accept: String)] {
        let names = endpoint.parameters.map(\.name)
        var queries = [""]
        if names.contains("q") { queries.append("?q=zzz") }
        if names.contains("as_of") { queries.append("?as_of=2030-01-01") }
        if names.contains("sort") { queries.append("?sort=added&limit=1") }
        if names.contains("group_by") { queries += names.filter { $0 != "group_by" }.map { "?group_by=\($0)" } }
        for name in ["host", "database", "cluster", "tag", "account"] where names.contains(name) {
            queries.append("?\(name)=zzz1")
        }
        let paths =
            endpoint.pathParameters.isEmpty
            ? [endpoint.path]
            : [foreign, foreign + "/mysql:/zzz", "999999999999:us-east-9/rds:zzz", own, own + "/mysql:/a", "1"].map {
                id in
                endpoint.path.replacing(
                    /\{\w+\}/, with: id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
            }
        return paths.flatMap { path in
            queries.flatMap { query in
                (endpoint.list == nil ? ["*/*"] : ["application/json", "text/csv", "application/x-ndjson"]).map {
                    (path + query, $0)
                }
            }
        }
    }

    @Test("no route tells anything of a foreign host", arguments: 0..<bounds.count)
    func everyRoute(index: Int) async throws {
        let (name, change) = Self.bounds[index]
        let bound = try api.token("read", "ingest", "scan", change: change)
        let free = try api.token("admin")
        let (catalog, ids) = (api.store.catalog, Set(try api.store.tokens().map(\.id)))
        try await api.run { api in
            var answered = 0
            var seen: Set<String> = []
            for endpoint in Endpoint.all(catalog) where endpoint.scope != nil {
                for (path, accept) in Self.requests(endpoint) {
                    let answer = try await api.send(endpoint.method, path, token: bound, accept: accept)
                    if !endpoint.isForBound {
                        #expect(answer.status == 403, "\(name): \(endpoint.method) \(path)")
                        continue
                    }
                    // The path of a problem may repeat what was asked for; nothing else may.
                    for secret in Self.secrets where answer.status < 400 {
                        #expect(!answer.text.contains(secret), "\(name): \(path) as \(accept) tells \(secret)")
                    }
                    for id in ids { #expect(!answer.text.contains(id), "\(name): \(path)") }
                    if answer.status == 200 { answered += 1 }
                    // The same question of a token without bounds finds it: the answer above is no accident.
                    let all = try await api.send(endpoint.method, path, token: free, accept: accept)
                    if Self.secrets.contains(where: all.text.contains) { seen.insert(endpoint.path) }
                }
            }
            #expect(answered > 20)
            #expect(seen.count >= 9, "routes with a foreign row for a free token: \(seen.sorted())")
        }
    }

    @Test("a bound token sees its own rows, and counts them")
    func own() async throws {
        for (name, change) in Self.bounds {
            let bound = try api.token("read", change: change)
            try await api.run { api in
                for path in ["databases", "hosts", "accounts", "clusters", "changes"] {
                    let answer = try await api.send(.get, "/api/v1/\(path)", token: bound)
                    #expect(!answer.items.isEmpty, "\(name): \(path)")
                }
                let stats = try await api.send(.get, "/api/v1/stats?group_by=engine", token: bound)
                #expect(stats.object["databases"] as? Int == 1 && stats.object["missing"] as? Int == 0, "\(name)")
                let detail = try await api.send(.get, "/api/v1/hosts/\(Self.own)", token: bound)
                #expect(detail.status == 200)
                for path in ["hosts/\(Self.foreign)", "databases/\(Self.foreign)%2Fmysql:%2Fzzz"] {
                    #expect(try await api.send(.get, "/api/v1/\(path)", token: bound).status == 404)
                }
            }
        }
    }

    @Test("a bound token reports for its own hosts only; by tags, for hosts that have them")
    func reports() async throws {
        let tokens = try Self.bounds.map { name, change in
            (
                name,
                try api.token("ingest") {
                    change(&$0)
                    $0.anySender = true
                }
            )
        }
        try await api.run { api in
            for (minute, (name, token)) in tokens.enumerated() {
                let own = Report.of(
                    "a", hostname: "own1", account: "111122223333", region: "eu-west-1", minute: minute + 10)
                let foreign = Report.of(
                    "f", hostname: "zzz1", account: "999999999999", region: "us-east-9", minute: minute + 10)
                let rejected = try await api.send(
                    .post, "/api/v1/reports", token: token, body: try foreign.json(.minified))
                #expect(rejected.status == 422 && rejected.items[0]["code"] as? String == "out_of_bounds", "\(name)")
                let stored = try await api.send(.post, "/api/v1/reports", token: token, body: try own.json(.minified))
                #expect(stored.items.map { $0["outcome"] as? String } == ["stored"], "\(name): \(stored.text)")
            }
        }
    }
}
