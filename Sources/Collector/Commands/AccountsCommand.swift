import ArgumentParser
import Inventory
import Store

/// `dbcensus-collector accounts`: AWS accounts of the organisation, and those whose hosts reported.
struct AccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accounts",
        abstract: "List AWS accounts: those of the organisation, and those whose hosts reported.")

    @OptionGroup var source: SourceOptions

    @Option(help: "How to write the list.")
    var format: ListFormat = .table

    func run() async throws {
        try await source.ask(List.accounts.name, [], .accounts) { Page(items: try $0.accounts(), next_cursor: nil) }
            .write(.accounts, format)
    }
}
