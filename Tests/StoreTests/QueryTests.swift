import Foundation
import Report
import Testing

@testable import Store

@Suite("Lists")
struct QueryTests {
    let store: InventoryStore

    init() throws {
        store = try InventoryStore(
            path: FileManager.default.temporaryDirectory.appending(path: "dbcensus-\(UUID()).sqlite").path)
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
            seen += page.items.map(\.id)
            request.cursor = page.next_cursor
        } while request.cursor != nil
        #expect(seen.count == 21 && Set(seen).count == 21)
    }

    private func count(_ conditions: [String: String]) throws -> Int {
        var request = ListRequest()
        for (field, value) in conditions { request.require(field, value) }
        return try store.databases(request).items.count
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
