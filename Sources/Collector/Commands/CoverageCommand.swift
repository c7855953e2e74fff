import ArgumentParser
import Foundation
import Inventory
import Store
import Terminal

/// `dbcensus-collector coverage`: which instances are reached, and why the others are not.
struct CoverageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coverage", abstract: "Show which instances answer, and why the others do not.",
        discussion: """
            Columns of --by: \(Coverage.columns.joined(separator: ", ")), tag:KEY, account_tag:KEY. Below the counts are \
            the accounts and regions that could not be listed.
            """,
        subcommands: [CountCommand.self, InstancesCommand.self, HistoryCommand.self],
        defaultSubcommand: CountCommand.self)

    struct CountCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "count", abstract: "Count instances by account, region and reason.")
        @OptionGroup var source: SourceOptions
        @Option(name: .customLong("by"), help: "Columns to count by, separated by commas.")
        var columns = "account,region,reason"
        @Option(
            name: .customLong("where"), help: "A condition on a column, such as 'reason=offline'. It may be repeated.")
        var conditions: [String] = []
        @Option(help: "How to write the counts.") var format: ListFormat = .table

        func run() async throws {
            let names = columns.split(separator: ",").map(String.init)
            let parsed = try conditions.parsedConditions()
            let query = parsed.map(\.queryItem)
            let coverage = try await source.ask("coverage", [("group_by", columns)] + query) {
                try $0.coverage(groupBy: names, conditions: parsed, bounds: Bounds())
            }
            let list = Self.groups(names)
            let rows = coverage.items.map { item in
                ListRow(list, names.map { Value(item.group[$0] ?? nil) } + [.integer(Int64(item.hosts))])
            }
            switch format {
            case .json: try Output.print(try JSONText.of(coverage))
            case .csv: try Page(items: rows, next_cursor: nil).write(list, .csv)
            case .table:
                try Output.print(ListTable.text(list, rows))
                try Output.print("\n\(coverage.answered) of \(coverage.hosts) instances answered.\n")
                guard !coverage.scopes.isEmpty else { return }
                let scopes = coverage.scopes.map { scope in
                    ListRow(
                        Self.scopes,
                        [
                            .text(scope.account_id), .text(scope.region), .text(scope.code), Value(scope.hosts),
                            Value([scope.remedy, scope.detail].compactMap { $0 }.joined(separator: " ")),
                        ])
                }
                try Output.print("\n" + ListTable.text(Self.scopes, scopes))
            }
            if coverage.truncated {
                Talk.say("There are more than \(Coverage.limit) groups: count by fewer columns, or use --where.")
            }
        }

        private static func groups(_ names: [String]) -> List {
            List(
                "coverage", item: "CoverageGroup", whenEmpty: "No instance was listed. Begin a run with `scan`.",
                filters: nil,
                fields: names.map { Field($0, optional: true, "").cell($0.uppercased(), .cutEnd) } + [
                    Field("hosts", .integer, "").cell("HOSTS", right: true)
                ])
        }

        private static let scopes = List(
            "scopes", item: "ScopeState", whenEmpty: "", filters: nil,
            fields: [
                Field("account_id", "").cell("ACCOUNT"), Field("region", "").cell("REGION"),
                Field("code", "").cell("NOT LISTED"), Field("hosts", .integer, "").cell("KNOWN HOSTS", right: true),
                Field("remedy", optional: true, "").cell("WHAT TO DO", .cutEnd),
            ])
    }

    struct InstancesCommand: Collector.ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "instances", abstract: "List instances, also those that cannot be asked.",
            discussion: List.instances.help)
        static let list = List.instances
        @OptionGroup var options: ListOptions
        @Option(help: "Only instances with this reason.") var reason: String?

        func request() throws -> ListRequest { options.request([("reason", reason)]) }
    }

    struct HistoryCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "history", abstract: "Show the coverage of past runs, the last one first.")
        @OptionGroup var source: SourceOptions
        @Option(help: "At most this many runs (1 to 1000).") var limit = 20
        @Option(help: "How to write the list.") var format: ListFormat = .table

        private static let list = List(
            "history", item: "RunCoverage", whenEmpty: "No run has ended.", filters: nil,
            fields: [
                Field("job_id", "").cell("JOB"), Field("ended_at", .time, "").cell("ENDED"),
                Field("state", "").cell("STATE"), Field("hosts", .integer, "").cell("HOSTS", right: true),
                Field("answered", .integer, "").cell("ANSWERED", right: true),
                Field("reasons", "").cell("OTHERS", .cutEnd), Field("scopes", "").cell("NOT LISTED", .cutEnd, drop: 1),
            ])

        func run() async throws {
            let bounded = min(max(1, limit), 1_000)
            let page: Page<RunCoverage> = try await source.ask("coverage/history", [("limit", "\(bounded)")]) {
                Page(items: try $0.coverageHistory(limit: bounded, bounds: Bounds()), next_cursor: nil)
            }
            guard format != .json else { return try Output.print(try JSONText.of(page)) }
            func words(_ counts: [String: Int], without: Set<String>) -> Value {
                .text(
                    counts.filter { !without.contains($0.key) }.sorted { $0.key < $1.key }
                        .map { "\($0.value) \($0.key)" }.joined(separator: ", "))
            }
            let rows = page.items.map { run in
                ListRow(
                    Self.list,
                    [
                        .text(run.job_id), .text(run.ended_at), .text(run.state), Value(run.hosts), Value(run.answered),
                        words(run.reasons, without: ["ok", "no_database"]), words(run.scopes, without: ["ok"]),
                    ])
            }
            try Page(items: rows, next_cursor: nil).write(Self.list, format)
        }
    }
}
