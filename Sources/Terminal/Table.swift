/// A table for people: a header row, columns as wide as they need, and no line wider than the terminal.
public struct Table: Sendable {
    /// How a column behaves.
    public struct Column: Sendable {
        /// What happens to a cell that does not fit.
        public enum Fit: Sendable { case never, cutEnd, cutFront }

        var title: String
        var right: Bool
        var fit: Fit
        var drop: Int?

        /// A column under `title`. Columns that fit `.never` keep their width; the others share what is left. Those
        /// with a `drop` are left out where there is no room for them, the least one first.
        public init(_ title: String, right: Bool = false, fit: Fit = .never, drop: Int? = nil) {
            self.title = title
            self.right = right
            self.fit = fit
            self.drop = drop
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []
    private static let gap = 2
    private static let smallest = 6
    /// What a column that may be cut has before another is dropped for it.
    private static let comfortable = 10

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
        return ([header] + rows).enumerated().map { number, row in
            var line = ""
            for (index, cell) in row.enumerated() where widths[index] > 0 {
                let column = columns[index]
                let isEnd = column.fit == .cutFront && number > 0
                let text = PlainText.fitted(cell, to: widths[index], keepingEnd: isEnd)
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
        func total(_ width: (Int) -> Int) -> Int {
            columns.indices.map(width).filter { $0 > 0 }.reduce(-Self.gap) { $0 + $1 + Self.gap }
        }
        let dropped = columns.indices.filter { columns[$0].drop != nil }
            .sorted { columns[$0].drop ?? 0 < columns[$1].drop ?? 0 }
        for index in dropped {
            let least = total { flexible.contains($0) ? min(widths[$0], Self.comfortable) : widths[$0] }
            if least > width { widths[index] = 0 }
        }
        var excess = total { widths[$0] } - width
        while excess > 0, let widest = flexible.max(by: { widths[$0] < widths[$1] }), widths[widest] > Self.smallest {
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}
