import ArgumentParser
import Foundation
import Inventory
import Store
import Stores
import Terminal

/// `dbcensus-collector dead-letters`: reports that were rejected.
struct DeadLettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "List, show and retry reports that were rejected.",
        subcommands: [ListCommand.self, ShowCommand.self, RetryCommand.self], defaultSubcommand: ListCommand.self)

    struct ListCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List them, the last received first (the default).")

        @OptionGroup var store: StoreOptions

        @Option(help: "How to write the list.")
        var format: ListFormat = .table

        @OptionGroup var page: PageOptions

        func run() throws {
            var request = ListRequest()
            request.limit = page.limit
            request.cursor = page.cursor
            try store.settings.open(.read).page(.deadLetters, request).write(.deadLetters, format)
        }
    }

    struct ShowCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print one, as it came.")

        @Argument(help: "Its number.")
        var id: Int64

        @OptionGroup var store: StoreOptions

        func run() throws {
            guard let json = try store.settings.open(.read).deadLetterBody(id) else {
                throw CollectorError(exitCode: .usage, message: "there is no dead letter \(id)")
            }
            try Output.print(String(decoding: PlainText.escapedJSON(json), as: UTF8.self) + "\n")
        }
    }

    struct RetryCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Try them again, and remove those that are stored.")

        @Argument(help: "Their numbers.")
        var ids: [Int64]

        @Flag(help: "Let their sender report for the host from now on (for foreign_sender and out_of_bounds).")
        var takeOver = false

        @OptionGroup var store: StoreOptions

        func run() throws {
            let inventory = try store.open()
            var refused = 0
            for id in ids {
                guard let outcome = try inventory.retryDeadLetter(id, takesOver: takeOver) else {
                    throw CollectorError(exitCode: .usage, message: "there is no dead letter \(id)")
                }
                let result = IngestResult(byte: 0, outcome)
                if result.outcome == "rejected" { refused += 1 }
                try inventory.audit("dead-letters retry", target: "\(id)" + (takeOver ? " --take-over" : ""))
                try Output.print(
                    "\(id) \(result.outcome)" + (result.reason.map { ": \(PlainText.neutralised($0))" } ?? "") + "\n")
            }
            guard refused == 0 else {
                throw CollectorError(exitCode: .badInput, message: "\(refused) of \(ids.count) reports rejected again")
            }
        }
    }
}
