import Report

/// A list of the inventory: its columns, what it can be filtered by, and its orders.
public final class List: Sendable {
    /// Its name in the API's paths and on the command line, such as `databases`.
    public let name: String
    /// The name of a row in the API's description, such as `Database`.
    public let item: String
    /// Its columns, in the order of CSV.
    public let fields: [Field]
    /// Their names. A field has many parts, so a loop over the cells of many rows copies none.
    public let names: [String]
    /// Whether each holds true or false.
    public let flags: [Bool]
    /// The names of the columns that a host's report fills.
    public let factNames: [String]
    /// How it fills them.
    let facts: [@Sendable (Report) -> Value]
    /// Its filters: those of the columns, and its own.
    public let filters: [Filter]
    /// The order of a request that names none; `added` is the order in which rows were added.
    public let order: String
    /// Whether it takes free text.
    public let hasSearch: Bool
    /// Whether it can be asked as of a time.
    public let hasAsOf: Bool
    /// What the command line says of an empty list.
    public let whenEmpty: String
    private let places: [String: Int]

    /// A list.
    ///
    /// - Parameter filters: filters that are no column's; nil for a list without filters.
    public init(
        _ name: String, item: String, order: String = "added", hasSearch: Bool = false, hasAsOf: Bool = false,
        whenEmpty: String, filters: [Filter]? = [], fields: [Field]
    ) {
        self.name = name
        self.item = item
        self.fields = fields
        names = fields.map(\.name)
        flags = fields.map { $0.kind == .flag }
        factNames = fields.filter { $0.fact != nil }.map(\.name)
        facts = fields.compactMap(\.fact)
        self.filters = filters.map { $0 + fields.compactMap(\.filter) } ?? []
        self.order = order
        self.hasSearch = hasSearch
        self.hasAsOf = hasAsOf
        self.whenEmpty = whenEmpty
        places = Dictionary(fields.enumerated().map { ($0.element.name, $0.offset) }) { first, _ in first }
    }

    /// The list with more columns, behind its own.
    public func adding(_ more: [Field]) -> List {
        let own = filters.filter { $0.column == nil }
        return List(
            name, item: item, order: order, hasSearch: hasSearch, hasAsOf: hasAsOf, whenEmpty: whenEmpty, filters: own,
            fields: fields + more)
    }

    /// Where the column `name` is among `fields`; nil when there is none.
    public func index(_ name: String) -> Int? { places[name] }

    /// The columns that it can be sorted by, besides `added`.
    public var sorts: [String] { fields.filter(\.isSorted).map(\.name).sorted() }
}

/// One row of a list. `row.engine` is the value of the column `engine`.
@dynamicMemberLookup
public struct ListRow: Sendable, Equatable {
    /// The list that it is of.
    public let list: List
    /// Its values, one a column of the list.
    public var values: [Value]

    /// A row of `list`.
    ///
    /// - Parameter values: one a column.
    public init(_ list: List, _ values: [Value]) {
        self.list = list
        self.values = values
    }

    /// The value of a column; a name that is none of the list's is a mistake of the program.
    public subscript(dynamicMember name: String) -> Value {
        guard let index = list.index(name) else { preconditionFailure("\(list.name) has no column \(name)") }
        return values[index]
    }

    /// The text of a column that always has one.
    public func text(_ name: String) -> String { self[dynamicMember: name].text ?? "" }

    /// Whether both are rows of one list with equal values.
    public static func == (one: ListRow, other: ListRow) -> Bool {
        one.list.name == other.list.name && one.values == other.values
    }
}

extension ListRow: Codable {
    /// The key under which a decoder finds the list of the rows that it reads.
    public static let listKey: CodingUserInfoKey = {
        guard let key = CodingUserInfoKey(rawValue: "list") else { preconditionFailure("list is no key") }
        return key
    }()

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// One member a column, null where there is no value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in zip(list.names, values) {
            try container.encode(value, forKey: Key(stringValue: name))
        }
    }

    /// A row of the list under `listKey`; a member that is not there is null, and others are left out.
    public init(from decoder: any Decoder) throws {
        guard let list = decoder.userInfo[Self.listKey] as? List else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no list"))
        }
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            list,
            try list.names.map {
                try container.decodeIfPresent(Value.self, forKey: Key(stringValue: $0)) ?? .null
            })
    }
}
