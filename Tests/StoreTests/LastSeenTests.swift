import Foundation
import Inventory
import Report
import Testing

@testable import Store

@Suite("When databases were last seen")
struct LastSeenTests {
    private let test: TestStore
    private let hosts = (1...6).map { String(repeating: "\($0)", count: 32) }

    /// Hosts that are seen often and seldom, databases that are missing and that a partial scan left out,
    /// and a service's listing.
    init() throws {
        test = try TestStore()
        for (index, host) in hosts.enumerated() {
            try test.ingest(index, ["/a", "/b", "/c"], machine: host)
            switch index % 3 {
            case 0: try test.ingest(100 - index, ["/a"], machine: host)
            case 1: try test.ingest(50 + index, ["/b", "/c"], status: .partial, machine: host)
            default: break
            }
        }
        // Two hosts that were seen at the same time: the order of their databases decides.
        for host in [hosts[5], hosts[4]] { try test.ingest(60, ["/c", "/d", "/e"], machine: host) }
        let scope = try #require(Scope(accountID: "123456789012", region: "eu-west-1"))
        for (minute, keys) in [(5, ["rds:a", "rds:b"]), (80, ["rds:b", "rds:c"])] {
            let listing = Listing(
                service: "rds", scope: scope, startedAt: TestStore.time(minute), isComplete: true,
                databases: keys.map { Report.Database(key: $0, engine: "postgresql", state: .running) })
            _ = try test.store.ingest([Observation(listing)], now: TestStore.time(minute))
        }
        _ = try test.store.retireHost(hosts[3], now: TestStore.time(200))
    }

    private func all(_ sort: String?, _ conditions: [Condition], limit: Int) throws -> [ListRow] {
        var request = ListRequest()
        (request.sort, request.conditions, request.limit) = (sort, conditions, limit)
        var rows: [ListRow] = []
        repeat {
            let page = try test.store.databases(request)
            #expect(page.items.count <= limit)
            rows += page.items
            request.cursor = page.next_cursor
        } while request.cursor != nil
        return rows
    }

    @Test("they sort by that time, in both directions and in pages of any size", arguments: [1, 3, 7, 100])
    func sorted(limit: Int) throws {
        // In the order in which they were added.
        let rows = try all(nil, [], limit: 100)
        #expect(Set(rows.map { $0.text("last_seen") }).count > 5)
        func order(_ rows: [ListRow]) -> [String] { rows.map { $0.text("id") } }
        let up = rows.enumerated().sorted {
            ($0.element.text("last_seen"), $0.offset) < ($1.element.text("last_seen"), $1.offset)
        }.map(\.element)
        #expect(try order(all("last_seen", [], limit: limit)) == order(up))
        #expect(try order(all("-last_seen", [], limit: limit)) == order(up.reversed()))
    }

    @Test("they are found by that time, in every order", arguments: ["last_seen<", "last_seen>=", "last_seen="])
    func filtered(text: String) throws {
        let rows = try all(nil, [], limit: 100)
        for time in Set(rows.map { $0.text("last_seen") }) {
            let condition = try #require(Condition(text + time))
            let wanted = rows.filter { row in
                let seen = row.text("last_seen")
                return switch text {
                case "last_seen<": seen < time
                case "last_seen>=": seen >= time
                default: seen == time
                }
            }.map { $0.text("id") }
            for (sort, limit) in [(nil, 4), ("last_seen", 4), ("-version", 5), ("bytes", 100)] as [(String?, Int)] {
                #expect(try Set(all(sort, [condition], limit: limit).map { $0.text("id") }) == Set(wanted), "\(time)")
                #expect(try all(sort, [condition], limit: limit).count == wanted.count)
            }
        }
    }

    @Test("as of a time after the last sample that is kept, a database is as it was last seen and measured")
    func samplesGone() throws {
        let test = try TestStore()
        try test.ingest(0, ["/a"])
        try test.ingest(10, ["/a"])
        var progress = RetentionProgress()
        while try test.store.retain(RetentionPolicy(), &progress, now: TestStore.time(1_000 * 1_440)) {}
        #expect(try test.count("observations") == 0)
        var request = ListRequest()
        request.asOf = TestStore.time(999 * 1_440)
        let row = try #require(try test.store.databases(request).items.first)
        #expect(row.last_seen == TestStore.text(10) && row.bytes == .integer(1_000) && row.bytes_at == row.last_seen)
    }

    @Test("a host counts the databases that are there")
    func counted() throws {
        for row in try test.store.hosts().items {
            let host = try #require(try test.store.host(row.text("id")))
            let there = host.databases.count { $0.missing_since.isNull }
            #expect(row.databases == .integer(Int64(there)), "\(row.text("id"))")
        }
    }
}
