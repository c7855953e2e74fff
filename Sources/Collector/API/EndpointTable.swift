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
            guard let detail = try await call.read({ try $0.database(id) }) else { throw Problem.notFound("database") }
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
            guard let detail = try await call.read({ try $0.host(id) }) else { throw Problem.notFound("host") }
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

extension Call {
    /// Reads or writes the store, away from the threads that serve requests.
    func read<Value: Sendable>(_ body: @escaping @Sendable (InventoryStore) throws -> Value) async throws -> Value {
        let store = backend.store
        return try await Blocking.run { try body(store) }
    }
}
