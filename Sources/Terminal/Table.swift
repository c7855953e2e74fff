/// A table for people: a header row, columns as wide as they need, and no line wider than the terminal.
public struct Table: Sendable {
    /// How a column behaves.
    public struct Column: Sendable {
        /// What happens to a cell that does not fit.
        public enum Fit: Sendable { case never, cutEnd, cutFront }

        var title: String
        var right: Bool
        var fit: Fit

        /// A column under `title`. Columns that fit `.never` keep their width; the others share what is left.
        public init(_ title: String, right: Bool = false, fit: Fit = .never) {
            self.title = title
            self.right = right
            self.fit = fit
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []
    private static let gap = 2
    private static let smallest = 6

    /// A table of `columns`, without rows.
    public init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row with a cell a column. Cells are neutralised here, so nothing a host says can steer the terminal.
    public mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a cell for each column")
        rows.append(cells.map(PlainText.neutralised))
    }

    /// The table as lines, each at most `width` columns wide where the columns that may be cut allow it.
    public func lines(width: Int) -> [String] {
        let widths = fittedWidths(width)
        let header = columns.map(\.title)
        return ([header] + rows).map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                let column = columns[index]
                let text = PlainText.fitted(cell, to: widths[index], keepingEnd: column.fit == .cutFront)
                let padding = String(repeating: " ", count: widths[index] - PlainText.width(text))
                line += (index == 0 ? "" : String(repeating: " ", count: Self.gap))
                line += column.right ? padding + text : text + padding
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func fittedWidths(_ width: Int) -> [Int] {
        var widths = columns.indices.map { index in
            rows.reduce(PlainText.width(columns[index].title)) { max($0, PlainText.width($1[index])) }
        }
        let flexible = columns.indices.filter { columns[$0].fit != .never }
        var excess = widths.reduce(Self.gap * (columns.count - 1), +) - width
        while excess > 0, let widest = flexible.max(by: { widths[$0] < widths[$1] }), widths[widest] > Self.smallest {
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}
