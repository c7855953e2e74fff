import Foundation
import HTTPTypes
import Report
import Store

extension Endpoint {
    private static let base = "/api/v1"

    /// Every route.
    static let all: [Endpoint] = inventory + administration + probes

    private static let inventory: [Endpoint] = [
        .list(
            base + "/databases", "Database", "Databases, missing ones with them.", .databases, DatabaseRow.columns,
            hasAsOf: true
        ) { try $0.databases($1) },
        Endpoint(
            method: .get, path: base + "/databases/{id}", scope: .read,
            summary: "A database with what the report that saw it last says of it. Slashes in the id are written %2F.",
            answers: [200: "DatabaseDetail", 404: "Problem"]
        ) { call in
            guard let id = DatabaseID(call.path["id"] ?? "") else { throw Problem.notFound("database") }
            guard let detail = try await call.readDetail({ try $0.database(id) }) else {
                throw Problem.notFound("database")
            }
            return try .json(detail)
        },
        .list(
            base + "/databases/{id}/history", "Change", "A database's changes, the last one first.", .changes,
            ChangeRow.columns, of: "database"
        ) { try $0.changes($1) },
        Endpoint(
            method: .get, path: base + "/databases/{id}/sizes", scope: .read,
            summary: "A database's sizes, the first one first: all of 30 days, and before that one a day.",
            parameters: [
                Parameter(name: "limit", help: "At most this many, 1 to 1000 (100).", isNumber: true),
                Parameter(name: "cursor", help: "Go on after this next_cursor, which is a time."),
            ], answers: [200: "SizeList", 400: "Problem", 404: "Problem"]
        ) { call in
            guard let id = DatabaseID(call.path["id"] ?? "") else { throw Problem.notFound("database") }
            let limit = try call.number("limit", 1...ListRequest.maximumLimit) ?? 100
            let after = call.one("cursor") ?? ""
            guard let page = try await call.read({ try $0.sizes(id, after: after, limit: limit) }) else {
                throw Problem.notFound("database")
            }
            return try .json(page)
        },
        .list(base + "/hosts", "Host", "Hosts that reported.", .hosts, HostRow.columns) { try $0.hosts($1) },
        Endpoint(
            method: .get, path: base + "/hosts/{id}", scope: .read,
            summary: "A host with its tags, its databases, and what its last report says of it.",
            answers: [200: "HostDetail", 404: "Problem"]
        ) { call in
            let id = call.path["id"] ?? ""
            guard let detail = try await call.readDetail({ try $0.host(id) }) else { throw Problem.notFound("host") }
            return try .json(detail)
        },
        Endpoint(
            method: .patch, path: base + "/hosts/{id}/tags", scope: .admin,
            summary: "Sets a host's tags; null removes one. Answers with all of them.",
            answers: [200: "Tags", 400: "Problem", 404: "Problem"], body: .json("TagChanges")
        ) { call in
            let id = call.path["id"] ?? ""
            let tags = try await call.decode([String: String?].self)
            guard
                tags.allSatisfy({
                    1...128 ~= $0.key.utf8.count && !$0.key.utf8.contains(0) && $0.value?.utf8.count ?? 0 <= 256
                }),
                tags.count <= 50
            else {
                throw Problem(.badRequest, "bad_request", "at most 50 tags; keys have 1 to 128 bytes, values up to 256")
            }
            guard try await call.read({ try $0.setTags(id, tags) }) else { throw Problem.notFound("host") }
            return try .json(try await call.read { try $0.tags(id) })
        },
        Endpoint(
            method: .delete, path: base + "/hosts/{id}", scope: .admin,
            summary: "Forgets a host: removes it with its databases, history and reports.",
            answers: [204: "", 404: "Problem"]
        ) { call in
            let (id, actor) = (call.path["id"] ?? "", call.token?.id ?? "-")
            guard try await call.read({ try $0.forgetHost(id, source: actor) }) else { throw Problem.notFound("host") }
            return Reply(status: .noContent)
        },
        Endpoint(
            method: .post, path: base + "/hosts/{id}/retire", scope: .admin,
            summary:
                "Retires a host that is gone: its databases are missing, and no alert counts it. A report brings it back.",
            answers: [204: "", 404: "Problem"]
        ) { call in
            let (id, actor) = (call.path["id"] ?? "", call.token?.id ?? "-")
            guard try await call.read({ try $0.retireHost(id, source: actor) }) else {
                throw Problem.notFound("host that is not retired yet")
            }
            return Reply(status: .noContent)
        },
        Endpoint(
            method: .post, path: base + "/hosts/{id}/split", scope: .admin,
            summary: "Sorts a host's reports anew by sender and identity, which undoes what a forged report joined.",
            answers: [200: "HostSplit", 404: "Problem"]
        ) { call in
            let (id, actor) = (call.path["id"] ?? "", call.token?.id ?? "-")
            guard let split = try await call.read({ try $0.splitHost(id, source: actor) }) else {
                throw Problem.notFound("host")
            }
            return try .json(HostSplit(hosts: split.hosts, refused: split.refused))
        },
        .list(
            base + "/host-events", "HostEvent",
            "What happened to hosts' senders, accounts and identities, the last event first.", .hostEvents,
            HostEventRow.columns
        ) { try $0.hostEvents($1) },
        Endpoint(
            method: .get, path: base + "/accounts", scope: .read, summary: "AWS accounts whose hosts reported.",
            answers: [200: "AccountList"]
        ) { call in try .json(Page(items: try await call.read { try $0.accounts() }, next_cursor: nil)) },
        Endpoint(
            method: .get, path: base + "/clusters", scope: .read,
            summary: "Databases that share an identity: members of one cluster, or copies of one another.",
            parameters: [
                Parameter(name: "limit", help: "At most this many, 1 to 1000 (100).", isNumber: true),
                Parameter(name: "cursor", help: "Go on after the page that gave this next_cursor."),
            ], answers: [200: "ClusterList", 400: "Problem"]
        ) { call in
            let limit = try call.number("limit", 1...ListRequest.maximumLimit) ?? 100
            let after = call.one("cursor")
            return try .json(try await call.read { try $0.clusters(after: after, limit: limit) })
        },
        .list(base + "/changes", "Change", "What changed, the last recorded first.", .changes, ChangeRow.columns) {
            try $0.changes($1)
        },
        Endpoint(
            method: .get, path: base + "/stats", scope: .read, summary: "Databases counted, the largest group first.",
            parameters: [
                Parameter(
                    name: "group_by",
                    help: "Columns with commas between them: \(InventoryStore.statsColumns.joined(separator: ", ")).")
            ] + InventoryStore.statsColumns.map { Parameter(name: $0, help: "Only this \($0).", isList: true) },
            answers: [200: "Stats", 400: "Problem"]
        ) { call in
            let columns = (call.one("group_by") ?? "").split(separator: ",").map(String.init)
            let conditions = call.query.filter { $0.name != "group_by" }.flatMap { Condition.parse($0.name, $0.value) }
            return try .json(try await call.read { try $0.stats(groupBy: columns, conditions: conditions) })
        },
    ]
}

extension Problem {
    /// There is nothing of that id.
    static func notFound(_ what: String) -> Problem {
        Problem(.notFound, "not_found", "there is no such \(what)")
    }
}

/// What became of a host that was split.
struct HostSplit: Codable, Sendable {
    var hosts: [String]
    var refused: Int
}

extension Call {
    /// Reads a whole report of the store, apart from other questions; the token pays for what it costs.
    func readDetail<Value: Sendable>(
        _ body: @escaping @Sendable (InventoryStore) throws -> Value
    ) async throws -> Value {
        let (backend, token) = (backend, token)
        return try await Blocking.detail {
            let begun = ContinuousClock.now
            defer { token.map { backend.access.charge($0, seconds: (ContinuousClock.now - begun) / .seconds(1)) } }
            return try body(backend.store)
        }
    }

    /// Reads or writes the store, away from the threads that serve requests.
    func read<Value: Sendable>(_ body: @escaping @Sendable (InventoryStore) throws -> Value) async throws -> Value {
        let (backend, token) = (backend, token)
        return try await Blocking.run {
            let begun = ContinuousClock.now
            defer { token.map { backend.access.charge($0, seconds: (ContinuousClock.now - begun) / .seconds(1)) } }
            return try body(backend.store)
        }
    }
}
