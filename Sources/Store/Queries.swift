import FoundationEssentials
import GRDB

/// A page of a list, and where the next one begins.
public struct Page<Item: Codable & Sendable>: Codable, Sendable {
    /// The rows.
    public var items: [Item]
    /// Opaque; nil on the last page.
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

/// Which rows of a list are wanted.
public struct ListRequest: Sendable {
    /// Column and value pairs that must be equal.
    public var filters: [Filter: String] = [:]
    /// The most rows: 1 to `maximumLimit`.
    public var limit = 100
    /// The `next_cursor` of the page before.
    public var cursor: String?

    /// The most rows of one page.
    public static let maximumLimit = 1_000

    /// Columns that can be asked for.
    public enum Filter: String, Sendable { case host, account, region, engine, vendor, state, role, exposure }

    /// The first page without filters.
    public init() {}
}

extension InventoryStore {
    /// Hosts in the order of their ids.
    public func hosts(_ request: ListRequest = ListRequest()) throws -> Page<HostRow> {
        let columns = """
            h.id, h.hostname, h.account_id, h.region, h.instance_id, h.machine_id, h.os, h.kernel, h.architecture, h.cpus,
            h.memory_bytes, h.scan_status, h.agent_version, h.first_seen, h.last_seen,
            (SELECT COUNT(*) FROM databases d WHERE d.host_row_id = h.row_id AND d.missing_since IS NULL) AS databases
            """
        let rows: [HostRow] = try fetch(
            request, "SELECT \(columns) FROM hosts h", order: ["h.id"],
            filters: [.host: "(h.id = ? OR h.hostname = ?)", .account: "h.account_id = ?", .region: "h.region = ?"])
        return page(rows, request) { [$0.id] }
    }

    /// Databases in the order of their hosts' ids, then their keys; missing ones with them.
    public func databases(_ request: ListRequest = ListRequest()) throws -> Page<DatabaseRow> {
        let columns = """
            h.id || '/' || d.key AS id, d.key, h.id AS host_id, h.hostname, h.account_id, h.region, d.engine, d.vendor, d.version,
            d.version_precision, d.state, d.address, d.port, d.exposure, d.role, d.data_directory, d.bytes, d.bytes_at, d.bytes_complete, d.first_seen,
            d.last_seen, d.missing_since
            """
        let rows: [DatabaseRow] = try fetch(
            request, "SELECT \(columns) FROM databases d JOIN hosts h ON h.row_id = d.host_row_id",
            order: ["h.id", "d.key"],
            filters: [
                .host: "(h.id = ? OR h.hostname = ?)", .account: "h.account_id = ?", .region: "h.region = ?",
                .engine: "d.engine = ?", .vendor: "d.vendor = ?", .state: "d.state = ?", .role: "d.role = ?",
                .exposure: "d.exposure = ?",
            ])
        return page(rows, request) { [$0.host_id, $0.key] }
    }

    private func fetch<Item: FetchableRecord>(
        _ request: ListRequest, _ select: String, order: [String], filters: [ListRequest.Filter: String]
    ) throws -> [Item] {
        var conditions: [String] = []
        var arguments: [any DatabaseValueConvertible] = []
        for (filter, value) in request.filters.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard let condition = filters[filter] else { continue }
            conditions.append(condition)
            arguments += Array(repeating: value, count: condition.count { $0 == "?" })
        }
        if let cursor = request.cursor {
            let values = try Self.decode(cursor, count: order.count)
            let marks = order.map { _ in "?" }.joined(separator: ", ")
            conditions.append("(\(order.joined(separator: ", "))) > (\(marks))")
            arguments += values
        }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        // One row more than asked tells whether there is a next page.
        arguments.append(limit(request) + 1)
        let sql = select + filter + " ORDER BY " + order.joined(separator: ", ") + " LIMIT ?"
        do {
            return try database.read { try Item.fetchAll($0, sql: sql, arguments: StatementArguments(arguments)) }
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }

    private func limit(_ request: ListRequest) -> Int { max(1, min(request.limit, ListRequest.maximumLimit)) }

    private func page<Item>(_ rows: [Item], _ request: ListRequest, key: (Item) -> [String]) -> Page<Item> {
        let items = Array(rows.prefix(limit(request)))
        let cursor = rows.count > items.count ? items.last.map(key).map(Self.encode) : nil
        return Page(items: items, next_cursor: cursor)
    }

    private static func encode(_ values: [String]) -> String {
        Data((try? JSONText.encode(values))?.utf8 ?? "[]".utf8).base64EncodedString()
    }

    private static func decode(_ cursor: String, count: Int) throws -> [String] {
        guard let data = Data(base64Encoded: cursor), let values = try? JSONDecoder().decode([String].self, from: data),
            values.count == count
        else { throw StoreError(.badCursor, "the cursor is not one that this list gave") }
        return values
    }
}
