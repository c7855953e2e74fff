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
        guard let sql = SQLList.named(list, in: catalog) else { preconditionFailure("\(list.name) is read otherwise") }
        guard let time = request.asOf else {
            return try read { database in
                let rows = try ListReader(sql, request, select(sql), database).rows()
                return try Page(items: rows.found.map { try item(sql, $0) }, next_cursor: rows.next?.encoded())
            }
        }
        guard list.hasAsOf else { throw StoreError(.badRequest, "this list has no as_of") }
        guard request.search == nil, request.sort ?? "added" == "added" else {
            throw StoreError(.badRequest, "as_of takes neither free text nor another order")
        }
        return try read { database in
            let parts = try SQLList.databases(list, at: time).map { sql in
                (sql, try ListReader(sql, request, select(sql), database).rows())
            }
            let horizon = parts.compactMap(\.1.next?.row).min() ?? .max
            let rows = try parts.flatMap { sql, rows in
                try rows.found.map { (id: try $0[1] as Int64, sql: sql, row: $0) }
            }
            .filter { $0.id <= horizon }.sorted { $0.id < $1.id }
            let items = rows.prefix(max(1, min(request.limit, ListRequest.maximumLimit)))
            let end: Int64? = rows.count > items.count ? items.last?.id : horizon == .max ? nil : horizon
            return try Page(
                items: items.map { try item($0.sql, $0.row) },
                next_cursor: end.map { try PageCursor(sort: "added", value: nil, row: $0).encoded() })
        }
    }
}
