import FoundationEssentials
import Inventory
import Report
import SQL

/// A list as SQL: its tables, and what each of its columns is there.
struct SQLList: Sendable {
    let list: List
    /// The tables, as SQL.
    var tables: String
    /// The table that the rows are of, where `tables` joins others to it; every row has its partner there.
    var ownTable: String?
    /// The alias of the list's own table.
    var alias: String
    /// The column with the row's id, which grows as rows are added.
    var rowID: String
    /// The column that tells rows apart, where their ids do not.
    var key: String?
    /// What each column of the list is in SQL.
    var columns: [String]
    /// Where the row's host is.
    var hostRow: String?
    /// The alias of the table `databases`, where the rows are of another one.
    var databaseAlias: String?
    /// How bounds apply to its rows; a list without it has no rows for a bound reader.
    var reach: Reach?
    /// Tables whose columns have the indexes that the list declares.
    var indexedAliases: Set<String>
    /// The table that `ListRequest.search` asks.
    var searchTable: String?
    /// That joined rows are of one place, and those of `searchTable` too. It follows from the rest: a distributed
    /// database has to read it, and the planner of any other one would expect too few rows.
    var samePlace: (joined: String?, searched: String?) = (nil, nil)
    /// The state as the filter sees it, and whether an index has it.
    var state: (sql: String, isIndexed: Bool)?
    /// Conditions of every request.
    var fixed: [Predicate] = []

    /// How the bounds of a reader apply to a list.
    enum Reach: Sendable {
        /// The rows have an account and a region in the columns of this alias, and perhaps a host.
        case place(alias: String)
        /// The rows name a host by its id.
        case hostID(String)
    }

    /// The most conditions of one request.
    private static let conditionLimit = 50

    /// A list of the table `tables`, whose columns have the names of the list's, with exceptions.
    init(
        _ list: List, _ tables: String, alias: String, joined: [String: [String]] = [:],
        except: [String: String] = [:]
    ) {
        self.list = list
        self.tables = tables
        self.alias = alias
        rowID = alias + ".row_id"
        indexedAliases = [alias]
        var aliases: [String: String] = [:]
        for (other, names) in joined { for name in names { aliases[name] = other } }
        columns = list.fields.map { except[$0.name] ?? "\(aliases[$0.name] ?? alias).\($0.name)" }
    }

    /// The list with or without what a distributed database has to read.
    func naming(places: Bool) -> SQLList {
        var list = self
        if places, let joined = samePlace.joined { list.tables += " AND " + joined }
        if !places { list.samePlace.searched = nil }
        return list
    }

    /// The column `name` in SQL.
    func sql(_ name: String) -> String { list.index(name).map { columns[$0] } ?? "NULL" }

    /// The columns, in their order.
    var select: String { columns.joined(separator: ", ") }

    /// A row as SQL that makes one JSON object of it, with sorted keys.
    func json(_ dialect: Dialect) -> String {
        let members = zip(list.fields, columns).sorted { $0.0.name < $1.0.name }
        return dialect.object(members.map { ($0.name, $1, $0.kind == .flag) })
    }

    /// A row of the result, whose columns begin at `first`.
    func row(_ row: SQLRow, from first: Int) -> ListRow {
        ListRow(list, Value.all(row, from: first, flags: list.flags))
    }

    /// What the request's order is in SQL; nil for the row's id alone.
    func sort(_ name: String) throws -> String? {
        guard name != "added" else { return nil }
        guard let index = list.index(name), list.fields[index].isSorted else {
            let names = (list.sorts + ["added"]).joined(separator: ", ")
            throw StoreError(
                .badRequest,
                "no sort \"\(name.prefix(80))\": there are \(names); put - before one for the other direction")
        }
        return key(of: list.fields[index], columns[index])
    }

    /// Whether a column that is sorted by has numbers.
    func isNumber(_ column: String?) -> Bool {
        guard let index = columns.firstIndex(where: { $0 == column }) else { return false }
        return [.integer, .bytes, .flag].contains(list.fields[index].kind)
    }

    /// The column that a field is compared by.
    private func key(of field: Field, _ sql: String) -> String {
        field.kind == .version ? sql + "_key" : sql
    }

    /// The conditions of every request, those of the bounds, and those of the request in the order of the filters.
    func predicates(_ request: ListRequest, _ dialect: Dialect) throws -> [Predicate] {
        let conditions = request.conditions
        guard conditions.count <= Self.conditionLimit else {
            throw StoreError(.badRequest, "more than \(Self.conditionLimit) filters")
        }
        let known = Set(list.filters.map(\.name))
        if let unknown = conditions.first(where: { !known.contains($0.field) }) {
            let names = known.sorted().joined(separator: ", ")
            throw StoreError(.badRequest, "no filter \"\(unknown.field.prefix(80))\": there are \(names)")
        }
        var bounds = BoundsSQL(request.bounds, dialect).predicates(self)
        for index in bounds.indices { bounds[index].isJoined = ownTable != nil }
        return try fixed + bounds
            + list.filters.flatMap { filter in
                try conditions.filter { $0.field == filter.name }.map { try predicate(filter, $0) }
            }
    }

    /// The condition of a filter as SQL.
    private func predicate(_ filter: Filter, _ condition: Condition) throws -> Predicate {
        if let values = filter.values {
            guard condition.value.parts(",").allSatisfy(values.contains) else {
                throw condition.refusal("there are \(values.joined(separator: ", "))")
            }
        }
        let field = filter.column.flatMap(list.index).map { list.fields[$0] }
        let plain = filter.column.map(sql) ?? ""
        let column = field.map { key(of: $0, plain) } ?? plain
        let owner = String(column.prefix { $0 != "." })
        let isIndexed = field?.isIndexed == true && indexedAliases.contains(owner)
        var predicate: Predicate
        switch filter.kind {
        case .text: predicate = try .text(condition, column, isIndexed: isIndexed)
        case .version:
            predicate = try .ordered(condition, column, isIndexed: isIndexed, filter.help) { VersionKey.of($0) }
        case .integer: predicate = try .ordered(condition, column, isIndexed: isIndexed, filter.help) { Int64($0) }
        case .bytes:
            predicate = try .ordered(condition, column, isIndexed: isIndexed, filter.help) { Predicate.bytes($0) }
        case .time:
            predicate = try .ordered(condition, column, isIndexed: isIndexed, filter.help) {
                TimeText.parse($0).map(Timestamp.format)
            }
        case .flag, .isSet:
            guard condition.comparison == .equal, ["true", "false"].contains(condition.value) else {
                throw condition.refusal("true or false")
            }
            let isTrue = condition.value == "true"
            let comparison = filter.kind == .flag ? "IS \(isTrue ? "TRUE" : "FALSE")" : "IS \(isTrue ? "NOT " : "")NULL"
            predicate = Predicate(sql: { "\($0)\(column) \(comparison)" }, isIndexed: false)
        case .state:
            guard let state else { throw condition.refusal("this list has no state") }
            predicate = try .text(condition, state.sql, isIndexed: state.isIndexed)
        case .host: predicate = try .host(condition, hostRow ?? "NULL")
        case .tag:
            predicate =
                try list.name == List.instances.name
                ? .instanceTag(condition, alias) : .tag(condition, hostRow ?? "NULL")
        case .job: predicate = try .job(condition, alias)
        case .accountTag: predicate = try .accountTag(condition, sql("account_id"))
        case .accountName: predicate = try .account(condition, sql("account_id"), "name")
        case .accountEmail: predicate = try .account(condition, sql("account_id"), "email")
        case .organizationalUnit: predicate = try .account(condition, sql("account_id"), "organizational_unit")
        case .database: predicate = try .database(condition, databaseAlias ?? alias)
        }
        // Of another table, the index gives the rows in the order of that one.
        if ownTable == nil, indexedAliases.contains(owner), owner != alias { predicate.isIndexedEquality = false }
        predicate.isJoined = ownTable != nil && !predicate.sql("").contains("\(alias).")
        return predicate
    }
}

extension Value {
    /// A value of the store.
    init(_ value: SQLValue, isFlag: Bool = false) {
        switch value {
        case .integer(let number): self = isFlag ? .flag(number != 0) : .integer(number)
        case .real(let number): self = .integer(Int64(number))
        case .text(let text): self = .text(text)
        case .flag(let flag): self = .flag(flag)
        case .null, .bytes: self = .null
        }
    }

    /// The values of a row from the column `first` on: one for each of `flags`.
    static func all(_ row: SQLRow, from first: Int, flags: [Bool]) -> [Value] {
        flags.enumerated().map { Value(row.values[first + $0.offset], isFlag: $0.element) }
    }

    /// The value as the store takes it.
    var argument: SQLValue {
        switch self {
        case .null: .null
        case .text(let text): .text(text)
        case .integer(let number): .integer(number)
        case .flag(let flag): .flag(flag)
        }
    }
}

extension PageCursor.Value {
    init?(_ value: SQLValue) {
        switch value {
        case .integer(let number): self = .integer(number)
        case .text(let text): self = .text(text)
        default: return nil
        }
    }

    var isNumber: Bool { if case .integer = self { true } else { false } }

    var argument: SQLValue {
        switch self {
        case .integer(let number): .integer(number)
        case .text(let text): .text(text)
        }
    }
}
