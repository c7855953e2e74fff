import FoundationEssentials
import GRDB
import Report

/// A list: where its rows come from, what it can be asked by, and in which orders it can be read.
struct ListDefinition: Sendable {
    /// The columns of a row.
    var columns: [SelectedColumn]
    /// The tables, as SQL.
    var tables: String
    /// The table with the rows, where `tables` joins others to it; every row has its partner there.
    var ownTable: String?
    /// The column with the row's id, which grows as rows are added.
    var rowID: String
    /// The column that tells rows apart, where their ids do not.
    var key: String?
    /// From the one that leaves the fewest rows to the one that leaves the most.
    var fields: [ListField]
    /// Names of orders and their columns; the row's id is `added`.
    var sorts: [String: String]
    /// The order of a request that names none.
    var order = "added"
    /// The index that `ListRequest.search` asks.
    var searchTable: String?
    /// Conditions of every request.
    var fixed: [Predicate] = []
    /// The lists that together are this one as of a time, each row in one of them.
    var asOf: (@Sendable (Date) -> [ListDefinition])?
    /// The most conditions of one request.
    private static let conditionLimit = 50

    /// The columns as SQL, in their order.
    var select: String { columns.map { "\($0.sql) AS \($0.name)" }.joined(separator: ", ") }

    /// A row as SQL that makes one JSON object of it.
    var json: String {
        let members = columns.sorted { $0.name < $1.name }.map { "'\($0.name)', \($0.json)" }
        return "json_object(\(members.joined(separator: ", ")))"
    }

    func predicates(_ conditions: [Condition]) throws -> [Predicate] {
        guard conditions.count <= Self.conditionLimit else {
            throw StoreError(.badRequest, "more than \(Self.conditionLimit) filters")
        }
        let known = Set(fields.map(\.name))
        if let unknown = conditions.first(where: { !known.contains($0.field) }) {
            let names = fields.map(\.name).sorted().joined(separator: ", ")
            throw StoreError(.badRequest, "no filter \"\(unknown.field.prefix(80))\": there are \(names)")
        }
        return try fixed
            + fields.flatMap { field in
                try conditions.filter { $0.field == field.name }.map(field.predicate)
            }
    }
}

/// A column of a list: its name in JSON and CSV, and where it comes from.
struct SelectedColumn: Sendable {
    var name: String
    var sql: String
    /// It holds 1 or 0 for true or false.
    var isFlag = false

    init(_ name: String, _ sql: String, isFlag: Bool = false) {
        (self.name, self.sql, self.isFlag) = (name, sql, isFlag)
    }

    /// Columns of `table`, by their own names.
    static func of(_ table: String, _ names: String) -> [SelectedColumn] {
        names.split { " ,\n".contains($0) }.map { SelectedColumn(String($0), "\(table).\($0)") }
    }

    fileprivate var json: String {
        isFlag ? "json(CASE \(sql) WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)" : sql
    }
}

/// The order of a list, and a place in it.
struct Position {
    /// The sort's name in the API.
    var name: String
    /// Its column; nil for the row's id alone.
    var column: String?
    var isDescending: Bool

    init(_ text: String, _ definition: ListDefinition) throws {
        isDescending = text.hasPrefix("-")
        name = isDescending ? String(text.dropFirst()) : text
        guard name != "added" else { return }
        guard let column = definition.sorts[name] else {
            let names = (definition.sorts.keys.sorted() + ["added"]).joined(separator: ", ")
            throw StoreError(
                .badRequest,
                "no sort \"\(name.prefix(80))\": there are \(names), with - before it for the other direction")
        }
        self.column = column
    }
}

/// Where a page ended: the order it was read in, the last row's value, and its id.
struct Cursor: Codable {
    var sort: String
    /// Text of the value, with its type before it; nil where the rows without a value are read.
    var value: Value?
    var row: Int64

    enum Value: Codable {
        case integer(Int64)
        case text(String)
    }

    func encoded() throws -> String {
        let data = Data(try Report.encoder(.minified).encode(self))
        return data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    init(sort: String, value: Value?, row: Int64) {
        self.sort = sort
        self.value = value
        self.row = row
    }

    init(_ text: String, sort: String) throws {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: plain + padding),
            let cursor = try? JSONDecoder().decode(Self.self, from: data)
        else { throw StoreError(.badCursor, "the cursor is not one that this list gave") }
        guard cursor.sort == sort else {
            throw StoreError(
                .badCursor, "the cursor is of a list in another order: leave it out, or sort by \(cursor.sort)")
        }
        self = cursor
    }
}

extension Cursor.Value {
    init?(_ value: DatabaseValue) {
        if let number = Int64.fromDatabaseValue(value) {
            self = .integer(number)
        } else if let text = String.fromDatabaseValue(value) {
            self = .text(text)
        } else {
            return nil
        }
    }

    var argument: any DatabaseValueConvertible {
        switch self {
        case .integer(let number): number
        case .text(let text): text
        }
    }
}

/// What a list can be asked, for its reference.
public struct ListReference: Sendable {
    /// Names of the fields, with a sentence on each.
    public var fields: [(name: String, help: String)]
    /// Names of the orders.
    public var sorts: [String]
    /// The order of a request that names none.
    public var order: String
    /// Whether it takes free text.
    public var hasSearch: Bool
    let definition: ListDefinition

    init(_ definition: ListDefinition) {
        self.definition = definition
        fields = definition.fields.map { ($0.name, $0.help) }
        sorts = ["added"] + definition.sorts.keys.sorted()
        order = definition.order
        hasSearch = definition.searchTable != nil
    }

    /// `InventoryStore.databases`.
    public static let databases = ListReference(.databases)
    /// `InventoryStore.hostEvents`.
    public static let hostEvents = ListReference(.hostEvents)
    /// `InventoryStore.hosts`.
    public static let hosts = ListReference(.hosts)
    /// `InventoryStore.changes`.
    public static let changes = ListReference(.changes)
    /// `InventoryStore.deadLetters`.
    public static let deadLetters = ListReference(.deadLetters)
    /// `InventoryStore.audit`.
    public static let audit = ListReference(.audit)
}
