import ArgumentParser
import Foundation
import Report

/// How a list is written.
enum ListFormat: String, CaseIterable, ExpressibleByArgument, Sendable { case table, json, csv }

/// A column of a list: its name in CSV, and its value in a row.
struct ListColumn<Row>: Sendable {
    var name: String
    var value: @Sendable (Row) -> String?

    init(_ name: String, _ value: @escaping @Sendable (Row) -> String?) {
        self.name = name
        self.value = value
    }

    init(_ name: String, number value: @escaping @Sendable (Row) -> Int64?) {
        self.init(name) { row in value(row).map { "\($0)" } }
    }
}

/// RFC 4180, with cells that a spreadsheet would run as a formula made harmless.
enum CSV {
    static func text<Row>(_ rows: [Row], _ columns: [ListColumn<Row>]) -> String {
        let header = columns.map(\.name).joined(separator: ",")
        let lines = rows.map { row in columns.map { cell($0.value(row) ?? "") }.joined(separator: ",") }
        return ([header] + lines).map { $0 + "\r\n" }.joined()
    }

    static func cell(_ value: String) -> String {
        var value = value
        if let first = value.unicodeScalars.first, "=+-@＝＋－＠\t\r\n".unicodeScalars.contains(first) {
            value = "'" + value
        }
        // Scalars, not characters: CR LF is one character in Swift, and neither is a letter of it.
        guard value.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return value }
        return "\"" + value.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}

/// JSON as the API writes it: sorted keys, `null` for what is not known.
enum JSONList {
    static func text(_ value: some Encodable) throws -> String {
        String(decoding: try Report.encoder(.pretty).encode(value), as: UTF8.self) + "\n"
    }
}
