/// CSV as RFC 4180 has it, with cells that a spreadsheet would run as a formula made harmless.
public enum CSV {
    /// The rows of `list` under a line with the names of its columns.
    ///
    /// - Parameter shown: what is done with each cell before it is written, such as escaping for a terminal.
    public static func text(_ rows: [ListRow], of list: List, shown: (String) -> String = { $0 }) -> String {
        let header = list.fields.map(\.name).joined(separator: ",")
        let lines = rows.map { row in row.values.map { cell(shown($0.csv)) }.joined(separator: ",") }
        return ([header] + lines).map { $0 + "\r\n" }.joined()
    }

    private static let formula = "=+-@＝＋－＠".unicodeScalars
    /// What other locales and programs take for the end of a cell.
    private static let ends = ";\t|\r\n".unicodeScalars

    /// One cell, in quotes where it needs them.
    public static func cell(_ value: String) -> String {
        var safe = ""
        // A cell begins at the value's beginning, behind blanks, and behind everything that may end a cell.
        var isStart = true
        if let first = value.unicodeScalars.first, "\t\r\n".unicodeScalars.contains(first) { safe = "'" }
        for scalar in value.unicodeScalars {
            if isStart, formula.contains(scalar) { safe += "'" }
            safe.unicodeScalars.append(scalar)
            isStart = ends.contains(scalar) || (isStart && scalar.properties.isWhitespace)
        }
        // Scalars, not characters: CR LF is one character in Swift, and neither is a letter of it.
        guard safe.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return safe }
        return "\"" + safe.replacing("\"", with: "\"\"") + "\""
    }
}
