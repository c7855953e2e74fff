import ArgumentParser
import Foundation
import Report
import Store
import Terminal

/// `dbcensus-collector token`: who may ask the API.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes, lists and revokes the API's tokens.",
        subcommands: [CreateCommand.self, ListCommand.self, RevokeCommand.self])

    struct CreateCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Makes a token and writes it, once: the store keeps a hash alone.")

        @OptionGroup var store: StoreOptions

        @Option(help: "What it is for.")
        var name: String

        @Option(help: "What it allows, with commas between: read, ingest, scan, admin.")
        var scopes: String

        @Option(help: "Days until it ends (1 to 3650); never without this.")
        var days: Int?

        @Flag(help: "It is taken from this machine alone.")
        var loopbackOnly = false

        @Option(name: .customLong("account"), help: "It may report for this AWS account only; may be repeated.")
        var accounts: [String] = []

        @Option(name: .customLong("region"), help: "It may report for this region only, such as eu-*; may be repeated.")
        var regions: [String] = []

        @Option(
            name: .customLong("host"),
            help: "It may report for this host only: an id or a name, such as web-*; may be repeated.")
        var hosts: [String] = []

        @Flag(help: "It may report for hosts that another token reported first.")
        var anySender = false

        @Option(help: "The id of a token that it replaces: it takes over its hosts, and the other one is revoked.")
        var replaces: String?

        func run() throws {
            let scopes = scopes.split(separator: ",").map(String.init)
            var made: (token: Token, row: TokenRow, shown: MadeToken)
            do {
                made = try TokenMaker.make(name: name, scopes: scopes, days: days, loopbackOnly: loopbackOnly)
                try made.row.bound(accounts: accounts, regions: regions, hosts: hosts, anySender: anySender)
            } catch let problem as Problem { throw ValidationError(problem.detail) }
            let inventory = try InventoryStore(path: store.store)
            try inventory.addToken(made.row, hash: made.token.hash, replacing: replaces)
            try inventory.audit("token create", target: made.token.id)
            try Output.print(made.token.text + "\n")
        }
    }

    struct ListCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the tokens, without their secrets.")

        @OptionGroup var store: StoreOptions

        @Option(help: "How to write the list.")
        var format: ListFormat = .table

        func run() throws {
            let tokens = try InventoryStore(path: store.store, mode: .read).tokens()
            let columns: [ListColumn<TokenRow>] = [
                .init("id") { $0.id }, .init("name") { $0.name }, .init("scopes") { $0.scopes },
                .init("loopback_only") { "\($0.loopback_only)" }, .init("created_at") { $0.created_at },
                .init("expires_at") { $0.expires_at }, .init("revoked_at") { $0.revoked_at },
                .init("last_used_at") { $0.last_used_at }, .init("accounts") { $0.accounts },
                .init("regions") { $0.regions }, .init("hosts") { $0.hosts },
                .init("any_sender") { "\($0.any_sender)" },
            ]
            try Page(items: tokens, next_cursor: nil).write(format, columns: columns, table: Self.table)
        }

        private static func table(_ rows: [TokenRow]) -> String {
            guard !rows.isEmpty else { return "There is no token: make one with `dbcensus-collector token create`.\n" }
            var table = Table([
                .init("ID"), .init("NAME", fit: .cutEnd), .init("SCOPES"), .init("STATE"), .init("LAST USED", drop: 1),
            ])
            let now = Timestamp.format(Date())
            for row in rows {
                let end = row.expires_at.map { $0 <= now ? "expired" : "until " + $0.prefix(10) }
                table.add([
                    row.id, row.name, row.scopes + (row.loopback_only ? " (this machine)" : ""),
                    row.revoked_at == nil ? end ?? "valid" : "revoked",
                    row.last_used_at.map { String($0.prefix(16)) } ?? "never",
                ])
            }
            return table.lines(width: Talk.width(standard: 120)).joined(separator: "\n") + "\n"
        }
    }

    struct RevokeCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Revokes a token, at once and for ever.")

        @Argument(help: "The token's id: the part between the two underscores.")
        var id: String

        @OptionGroup var store: StoreOptions

        func run() throws {
            let inventory = try InventoryStore(path: store.store)
            guard try inventory.revokeToken(id) else {
                throw CollectorError(exitCode: .usage, message: "there is no valid token \(id)")
            }
            try inventory.audit("token revoke", target: id)
        }
    }
}

extension InventoryStore {
    /// Writes down what the command line changed, and under which user.
    func audit(_ action: String, target: String?) throws {
        let user = "uid \(getuid())"
        try record([
            AuditRow(
                at: Date(), actor: "cli", address: user, action: action, target: target, status: nil, requestID: nil)
        ])
    }
}
