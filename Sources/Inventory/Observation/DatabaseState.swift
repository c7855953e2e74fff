import Report

/// The columns of `databases` whose change makes history, in their order.
public final class HistoricalColumns: Sendable {
    /// The columns.
    public let fields: [Field]
    /// Their names.
    public let names: [String]
    /// Whether each holds true or false.
    public let flags: [Bool]
    /// Where versions are.
    public let versions: [Int]
    /// Where the columns of the free text are.
    public let searched: [Int]
    /// How a report's entry fills each.
    fileprivate let observed: [(@Sendable (Report.Database) -> Value)?]
    private let places: [String: Int]

    /// Those of the list `databases`.
    public init(_ databases: List) {
        fields = databases.fields.filter(\.isHistorical)
        let fields = fields
        names = fields.map(\.name)
        flags = fields.map { $0.kind == .flag }
        versions = fields.indices.filter { fields[$0].kind == .version }
        searched = fields.indices.filter { fields[$0].isSearched }
        observed = fields.map { $0.observed?.value }
        places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0.element, $0.offset) })
    }

    /// Where the column `name` is among `fields`.
    func index(_ name: String) -> Int {
        guard let index = places[name] else { preconditionFailure("no historical column \(name)") }
        return index
    }
}

/// The part of a database that makes history: when one of these values changes, the store keeps what was before.
///
/// `state.version` is the value of the column `version`.
@dynamicMemberLookup
public struct DatabaseState: Sendable, Equatable {
    /// The columns.
    public let columns: HistoricalColumns
    /// One value a column.
    public var values: [Value]

    /// A state with `values`, one a column.
    public init(_ columns: HistoricalColumns, _ values: [Value]) {
        self.columns = columns
        self.values = values
    }

    /// The state of an observed database.
    public init(_ columns: HistoricalColumns, _ database: Report.Database) {
        self.init(columns, columns.observed.map { $0?(database) ?? .null })
    }

    /// The value of a column.
    public subscript(dynamicMember name: String) -> Value {
        get { values[columns.index(name)] }
        set { values[columns.index(name)] = newValue }
    }

    /// Whether the values are equal.
    public static func == (one: DatabaseState, other: DatabaseState) -> Bool { one.values == other.values }

    /// Whether a server runs here, as far as is known.
    public var isRunning: Bool { self.state == "running" && self.missing_since.isNull }

    /// This state after an observation that found `new`.
    ///
    /// - Parameter leavesOut: the observation left out some of what it knew, so that null says nothing.
    public func merged(with new: DatabaseState, leavesOut: Bool) -> DatabaseState {
        guard leavesOut else { return new }
        var state = new
        for index in values.indices where new.values[index].isNull { state.values[index] = values[index] }
        state.missing_since = new.missing_since
        let isVaguer =
            new.version_precision == "major"
            && self.version.text?.hasPrefix((new.version.text ?? "") + ".") == true
        if new.version.isNull || isVaguer {
            (state.version, state.version_precision) = (self.version, self.version_precision)
        } else {
            state.version_precision = new.version_precision
        }
        // A server's listeners belong together: all of the old ones, or all of the new ones.
        let keepsListeners = new.state == "running" && new.port.isNull
        let source = keepsListeners ? self : new
        (state.address, state.port, state.exposure) = (source.address, source.port, source.exposure)
        return state
    }
}
