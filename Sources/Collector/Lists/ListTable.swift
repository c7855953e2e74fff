import Inventory
import Terminal

/// A list as a table for people, from the declarations of its columns.
enum ListTable {
    /// The rows under a header; what the list says when it is empty.
    static func text(_ list: List, _ rows: [ListRow]) -> String {
        guard !rows.isEmpty else { return list.whenEmpty + "\n" }
        let fields = list.fields.enumerated().compactMap { index, field in field.cell.map { (index, field, $0) } }
            .sorted { ($0.2.rank, $0.0) < ($1.2.rank, $1.0) }
        var table = Table(
            fields.map { _, _, cell in
                .init(cell.title, right: cell.isRight, fit: fit(cell.fit), drop: cell.drop)
            })
        for row in rows {
            table.add(fields.map { index, field, cell in text(row, row.values[index], field.kind, cell) })
        }
        return table.text
    }

    private static func fit(_ fit: Field.Cell.Fit) -> Table.Column.Fit {
        switch fit {
        case .whole: .never
        case .cutEnd: .cutEnd
        case .cutFront: .cutFront
        }
    }

    private static func text(_ row: ListRow, _ value: Value, _ kind: Field.Kind, _ cell: Field.Cell) -> String {
        if let text = cell.text { return text(row) ?? "-" }
        guard !value.isNull else { return "-" }
        let prefix = cell.prefix?(row) ?? ""
        switch kind {
        case .bytes: return prefix + Units.bytes(value.integer ?? 0)
        case .time: return prefix + String(value.csv.prefix(16))
        case .text, .version, .integer, .flag: return prefix + value.csv
        }
    }
}

extension Table {
    /// The table as text that fits the terminal.
    var text: String { lines(width: Talk.width(default: 120)).joined(separator: "\n") + "\n" }
}
