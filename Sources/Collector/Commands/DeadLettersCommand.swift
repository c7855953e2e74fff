import ArgumentParser
import Foundation
import Report
import Store
import Terminal

/// `dbcensus-collector dead-letters`: reports that were read and refused.
struct DeadLettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "Lists, shows and retries reports that were refused.",
        subcommands: [ListCommand.self, ShowCommand.self, RetryCommand.self], defaultSubcommand: ListCommand.self)

    struct ListCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists them, the last received first.")

        @OptionGroup var store: StoreOptions

        @Option(help: "How to write the list.")
        var format: ListFormat = .table

        @Option(help: "At most this many rows (1 to 1000).")
        var limit = ListRequest.maximumLimit

        @Option(help: "Go on after the page that gave this next_cursor.")
        var cursor: String?

        func run() throws {
            var request = ListRequest()
            request.limit = limit
            request.cursor = cursor
            let page = try InventoryStore(path: store.store, mode: .read).deadLetters(request)
            try page.write(format, columns: DeadLetterRow.columns) { rows in
                guard !rows.isEmpty else { return "No report was refused.\n" }
                var table = Table([
                    .init("ID", right: true), .init("RECEIVED"), .init("FROM"), .init("TRIED", right: true),
                    .init("CODE"), .init("REASON", fit: .cutEnd),
                ])
                for row in rows {
                    table.add([
                        "\(row.id)", String(row.received_at.prefix(16)), row.source, "\(row.attempts)", row.code,
                        row.message,
                    ])
                }
                return table.lines(width: Talk.width(standard: 120)).joined(separator: "\n") + "\n"
            }
        }
    }

    struct ShowCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Writes the JSON of one, as it came.")

        @Argument(help: "Its number.")
        var id: Int64

        @OptionGroup var store: StoreOptions

        func run() throws {
            guard let json = try InventoryStore(path: store.store, mode: .read).deadLetterBody(id) else {
                throw CollectorError(exitCode: .usage, message: "there is no dead letter \(id)")
            }
            try Output.print(String(decoding: PlainText.escapedJSON(json), as: UTF8.self) + "\n")
        }
    }

    struct RetryCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Tries them again, and removes those that are taken.")

        @Argument(help: "Their numbers.")
        var ids: [Int64]

        @Flag(help: "Let their sender report for the host from now on: for foreign_sender, out_of_bounds.")
        var takeOver = false

        @OptionGroup var store: StoreOptions

        func run() throws {
            let inventory = try InventoryStore(path: store.store)
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
                throw CollectorError(exitCode: .badInput, message: "\(refused) of \(ids.count) refused again")
            }
        }
    }
}
