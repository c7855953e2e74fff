import GRDB

/// Reads one page of a list in bounded time, whatever the filters are.
///
/// A filter that leaves few rows is read by its index, and its rows are sorted. Otherwise the rows are read in the order
/// that was asked for, and at most `window` of them are looked at; the cursor goes on where that ended.
struct ListReader<Item: FetchableRecord & Codable & Sendable> {
    let definition: ListDefinition
    let request: ListRequest
    let database: Database

    /// The most rows that one page looks at.
    static var window: Int { InventoryStore.window }
    /// At most so many rows are read and sorted.
    static var few: Int { 2_000 }

    private typealias Part = (sql: String, arguments: [any DatabaseValueConvertible])

    /// The page. A row is fetched with two columns before its own: the sort's value and the row's id.
    func page() throws -> Page<Item> {
        let sort = request.sort ?? definition.order
        let position = try Position(sort, definition)
        let cursor = try request.cursor.map { try Cursor($0, sort: sort) }
        var predicates = try definition.predicates(request.conditions)
        var driver: Predicate?
        var isFew = false
        if let search = try searchPredicate() {
            driver = search
            isFew = try isRare(search)
            guard isFew || sort == "added" else {
                throw StoreError(
                    .badRequest, "more than \(Self.few) rows have these words: search for more, or leave out sort")
            }
        } else if let rare = try predicates.firstIndex(where: { try $0.isIndexed && isRare($0) }) {
            driver = predicates.remove(at: rare)
            isFew = true
        } else if position.column == nil, let point = predicates.firstIndex(where: \.isPoint) {
            driver = predicates.remove(at: point)
        }
        let plan = Plan(position: position, driver: driver, isFew: isFew, rest: predicates)
        var rows = try fetch(plan, cursor, isNull: cursor.map { position.column != nil && $0.value == nil } ?? false)
        if !rows.isStopped, rows.found.count <= limit, position.column != nil, cursor?.value != nil || cursor == nil {
            // Rows without the sort's value come last, in the order in which they were added.
            let rest = try fetch(plan, nil, isNull: true)
            rows = (rows.found + rest.found, rest.isStopped, rest.stop)
        }
        let items = rows.found.prefix(limit)
        var next: Cursor?
        if rows.found.count > limit, let last = items.last {
            next = cursorOf(sort, last)
        } else if rows.isStopped {
            next = rows.stop
        }
        return Page(items: try items.map { try Item(row: $0) }, next_cursor: try next?.encoded())
    }

    private struct Plan {
        var position: Position
        var driver: Predicate?
        var isFew: Bool
        var rest: [Predicate]
    }

    private typealias Rows = (found: [Row], isStopped: Bool, stop: Cursor?)

    private var limit: Int { max(1, min(request.limit, ListRequest.maximumLimit)) }

    private func cursorOf(_ sort: String, _ row: Row) -> Cursor {
        Cursor(sort: sort, value: Cursor.Value(row[0] as DatabaseValue), row: row[1])
    }

    /// Up to one row more than the page has, of those with or without a value of the sort.
    private func fetch(_ plan: Plan, _ cursor: Cursor?, isNull: Bool) throws -> Rows {
        let prefix = plan.isFew ? "+" : ""
        var parts: [Part] = []
        if let driver = plan.driver { parts.append((driver.sql(""), driver.arguments)) }
        let column = isNull ? nil : plan.position.column
        let isDescending = plan.position.isDescending && !(isNull && plan.position.column != nil)
        if let sorted = plan.position.column { parts.append(("\(prefix)\(sorted) IS \(isNull ? "" : "NOT ")NULL", [])) }
        let after = isDescending ? "<" : ">"
        func place(_ value: (any DatabaseValueConvertible)?, _ row: Int64, _ comparison: String) -> Part {
            guard let column, let value else { return ("\(prefix)\(rowID) \(comparison) ?", [row]) }
            return ("(\(prefix)\(column), \(rowID)) \(comparison) (?, ?)", [value, row])
        }
        if let cursor { parts.append(place(cursor.value?.argument, cursor.row, after)) }
        let direction = isDescending ? "DESC" : "ASC"
        let order =
            " ORDER BY "
            + [column, rowID].compactMap { $0 }.map { "\(prefix)\($0) \(direction)" }
            .joined(separator: ", ")
        let head = "SELECT \(column ?? "NULL"), \(rowID)"
        var stop: Cursor?
        if !plan.isFew, !plan.rest.isEmpty {
            let sql = head + " FROM \(tables) WHERE " + join(parts) + order + " LIMIT 1 OFFSET \(Self.window - 1)"
            if let last = try Row.fetchOne(database, sql: sql, arguments: arguments(parts)) {
                stop = cursorOf(request.sort ?? definition.order, last)
                let value = stop?.value?.argument
                parts.append(place(value, last[1], isDescending ? ">=" : "<="))
            }
        }
        parts += plan.rest.map { ($0.sql("+"), $0.arguments) }
        let sql = head + ", \(definition.columns) FROM \(tables) WHERE " + join(parts) + order + " LIMIT \(limit + 1)"
        let found = try Row.fetchAll(database, sql: sql, arguments: arguments(parts))
        return (found, stop != nil, stop)
    }

    private func join(_ parts: [Part]) -> String {
        parts.isEmpty ? "TRUE" : parts.map { "(\($0.sql))" }.joined(separator: " AND ")
    }

    private func arguments(_ parts: [Part]) -> StatementArguments { StatementArguments(parts.flatMap(\.arguments)) }

    private func isRare(_ predicate: Predicate) throws -> Bool {
        let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM \(tables) WHERE \(predicate.sql("")) LIMIT \(Self.few + 1))"
        return try Int.fetchOne(database, sql: sql, arguments: StatementArguments(predicate.arguments)) ?? 0 <= Self.few
    }

    /// With words to search for, their index leads; it gives its rows in the order of their ids.
    private var tables: String {
        guard request.search != nil, let search = definition.searchTable else { return definition.tables }
        return "\(search) CROSS JOIN \(definition.tables) ON \(definition.rowID) = \(search).rowid"
    }

    private var rowID: String {
        guard request.search != nil, let search = definition.searchTable else { return definition.rowID }
        return "\(search).rowid"
    }

    private func searchPredicate() throws -> Predicate? {
        guard let text = request.search else { return nil }
        guard let table = definition.searchTable else { throw StoreError(.badRequest, "this list has no free text") }
        return Predicate(sql: { _ in "\(table) MATCH ?" }, arguments: [try SearchText.match(text)])
    }
}
