import ArgumentParser
import Foundation
import Inventory
import Report
import Terminal

/// How a list is written.
enum ListFormat: String, CaseIterable, ExpressibleByArgument, Sendable { case table, json, csv }

/// JSON as the API writes it: sorted keys, and `null` where there is no value.
enum JSONText {
    /// `value` as JSON for people.
    static func of(_ value: some Encodable) throws -> String {
        let json = PlainText.escapedJSON(Array(try Report.encoder(.pretty).encode(value)))
        return String(decoding: json, as: UTF8.self) + "\n"
    }

    /// JSON that came from a collector, in the same form.
    static func of(json data: Data) throws -> String {
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let pretty = try JSONSerialization.data(
            withJSONObject: try JSONSerialization.jsonObject(with: data), options: options)
        return String(decoding: PlainText.escapedJSON(Array(pretty)), as: UTF8.self) + "\n"
    }
}

extension Page<ListRow> {
    /// Writes the page in `format`, and tells how to go on when there are more rows.
    func write(_ list: List, _ format: ListFormat) throws {
        switch format {
        case .json: try Output.print(try JSONText.of(self))
        case .csv:
            let isTerminal = isatty(STDOUT_FILENO) == 1
            try Output.print(CSV.text(items, of: list) { isTerminal ? PlainText.neutralised($0) : $0 })
        case .table: try Output.print(ListTable.text(list, items))
        }
        if format != .json, let next_cursor { Talk.say("There are more rows: continue with --cursor \(next_cursor)") }
    }
}
