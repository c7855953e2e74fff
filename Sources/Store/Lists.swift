import FoundationEssentials
import GRDB
import Report

extension InventoryStore {
    /// The most rows that one page of a list looks at; a filter that few rows pass gives short pages.
    public static let window = 4_000

    /// Hosts, missing ones with them: a host is never deleted.
    public func hosts(_ request: ListRequest = ListRequest()) throws -> Page<HostRow> {
        try page(.hosts, request)
    }

    /// Databases, missing ones with them; with `asOf` as they were then.
    public func databases(_ request: ListRequest = ListRequest()) throws -> Page<DatabaseRow> {
        try page(.databases, request)
    }

    /// Changes, the last recorded one first.
    public func changes(_ request: ListRequest = ListRequest()) throws -> Page<ChangeRow> {
        try page(.changes, request)
    }

    /// A page of a list as JSON, as its `Page` would be written: SQLite makes the text of each row, several times quicker.
    public func json(_ list: ListReference, _ request: ListRequest) throws -> String {
        let page: Page<JSONRow> = try page(list.definition, request)
        let cursor = page.next_cursor.map { "\"\($0)\"" } ?? "null"
        return "{\"items\":[\(page.items.map(\.text).joined(separator: ","))],\"next_cursor\":\(cursor)}"
    }

    func page<Item: ListRow>(_ definition: ListDefinition, _ request: ListRequest) throws -> Page<Item> {
        guard let time = request.asOf else {
            return try read { database in
                let rows = try ListReader(definition, request, Item.select, database).rows()
                return Page(items: rows.found.map { Item($0, from: 2) }, next_cursor: try rows.next?.encoded())
            }
        }
        guard let parts = definition.asOf?(time) else { throw StoreError(.badRequest, "this list has no as_of") }
        guard request.search == nil, request.sort ?? "added" == "added" else {
            throw StoreError(.badRequest, "as of a time there is neither free text nor another order")
        }
        return try read { database in
            let lists = try parts.map { try ListReader($0, request, Item.select, database).rows() }
            let horizon = lists.compactMap(\.next?.row).min() ?? .max
            let rows = lists.flatMap(\.found).map { (id: $0[1] as Int64, row: $0) }.filter { $0.id <= horizon }
                .sorted { $0.id < $1.id }
            let items = rows.prefix(max(1, min(request.limit, ListRequest.maximumLimit)))
            let end: Int64? = rows.count > items.count ? items.last?.id : horizon == .max ? nil : horizon
            return Page(
                items: items.map { Item($0.row, from: 2) },
                next_cursor: try end.map { try Cursor(sort: "added", value: nil, row: $0).encoded() })
        }
    }
}

/// A row of a list, made from the columns of its definition by their order: names would cost more than the reading.
protocol ListRow: Codable, Sendable {
    /// What is selected of a list's rows.
    static var select: @Sendable (ListDefinition) -> String { get }
    init(_ row: Row, from first: Int)
}

extension ListRow {
    static var select: @Sendable (ListDefinition) -> String { { $0.select } }
}

/// A row as SQLite writes it as JSON.
private struct JSONRow: ListRow {
    static var select: @Sendable (ListDefinition) -> String { { $0.json } }
    var text: String

    init(_ row: Row, from first: Int) { text = row[first] }
}

extension ListDefinition {
    private static let hostFields: @Sendable (String) -> [ListField] = { table in
        [
            host("\(table).host_row_id"),
            .text("account", "\(table).account_id", "An AWS account."),
            .text("region", "\(table).region", "An AWS region."),
        ]
    }

    /// A host by its id, by one that it had, or by its name.
    ///
    /// A host that calls itself by another one's id is not meant by that id.
    private static func host(_ hostRow: String) -> ListField {
        .custom(
            "host", "A host's id, or its name where no host has that id.",
            sql: {
                """
                \($0)\(hostRow) IN (\(KnownHost.rowsOfID) UNION ALL
                    SELECT row_id FROM hosts WHERE hostname = ? AND NOT EXISTS (\(KnownHost.rowsOfID)))
                """
            }
        ) {
            Array(repeating: $0, count: 5)
        }
    }

    /// EC2's tags and those set by hand: a key, or a key and its value with `=` between them.
    private static func tag(_ hostRow: String) -> ListField {
        ListField(name: "tag", help: "A tag of the host: KEY, or KEY=VALUE.") { condition in
            guard condition.comparison == .equal else { throw ListField.refusal(condition, "only = compares it") }
            let parts = condition.value.parts("=", most: 1)
            let value = parts.count == 2 ? " AND value = ?" : ""
            return Predicate(
                sql: { "\($0)\(hostRow) IN (SELECT host_row_id FROM host_tags WHERE key = ?\(value))" },
                arguments: parts)
        }
    }

    private static let states = ["running", "stopped", "installed", "missing"]

    /// What databases are asked by, now or as of a time.
    ///
    /// - Parameter present: the state with "missing" for what was not there; without it the one of now, which has an index.
    private static func databaseFields(_ state: String, _ host: String, present: String? = nil) -> [ListField] {
        [
            .text("cluster", "\(state).cluster_id", "A cluster's id, as `cluster_id` names it."),
            .text("container", "\(state).container", "A container's name, or its id where it has none."),
            tag("\(host).host_row_id"),
            .ordered("port", "\(state).port", "The port of the client listener.") { Int($0) },
            .ordered("version", "\(state).version_key", "A version: 8.0.36, <8.0.36, or >=8.0,<8.1.") {
                VersionKey.of($0)
            },
        ] + hostFields(host) + [
            .text("role", "\(state).role", "standalone, primary, replica, arbiter, router, config."),
            .text("exposure", "\(state).exposure", "loopback, private, all."),
            .text("engine", "\(state).engine", "An engine, such as postgresql."),
            .text("vendor", "\(state).vendor", "A vendor, such as percona."),
            ListField(name: "state", help: "running, stopped, installed (of those that are there), missing.") {
                condition in
                guard condition.comparison == .equal, states.contains(condition.value) else {
                    throw ListField.refusal(condition, "states are \(states.joined(separator: ", "))")
                }
                let expression = present ?? Schema.presentState(state + ".")
                return Predicate(
                    sql: { "\($0)\(expression) = ?" }, arguments: [condition.value], isPoint: present == nil,
                    isIndexed: present == nil)
            },
            .size("bytes", "\(host).bytes", "The size: >=1000000000, or >=1GiB."),
            .time("first_seen", "\(host).first_seen", "When a scan first saw it: >=2026-11-01, or >=7d for days ago."),
            .time(
                "last_seen", "\(host).last_seen", "When a scan last saw it: <2026-11-01T12:00:00Z, or <7d for days ago."
            ),
        ]
    }

    private static let databaseColumns =
        [SelectedColumn("id", "d.host_id || '/' || d.key")]
        + SelectedColumn.of(
            "d",
            """
            key, host_id, hostname, account_id, region, engine, vendor, version, version_precision, state, address, port,
            exposure, role, data_directory, container, container_image, cluster_id, bytes, bytes_at
            """)
        + [SelectedColumn("bytes_complete", "d.bytes_complete", isFlag: true)]
        + SelectedColumn.of("d", "first_seen, last_seen, missing_since")

    static let databases = ListDefinition(
        columns: databaseColumns, tables: "databases d", rowID: "d.row_id", fields: databaseFields("d", "d"),
        sorts: [
            "engine": "d.engine", "version": "d.version_key", "hostname": "d.hostname", "bytes": "d.bytes",
            "first_seen": "d.first_seen", "last_seen": "d.last_seen",
        ], searchTable: "search_databases",
        asOf: { [databases(unchangedSince: $0), databases(before: $0)] })

    /// The databases that have been since `time` what they are.
    static func databases(unchangedSince time: Date) -> ListDefinition {
        let text = Timestamp.format(time)
        // What went missing later was there.
        let isThere = "d.missing_since IS NULL OR d.missing_since > '\(text)'"
        let fields = databaseFields("d", "d", present: "CASE WHEN \(isThere) THEN d.state ELSE 'missing' END")
        var definition = databases(at: time, "databases d", rowID: "d.row_id", fields)
        for index in definition.columns.indices where definition.columns[index].name == "missing_since" {
            definition.columns[index].sql = "CASE WHEN \(isThere) THEN NULL ELSE d.missing_since END"
        }
        definition.fixed = [Predicate(sql: { "\($0)d.changed_at <= ?" }, arguments: [text], isIndexed: false)]
        return definition
    }

    /// The databases that were something else at `time`, as that.
    static func databases(before time: Date) -> ListDefinition {
        let text = Timestamp.format(time)
        let tables = "database_history d JOIN databases now ON now.row_id = d.database_row_id"
        var definition = databases(at: time, tables, rowID: "d.database_row_id", databaseFields("d", "now"))
        definition.key = "d.row_id"
        definition.ownTable = "database_history d"
        let ofHost = ["tag", "host", "account", "region", "bytes", "first_seen", "last_seen"]
        // What was has no indexes by what it was.
        definition.fields = definition.fields.map { ofHost.contains($0.name) ? $0.joined : $0.unindexed }
        for index in definition.columns.indices {
            for column in ["host_id", "hostname", "account_id", "region", "first_seen"] {
                definition.columns[index].sql.replace("d.\(column)", with: "now.\(column)")
            }
        }
        definition.fixed = [
            Predicate(
                sql: { "\($0)d.valid_from <= ? AND \($0)d.valid_until > ?" }, arguments: [text, text], isIndexed: false)
        ]
        return definition
    }

    private static func databases(
        at time: Date, _ tables: String, rowID: String, _ fields: [ListField]
    ) -> ListDefinition {
        func observed(_ column: String, _ condition: String = "o.bytes IS NOT NULL") -> String {
            """
            (SELECT o.\(column) FROM observations o WHERE o.database_row_id = \(rowID) AND o.at <= '\(Timestamp.format(time))'
                AND \(condition) ORDER BY o.at DESC LIMIT 1)
            """
        }
        let then = [
            "last_seen": "COALESCE(\(observed("at", "TRUE")), d.first_seen)", "bytes": observed("bytes"),
            "bytes_at": observed("at"), "bytes_complete": observed("bytes_complete"),
        ]
        let columns = databaseColumns.map { SelectedColumn($0.name, then[$0.name] ?? $0.sql, isFlag: $0.isFlag) }
        let known = fields.filter { !["bytes", "last_seen"].contains($0.name) }
        return ListDefinition(columns: columns, tables: tables, rowID: rowID, fields: known, sorts: [:])
    }

    static let hosts = ListDefinition(
        columns: SelectedColumn.of(
            "h",
            """
            id, hostname, account_id, region, instance_id, machine_id, os, os_id, os_version, kernel, architecture, cpus,
            memory_bytes, scan_status, agent_version, first_seen, last_seen, sender, retired_at
            """) + [
                SelectedColumn(
                    "databases",
                    """
                    (SELECT COUNT(*) FROM databases d WHERE d.host_row_id = h.row_id AND d.missing_since IS NULL)
                    """)
            ], tables: "hosts h", rowID: "h.row_id",
        fields: [
            host("h.row_id"),
            tag("h.row_id"),
            .text("account", "h.account_id", "An AWS account."),
            .text("region", "h.region", "An AWS region."),
            .text("os", "h.os_id", isIndexed: false, "A system's id, such as debian or amzn."),
            .text("architecture", "h.architecture", isIndexed: false, "An architecture, such as x86_64."),
            .text("scan_status", "h.scan_status", isIndexed: false, "complete or partial."),
            .text("sender", "h.sender", "The token whose reports these are."),
            ListField(name: "retired", help: "true for hosts that were retired, false for the others.") { condition in
                guard condition.comparison == .equal, ["true", "false"].contains(condition.value) else {
                    throw ListField.refusal(condition, "true or false")
                }
                let sql = "h.retired_at IS \(condition.value == "true" ? "NOT " : "")NULL"
                return Predicate(sql: { _ in sql }, arguments: [], isIndexed: false)
            },
            .time("first_seen", "h.first_seen", "When a scan first saw it: >=2026-11-01, or >=7d for days ago."),
            .time("last_seen", "h.last_seen", "When a scan last saw it: <2026-11-01, or <7d for days ago."),
        ],
        sorts: ["hostname": "h.hostname", "first_seen": "h.first_seen", "last_seen": "h.last_seen"],
        searchTable: "search_hosts")

    static let changes = ListDefinition(
        columns: [SelectedColumn("id", "c.row_id")] + SelectedColumn.of("c", "at, kind")
            + [SelectedColumn("database_id", "d.host_id || '/' || d.key")]
            + SelectedColumn.of("d", "host_id, hostname, account_id, region, engine, key")
            + SelectedColumn.of("c", "field, before, after") + [SelectedColumn("report_id", "c.report_row_id")],
        tables: "changes c JOIN databases d ON d.row_id = c.database_row_id", ownTable: "changes c",
        rowID: "c.row_id",
        fields: [
            .custom(
                "database", "A database's id.",
                sql: { "(\($0)d.host_row_id IN (\(KnownHost.rowsOfID)) AND \($0)d.key = ?)" }
            ) { id in
                DatabaseID(id).map { [$0.host, $0.host, $0.key] }
            }.joined,
            .text(
                "kind", "c.kind",
                "appeared, missing, returned, version_changed, vendor_changed, moved, state_changed, exposure_changed, role_changed."
            ).only(Change.Kind.allCases.map(\.rawValue)),
        ] + hostFields("d").map(\.joined) + [
            .text("engine", "d.engine", "An engine, such as postgresql.").joined,
            .time("at", "c.at", "When it was seen: >=2026-11-01, or >=7d for days ago."),
        ],
        sorts: ["at": "c.at"], order: "-added")
}

/// A database's id: its host's id and its key, with a slash between them.
public struct DatabaseID: Sendable, Equatable {
    /// The host's id, which has no slash.
    public var host: String
    /// The key on its host.
    public var key: String

    /// The id in `text`; nil when it is none.
    public init?(_ text: String) {
        let parts = text.parts("/", most: 1)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        (host, key) = (parts[0], parts[1])
    }
}
