import Report

/// One column of a list, declared once.
///
/// From the declaration follow how the store reads and writes it, JSON, CSV, OpenAPI, the filter, the order, and the
/// table and the help of the command line. docs/contributing/list-column.md walks through adding one.
public struct Field: Sendable {
    /// What a column holds.
    public enum Kind: Sendable {
        /// Any text.
        case text
        /// A version; the column `<name>_key` next to it has the text that sorts as versions do.
        case version
        /// A whole number.
        case integer
        /// A size, in bytes.
        case bytes
        /// A time: RFC 3339, UTC, with milliseconds.
        case time
        /// True or false.
        case flag
    }

    /// Its name in JSON, in CSV, and in the list's table of the store.
    public let name: String
    /// What it holds, or how a condition is read.
    public let kind: Kind
    /// Whether it may be null.
    public let isOptional: Bool
    /// One sentence for the reference.
    public let help: String
    /// Every value that it can have, where the collector itself decides on them.
    public private(set) var values: [String]?
    /// How lists are filtered by it.
    public private(set) var filter: Filter?
    /// Whether the store has an index that leads with it.
    public private(set) var isIndexed = false
    /// Whether a list can be sorted by it; that needs an index.
    public private(set) var isSorted = false
    /// Whether the counters count databases by it.
    public private(set) var isCounted = false
    /// Whether the free text finds it.
    public private(set) var isSearched = false
    /// A column of the command line's table.
    public private(set) var cell: Cell?
    /// Whether its change makes history: what a database was before it changed is kept, with its time.
    public private(set) var isHistorical = false
    /// Where an observed database has it; nil for columns that the store fills.
    public private(set) var observed: Observed?
    /// Where a host's report has it.
    public private(set) var fact: (@Sendable (Report) -> Value)?

    /// A column of a database that observations fill.
    public struct Observed: Sendable {
        /// Its value in a report's entry.
        public var value: @Sendable (Report.Database) -> Value
        /// The kind of change that it makes; nil for a change that goes into the history alone.
        public var change: Change.Kind?
        /// The parts of a report that `value` looks at, of those that are not always read.
        public var needs: Report.Extent
    }

    /// A column of the command line's table.
    public struct Cell: Sendable {
        /// What gives way when a table is wider than the terminal.
        public enum Fit: Sendable { case whole, cutEnd, cutFront }

        /// The header.
        public var title: String
        /// How it becomes narrower.
        public var fit: Fit
        /// Columns with a number are left out of a narrow table, the smallest number first.
        public var drop: Int?
        /// Whether it is aligned to the right.
        public var isRight: Bool
        /// Its place among the columns: they stand in the order of these numbers, and then of the fields.
        public var rank: Int
        /// What it shows; nil for the value itself, in the form of its kind.
        public var text: (@Sendable (ListRow) -> String?)?
        /// What stands before the value.
        public var prefix: (@Sendable (ListRow) -> String)?
    }

    /// A column `name` of text; with `optional: true` it may be null.
    public init(_ name: String, optional: Bool = false, _ help: String) {
        self.init(name, .text, optional: optional, help)
    }

    /// A column `name`; with `optional: true` it may be null.
    public init(_ name: String, _ kind: Kind, optional: Bool = false, _ help: String) {
        self.name = name
        self.kind = kind
        isOptional = optional
        self.help = help
        filter = Filter(name, kind: .init(kind), column: name, help)
    }

    private func with(_ change: (inout Field) -> Void) -> Field {
        var field = self
        change(&field)
        return field
    }

    /// The field, filtered under another name or with another help; `values` are the only ones that a filter takes.
    public func filtered(as name: String? = nil, only values: [String]? = nil, _ help: String? = nil) -> Field {
        with {
            $0.values = values
            $0.filter = Filter(
                name ?? self.name, kind: .init(kind), column: self.name, values: values, help ?? self.help)
        }
    }

    /// The field with `kind` of filter instead of the one that its type has.
    public func filtered(by kind: Filter.Kind, as name: String? = nil, _ help: String? = nil) -> Field {
        with { $0.filter = Filter(name ?? self.name, kind: kind, column: self.name, help ?? self.help) }
    }

    /// The field without a filter.
    public var unfiltered: Field { with { $0.filter = nil } }
    /// The field with an index in the store.
    public var indexed: Field { with { $0.isIndexed = true } }
    /// The field with an index, by which a list can be sorted.
    public var sorted: Field { with { ($0.isIndexed, $0.isSorted) = (true, true) } }
    /// The field by which the counters count.
    public var counted: Field { with { $0.isCounted = true } }
    /// The field in the free text.
    public var searched: Field { with { $0.isSearched = true } }

    /// The field whose change makes history.
    public var historical: Field { with { $0.isHistorical = true } }

    /// The field as a column of the command line's table.
    public func cell(
        _ title: String, _ fit: Cell.Fit = .whole, drop: Int? = nil, right: Bool = false, rank: Int = 0,
        _ text: (@Sendable (ListRow) -> String?)? = nil
    ) -> Field {
        with { $0.cell = Cell(title: title, fit: fit, drop: drop, isRight: right, rank: rank, text: text) }
    }

    /// The field with a text before its value in the table.
    public func prefixed(_ prefix: @escaping @Sendable (ListRow) -> String) -> Field {
        with { $0.cell?.prefix = prefix }
    }

    /// The field, filled from each observed database.
    ///
    /// - Parameter needs: the parts of a report that `value` looks at, of those in `Report.Extent`.
    public func observed(
        _ change: Change.Kind? = nil, needs: Report.Extent = [],
        _ value: @escaping @Sendable (Report.Database) -> Value
    ) -> Field {
        with { ($0.observed, $0.isHistorical) = (Observed(value: value, change: change, needs: needs), true) }
    }

    /// The field, filled from each report of a host; a report that does not know it leaves it as it was.
    public func fact(_ value: @escaping @Sendable (Report) -> Value) -> Field { with { $0.fact = value } }
}

/// What a list can be filtered by.
public struct Filter: Sendable {
    /// How a condition is read.
    public enum Kind: Sendable {
        case text, version, integer, bytes, time, flag
        /// A host by its id, an id that it had, or its name.
        case host
        /// A tag of the host: `KEY`, or `KEY=VALUE`.
        case tag
        /// A tag of the account: `KEY`, or `KEY=VALUE`.
        case accountTag
        /// A column of what Organizations knows of the account.
        case accountName, accountEmail, organizationalUnit
        /// A run of discovery by its id.
        case job
        /// A database by its id.
        case database
        /// `running`, `stopped`, … of databases that are there, or `missing`.
        case state
        /// `true` for rows that have a value in the column, `false` for the others.
        case isSet

        init(_ kind: Field.Kind) {
            switch kind {
            case .text: self = .text
            case .version: self = .version
            case .integer: self = .integer
            case .bytes: self = .bytes
            case .time: self = .time
            case .flag: self = .flag
            }
        }
    }

    /// Its name in the API and after `--where`.
    public let name: String
    /// What it holds, or how a condition is read.
    public let kind: Kind
    /// The field that it is about; nil for filters of their own.
    public let column: String?
    /// The only values that it takes; nil for any.
    public let values: [String]?
    /// One sentence for the reference.
    public let help: String

    /// A filter; of its own, without a column, when `column` is nil.
    public init(_ name: String, kind: Kind, column: String? = nil, values: [String]? = nil, _ help: String) {
        self.name = name
        self.kind = kind
        self.column = column
        self.values = values
        self.help = help
    }
}
