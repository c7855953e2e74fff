import Foundation
import Report
import SQL
import Testing

@testable import Inventory
@testable import Store

@Suite("Hosts end")
struct HostEndTests {
    let test: TestStore
    var store: InventoryStore { test.store }

    init() throws { test = try TestStore() }

    private static func machine(_ number: Int) -> String { String(repeating: "\(number)", count: 32) }

    private func ids(_ conditions: [(String, String)] = []) throws -> [String] {
        var request = ListRequest()
        for (field, value) in conditions { request.require(field, value) }
        return try store.hosts(request).items.map { $0.text("id") }
    }

    @Test("a retired host is missing, stays in the history, and comes back when it reports")
    func retire() throws {
        try test.ingest(0, ["/a", "/b"], machine: Self.machine(1))
        try test.ingest(0, ["/a"], machine: Self.machine(2))
        #expect(try store.retireHost(Self.machine(1), now: TestStore.time(1)))
        #expect(try !store.retireHost(Self.machine(1)), "once")
        #expect(try !store.retireHost("none"))
        #expect(try ids([("retired", "true")]) == [Self.machine(1)] && ids([("retired", "false")]) == [Self.machine(2)])
        let stats = try store.stats(groupBy: [])
        #expect(stats.databases == 1 && stats.missing == 2)
        #expect(try store.summary().oldestHost == TestStore.text(0))
        let retired = try test.dump()
        try store.rebuild()
        #expect(try test.dump() == retired, "a rebuild does not bring it back")
        var then = ListRequest()
        then.asOf = TestStore.time(0)
        #expect(try store.databases(then).items.allSatisfy(\.missing_since.isNull))
        try test.ingest(2, ["/a", "/b"], machine: Self.machine(1))
        #expect(try ids([("retired", "true")]).isEmpty)
        #expect(try store.hostEvents().items.map(\.kind) == ["returned", "retired"])
        #expect(try store.stats(groupBy: []).missing == 0)
        let back = try test.dump()
        try store.rebuild()
        #expect(try test.dump() == back, "nor does it forget that it was gone")
        #expect(try store.retireHost(Self.machine(1), now: TestStore.time(3)))
        #expect(try store.splitHost(Self.machine(1)) == HostSplit(hosts: [Self.machine(1)], refused: 0))
        #expect(try ids([("retired", "true")]) == [Self.machine(1)], "a split does not bring it back either")
        #expect(try store.stats(groupBy: []).missing == 2)
    }

    @Test("a forgotten host leaves nothing behind")
    func forget() throws {
        try test.ingest(0, ["/x"], machine: Self.machine(2))
        let before = try test.dump()
        let searches = try test.count("search_databases")
        for minute in 0..<4 {
            try test.ingest(minute, minute == 2 ? [] : (0..<450).map { "/\($0)" }, machine: Self.machine(1))
        }
        _ = try store.setTags(Self.machine(1), ["a": "b"])
        #expect(try store.forgetHost(Self.machine(1)))
        #expect(try !store.forgetHost(Self.machine(1)))
        #expect(try test.dump() == before && test.count("search_databases") == searches)
        #expect(try store.hostEvents().items.map(\.kind) == ["forgotten"])
        try test.ingest(9, ["/a"], machine: Self.machine(1))
        #expect(try ids().count == 2, "it may come again")
    }

    @Test("split undoes what a forged report joined before senders counted")
    func split() throws {
        // As a store from before: one sender for all, so that the forged report took the machine's row.
        try test.ingest(0, ["/a"], machine: Self.machine(1))
        try test.ingest(1, [], machine: Self.machine(1)) {
            $0.host.cloud = Report.Cloud(provider: "aws")
            $0.host.cloud?.instanceID = "i-0bad0000000000001"
        }
        _ = try store.setTags("i-0bad0000000000001", ["owner": "payments"])
        try store.database.write {
            try $0.script(
                "UPDATE reports SET source = CASE row_id WHEN 1 THEN 'honest' ELSE 'forger' END; UPDATE hosts SET sender = 'honest'"
            )
        }
        #expect(try ids() == ["i-0bad0000000000001"])
        let split = try #require(try store.splitHost("i-0bad0000000000001", now: TestStore.time(2)))
        #expect(split == .init(hosts: [Self.machine(1), "i-0bad0000000000001"], refused: 0))
        let detail = try #require(try store.host(Self.machine(1)))
        #expect(detail.databases.map(\.key) == ["mysql:/a"] && detail.databases[0].missing_since.isNull)
        #expect(detail.databases[0].first_seen == TestStore.text(0) && detail.host.sender == "honest")
        #expect(try store.splitHost("none") == nil)
    }

    @Test("hosts that were not seen for long are removed when the retention says so, and history has its days")
    func retention() throws {
        try test.ingest(0, ["/a"], machine: Self.machine(1))
        try test.ingest(1, [], machine: Self.machine(1))
        try test.ingest(2, ["/a"], machine: Self.machine(1))
        try test.ingest(50 * 1_440, ["/b"], machine: Self.machine(2))
        var policy = RetentionPolicy()
        func retain() throws {
            var progress = RetentionProgress()
            while try store.retain(policy, &progress, now: TestStore.time(100 * 1_440)) {}
        }
        try retain()
        #expect(try ids().count == 2 && test.count("changes") == 4 && test.count("database_history") == 2)
        policy.historyDays = 60
        try retain()
        #expect(try test.count("changes") == 1 && test.count("database_history") == 0)
        policy.unseenDays = 90
        try retain()
        #expect(try ids() == [Self.machine(2)])
    }

    @Test(
        "a report that empties a large host writes little; what was there is known as of then, and after it came back")
    func emptied() throws {
        let paths = (0..<2_000).map { "/" + String(repeating: "x", count: 400) + "\($0)" }
        func written() throws -> Int64 { try store.database.bare { try $0.written().bytes } }
        let empty = try written()
        try test.ingest(0, paths)
        let full = try written()
        try test.ingest(1, [])
        let emptied = try written()
        #expect(try test.count("database_history") == 0)
        // Rows get the time at which they were last seen, and pages that were full become two.
        #expect(emptied - full < (full - empty) / 3, "\(full - empty) bytes, then \(emptied - full)")
        func missing(_ minute: Int) throws -> Int {
            var request = ListRequest()
            request.asOf = TestStore.time(minute)
            request.limit = 1
            request.require("state", "missing")
            return try store.databases(request).items.count
        }
        #expect(try missing(0) == 0 && missing(1) == 1 && missing(2) == 1)
        try test.ingest(2, paths)
        #expect(try missing(0) == 0 && missing(1) == 1 && missing(2) == 0)
    }

    @Test("a user who limits the view of his own databases keeps nobody else's from being missing")
    func limitedUsers() throws {
        func ingest(_ minute: Int, _ owners: [(String, UInt32?)], limited: [UInt32]) throws {
            try test.ingest(minute, owners.map(\.0)) { report in
                report.scan.limitedUsers = limited
                for (index, owner) in owners.enumerated() {
                    report.databases[index].dataDirectories[0].uid = owner.1
                }
            }
        }
        let all: [(String, UInt32?)] = [("/evil", 1_000), ("/good", 27), ("/sub", 165_537), ("/unknown", nil)]
        try ingest(0, all, limited: [])
        try ingest(1, [], limited: [1_000, 165_536])
        var request = ListRequest()
        request.require("state", "missing")
        #expect(try store.databases(request).items.map(\.data_directory) == ["/good"])
        try ingest(2, [], limited: [])
        #expect(try store.databases(request).items.count == 4)
    }
}
