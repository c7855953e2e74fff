import Foundation
import Report
import Stores
import TestPlaces
import Testing

@testable import Inventory
@testable import Store

@Suite("Lists")
struct QueryTests {
    let store: InventoryStore

    init() throws {
        store = try InventoryStore(path: try TestPlace.make())
        for number in 0..<7 {
            let machine = String(repeating: "\(number)", count: 32)
            _ = try store.ingest(
                IngestTests.report(0, ["/a", "/b'; DROP TABLE hosts; --", "\u{301}c"], machine: machine),
                now: IngestTests.noon)
        }
    }

    @Test("pages neither skip nor repeat a row", arguments: [1, 2, 5, 20, 21, 22])
    func pages(limit: Int) throws {
        var request = ListRequest()
        request.limit = limit
        var seen: [String] = []
        repeat {
            let page = try store.databases(request)
            #expect(page.items.count <= limit)
            seen += page.items.map { $0.text("id") }
            request.cursor = page.next_cursor
        } while request.cursor != nil
        #expect(seen.count == 21 && Set(seen).count == 21)
    }

    @Test("a page as JSON is the page, in every order, as of a time, and whatever a name holds")
    func json() throws {
        var report = IngestTests.report(1, ["/a \"\\\u{1}\u{7f}\n\u{2028}😀", "/b"])
        report.databases[0].vendor = "</script>"
        report.databases[0].container = .init(runtime: "docker", id: "\t,'; --")
        _ = try store.ingest(report, now: IngestTests.noon.addingTimeInterval(60))
        report.scan.startedAt += 60
        report.databases[0].version = "8.0.37"
        report.databases.removeLast()
        _ = try store.ingest(report, now: IngestTests.noon.addingTimeInterval(120))
        try store.addDeadLetters([RejectedReport(Refusal(.future, "\"\u{8}"), [], sender: "cli")])
        try store.record(
            [.init(at: .now, actor: "-", address: nil, action: "a", target: "\\", status: 200, requestID: nil)],
            tokensUsed: [:])
        func check(_ list: List, _ sort: String? = nil, asOf: Date? = nil, search: String? = nil) throws {
            var request = ListRequest()
            (request.sort, request.asOf, request.search, request.limit) = (sort, asOf, search, 5)
            let decoder = JSONDecoder()
            decoder.userInfo[ListRow.listKey] = list
            repeat {
                let page = try store.page(list, request)
                let json = try store.json(list, request)
                let decoded = try json.items.map { try decoder.decode(ListRow.self, from: Data($0.utf8)) }
                #expect(decoded == page.items && json.next_cursor == page.next_cursor)
                #expect(!page.items.isEmpty)
                let first = try #require(
                    try JSONSerialization.jsonObject(with: Data(json.items[0].utf8)) as? [String: Any])
                #expect(Set(first.keys) == Set(list.fields.map(\.name)), "absent values are null, and not left out")
                request.cursor = page.next_cursor
            } while request.cursor != nil
        }
        for sort in ["added", "-added", "bytes", "-hostname", "-version", "last_seen"] { try check(.databases, sort) }
        try check(.databases, search: "db1")
        try check(.databases, asOf: IngestTests.noon + 90)
        for sort in ["added", "-hostname"] { try check(.hosts, sort) }
        for list in [List.changes, .deadLetters, .audit] { try check(list) }
    }

    @Test(
        "conditions between commas: ranges each, values together",
        arguments: [
            ("mysql", ["=mysql"]), ("mysql,mariadb", ["=mysql,mariadb"]), ("!=mysql,mariadb", ["!=mysql,mariadb"]),
            (">=8.0,<8.1", [">=8.0", "<8.1"]), ("<8,!=5,6", ["<8", "!=5,6"]), ("!x,y", ["=!x,y"]), ("", ["="]),
            ("<", ["<"]),
        ])
    func conditions(value: String, parsed: [String]) {
        let conditions = Condition.parse("version", value)
        #expect(conditions.map { $0.comparison.rawValue + $0.value } == parsed)
    }

    private func count(_ conditions: [String: String]) throws -> Int {
        var request = ListRequest()
        for (field, value) in conditions { request.require(field, value) }
        return try store.databases(request).items.count
    }

    @Test("a combining mark behind a separator hides it from nobody", arguments: ["/", "\u{301}c", "\u{301}/=,<"])
    func combining(path: String) throws {
        _ = try store.ingest(
            IngestTests.report(1, [path], machine: String(repeating: "9", count: 32)), now: IngestTests.noon + 60)
        var report = IngestTests.report(2, [path], machine: String(repeating: "9", count: 32))
        report.databases[0].key = path
        _ = try store.ingest(report, now: IngestTests.noon + 120)
        let id = try #require(DatabaseID(String(repeating: "9", count: 32) + "/" + path))
        #expect(id.key.utf8.elementsEqual(path.utf8))
        #expect(try store.database(id)?.database.text("key").utf8.elementsEqual(path.utf8) == true)
        #expect(Condition("tag=\u{301}")?.value.unicodeScalars.count == 1)
        #expect(Condition.parse("container", "\u{301}a,\u{301}b").map(\.value.utf8.count) == [7])
        #expect("a,\u{301}b".parts(",").count == 2)
    }

    @Test("times may be ages, sizes have units, kinds are known")
    func values() throws {
        let now = IngestTests.noon
        for (text, seconds) in [("7d", 604_800.0), ("12h", 43_200), ("30m", 1_800)] {
            #expect(TimeText.parse(text, now: now) == now - seconds)
        }
        #expect(TimeText.parse("2026-11-21") == Timestamp.parse("2026-11-21T00:00:00Z"))
        for text in ["", "d", "-1d", "7", "7w", "yesterday"] { #expect(TimeText.parse(text) == nil) }
        #expect(try count(["bytes": "1000"]) == 21 && count(["bytes": "1KiB"]) == 0)
        for (field, value) in [
            ("engine", Array(repeating: "x", count: 101).joined(separator: ",")), ("bytes", "1kb"),
            ("bytes", "9999999TiB"), ("bytes", "-1"), ("last_seen", "soon"), ("version", "x"),
        ] {
            #expect { _ = try count([field: value]) } throws: { ($0 as? StoreError)?.code == .badRequest }
        }
        var request = ListRequest()
        request.require("kind", "apeared")
        #expect { _ = try store.changes(request) } throws: { "\($0)".contains("appeared, missing, returned") }
    }

    @Test("the last word may be a beginning, also where some row has it whole")
    func beginnings() throws {
        _ = try store.ingest(
            IngestTests.report(0, ["/srv/mysq"], machine: String(repeating: "f", count: 32)), now: IngestTests.noon)
        var request = ListRequest()
        request.search = "mysq"
        #expect(try store.databases(request).items.count == 22)
    }

    @Test("a line of the audit log with a character that PostgreSQL refuses is written, and keeps no other one out")
    func auditOfNUL() throws {
        let entry = AuditEntry(
            at: .now, actor: "-", address: nil, action: "GET /x", target: "/x/\0y", status: 404, requestID: "\0")
        try store.record([entry], tokensUsed: [:])
        #expect(try store.audit().items.first?.text("target") == "/x/\u{fffd}y")
    }

    @Test("filters are values, never SQL")
    func filters() throws {
        #expect(
            try count(["host": String(repeating: "3", count: 32), "engine": "mysql", "state": "running"]) == 3)
        #expect(try count(["engine": "mysql' OR '1'='1"]) == 0)
        #expect(try count(["exposure": "all", "host": "db1"]) == 21)
        for field in ["vendor", "role", "account", "region", "cluster", "container", "tag"] {
            #expect(try count([field: "none"]) == 0)
        }
        var request = ListRequest()
        request.require("host", "db1")
        #expect(try store.hosts(request).items.count == 7)
        request.require("nonsense", "1")
        #expect { try store.hosts(request) } throws: { ($0 as? StoreError)?.code == .badRequest }
    }

    @Test("a cursor that this list did not give is refused", arguments: ["", "x", "W10=", "WyJhIl0="])
    func cursors(cursor: String) {
        var request = ListRequest()
        request.cursor = cursor
        #expect { try store.databases(request) } throws: { ($0 as? StoreError)?.code == .badCursor }
    }
}
