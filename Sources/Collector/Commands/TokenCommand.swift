import ArgumentParser
import Foundation
import Inventory
import Store
import Stores
import Web

/// `dbcensus-collector token`: who may use the API.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Create, list and revoke the API's tokens.",
        subcommands: [CreateCommand.self, ListCommand.self, RevokeCommand.self])

    struct CreateCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Create a token and print it, once: the store keeps only a hash.",
            discussion: """
                A token that is bound to accounts, regions, hosts or tags reports for those only, and sees those only.
                """)

        @OptionGroup var store: StoreOptions

        @Option(help: "What it is for.")
        var name: String

        @Option(help: "What it allows, separated by commas: read, ingest, scan, admin.")
        var scopes: String

        @Option(help: "Days until it expires (1 to 3650). Without this it never expires.")
        var days: Int?

        @Flag(help: "It works from this machine only.")
        var loopbackOnly = false

        @Option(name: .customLong("account"), help: "Bind it to this AWS account. It may be repeated.")
        var accounts: [String] = []

        @Option(name: .customLong("region"), help: "Bind it to this region, such as eu-*. It may be repeated.")
        var regions: [String] = []

        @Option(
            name: .customLong("host"),
            help: "Bind it to this host: an id or a name, such as web-*. It may be repeated.")
        var hosts: [String] = []

        @Option(
            name: .customLong("tag"),
            help: "Bind it to hosts with this tag: KEY, or KEY=VALUE. Repeated, a host must have all of them.")
        var tags: [String] = []

        @Flag(help: "It may report for hosts that another token reported first.")
        var anySender = false

        @Option(help: "The id of a token to replace: the new one takes over its hosts, and the old one is revoked.")
        var replaces: String?

        func run() throws {
            var wanted = TokenMaker.Wanted(
                name: name, scopes: scopes.split(separator: ",").map(String.init), days: days)
            wanted.loopbackOnly = loopbackOnly
            (wanted.accounts, wanted.regions, wanted.hosts, wanted.tags) = (accounts, regions, hosts, tags)
            wanted.anySender = anySender
            let inventory = try store.open()
            let made: TokenMaker.Made
            do throws(TokenMaker.Invalid) { made = try TokenMaker.make(wanted, now: inventory.now()) } catch {
                throw ValidationError(error.message)
            }
            try inventory.addToken(made.row, hash: made.token.hash, replacing: replaces)
            try inventory.audit("token create", target: made.token.id)
            try Output.print(made.token.text + "\n")
        }
    }

    struct ListCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the tokens, without their secrets.")

        @OptionGroup var store: StoreOptions

        @Option(help: "How to write the list.")
        var format: ListFormat = .table

        func run() throws {
            let tokens = try store.settings.open(.read).tokens()
            try Page(items: tokens.map(\.row), next_cursor: nil).write(.tokens, format)
        }
    }

    struct RevokeCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Revoke a token, immediately and for ever.")

        @Argument(help: "The token's id: the part between the two underscores.")
        var id: String

        @OptionGroup var store: StoreOptions

        func run() throws {
            let inventory = try store.open()
            guard try inventory.revokeToken(id) else {
                throw CollectorError(
                    exitCode: .usage,
                    message: "there is no valid token \(id); list them with `dbcensus-collector token list`")
            }
            try inventory.audit("token revoke", target: id)
        }
    }
}

extension InventoryStore {
    /// Adds a line to the audit log: what the command line changed, and under which user.
    func audit(_ action: String, target: String?) throws {
        try record([
            AuditEntry(
                at: now(), actor: Observation.commandLine, address: "uid \(getuid())", action: action, target: target,
                status: nil, requestID: nil)
        ])
    }
}
