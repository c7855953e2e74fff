import ArgumentParser
import Foundation
import Inventory
import Report
import Store
import Terminal

/// `dbcensus-collector jobs`: runs of discovery.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "List, inspect, cancel and retry runs of discovery.",
        subcommands: [
            ListCommand.self, ShowCommand.self, TasksCommand.self, ResultsCommand.self, CancelCommand.self,
            RetryCommand.self,
        ], defaultSubcommand: ListCommand.self)

    struct ListCommand: Collector.ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List runs, the last one first.", discussion: List.jobs.help)
        static let list = List.jobs
        @OptionGroup var options: ListOptions

        func request() throws -> ListRequest { options.request() }
    }

    struct ShowCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show a run: its request and how far it is.")
        @OptionGroup var source: SourceOptions
        @Argument(help: "The run's id.") var id: String

        func run() async throws {
            try Output.print(
                try await source.askJSON("jobs/\(id)") { store in
                    guard let detail = try store.fullJob(id) else { throw JobsCommand.unknown(id) }
                    return detail
                })
        }
    }

    struct TasksCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tasks", abstract: "List the accounts and regions of a run.",
            discussion: "Tasks that were given up have the state dead.\n\n" + List.tasks.help)
        @Argument(help: "The run's id.") var id: String
        @OptionGroup var options: ListOptions

        func run() async throws {
            try await JobsCommand.write("jobs/\(id)/tasks", .tasks, id, options) { $0.conditions.removeFirst() }
        }
    }

    struct ResultsCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "results", abstract: "List the result of each host of a run.", discussion: List.results.help)
        @Argument(help: "The run's id.") var id: String
        @OptionGroup var options: ListOptions

        func run() async throws { try await JobsCommand.write("results", .results, id, options) { _ in } }
    }

    struct CancelCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel",
            abstract: "Cancel a run: no more commands are sent, and the running ones are cancelled.")
        @OptionGroup var store: StoreOptions
        @OptionGroup var remote: RemoteOptions
        @Argument(help: "The run's id.") var id: String

        func run() async throws {
            if let server = try remote.remote() {
                _ = try await server.post("jobs/\(id)/cancel", [String: String]())
            } else {
                let inventory = try store.open()
                guard try inventory.job(id) != nil else { throw JobsCommand.unknown(id) }
                let isStopped = try inventory.stopJob(
                    id, as: .cancelled, code: "cancelled", detail: "cancelled on the command line", now: inventory.now()
                )
                guard isStopped else {
                    throw CollectorError(
                        exitCode: .usage, message: "cannot cancel the run \(id): it has ended or is already stopping")
                }
                try inventory.audit("jobs cancel", target: id)
                // Without a service nothing else ends it.
                if let job = try inventory.job(id) {
                    _ = try inventory.advance(job.row, canary: CanaryRule(), now: inventory.now())
                }
            }
            Talk.say("The run \(id) is cancelled. Hosts that were asked may still answer.")
        }
    }

    struct RetryCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Ask the failed hosts of an ended run again.",
            discussion: """
                With a service on the store it continues at once. Otherwise continue it with `scan --attach ID`.
                """)
        @OptionGroup var store: StoreOptions
        @OptionGroup var remote: RemoteOptions
        @Argument(help: "The run's id.") var id: String

        func run() async throws {
            if let server = try remote.remote() {
                _ = try await server.post("jobs/\(id)/retry", [String: String]())
                return Talk.say("The run \(id) continues.")
            }
            let inventory = try store.open()
            guard let count = try inventory.retryJob(id, now: inventory.now()) else { throw JobsCommand.unknown(id) }
            guard count > 0 else { return Talk.say("Nothing failed in the run \(id).") }
            try inventory.audit("jobs retry", target: id)
            let isServed = try store.settings.service() != nil
            guard !store.settings.isServer else {
                return Talk.say(
                    "The run \(id) continues in a collector that serves this store, or with `scan --attach \(id)`.")
            }
            Talk.say(
                isServed
                    ? "The run \(id) continues."
                    : "Continue it with: dbcensus-collector scan --attach \(id) --store \(store.store), and the same "
                        + "--config, --set and --profile as before.")
        }
    }

    static func unknown(_ id: String) -> CollectorError {
        CollectorError(exitCode: .usage, message: "there is no run \(id.prefix(80)): see `dbcensus-collector jobs`")
    }

    /// Writes a list of a run.
    ///
    /// - Parameter adjust: takes the run out of the query where the path names it.
    private static func write(
        _ path: String, _ list: List, _ id: String, _ options: ListOptions, adjust: (inout ListRequest) -> Void
    ) async throws {
        var request = options.request()
        request.conditions.insert(Condition(field: "job_id", comparison: .equal, value: id), at: 0)
        var rows: [ListRow] = []
        var next: String?
        repeat {
            let asked = request
            var query = asked
            adjust(&query)
            let page = try await options.source.ask(path, query.query, list) { store in
                guard try store.job(id) != nil else { throw unknown(id) }
                return try store.page(list, asked)
            }
            rows += page.items
            next = page.next_cursor
            request.cursor = next
            request.limit = options.limit - rows.count
        } while next != nil && rows.count < options.limit
        try Page(items: rows, next_cursor: next).write(list, options.format)
    }
}
