import Foundation
import Report
import SQL
import TestPlaces
import Testing

@testable import Inventory
@testable import Store

@Suite("A report that says nothing new")
struct UnchangedHostTests {
    /// Ingests the report as its frame would come: looked over first, and decoded when its digest is not the stored
    /// one.
    private static func ingest(_ report: Report, _ minute: Int, _ store: InventoryStore) throws -> IncomingReport {
        let entry = ReportFile.entries(in: try report.json(.minified))[0]
        let incoming = try IncomingReport.all([entry], sender: "t", digests: store.digests)[0]
        guard case .observation(let observation) = incoming.content else { throw StoreError(.failed, "not a report") }
        _ = try store.ingest([observation], now: TestStore.time(minute))
        return incoming
    }

    private static func isRead(_ incoming: IncomingReport) -> Bool {
        if case .observation(let observation) = incoming.content { observation.isDecoded } else { true }
    }

    @Test("it is not decoded, and its times are written")
    func times() throws {
        let test = try TestStore()
        let reports = (0..<3).map { IngestTests.report($0 * 60 * 24, ["/a", "/b"]) }
        #expect(Self.isRead(try Self.ingest(reports[0], 0, test.store)))
        #expect(!Self.isRead(try Self.ingest(reports[1], 60 * 24, test.store)))
        #expect(!Self.isRead(try Self.ingest(reports[2], 60 * 48, test.store)))
        let rows = try test.store.databases().items
        #expect(rows.map(\.last_seen) == Array(repeating: TestStore.text(60 * 48), count: 2))
        #expect(rows.map(\.bytes_at) == rows.map(\.last_seen) && rows.map(\.bytes) == [1000, 1000])
        #expect(try test.count("observations") == 6, "one sample a day")
        #expect(try test.count("reports") == 3 && test.kinds() == ["appeared", "appeared"])
    }

    @Test(
        "it writes its own row, its host's and its account's, however many databases there are",
        .disabled(if: TestPlace.isDistributed, "nodes count the rows of every copy"))
    func fewRows() throws {
        let test = try TestStore()
        let paths = (0..<50).map { "/\($0)" }
        func report(_ minute: Int) -> Report {
            var report = IngestTests.report(minute, paths)
            report.host.cloud = Report.Cloud(provider: "aws")
            report.host.cloud?.accountID = "123456789012"
            return report
        }
        _ = try Self.ingest(report(0), 0, test.store)
        func written() throws -> Int64 { try test.store.database.bare { try $0.written().rows } }
        let before = try written()
        #expect(!Self.isRead(try Self.ingest(report(1), 1, test.store)))
        // On a server the transaction has a mark of its own.
        #expect(try written() - before <= (TestPlace.isFile ? 3 : 4))
        #expect(try Set(test.store.databases().items.map { $0.text("last_seen") }) == [TestStore.text(1)])
    }

    @Test(
        "whatever is new in it is seen",
        arguments: [
            { $0.databases[0].version = "8.0.37" }, { $0.databases[0].state = .stopped },
            { $0.databases[0].listeners[1].exposure = .loopback }, { $0.databases.removeLast() },
            { $0.databases[1].dataDirectories[0].bytes = 2_000 }, { $0.databases[0].identity = ["replica_set": "r"] },
            { $0.databases[0].role = .primary }, { $0.databases[0].dataDirectories[0].uid = 7 },
            { $0.host.kernel = "6.1" }, { $0.host.hostname = "other" }, { $0.agent.version = "9" },
            { $0.scan.status = .partial }, { $0.scan.limitedUsers = [7] },
            { $0.scan.problems = [.init(code: "output_limit", subject: "", message: "")] },
            { $0.databases[0].container = .init(runtime: "docker", id: "c") },
        ] as [@Sendable (inout Report) -> Void])
    func changes(change: @Sendable (inout Report) -> Void) throws {
        let test = try TestStore()
        _ = try Self.ingest(IngestTests.report(0, ["/a", "/b"]), 0, test.store)
        var report = IngestTests.report(1, ["/a", "/b"])
        change(&report)
        #expect(Self.isRead(try Self.ingest(report, 1, test.store)))
    }

    @Test("what differs at every scan, and what no column needs, is not new")
    func volatile() throws {
        let test = try TestStore()
        _ = try Self.ingest(IngestTests.report(0), 0, test.store)
        var report = IngestTests.report(1)
        (report.scan.durationMs, report.scan.processesSeen) = (77, 99)
        report.databases[0].process = .init(pid: 5)
        report.databases[0].evidence = [.init(field: "a", value: "b", source: "c")]
        report.databases[0].settings = ["a": "b"]
        #expect(!Self.isRead(try Self.ingest(report, 1, test.store)))
        // It is kept as it came.
        let id = try #require(DatabaseID(try test.store.databases().items[0].text("id")))
        #expect(try test.store.database(id)?.report?.process?.pid == 5)
    }

    @Test("it writes what comparing every row would write, whatever came before", arguments: 0..<8)
    func equivalence(seed: Int) throws {
        let (fast, slow) = (try TestStore(), try TestStore())
        var state = UInt64(seed) &* 2_862_933_555_777_941_757 &+ 3_037_000_493
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var report = IngestTests.report(0, ["/a", "/b", "/c"])
        var minute = 0
        var unread = 0
        for _ in 0..<60 {
            minute += [1, 30, 60 * 24, 60 * 30][random(4)]
            switch random(20) {
            case 0: report.databases[random(report.databases.count)].version = "8.0.\(random(3))"
            case 1: report.databases[random(report.databases.count)].dataDirectories[0].bytes = [nil, 1, 2][random(3)]
            case 2: report.databases[random(report.databases.count)].dataDirectories[0].complete = random(2) == 0
            case 3: if report.databases.count > 1 { report.databases.remove(at: random(report.databases.count)) }
            case 4: report.databases = IngestTests.report(0, ["/a", "/b", "/c"]).databases
            case 5: report.scan.status = random(2) == 0 ? .partial : .complete
            case 6: report.databases[0].dataDirectories[0].uid = [nil, 5, 6][random(3)]
            case 7: report.host.hostname = ["db1", "db2", nil][random(3)]
            case 8: report.scan.limitedUsers = [[], [5]][random(2)]
            case 9:
                for test in [fast, slow] {
                    _ = try test.store.retireHost("0123456789abcdef0123456789abcdef", now: TestStore.time(minute))
                }
            case 10: report.databases[0].identity = [[:], ["server_uuid": "1"], ["server_uuid": "2"]][random(3)]
            default: break
            }
            report.scan.startedAt = TestStore.time(minute)
            if !Self.isRead(try Self.ingest(report, minute, fast.store)) { unread += 1 }
            try slow.store.database.write { try $0.run("UPDATE hosts SET digest = NULL") }
            _ = try Self.ingest(report, minute, slow.store)
            for test in [fast, slow] {
                try test.store.database.write { database in
                    // A digest may be there after one and not after the other; it is no fact.
                    let digest: Int64? = try database.value("SELECT digest FROM hosts")
                    if test.path == fast.path {
                        try database.run("UPDATE hosts SET digest = ?", [digest])
                    }
                }
            }
            let (one, other) = (try dump(fast), try dump(slow))
            for table in TestStore.derived { #expect(one[table] == other[table], "\(table) at \(minute)") }
        }
        #expect(unread > 0, "\(unread) of 60 were not decoded")
        let before = try dump(fast)
        try fast.store.rebuild()
        #expect(try dump(fast) == before)
    }

    /// Everything but digests.
    private func dump(_ test: TestStore) throws -> [String: [String]] {
        try test.dump(digests: false)
    }

    @Test("a token that takes over, an operator and a new sender are not taken for the old one")
    func senders() throws {
        let test = try TestStore()
        _ = try Self.ingest(IngestTests.report(0), 0, test.store)
        var observation = try Observation(IngestTests.report(1))
        (observation.sender, observation.bounds.takesOver) = ("u", true)
        _ = try test.store.ingest([observation], now: TestStore.time(1))
        #expect(try test.store.hosts().items.map(\.sender) == ["u"])
        #expect(try test.store.hostEvents().items.map(\.kind) == ["sender_changed"])
    }
}
