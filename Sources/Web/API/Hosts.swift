import FoundationEssentials
import HTTPTypes
import Inventory

extension Endpoint {
    /// Hosts, and what operators do with them.
    static func hosts(_ catalog: Catalog) -> [Endpoint] {
        [
            .list(base + "/hosts", "Hosts that reported.", catalog.hosts),
            Endpoint(
                method: .get, path: base + "/hosts/{id}", scope: .read, isForBound: true,
                summary: "A host with its tags, its databases, and its part of the last report.",
                answers: [200: "HostDetail", 404: "Problem"]
            ) { call in
                let (id, bounds) = (call.path["id"] ?? "", call.bounds)
                guard let detail = try await call.readDetail({ try $0.host(id, bounds: bounds) }) else {
                    throw Problem.notFound("host")
                }
                return try .json(detail)
            },
            .list(
                base + "/host-events", "What happened to the senders, accounts and identities of hosts.",
                catalog.hostEvents),
            Endpoint(
                method: .patch, path: base + "/hosts/{id}/tags", scope: .admin,
                summary: "Sets tags of a host; null removes one. Answers with all of its tags.",
                answers: [200: "Tags", 400: "Problem", 404: "Problem"], body: .json("TagChanges")
            ) { try await $0.setTags() },
            Endpoint(
                method: .delete, path: base + "/hosts/{id}", scope: .admin,
                summary: "Removes a host with its databases, history and reports.",
                answers: [204: "", 404: "Problem"]
            ) { call in
                try await call.change("host") { try $0.forgetHost($1, source: $2, now: nil) }
            },
            Endpoint(
                method: .post, path: base + "/hosts/{id}/retire", scope: .admin,
                summary: """
                    Retires a host that no longer exists: its databases are missing, and no alert counts it. A report \
                    brings it back.
                    """,
                answers: [204: "", 404: "Problem"]
            ) { call in
                try await call.change("host that is not retired yet") {
                    try $0.retireHost($1, source: $2, now: nil)
                }
            },
            Endpoint(
                method: .post, path: base + "/hosts/{id}/split", scope: .admin,
                summary:
                    "Sorts a host's reports again by sender and identity, which undoes what a forged report joined.",
                answers: [200: "HostSplit", 404: "Problem"]
            ) { call in
                let (id, actor) = (call.path["id"] ?? "", call.actor)
                guard let split = try await call.withStore({ try $0.splitHost(id, source: actor, now: nil) }) else {
                    throw Problem.notFound("host")
                }
                return try .json(split)
            },
        ]
    }
}

extension Call {
    /// Who asks, as the audit log and events name them.
    fileprivate var actor: String { token?.id ?? "-" }

    /// Does something to the host in the path; `body` gets the store, the host's id and who asks.
    fileprivate func change(
        _ what: String, _ body: @escaping @Sendable (any WebStore, String, String) throws -> Bool
    ) async throws -> Reply {
        let (id, actor) = (path["id"] ?? "", actor)
        guard try await withStore({ try body($0, id, actor) }) else { throw Problem.notFound(what) }
        return Reply(status: .noContent)
    }

    fileprivate func setTags() async throws -> Reply {
        let id = path["id"] ?? ""
        let tags = try await decode([String: String?].self)
        let areGood = tags.allSatisfy {
            1...128 ~= $0.key.utf8.count && !$0.key.utf8.contains(0) && $0.value?.utf8.count ?? 0 <= 256
        }
        guard areGood, tags.count <= 50 else {
            throw Problem(.badRequest, "bad_request", "at most 50 tags; keys have 1 to 128 bytes, values up to 256")
        }
        guard try await withStore({ try $0.setTags(id, tags) }) else { throw Problem.notFound("host") }
        return try .json(try await withStore { try $0.tags(id) })
    }
}
