import ArgumentParser
import Foundation
import Inventory
import Store
import Terminal

/// `dbcensus-collector stats`: databases counted.
struct StatsCommand: AsyncParsableCommand {
    private static let names = Catalog.current.counted.compactMap(\.filter?.name)

    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Count databases.", discussion: "Columns: \(names.joined(separator: ", ")).")

    @OptionGroup var source: SourceOptions

    @Option(name: .customLong("by"), help: "Columns to count by, separated by commas.")
    var columns = "engine,state"

    @Option(name: .customLong("where"), help: "A condition on a column, such as 'engine=mysql'. It may be repeated.")
    var conditions: [String] = []

    @Option(help: "How to write the counts.")
    var format: ListFormat = .table

    func run() async throws {
        let names = columns.split(separator: ",").map(String.init)
        let parsed = try conditions.parsedConditions()
        let query = parsed.map(\.queryItem)
        let stats = try await source.ask("stats", [("group_by", columns)] + query) {
            try $0.stats(groupBy: names, conditions: parsed)
        }
        let list = Self.list(names)
        switch format {
        case .json: try Output.print(try JSONText.of(stats))
        case .csv: try Page(items: stats.items.map { Self.row(list, names, $0) }, next_cursor: nil).write(list, .csv)
        case .table:
            try Output.print(
                ListTable.text(
                    list, stats.items.map { Self.row(list, names, $0) } + [Self.total(list, names, stats)]))
            if stats.truncated {
                Talk.say("There are more than \(Stats.groupLimit) groups: count by fewer columns, or use --where.")
            }
        }
    }

    /// A list whose first columns are those that are counted by.
    private static func list(_ names: [String]) -> List {
        List(
            "stats", item: "StatsRow", whenEmpty: "", filters: nil,
            fields: names.map { Field($0, optional: true, "").cell($0.uppercased(), .cutEnd) } + [
                Field("databases", .integer, "").cell("DATABASES", right: true),
                Field("stopped", .integer, "").cell("STOPPED", right: true),
                Field("missing", .integer, "").cell("MISSING", right: true),
                Field("bytes", .bytes, "").cell("SIZE", right: true),
            ])
    }

    private static func row(_ list: List, _ names: [String], _ row: StatsRow) -> ListRow {
        let counts = [row.databases, row.stopped, row.missing, row.bytes]
        return ListRow(list, names.map { Value(row.group[$0] ?? nil) } + counts.map(Value.integer))
    }

    private static func total(_ list: List, _ names: [String], _ stats: Stats) -> ListRow {
        let counts = [stats.databases, stats.stopped, stats.missing, stats.bytes]
        let labels = names.indices.map { Value.text($0 == 0 ? "all" : "") }
        return ListRow(list, labels + counts.map(Value.integer))
    }
}
