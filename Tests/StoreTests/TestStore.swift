import Foundation
import Report
import SQL
import Stores
import TestPlaces

@testable import Inventory
@testable import Store

/// A store in a folder of its own, and reports to put into it.
struct TestStore {
    let path: String
    let store: InventoryStore

    init() throws {
        path = try TestPlace.make()
        store = try InventoryStore(path: path)
    }

    /// Ingests the report of `minute` minutes after noon, received then, after `change`.
    @discardableResult
    func ingest(
        _ minute: Int, _ paths: [String] = ["/a"], status: Report.Scan.Status = .complete,
        machine: String = "0123456789abcdef0123456789abcdef", _ change: (inout Report) -> Void = { _ in }
    ) throws -> IngestOutcome {
        var report = IngestTests.report(minute, paths, machine: machine, status: status)
        change(&report)
        return try store.ingest(report, now: Self.time(minute))
    }

    static func time(_ minute: Int) -> Date { IngestTests.noon.addingTimeInterval(Double(minute) * 60) }
    static func text(_ minute: Int) -> String { Timestamp.format(time(minute)) }

    func kinds() throws -> [String] { try store.changes().items.reversed().map { $0.text("kind") } }

    func count(_ table: String) throws -> Int {
        try store.database.read { try $0.value("SELECT COUNT(*) FROM \(table)") as Int? } ?? -1
    }

    /// Everything that is derived from reports, row for row.
    static let derived = [
        "accounts", "hosts", "databases", "database_history", "changes", "observations", "census", "host_census",
        "reports", "host_tags", "host_aliases",
    ]

    /// Every row of these tables as text.
    ///
    /// - Parameter digests: whether hosts have their digests.
    func dump(digests: Bool = true) throws -> [String: [String]] {
        try store.database.read { database in
            var tables: [String: [String]] = [:]
            for table in Self.derived {
                let condition =
                    table.hasSuffix("census") ? " WHERE \(table == "census" ? "databases" : "hosts") <> 0" : ""
                let columns = try StoreTable(table).columns(database).filter { digests || $0 != "digest" }
                tables[table] = try database.all("SELECT \(columns.joined(separator: ", ")) FROM \(table)\(condition)")
                    .map { "\($0.values)" }.sorted()
            }
            return tables
        }
    }
}

extension InventoryStore {
    func databases(_ request: ListRequest = ListRequest()) throws -> Page<ListRow> { try page(.databases, request) }
    func hosts(_ request: ListRequest = ListRequest()) throws -> Page<ListRow> { try page(.hosts, request) }
    func changes(_ request: ListRequest = ListRequest()) throws -> Page<ListRow> { try page(.changes, request) }
    func hostEvents(_ request: ListRequest = ListRequest()) throws -> Page<ListRow> { try page(.hostEvents, request) }
    func deadLetters(_ request: ListRequest = ListRequest()) throws -> Page<ListRow> { try page(.deadLetters, request) }
    func audit(_ request: ListRequest = ListRequest()) throws -> Page<ListRow> { try page(.audit, request) }
}

func == (value: Value, text: String) -> Bool { value == .text(text) }
func == (values: [Value], texts: [String]) -> Bool { values == texts.map(Value.text) }
