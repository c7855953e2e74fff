import FoundationEssentials
import GRDB
import Inventory
import Report

extension InventoryStore {
    /// A page of a list.
    public func page(_ list: List, _ request: ListRequest) throws -> Page<ListRow> {
        try page(list, request, select: { $0.select }) { sql, row in sql.row(row, from: 2) }
    }

    /// The same page with each row as the text of a JSON object; the store writes it several times faster.
    public func json(_ list: List, _ request: ListRequest) throws -> Page<String> {
        try page(list, request, select: { $0.json }) { _, row in row[2] as String }
    }

    private func page<Item: Codable & Sendable>(
        _ list: List, _ request: ListRequest, select: (SQLList) -> String, _ item: (SQLList, Row) -> Item
    ) throws -> Page<Item> {
        guard let sql = SQLList.named(list, in: catalog) else { preconditionFailure("\(list.name) is read otherwise") }
        guard let time = request.asOf else {
            return try read { database in
                let rows = try ListReader(sql, request, select(sql), database).rows()
                return Page(items: rows.found.map { item(sql, $0) }, next_cursor: try rows.next?.encoded())
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
            let rows = parts.flatMap { sql, rows in rows.found.map { (id: $0[1] as Int64, sql: sql, row: $0) } }
                .filter { $0.id <= horizon }.sorted { $0.id < $1.id }
            let items = rows.prefix(max(1, min(request.limit, ListRequest.maximumLimit)))
            let end: Int64? = rows.count > items.count ? items.last?.id : horizon == .max ? nil : horizon
            return Page(
                items: items.map { item($0.sql, $0.row) },
                next_cursor: try end.map { try PageCursor(sort: "added", value: nil, row: $0).encoded() })
        }
    }
}
