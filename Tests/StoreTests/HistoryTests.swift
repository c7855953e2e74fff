import Foundation
import Report
import SQL
import Testing

@testable import Inventory
@testable import Store

@Suite("History")
struct HistoryTests {
    let test: TestStore
    var store: InventoryStore { test.store }

    init() throws { test = try TestStore() }

    @Test("what comes, goes and comes back is recorded with its time and its report")
    func comings() throws {
        try test.ingest(0, ["/a", "/b"])
        try test.ingest(1, ["/a"])
        try test.ingest(2, ["/a"])
        try test.ingest(3, ["/a", "/b"])
        let changes = try store.changes().items
        #expect(try test.kinds() == ["appeared", "appeared", "missing", "returned"])
        #expect(changes.map(\.report_id) == [4, 2, 1, 1])
        #expect(changes[0].before == TestStore.text(1) && changes[0].after == "running")
        #expect(changes[1].at == TestStore.text(1) && changes[1].text("database_id").hasSuffix("/mysql:/b"))
    }

    @Test(
        "a change has its kind, its field, what was before and after",
        arguments: [
            ("version_changed", "version", "8.0.36", "8.0.37"), ("vendor_changed", "vendor", "oracle", "percona"),
            ("moved", "port", "3306", "3307"), ("state_changed", "state", "running", "stopped"),
            ("exposure_changed", "exposure", "all", "loopback"), ("role_changed", "role", "replica", "primary"),
        ])
    func kinds(kind: String, field: String, before: String, after: String) throws {
        func set(_ report: inout Report, _ value: String) {
            switch field {
            case "version": report.databases[0].version = value
            case "vendor": report.databases[0].vendor = value
            case "port": report.databases[0].listeners[1].port = UInt16(value)!
            case "state":
                report.databases[0].state = .init(rawValue: value)
                if value == "stopped" { report.databases[0].listeners = [] }
            case "exposure": report.databases[0].listeners[1].exposure = .init(rawValue: value)
            default: report.databases[0].role = .init(rawValue: value)
            }
        }
        try test.ingest(0) { set(&$0, before) }
        try test.ingest(1) { set(&$0, before) }
        try test.ingest(2) { set(&$0, after) }
        let changes = try store.changes().items
        #expect(changes.count == 2, "\(changes.map(\.kind))")
        #expect(changes[0].kind == kind && changes[0].field == field)
        #expect(changes[0].before == before && changes[0].after == after && changes[0].at == TestStore.text(2))
    }

    @Test("learning what was unknown, or more exactly, is no change; nor is what a thin report leaves out")
    func learning() throws {
        try test.ingest(0) {
            $0.databases[0].version = "8"
            $0.databases[0].versionPrecision = .major
        }
        try test.ingest(1) { $0.databases[0].role = .primary }
        try test.ingest(2) {
            $0.scan.problems = [.init(code: "output_limit", subject: "", message: "")]
            $0.databases[0].version = nil
            $0.databases[0].versionPrecision = nil
            $0.databases[0].role = nil
            $0.databases[0].listeners = []
        }
        #expect(try test.kinds() == ["appeared"])
        let row = try store.databases().items[0]
        #expect(row.version == "8.0.36" && row.role == "primary" && row.port == 3306 && row.exposure == "all")
    }

    @Test("a database whose directory moved is the same one when its server's identity says so")
    func moved() throws {
        func identify(_ report: inout Report, _ id: String = "7312345678901234567") {
            for index in report.databases.indices { report.databases[index].identity = ["system_identifier": id] }
        }
        try test.ingest(0, ["/old"]) { identify(&$0) }
        try test.ingest(1, ["/new"]) { identify(&$0) }
        #expect(try test.kinds() == ["appeared", "moved"])
        let rows = try store.databases().items
        #expect(rows.map(\.key) == ["mysql:/new"] && rows[0].first_seen == TestStore.text(0))
        let old = try #require(DatabaseID("0123456789abcdef0123456789abcdef/mysql:/old"))
        #expect(try store.database(old)?.database.key == "mysql:/new", "its former id still finds it")
        try test.ingest(2, ["/x", "/y"]) { identify(&$0) }
        #expect(try store.databases().items.count == 3, "two with one identity: nobody knows which one moved")
        try test.ingest(3, ["/z"]) { identify(&$0, "1") }
        #expect(try store.databases().items.count == 4, "another server")
    }

    @Test("what was before has its time: the inventory as of any moment")
    func asOf() throws {
        try test.ingest(0, ["/a", "/b"])
        try test.ingest(10, ["/a"]) { $0.databases[0].version = "8.0.37" }
        try test.ingest(20, ["/a"]) {
            $0.databases[0].version = "8.0.37"
            $0.databases[0].listeners[1].port = 3307
        }
        func then(_ minute: Int, _ conditions: [String: String] = [:]) throws -> [String] {
            var request = ListRequest()
            request.asOf = TestStore.time(minute)
            for (field, value) in conditions { request.require(field, value) }
            return try store.databases(request).items.map {
                "\($0.key) \($0.version) \($0.port) \($0.missing_since.isNull ? "" : "missing")"
            }
        }
        #expect(try then(-1) == [])
        #expect(try then(5) == ["mysql:/a 8.0.36 3306 ", "mysql:/b 8.0.36 3306 "])
        #expect(try then(10) == ["mysql:/a 8.0.37 3306 ", "mysql:/b 8.0.36 3306 missing"])
        #expect(try then(25) == ["mysql:/a 8.0.37 3307 ", "mysql:/b 8.0.36 3306 missing"])
        #expect(try then(15, ["port": "3306", "state": "running"]) == ["mysql:/a 8.0.37 3306 "])
        #expect(try then(15, ["state": "missing"]) == ["mysql:/b 8.0.36 3306 missing"])
        var request = ListRequest()
        request.asOf = TestStore.time(5)
        #expect(try store.databases(request).items.map(\.bytes) == [1000, 1000])
        #expect(try store.databases(request).items.map(\.last_seen) == [TestStore.text(0), TestStore.text(0)])
        request.limit = 1
        let first = try store.databases(request)
        request.cursor = first.next_cursor
        #expect(try store.databases(request).items.map(\.key) == ["mysql:/b"])
    }

    @Test("a size is recorded when it differs and once a day; an unchanged report writes no history")
    func sizes() throws {
        for minute in [0, 10, 20, 24 * 60, 24 * 60 + 1] {
            try test.ingest(minute) { $0.databases[0].dataDirectories[0].bytes = minute == 20 ? 2000 : 1000 }
        }
        let id = try #require(DatabaseID(try store.databases().items[0].text("id")))
        let sizes = try #require(try store.sizes(id)).items
        #expect(sizes.map(\.at) == [0, 20, 24 * 60].map(TestStore.text).map(Value.text))
        #expect(sizes.map(\.bytes) == [1000, 2000, 1000])
        #expect(try test.count("database_history") == 0 && test.count("changes") == 1)
    }

    @Test("members of one cluster are one group, whatever host they are on")
    func clusters() throws {
        for (machine, id) in [("a", "7"), ("b", "7"), ("c", "8")] {
            try test.ingest(0, machine: String(repeating: machine, count: 32)) {
                $0.databases[0].identity = ["system_identifier": id]
                $0.databases[0].role = machine == "a" ? .primary : .replica
            }
        }
        let clusters = try store.clusters().items
        #expect(clusters.map(\.id) == ["mysql:system_identifier:7@", "mysql:system_identifier:8@"])
        #expect(clusters.map(\.databases) == [2, 1] && clusters[0].roles == "primary,replica")
        var request = ListRequest()
        request.require("cluster", clusters[0].text("id"))
        #expect(try store.databases(request).items.count == 2)
        #expect(try store.clusters(after: clusters[0].text("id"), limit: 1).items.map(\.id) == [clusters[1].id])
    }

    @Test("a host whose clock is ahead is seen when its report came; a collector whose clock went back takes all")
    func clocks() throws {
        _ = try store.ingest(IngestTests.report(120), now: TestStore.time(0))
        #expect(try store.databases().items[0].last_seen == TestStore.text(0))
        #expect(try test.ingest(30) == .stored(place: "0123456789abcdef0123456789abcdef", databases: 1))
        let back = try store.ingest(IngestTests.report(31), now: TestStore.time(-60 * 24 * 365))
        #expect(back == .stored(place: "0123456789abcdef0123456789abcdef", databases: 1))
        let received = try store.database.read { try $0.values("SELECT received_at FROM reports") as [String] }
        #expect(received == [0, 30, 30].map(TestStore.text), "never before the one that came before")
    }
}
