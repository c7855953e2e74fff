import Report

/// Answers questions about the inventory. Every answer holds for one state of the store.
///
/// `bounds` limits an answer to what a token may see; a row outside it is as if it were not there.
public protocol InventoryLists: Sendable {
    /// The lists and their columns.
    var catalog: Catalog { get }

    /// A page of a list.
    ///
    /// - Throws: `StoreError` with the codes `badRequest` and `badCursor` for a request that the list does not take.
    func page(_ list: List, _ request: ListRequest) throws -> Page<ListRow>

    /// The same page with each row as the text of a JSON object; the store writes it several times faster.
    func json(_ list: List, _ request: ListRequest) throws -> Page<String>

    /// A database by its id, or by an id that it had before it was moved; nil when there is none.
    func database(_ id: DatabaseID, bounds: Bounds) throws -> DatabaseDetail?

    /// The id that a database has now, given one that it has or had; nil when there is none.
    func currentID(_ id: DatabaseID, bounds: Bounds) throws -> String?

    /// A database's sizes after a time, the first one first; nil when there is no such database.
    func sizes(_ id: DatabaseID, after: String, limit: Int, bounds: Bounds) throws -> Page<ListRow>?

    /// A host by its id, or by an id that it had; nil when there is none.
    func host(_ id: String, bounds: Bounds) throws -> HostDetail?

    /// Accounts in the order of their ids.
    func accounts(bounds: Bounds) throws -> [ListRow]

    /// Clusters in the order of their ids, a page after the id `after`.
    func clusters(after: String?, limit: Int, bounds: Bounds) throws -> Page<ListRow>

    /// Databases counted by columns.
    ///
    /// - Parameters:
    ///   - groupBy: names of `Catalog.counted`, as filters have them.
    ///   - conditions: on the same columns, with `=` and `!=`.
    func stats(groupBy: [String], conditions: [Condition], bounds: Bounds) throws -> Stats
}

/// A database with what the report that saw it last says of it.
public struct DatabaseDetail: Codable, Sendable {
    /// Its row.
    public var database: ListRow
    /// Its entry in the report, word for word; null when the report is no longer kept.
    @ExplicitNull public var report: Report.Database?
    /// Why there is no `report`: an ingest reads an outline only, so the rest may turn out to be unreadable.
    @ExplicitNull public var report_error: String?
    /// The report's problems that name it.
    public var problems: [Report.Problem]

    /// A database whose report was not read yet.
    public init(database: ListRow) {
        self.database = database
        problems = []
    }
}

/// A host with what its last report says of it.
public struct HostDetail: Codable, Sendable {
    /// Its row.
    public var host: ListRow
    /// Its tags, set by hand.
    public var tags: [String: String]
    /// The tags of its instance in EC2.
    public var instance_tags: [String: String]
    /// Its host block in the report; null when the report is no longer kept.
    @ExplicitNull public var report: Report.Host?
    /// How the scan went.
    @ExplicitNull public var scan: Report.Scan?
    /// Why there is no `report`.
    @ExplicitNull public var report_error: String?
    /// Its databases, missing ones included: the first `ListRequest.maximumLimit`.
    public var databases: [ListRow]

    /// A host whose report was not read yet.
    public init(
        host: ListRow, tags: [String: String], instance_tags: [String: String] = [:], databases: [ListRow]
    ) {
        self.host = host
        self.tags = tags
        self.instance_tags = instance_tags
        self.databases = databases
    }
}

/// Databases counted by some of their columns.
public struct StatsRow: Codable, Sendable, Equatable {
    /// The columns counted by, and their values; `null` is a group too.
    public var group: [String: String?]
    /// Databases that are there: running, stopped and installed.
    public var databases: Int64
    /// Those of them that are stopped.
    public var stopped: Int64
    /// Databases that are missing; they are not among `databases`.
    public var missing: Int64
    /// The sizes of those that are there together, in bytes, where they are known.
    public var bytes: Int64

    /// One group.
    public init(group: [String: String?], databases: Int64, stopped: Int64, missing: Int64, bytes: Int64) {
        self.group = group
        self.databases = databases
        self.stopped = stopped
        self.missing = missing
        self.bytes = bytes
    }
}

/// The inventory's databases, counted.
public struct Stats: Codable, Sendable, Equatable {
    /// The most groups of one answer.
    public static let groupLimit = 1_000
    /// What databases can be counted by besides their own columns.
    public static let more = ["account_name", "account_email", "organizational_unit", "tag:KEY", "account_tag:KEY"]

    /// The groups, the largest first; at most `groupLimit`.
    public var items: [StatsRow]
    /// Whether there are more groups than that.
    public var truncated: Bool
    /// Databases that are there, in all groups.
    public var databases: Int64
    /// Those of them that are stopped.
    public var stopped: Int64
    /// Databases that are missing; they are not among `databases`.
    public var missing: Int64
    /// The sizes of those that are there together, in bytes.
    public var bytes: Int64

    /// Groups and their sums.
    public init(
        items: [StatsRow], truncated: Bool, databases: Int64, stopped: Int64, missing: Int64, bytes: Int64
    ) {
        self.items = items
        self.truncated = truncated
        self.databases = databases
        self.stopped = stopped
        self.missing = missing
        self.bytes = bytes
    }
}

/// A database's id: its place's id and its key, with a slash between them.
public struct DatabaseID: Sendable, Equatable {
    /// The place's id, which has no slash.
    public var place: String
    /// The key in its place.
    public var key: String

    /// The id in `text`; nil when it is none.
    public init?(_ text: String) {
        let parts = text.parts("/", most: 1)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        (place, key) = (parts[0], parts[1])
    }
}
