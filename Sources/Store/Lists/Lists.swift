import FoundationEssentials
import Inventory
import Report
import SQL

extension InventoryStore {
    /// A page of a list.
    public func page(_ list: List, _ request: ListRequest) throws -> Page<ListRow> {
        try page(list, request, select: { $0.select }) { sql, row in sql.row(row, from: 2) }
    }

    /// The same page with each row as the text of a JSON object; the store writes it several times faster.
    public func json(_ list: List, _ request: ListRequest) throws -> Page<String> {
        try page(list, request, select: { $0.json(database.dialect) }) { _, row in try row[2] }
    }

    private func page<Item: Codable & Sendable>(
        _ list: List, _ request: ListRequest, select: (SQLList) -> String, _ item: (SQLList, SQLRow) throws -> Item
    ) throws -> Page<Item> {
        let parts = try parts(list, request).map { $0.naming(places: isDistributed) }
        return try read { database in
            let pages = try parts.map { sql in
                (sql: sql, rows: try ListReader(sql, request, select(sql), database).rows())
            }
            if pages.count == 1 {
                let (sql, rows) = pages[0]
                return try Page(items: rows.found.map { try item(sql, $0) }, next_cursor: rows.next?.encoded())
            }
            // A part that was not read to its end says nothing of the rows behind that.
            let order = ListOrder(request.sort ?? list.order)
            let horizon = pages.compactMap(\.rows.next).min(by: order.precedes)
            let rows = try pages.flatMap { sql, rows in
                try rows.found.map { (at: try order.cursor(of: $0), sql: sql, row: $0) }
            }
            .filter { row in horizon.map { !order.precedes($0, row.at) } ?? true }
            .sorted { order.precedes($0.at, $1.at) }
            let items = rows.prefix(max(1, min(request.limit, ListRequest.maximumLimit)))
            let end = rows.count > items.count ? items.last?.at : horizon
            return try Page(items: items.map { try item($0.sql, $0.row) }, next_cursor: end?.encoded())
        }
    }

    /// What a list is read from; each row is in one of the parts.
    private func parts(_ list: List, _ request: ListRequest) throws -> [SQLList] {
        guard let sql = SQLList.named(list, in: catalog) else { preconditionFailure("\(list.name) is read otherwise") }
        if let time = request.asOf {
            guard list.hasAsOf else { throw StoreError(.badRequest, "this list has no as_of") }
            guard request.search == nil, request.sort ?? "added" == "added" else {
                throw StoreError(.badRequest, "as_of takes neither free text nor another order")
            }
            return SQLList.databases(list, at: time)
        }
        let isByTime =
            ["last_seen", "-last_seen"].contains(request.sort ?? list.order)
            || request.conditions.contains { $0.field == "last_seen" }
        return list.name == catalog.databases.name && isByTime && request.search == nil
            ? SQLList.databasesByLastSeen(list) : [sql]
    }
}

/// The order in which the rows of several parts of a list become one.
private struct ListOrder {
    let sort: String

    init(_ sort: String) { self.sort = sort }

    private var isDescending: Bool { sort.hasPrefix("-") }
    private var isByRow: Bool { ["added", "-added"].contains(sort) }

    /// Where a row stands: its first two columns are the sort's value and the row's id.
    func cursor(of row: SQLRow) throws -> PageCursor {
        try PageCursor(sort: sort, value: PageCursor.Value(row.values[0]), row: row[1])
    }

    /// Whether a row comes before another one; those without a value come last, in the order of their ids.
    func precedes(_ one: PageCursor, _ other: PageCursor) -> Bool {
        let isReversed = isDescending && (isByRow || one.value != nil)
        switch (one.value, other.value) {
        case (.some, nil): return true
        case (nil, .some): return false
        case (.integer(let a), .integer(let b)) where a != b: return isReversed ? b < a : a < b
        case (.text(let a), .text(let b)) where ByteText(a) != ByteText(b):
            let (first, second) = isReversed ? (b, a) : (a, b)
            return first.utf8.lexicographicallyPrecedes(second.utf8)
        default: return isReversed ? other.row < one.row : one.row < other.row
        }
    }
}
