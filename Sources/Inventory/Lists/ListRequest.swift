import FoundationEssentials

/// A page of a list, and where the next one begins.
public struct Page<Item: Codable & Sendable>: Codable, Sendable {
    /// The rows.
    public var items: [Item]
    /// Opaque; nil on the last page. A page may have fewer rows than asked for, even none, and still not be the last:
    /// no request looks at more than `ListRequest.window` rows.
    public var next_cursor: String?

    /// A page of `items`.
    public init(items: [Item], next_cursor: String?) {
        self.items = items
        self.next_cursor = next_cursor
    }

    /// The keys are always there: `next_cursor` is `null` on the last page.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(items, forKey: .items)
        try container.encode(next_cursor, forKey: .next_cursor)
    }
}

/// Which rows of a list are wanted, and in which order.
public struct ListRequest: Sendable {
    /// Conditions, all of which must hold.
    public var conditions: [Condition] = []
    /// Words that must all be there, the last one perhaps as a beginning; `databases` and `hosts` alone.
    public var search: String?
    /// A name of the list's sorts, with `-` before it for the other direction; nil is the list's own order.
    public var sort: String?
    /// The most rows: 1 to `maximumLimit`.
    public var limit = 100
    /// The `next_cursor` of the page before.
    public var cursor: String?
    /// The inventory at this time instead of now; `databases` alone.
    public var asOf: Date?

    /// The most rows of one page.
    public static let maximumLimit = 1_000
    /// The most rows that one page looks at; a filter that few rows pass gives short pages.
    public static let window = 4_000
    /// What the reader may see.
    public var bounds = Bounds()

    /// The first page without conditions.
    public init() {}

    /// The request with the condition that `field` is `value` added.
    public mutating func require(_ field: String, _ value: String) {
        conditions.append(Condition(field: field, comparison: .equal, value: value))
    }
}
