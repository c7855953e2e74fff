import Inventory
import SQL

/// Reads one page of a list in bounded time, whatever the filters are.
///
/// A filter that leaves few rows is read by its index, and its rows are sorted. Otherwise the rows are read in the
/// order that was asked for, first a few and then more, and at most `ListRequest.window` of them are looked at, and
/// fewer where that takes long; the cursor goes on where that ended.
struct ListReader {
    private let list: SQLList
    private let request: ListRequest
    private let columns: String
    private let database: any SQLConnection

    /// - Parameter columns: what is read of each row.
    init(_ list: SQLList, _ request: ListRequest, _ columns: String, _ database: any SQLConnection) {
        (self.list, self.request, self.columns, self.database) = (list, request, columns, database)
    }

    /// The order of a list, and its column.
    private struct Position {
        /// The column; nil for the row's id alone.
        var column: String?
        var isDescending: Bool
        /// Whether rows may have no value there.
        var hasNulls = false

        init(_ text: String, _ list: SQLList) throws {
            isDescending = text.hasPrefix("-")
            let name = isDescending ? String(text.dropFirst()) : text
            column = try list.sort(name)
            hasNulls = list.list.index(name).map { list.list.fields[$0].isOptional } ?? false
        }
    }

    /// At most so many rows are read and sorted.
    static let few = 2_000
    /// How many rows are looked at, again and again until the page is full.
    private static let steps = Array(repeating: 500, count: ListRequest.window / 500)
    /// After this time no further step is taken: rows that lie far apart on the disk take longer.
    private static let patience = Duration.milliseconds(3)

    private typealias Part = (sql: String, arguments: SQLValues)

    /// Rows, each with two columns before its own, the sort's value and the row's id; and where the next page begins.
    typealias Rows = (found: [SQLRow], next: PageCursor?)

    /// How the rows are found.
    private struct Plan {
        var position: Position
        /// The condition whose index leads; nil where the order's own index does.
        var driver: Predicate?
        /// The driver leaves so few rows that they are sorted.
        var hasFewRows: Bool
        var rest: [Predicate]
    }

    /// At most as many rows as the page has.
    func rows() throws -> Rows {
        let sort = request.sort ?? list.list.order
        let position = try Position(sort, list)
        let cursor = try request.cursor.map { try PageCursor($0, sort: sort) }
        if let value = cursor?.value, list.isNumber(position.column) != value.isNumber {
            throw StoreError(.badCursor, "invalid cursor: use the next_cursor of a page of this list")
        }
        let plan = try plan(position)
        var isNull = position.column != nil && cursor != nil && cursor?.value == nil
        var rows = try fetch(plan, cursor, isNull: isNull)
        if rows.next == nil, rows.found.count <= limit, position.hasNulls, !isNull {
            // Rows without the sort's value come last, in the order in which they were added.
            isNull = true
            let rest = try fetch(plan, nil, isNull: true)
            rows = (rows.found + rest.found, rest.next)
        }
        guard rows.found.count > limit else { return rows }
        return (Array(rows.found.prefix(limit)), try cursorOf(rows.found[limit - 1]))
    }

    private func plan(_ position: Position) throws -> Plan {
        var rest = try list.predicates(request, database.dialect)
        if let search = try searchPredicate() {
            guard position.column != nil else {
                return Plan(position: position, driver: search, hasFewRows: false, rest: rest)
            }
            guard try isRare(search) else {
                throw StoreError(
                    .badRequest, "more than \(Self.few) rows match: search for more words, or leave out sort")
            }
            return Plan(position: position, driver: search, hasFewRows: true, rest: rest)
        }
        if let rare = try rest.firstIndex(where: { try $0.isIndexed && isRare($0) }) {
            return Plan(position: position, driver: rest.remove(at: rare), hasFewRows: true, rest: rest)
        }
        if position.column == nil, let point = rest.firstIndex(where: \.isIndexedEquality) {
            return Plan(position: position, driver: rest.remove(at: point), hasFewRows: false, rest: rest)
        }
        return Plan(position: position, driver: nil, hasFewRows: false, rest: rest)
    }

    private var limit: Int { max(1, min(request.limit, ListRequest.maximumLimit)) }

    private func cursorOf(_ row: SQLRow) throws -> PageCursor {
        try PageCursor(
            sort: request.sort ?? list.list.order, value: PageCursor.Value(row.values[0]), row: row[1])
    }

    /// Up to one row more than the page has, of those with or without a value of the sort.
    private func fetch(_ plan: Plan, _ cursor: PageCursor?, isNull: Bool) throws -> Rows {
        let unindexed = database.dialect.unindexed
        let prefix = plan.hasFewRows ? unindexed : ""
        let column = isNull ? nil : plan.position.column
        let isDescending = plan.position.isDescending && !(isNull && plan.position.column != nil)
        let direction = isDescending ? "DESC" : "ASC"
        let order = [column, rowID].compactMap { $0 }.map { "\(prefix)\($0) \(direction)" }.joined(separator: ", ")
        func position(_ cursor: PageCursor, _ comparison: String) -> Part {
            guard let column, let value = cursor.value?.argument else {
                return ("\(prefix)\(rowID) \(comparison) ?", [cursor.row])
            }
            let place = "(\(prefix)\(column), \(rowID)) \(comparison) (?, ?)"
            // An index has the columns of one table.
            guard column.prefix(while: { $0 != "." }) != rowID.prefix(while: { $0 != "." }) else {
                return (place, [value, cursor.row])
            }
            return ("\(prefix)\(column) \(comparison.prefix(1))= ? AND \(place)", [value, value, cursor.row])
        }
        // Requests differ without end: their statements are not kept for longer than a page.
        var prepared: [String: any SQLStatement] = [:]
        func select(
            _ columns: String, _ tables: String, _ parts: [Part], limit: Int, offset: Int = 0
        ) throws -> [SQLRow] {
            let condition = parts.isEmpty ? "TRUE" : parts.map { "(\($0.sql))" }.joined(separator: " AND ")
            let key = list.key ?? rowID
            // Rows that are sorted are sorted without their columns, which are read of those on the page alone.
            let isSorted = plan.hasFewRows && !columns.isEmpty
            let places = "\(column ?? "NULL") AS place, \(rowID) AS id\(isSorted ? ", \(key) AS key" : columns)"
            var sql = "SELECT \(places) FROM \(tables) WHERE \(condition) ORDER BY \(order) LIMIT ? OFFSET ?"
            if isSorted {
                sql = """
                    SELECT page.place, page.id\(columns) FROM (\(sql)) page CROSS JOIN \(list.tables)
                    WHERE \(list.key ?? list.rowID) = page.key
                    ORDER BY page.place \(direction), page.id \(direction)
                    """
            }
            let statement = try prepared[sql] ?? database.prepare(sql)
            prepared[sql] = statement
            return try statement.all(parts.flatMap(\.arguments) + [limit, offset])
        }
        var fixed: [Part] = plan.driver.map { [($0.sql(""), $0.arguments)] } ?? []
        if let sorted = plan.position.column { fixed.append(("\(prefix)\(sorted) IS \(isNull ? "" : "NOT ")NULL", [])) }
        let rest: [Part] = plan.rest.map { ($0.sql(unindexed), $0.arguments) }
        let start = ContinuousClock.now
        var from = cursor
        var found: [SQLRow] = []
        for step in plan.hasFewRows || rest.isEmpty ? [nil] : Self.steps.map(Optional.init) {
            let after = fixed + (from.map { [position($0, isDescending ? "<" : ">")] } ?? [])
            var until: PageCursor?
            if let step {
                until = try select("", leadingTables(plan.driver), after, limit: 1, offset: step - 1).first
                    .map(cursorOf)
            }
            let window = until.map { [position($0, isDescending ? ">=" : "<=")] } ?? []
            found += try select(", " + columns, tables, after + window + rest, limit: limit + 1 - found.count)
            from = until
            if found.count > limit || until == nil { return (found, nil) }
            if ContinuousClock.now - start > Self.patience { break }
        }
        return (found, from)
    }

    private func isRare(_ predicate: Predicate) throws -> Bool {
        let sql = """
            SELECT COUNT(*) FROM
                (SELECT 1 FROM \(leadingTables(predicate)) WHERE \(predicate.sql("")) LIMIT \(Self.few + 1)) found
            """
        let count: Int? = try database.value(sql, predicate.arguments, .once)
        return count ?? 0 <= Self.few
    }

    /// With words to search for, their index leads; it gives its rows in the order of their ids.
    private var tables: String {
        guard request.search != nil, let search = list.searchTable else { return list.tables }
        let dialect = database.dialect
        let condition = "\(list.rowID) = \(search).\(dialect.wordsRow)"
        let place = list.samePlace.searched.map { " AND " + $0 } ?? ""
        return "\(search) \(dialect.orderedJoin) \(list.tables) ON \(condition)\(place)"
    }

    /// The tables that say where a row stands in the order, among those that pass `driver`.
    private func leadingTables(_ driver: Predicate?) -> String {
        if request.search != nil, let search = list.searchTable { return search }
        return driver?.isJoined == true ? list.tables : list.ownTable ?? list.tables
    }

    private var rowID: String {
        guard request.search != nil, let search = list.searchTable else { return list.rowID }
        return "\(search).\(database.dialect.wordsRow)"
    }

    private func searchPredicate() throws -> Predicate? {
        guard let text = request.search else { return nil }
        guard let table = list.searchTable else { throw StoreError(.badRequest, "this list has no free-text search") }
        let condition = SearchText.condition(table, database.dialect)
        return Predicate(sql: { _ in condition }, arguments: [try SearchText.match(text, in: table, database)])
    }
}
