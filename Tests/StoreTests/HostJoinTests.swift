import Foundation
import Report
import Stores
import TestPlaces
import Testing

@testable import Inventory
@testable import Store

@Suite("A host is one row, however it was reached")
struct HostJoinTests {
    let test: TestStore
    var store: InventoryStore { test.store }
    static let machine = String(repeating: "c", count: 32)
    static let instance = "i-0123456789abcdef0"

    init() throws { test = try TestStore() }

    private func ingest(_ minute: Int, _ paths: [String], machine: Bool, instance: Bool) throws {
        try test.ingest(minute, paths, machine: Self.machine) {
            if !machine { $0.host.machineID = nil }
            $0.host.cloud = Report.Cloud(provider: "aws")
            $0.host.cloud?.instanceID = instance ? Self.instance : nil
            $0.host.cloud?.accountID = instance ? "123456789012" : nil
        }
    }

    @Test("a former id still finds the host, its databases, their history and its tags")
    func aliases() throws {
        try ingest(0, ["/a"], machine: true, instance: false)
        try ingest(1, ["/a"], machine: true, instance: true)
        let former = try #require(try store.host(Self.machine))
        #expect(former.host.id == Self.instance && former.databases.map(\.key) == ["mysql:/a"])
        let id = try #require(DatabaseID("\(Self.machine)/mysql:/a"))
        #expect(try store.currentID(id) == "\(Self.instance)/mysql:/a")
        #expect(try store.sizes(id)?.items.isEmpty == false)
        #expect(try store.setTags(Self.machine, ["a": "b"]) && store.tags(Self.machine) == ["a": "b"])
        #expect(try store.tags(Self.instance) == ["a": "b"])
        for value in [Self.machine, Self.instance, "db1"] {
            var request = ListRequest()
            request.require("host", value)
            #expect(try store.hosts(request).items.map(\.id) == [Self.instance])
            #expect(try store.databases(request).items.count == 1)
            #expect(try store.changes(request).items.count == 1)
            request.asOf = TestStore.time(0)
            #expect(try store.databases(request).items.count == 1)
        }
        // Another machine that takes the id has it for itself.
        try test.ingest(2, ["/b"], machine: Self.machine) {
            $0.host.cloud = Report.Cloud(provider: "aws")
            $0.host.cloud?.instanceID = "i-0123456789abcdef1"
        }
        try ingest(3, ["/z"], machine: true, instance: false)
        #expect(try store.host(Self.machine)?.databases.map(\.key) == ["mysql:/z"], "no clone's, and its own row")
    }

    @Test("of two rows of one database the one that was seen last knows best, and nothing is told twice")
    func twins() throws {
        func ingest(_ minute: Int, _ version: String, machine: Bool, instance: Bool, partial: Bool = false) throws {
            try test.ingest(minute, ["/a"], status: partial ? .partial : .complete, machine: Self.machine) {
                if !machine { $0.host.machineID = nil }
                $0.host.cloud = Report.Cloud(provider: "aws")
                $0.host.cloud?.instanceID = instance ? Self.instance : nil
                $0.databases[0].version = version
                if partial { $0.databases = [] }
            }
        }
        try ingest(1, "8.0.1", machine: false, instance: true)
        try ingest(2, "8.0.1", machine: true, instance: false)
        try ingest(3, "9.0.0", machine: true, instance: false)
        try ingest(4, "", machine: true, instance: true, partial: true)
        let row = try store.databases().items[0]
        #expect(row.version == "9.0.0" && row.last_seen == TestStore.text(3) && row.first_seen == TestStore.text(1))
        #expect(try test.kinds() == ["appeared", "appeared", "version_changed"])
        var request = ListRequest()
        request.search = "9.0.0 \(Self.instance)"
        #expect(try store.databases(request).items.count == 1)
        let before = try test.dump()
        _ = try store.rebuild()
        #expect(try test.dump() == before)
    }

    @Test("a first report of both that came late leaves them to be joined by a later one")
    func late() throws {
        try ingest(1, ["/a"], machine: false, instance: true)
        try ingest(10, ["/a"], machine: true, instance: false)
        try ingest(5, ["/a"], machine: true, instance: true)
        #expect(try test.count("hosts") == 2)
        try ingest(20, ["/a"], machine: true, instance: true)
        #expect(try test.count("hosts") == 1 && test.count("databases") == 1)
        try ingest(21, ["/a"], machine: true, instance: false)
        #expect(try test.count("hosts") == 1)
    }

    @Test("two rows of one host become one when a report tells that they are one, and rebuild agrees")
    func join() throws {
        try ingest(0, ["/a", "/b"], machine: true, instance: false)
        try ingest(1, ["/b", "/c"], machine: false, instance: true)
        try test.ingest(2, ["/x"])
        _ = try store.setTags(Self.machine, ["owner": "orders"])
        #expect(try test.count("hosts") == 3)
        try ingest(10, ["/b", "/c"], machine: true, instance: true)
        #expect(
            try store.hosts().items.map { $0.text("id") }.sorted() == [
                "0123456789abcdef0123456789abcdef", Self.instance,
            ])
        let detail = try #require(try store.host(Self.machine))
        #expect(detail.host.id == Self.instance && detail.host.machine_id == Self.machine)
        #expect(detail.host.first_seen == TestStore.text(0) && detail.tags == ["owner": "orders"])
        let rows = detail.databases.map { "\($0.key) \($0.first_seen) \($0.missing_since.text ?? "-")" }
        #expect(
            rows == [
                "mysql:/a \(TestStore.text(0)) \(TestStore.text(10))", "mysql:/b \(TestStore.text(0)) -",
                "mysql:/c \(TestStore.text(1)) -",
            ])
        #expect(try test.count("databases") == 4 && test.count("search_databases") == 4)
        var request = ListRequest()
        request.search = Self.instance
        #expect(try store.databases(request).items.count == 3)
        request.search = Self.machine
        #expect(try store.hosts(request).items.count == 1)
        let stats = try store.stats(groupBy: ["account"])
        #expect(stats.databases + stats.missing == 4)
        let before = try test.dump()
        _ = try store.rebuild()
        let after = try test.dump()
        for table in TestStore.derived { #expect(after[table] == before[table], "\(table)") }
        #expect(try store.changes().items.map(\.kind).contains("missing"))
        if TestPlace.isFile { try InventoryStore.check(test.path) }
    }
}
