import ArgumentParser
import Foundation
import Report
import Store
import Terminal

/// `dbcensus-collector stats`: how many of what.
struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Counts databases.",
        discussion: "Columns: \(InventoryStore.statsColumns.joined(separator: ", ")).")

    @OptionGroup var source: SourceOptions

    @Option(name: .customLong("by"), help: "Columns to count by, with commas between them.")
    var columns = "engine,state"

    @Option(name: .customLong("where"), help: "A condition on a column, such as 'engine=mysql'. It may be repeated.")
    var conditions: [String] = []

    @Option(help: "How to write the counts.")
    var format: ListFormat = .table

    func run() async throws {
        let names = columns.split(separator: ",").map(String.init)
        let parsed = try conditions.map { text in
            guard let condition = Condition(text) else {
                throw ValidationError("--where \(text): write a field, = or !=, and a value.")
            }
            return condition
        }
        let query = parsed.map { ($0.field, ($0.comparison == .equal ? "" : $0.comparison.rawValue) + $0.value) }
        let stats = try await source.ask("stats", [("group_by", columns)] + query) {
            try $0.stats(groupBy: names, conditions: parsed)
        }
        if format == .json { return try Output.print(try JSONList.text(stats)) }
        let cells = names.map { name in ListColumn<StatsRow>(name) { $0.group[name] ?? nil } }
        let all =
            cells + [
                .init("databases") { "\($0.databases)" }, .init("stopped") { "\($0.stopped)" },
                .init("missing") { "\($0.missing)" }, .init("bytes") { "\($0.bytes)" },
            ]
        if format == .csv {
            return try Output.print(CSV.text(stats.items, all, isTerminal: isatty(STDOUT_FILENO) == 1))
        }
        var table = Table(
            names.map { .init($0.uppercased(), fit: .cutEnd) } + [
                .init("DATABASES", right: true), .init("STOPPED", right: true), .init("MISSING", right: true),
                .init("SIZE", right: true),
            ])
        func counts(_ databases: Int64, _ stopped: Int64, _ missing: Int64, _ bytes: Int64) -> [String] {
            ["\(databases)", "\(stopped)", "\(missing)", Units.bytes(bytes)]
        }
        for row in stats.items {
            table.add(
                names.map { (row.group[$0] ?? nil) ?? "-" } + counts(row.databases, row.stopped, row.missing, row.bytes)
            )
        }
        table.add(
            names.enumerated().map { $0.offset == 0 ? "all" : "" }
                + counts(stats.databases, stats.stopped, stats.missing, stats.bytes))
        try Output.print(table.lines(width: Talk.width(standard: 120)).joined(separator: "\n") + "\n")
        if stats.truncated {
            Talk.say("There are more groups than \(InventoryStore.groupLimit): count by less, or use --where.")
        }
    }
}
