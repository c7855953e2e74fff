import ArgumentParser
import Foundation
import Report
import Terminal

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
    /// - Parameter isTerminal: a terminal shows it: control characters are made visible.
    static func text<Row>(_ rows: [Row], _ columns: [ListColumn<Row>], isTerminal: Bool = false) -> String {
        let header = columns.map(\.name).joined(separator: ",")
        let lines = rows.map { row in
            columns.map { column in
                let value = column.value(row) ?? ""
                return cell(isTerminal ? PlainText.neutralised(value) : value)
            }.joined(separator: ",")
        }
        return ([header] + lines).map { $0 + "\r\n" }.joined()
    }

    private static let formula = "=+-@＝＋－＠".unicodeScalars
    /// What other locales and programs take for the end of a cell.
    private static let ends = ";\t|\r\n".unicodeScalars

    static func cell(_ value: String) -> String {
        var safe = ""
        // A cell begins at the value's beginning, behind blanks, and behind whatever may end a cell.
        var isStart = true
        if let first = value.unicodeScalars.first, "\t\r\n".unicodeScalars.contains(first) { safe = "'" }
        for scalar in value.unicodeScalars {
            if isStart, formula.contains(scalar) { safe += "'" }
            safe.unicodeScalars.append(scalar)
            isStart = ends.contains(scalar) || (isStart && scalar.properties.isWhitespace)
        }
        // Scalars, not characters: CR LF is one character in Swift, and neither is a letter of it.
        guard safe.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return safe }
        return "\"" + safe.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}

/// JSON as the API writes it: sorted keys, `null` for what is not known.
enum JSONList {
    static func text(_ value: some Encodable) throws -> String {
        let json = PlainText.escapedJSON(Array(try Report.encoder(.pretty).encode(value)))
        return String(decoding: json, as: UTF8.self) + "\n"
    }
}
