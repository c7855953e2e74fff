import FoundationEssentials
import HTTPTypes
import Inventory
import Report

/// The body of `POST tokens`.
private struct NewToken: Codable, Sendable {
    var name: String
    var scopes: [String]
    var days: Int?
    var accounts: [String]?
    var regions: [String]?
    var hosts: [String]?
    var tags: [String]?
    var any_sender: Bool?
    var replaces: String?

    var wanted: TokenMaker.Wanted {
        var wanted = TokenMaker.Wanted(name: name, scopes: scopes, days: days)
        wanted.accounts = accounts ?? []
        wanted.regions = regions ?? []
        wanted.hosts = hosts ?? []
        wanted.tags = tags ?? []
        wanted.anySender = any_sender ?? false
        return wanted
    }
}

/// A token that was created, with its secret: shown once.
private struct MadeToken: Codable, Sendable {
    var token: String
    var id: String
    var name: String
    var scopes: String
    @ExplicitNull var expires_at: String?
}

extension Endpoint {
    /// Tokens and the audit log.
    static func tokens(_ catalog: Catalog) -> [Endpoint] {
        [
            Endpoint(
                method: .get, path: base + "/tokens", scope: .admin, summary: "Tokens, without their secrets.",
                answers: [200: "TokenList"]
            ) { call in
                try .json(Page(items: try await call.withStore { try $0.tokens().map(\.row) }, next_cursor: nil))
            },
            Endpoint(
                method: .post, path: base + "/tokens", scope: .admin,
                summary: "Creates a token. The answer has its secret, which is shown this once.",
                answers: [201: "MadeToken", 400: "Problem"], body: .json("NewToken")
            ) { call in
                let new = try await call.decode(NewToken.self)
                let made = try TokenMaker.make(new.wanted, now: call.backend.store.now())
                try await call.withStore {
                    try $0.addToken(made.row, hash: made.token.hash, replacing: new.replaces, now: nil)
                }
                return try .json(
                    MadeToken(
                        token: made.token.text, id: made.token.id, name: made.row.name, scopes: made.row.scopes,
                        expires_at: ExplicitNull(wrappedValue: made.row.expiresAt)), status: .created)
            },
            Endpoint(
                method: .delete, path: base + "/tokens/{id}", scope: .admin, summary: "Revokes a token at once.",
                answers: [204: "", 404: "Problem"]
            ) { call in
                let id = call.path["id"] ?? ""
                guard try await call.withStore({ try $0.revokeToken(id, now: nil) }) else {
                    throw Problem.notFound("valid token")
                }
                return Reply(status: .noContent)
            },
            .list(
                base + "/audit", "Who asked for what and who changed what, the last line first.", catalog.audit,
                scope: .admin, isForBound: false),
        ]
    }
}
