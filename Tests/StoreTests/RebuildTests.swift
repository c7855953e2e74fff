import Foundation
import Report
import SQL
import SQLiteDriver
import TestPlaces
import Testing

@testable import Inventory
@testable import Store

@Suite("Rebuild, retention, migration")
struct RebuildTests {
    let test: TestStore
    var store: InventoryStore { test.store }

    init() throws {
        test = try TestStore()
        for machine in ["a", "b"] {
            let id = String(repeating: machine, count: 32)
            try test.ingest(0, ["/a", "/b"], machine: id)
            try test.ingest(-5, ["/never"], machine: id)
            try test.ingest(10, ["/a", "/c"], machine: id) {
                $0.databases[0].version = "8.0.37"
                $0.host.cloud = Report.Cloud(provider: "aws")
                $0.host.cloud?.instanceID = "i-0123456789abcde" + machine
                $0.host.cloud?.accountID = "123456789012"
            }
            try test.ingest(20, ["/c"], status: .partial, machine: id)
        }
        _ = try store.setTags("i-0123456789abcdea", ["owner": "payments"])
    }

    @Test("the inventory is derived anew from the reports, row for row")
    func rowForRow() throws {
        let before = try test.dump()
        #expect(before["changes"]!.count == 10 && before["database_history"]!.count == 2)
        try test.store.database.write {
            try $0.script("UPDATE databases SET version = 'lost'; DELETE FROM changes; UPDATE hosts SET hostname = 'x'")
        }
        #expect(try store.rebuild() == .init(reports: 8, unreadable: []))
        let after = try test.dump()
        for table in TestStore.derived { #expect(after[table] == before[table], "\(table)") }
        var request = ListRequest()
        request.search = "8.0.37"
        #expect(try store.databases(request).items.count == 2)
        request = ListRequest()
        request.require("tag", "owner=payments")
        #expect(try store.hosts(request).items.map(\.id) == ["i-0123456789abcdea"])
    }

    @Test("a report that no longer decodes is named and left out; the rest is rebuilt")
    func unreadable() throws {
        try store.database.write {
            try $0.run("UPDATE reports SET body = ? WHERE row_id = 4", [[0x1f, 0x8b, 0] as [UInt8]])
        }
        #expect(try store.rebuild() == .init(reports: 7, unreadable: [4]))
        #expect(try test.count("reports") == 8)
    }

    @Test("old reports go in steps; the one in which a host or a database was last seen stays")
    func retention() throws {
        var progress = RetentionProgress()
        let later = TestStore.time(60 * 24 * 91)
        while try store.retain(RetentionPolicy(), &progress, now: later) {}
        // Of each host: /a of minute 10, /b of minute 0, /c and the host of minute 20 stay; the older one goes.
        let left = try test.count("reports")
        #expect(progress.reports == 2 && left == 6, "\(progress.reports) went, \(left) are left")
        #expect(try store.reportsRemovedUntil() != nil)
        for row in try store.databases().items {
            #expect(try store.database(try #require(DatabaseID(row.text("id"))))?.report != nil, "\(row.id)")
        }
    }

    @Test("after thirty days one size a day stays, the last one, and the very first")
    func thinning() throws {
        let fresh = try TestStore()
        for minute in [0, 60, 120, 60 * 24, 60 * 24 + 60] {
            try fresh.ingest(minute) { $0.databases[0].dataDirectories[0].bytes = Int64(minute) + 1 }
        }
        var progress = RetentionProgress()
        while try fresh.store.retain(RetentionPolicy(), &progress, now: TestStore.time(60 * 24 * 29)) {}
        #expect(try fresh.count("observations") == 5)
        progress = .init()
        while try fresh.store.retain(RetentionPolicy(), &progress, now: TestStore.time(60 * 24 * 40)) {}
        let id = try #require(DatabaseID(try fresh.store.databases().items[0].text("id")))
        #expect(try fresh.store.sizes(id)?.items.map(\.bytes) == [1, 121, .integer(60 * 24 + 61)])
        // The first of all stays too, so that every moment since has one.
        var request = ListRequest()
        for minute in [0, 1, 61, 60 * 24 + 1, 60 * 24 * 3] {
            request.asOf = TestStore.time(minute)
            #expect(try fresh.store.databases(request).items.count == 1)
        }
    }

    @Test(
        "a store of the second schema learns who sends a host's reports: the first token that did",
        .enabled(if: TestPlace.isFile))
    func migrationOfSenders() throws {
        let old = try SQLiteFiles().open(test.path + ".second", .write)
        try old.migrate(Array(Migration.sqlite.prefix(2)))
        let sources = [["aaaaaaaaaaaa", "bbbbbbbbbbbb"], ["cli", "bbbbbbbbbbbb"], []]
        try old.write { database in
            for (number, sources) in sources.enumerated() {
                try database.run(
                    """
                    INSERT INTO hosts (row_id, id, agent_version, scan_status, first_seen, last_seen)
                    VALUES (?, ?, '0.1.0', 'complete', '2026-11-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z')
                    """, [number, "host-\(number)"])
                for source in sources {
                    try database.run(
                        """
                        INSERT INTO reports (host_row_id, started_at, seen_at, received_at, is_older, source, body)
                        VALUES (?, '2026-11-01', '2026-11-01', '2026-11-01', 0, ?, x'00')
                        """, [number, source])
                }
            }
        }
        try old.migrate(Migration.sqlite)
        let senders: [String?] = try old.read { try $0.values("SELECT sender FROM hosts ORDER BY row_id") }
        #expect(senders == ["aaaaaaaaaaaa", nil, nil])
    }
}
