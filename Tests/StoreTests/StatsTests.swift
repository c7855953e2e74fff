import Foundation
import Report
import SQL
import TestPlaces
import Testing

@testable import Inventory
@testable import Store

@Suite("Counts, windows, free text")
struct StatsTests {
    let test: TestStore
    var store: InventoryStore { test.store }

    init() throws { test = try TestStore() }

    @Test("counts are those of the rows, after every kind of change")
    func counts() throws {
        for minute in 0..<6 {
            for machine in 0..<3 {
                let paths = (0...(minute + machine) % 4).map { "/\($0)" }
                try test.ingest(minute, paths, machine: String(repeating: "\(machine)", count: 32)) {
                    $0.databases[0].version = "8.0.\(minute % 3)"
                    if minute == 4 { $0.databases[0].listeners = [] }
                    if minute > 2 {
                        $0.host.cloud = Report.Cloud(provider: "aws")
                        $0.host.cloud?.accountID = "12345678901\(machine)"
                    }
                }
            }
            let columns = ["account", "version", "state", "exposure"]
            let stats = try store.stats(groupBy: columns)
            let rows = try store.databases().items
            let expected = Dictionary(grouping: rows) {
                [$0.account_id, $0.version, $0.missing_since.isNull ? $0.state : "missing", $0.exposure]
            }
            let there = rows.filter(\.missing_since.isNull)
            #expect(stats.items.count == expected.count && stats.databases == Int64(there.count))
            #expect(stats.missing == Int64(rows.count - there.count), "the missing ones have a figure of their own")
            #expect(stats.bytes == there.compactMap(\.bytes.integer).reduce(0, +))
            for item in stats.items {
                let group = expected[columns.map { Value(item.group[$0] ?? nil) }]
                let isMissing = item.group["state"] == "missing"
                #expect((isMissing ? item.missing : item.databases) == Int64(group?.count ?? 0))
                #expect((isMissing ? item.databases : item.missing) == 0)
                #expect(item.bytes == (isMissing ? 0 : group?.compactMap(\.bytes.integer).reduce(0, +)))
            }
        }
        #expect(try store.stats(groupBy: [], conditions: [Condition("state=missing")!]).missing > 0)
        #expect { try store.stats(groupBy: ["bytes"]) } throws: { ($0 as? StoreError)?.code == .badRequest }
        #expect(try store.hostCounts() == ["complete": 3])
    }

    @Test("sizes beyond reason do not break the sums")
    func overflow() throws {
        // As many as a report may have: together more than 64 bits.
        try test.ingest(0, (0..<10_000).map { "/\($0)" }) { report in
            for index in report.databases.indices { report.databases[index].dataDirectories[0].bytes = .max }
        }
        let stats = try store.stats(groupBy: ["engine"])
        #expect(stats.databases == 10_000 && stats.bytes > 0)
        try store.rebuild()
        #expect(try store.stats(groupBy: ["engine"]).databases == 10_000)
        #expect(try store.databases().items[0].bytes == .integer(ObservedDatabase.largestBytes))
    }

    @Test("words that mean something to the engine are words like others")
    func wordsOfTheEngine() throws {
        try test.ingest(0, ["/null", "/a'b\"c\\d{e},f", "/" + String(repeating: "\u{1100}", count: 900), "/ﬀ/İ/ß"])
        for (text, count) in [("null", 1), ("NULL", 1), ("b c", 1), ("ß", 1)] {
            var request = ListRequest()
            request.search = text
            #expect(try store.databases(request).items.count == count, "\(text)")
        }
    }

    /// Rows of many hosts, put in as the writer would, so that more than a window is there.
    private func fill(_ count: Int) throws {
        try test.ingest(0)
        try store.database.write {
            try $0.run(
                """
                INSERT INTO databases (place, key, place_id, engine, state, version, version_key, bytes, first_seen,
                    last_seen, changed_at)
                WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ?)
                SELECT 1, 'mysql:/' || x, 'h', CASE WHEN x % 2 = 1 THEN 'mysql' ELSE 'redis' END, 'running', '8',
                    CASE WHEN x % 3 <> 0 THEN substr('0000' || (x % 100), length('0000' || (x % 100)) - 4) END, x % 1000, '2026', '2026', '2026' FROM n
                """, [count])
        }
    }

    @Test(
        "filters that nearly no row passes give short pages in bounded steps, and all rows in the end",
        arguments: [
            nil, "-bytes", "version", "-version", "engine", "first_seen",
        ])
    func windows(sort: String?) throws {
        try fill(50_000)
        var request = ListRequest()
        request.sort = sort
        request.limit = 1000
        request.conditions = [Condition("bytes>=998")!, Condition("engine=redis")!]
        var keys: [String] = []
        var pages = 0
        repeat {
            let page = try store.databases(request)
            keys += page.items.map { $0.text("key") }
            request.cursor = page.next_cursor
            pages += 1
        } while request.cursor != nil && pages < 100
        let expected: Set<String> = try store.database.read {
            Set(try $0.values("SELECT key FROM databases WHERE bytes >= 998 AND engine = 'redis'") as [String])
        }
        #expect(keys.count == expected.count && Set(keys) == expected, "\(keys.count) of \(expected.count)")
    }

    @Test(
        "an order goes through every row once, those without a value last",
        arguments: ["version", "-version", "-bytes", "hostname"])
    func orders(sort: String) throws {
        try fill(5_000)
        var request = ListRequest()
        request.sort = sort
        request.limit = 700
        var rows: [ListRow] = []
        repeat {
            let page = try store.databases(request)
            rows += page.items
            request.cursor = page.next_cursor
        } while request.cursor != nil
        #expect(rows.count == 5_001 && Set(rows.map(\.id)).count == 5_001)
        if sort == "-bytes" {
            #expect(rows.map { $0.bytes.integer ?? 0 } == rows.map { $0.bytes.integer ?? 0 }.sorted(by: >))
        }
    }

    @Test("pages neither skip nor repeat a row while rows are written")
    func writing() throws {
        try fill(300)
        var request = ListRequest()
        request.limit = 20
        var keys: [String] = []
        var minute = 1
        repeat {
            let page = try store.databases(request)
            keys += page.items.map { $0.text("key") }
            request.cursor = page.next_cursor
            if minute < 5 { try test.ingest(minute, (0...minute).map { "/new/\($0)" }) }
            minute += 1
        } while request.cursor != nil
        #expect(Set(keys).count == keys.count && keys.count == 301 + 5)
    }

    @Test("versions compare as versions")
    func versions() throws {
        for (index, version) in ["8.0.4", "8.0.36", "8.0.100", "10.11.6", "18beta1", "18"].enumerated() {
            try test.ingest(0, machine: String(repeating: "\(index)", count: 32)) { $0.databases[0].version = version }
        }
        func list(_ condition: String) throws -> [Value] {
            var request = ListRequest()
            request.conditions = Condition.parse("version", condition)
            request.sort = "version"
            return try store.databases(request).items.map(\.version)
        }
        #expect(try list("<8.0.36") == ["8.0.4"])
        #expect(try list(">=8.0.36,<9") == ["8.0.36", "8.0.100"])
        #expect(try list(">10") == ["10.11.6", "18beta1", "18"])
        #expect(try list("8.0.36") == ["8.0.36"])
        #expect { try list("<none") } throws: { ($0 as? StoreError)?.code == .badRequest }
    }

    @Test("free text finds by words, the last one by its beginning, and follows every change")
    func search() throws {
        try test.ingest(0, ["/srv/orders-db", "/srv/users"]) { $0.host.hostname = "ip-10-0-1-2.eu.example.com" }
        func hits(_ text: String) throws -> Int {
            var request = ListRequest()
            request.search = text
            return try store.databases(request).items.count
        }
        #expect(try hits("orders") == 1 && hits("ip-10-0-1-2") == 2 && hits("exam") == 2 && hits("mysql users") == 1)
        #expect(try hits("ex") == 0 && hits("orders users") == 0)
        try test.ingest(1, ["/srv/orders-db", "/srv/users"]) { $0.host.hostname = "db7" }
        #expect(try hits("ip-10-0-1-2") == 0 && hits("db7") == 2)
        for text in ["\"", "a\" OR \"b", "*", "NEAR(a b)", "e\u{301}t\u{e9}", "日本", "\u{1F600}x", "a:b", "🫠"] {
            do { _ = try hits(text) } catch { #expect((error as? StoreError)?.code == .badRequest) }
        }
        var request = ListRequest()
        request.search = "db7"
        #expect(try store.hosts(request).items.count == 1)
    }
}
