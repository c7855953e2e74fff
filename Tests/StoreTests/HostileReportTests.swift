import Foundation
import Report
import SQL
import TestPlaces
import Testing

@testable import Inventory
@testable import Store

@Suite("Reports that lie, and hosts that confuse")
struct HostileReportTests {
    let test: TestStore
    var store: InventoryStore { test.store }

    init() throws { test = try TestStore() }

    @Test("a NUL in a text is refused, in whatever field and however it is escaped; its letters are not")
    func nul() throws {
        let json = String(decoding: try IngestTests.report(0).json(.minified), as: UTF8.self)
        for bad in ["db1\\u0000", "\\\\\\u0000"] {
            let bytes = Array(json.replacing("\"db1\"", with: "\"\(bad)\"").utf8)
            #expect { try Report.decode(json: bytes, .outline) } throws: { ($0 as? ReportError)?.code == .invalid }
        }
        let good = Array(json.replacing("\"db1\"", with: "\"\\\\u0000\"").utf8)
        #expect(try Report.decode(json: good).host.hostname == "\\u0000")
    }

    @Test("names and paths have a length")
    func lengths() throws {
        for change in [
            { (report: inout Report) in report.host.hostname = String(repeating: "a", count: 256) },
            { $0.databases[0].version = String(repeating: "8", count: 256) },
            { $0.databases[0].dataDirectories[0].path = String(repeating: "/a", count: 2049) },
        ] {
            guard case .rejected(let refusal) = try test.ingest(0, ["/a"], change) else {
                Issue.record("it was stored")
                continue
            }
            #expect(refusal.code == .invalid)
        }
    }

    @Test("two directories whose names differ in bytes alone are two databases")
    func normalization() throws {
        for minute in 0..<3 { try test.ingest(minute, ["/e\u{301}", "/\u{e9}"]) }
        #expect(try store.databases().items.count == 2 && test.kinds() == ["appeared", "appeared"])
        let json = try IngestTests.report(9, ["/e\u{301}", "/\u{e9}"]).json(.minified)
        #expect(try Report.decode(json: json).databases.count == 2)
    }

    @Test("reports of a host whose clock is ahead keep their order, also when they come at once")
    func ahead() throws {
        let reports = try (0..<3).map { number in
            try Observation(IngestTests.report(60 + number, version: "8.0.\(number)"))
        }
        let outcomes = try store.ingest(reports, now: TestStore.time(0))
        #expect(outcomes.allSatisfy { if case .stored = $0 { true } else { false } })
        #expect(try store.databases().items.map(\.version) == ["8.0.2"])
        #expect(
            try store.ingest(reports, now: TestStore.time(1)).allSatisfy {
                if case .duplicate = $0 { true } else { false }
            })
    }

    @Test("a report from the far future is refused, even by a collector whose clock went back")
    func future() throws {
        try test.ingest(0)
        var far = IngestTests.report(0, machine: String(repeating: "f", count: 32))
        far.scan.startedAt = Date(timeIntervalSince1970: 250_000_000_000)
        for now in [TestStore.time(1), TestStore.time(-1), TestStore.time(-60 * 24 * 400)] {
            guard case .rejected(let refusal) = try store.ingest(far, now: now) else {
                Issue.record("it was stored")
                continue
            }
            #expect(refusal.code == .future)
        }
    }

    @Test("a report without the account leaves a member in its cluster, and what it does not say as it was")
    func accountless() throws {
        for minute in 0..<3 {
            try test.ingest(minute) { report in
                report.databases[0].identity = ["replica_set": "rs0"]
                report.host.kernel = minute == 0 ? "6.1.0" : nil
                if minute == 0 {
                    report.host.cloud = Report.Cloud(provider: "aws")
                    report.host.cloud?.accountID = "123456789012"
                }
            }
        }
        #expect(try store.databases().items.map(\.cluster_id) == ["mysql:replica_set:rs0@123456789012"])
        #expect(try store.hosts().items.map(\.kernel) == ["6.1.0"])
        #expect(try test.count("database_history") == 0)
    }

    @Test("an exposure that changed while the database was missing is recorded when it returns")
    func exposure() throws {
        try test.ingest(0, ["/a", "/b"])
        try test.ingest(1, ["/a"])
        try test.ingest(2, ["/a", "/b"]) { $0.databases[1].listeners[1].exposure = .loopback }
        #expect(try test.kinds().suffix(3) == ["missing", "returned", "exposure_changed"])
    }

    @Test("the order of a report's listeners does not matter")
    func listeners() throws {
        try test.ingest(0)
        try test.ingest(1) { $0.databases[0].listeners.reverse() }
        #expect(try test.kinds() == ["appeared"])
    }

    @Test("a report that is sent again finds its host, though another has its machine id since")
    func resent() throws {
        let first = IngestTests.report(0)
        _ = try store.ingest(first, now: TestStore.time(0))
        for (minute, instance) in [(1, "i-0123456789abcdef0"), (2, "i-0123456789abcdef1")] {
            _ = try store.ingest(IngestTests.report(minute, instance: instance), now: TestStore.time(minute))
        }
        #expect(try store.ingest(first, now: TestStore.time(3)) == .duplicate(place: "i-0123456789abcdef0"))
        #expect(try store.hosts().items.count == 2)
    }

    @Test("different reports of one host and one time are kept up to a number")
    func sameTime() throws {
        var outcomes: [Bool] = []
        for number in 0..<12 {
            let outcome = try test.ingest(0) { $0.host.kernel = "\(number)" }
            if case .rejected = outcome { outcomes.append(false) } else { outcomes.append(true) }
        }
        #expect(outcomes == Array(repeating: true, count: 9) + [false, false, false])
    }

    @Test("the same report in another form is one; a large one is the same byte for byte alone")
    func sameReport() throws {
        for (count, again) in [(1, "duplicate"), (3_000, "older")] {
            var report = IngestTests.report(count, machine: String(repeating: "\(count % 10)", count: 32))
            report.host.addresses = Array(repeating: String(repeating: "a", count: 100), count: count)
            func ingest(_ json: [UInt8]) throws -> String {
                let incoming = try Observation(packed: try Gzip.compress(json), json: json, catalog: .current)
                return "\(try store.ingest([incoming], now: TestStore.time(count))[0])"
            }
            #expect(try ingest(try report.json(.minified)).hasPrefix("stored"))
            #expect(try ingest(try report.json(.minified)).hasPrefix("duplicate"))
            #expect(try ingest(try report.json(.pretty)).hasPrefix(again))
        }
    }

    @Test("a refused report is tried again as it came")
    func again() throws {
        let json = Array("{\"new\":1,".utf8) + (try IngestTests.report(0).json(.minified)).dropFirst()
        try store.addDeadLetters(
            [RejectedReport(Refusal(.future, "x"), try Gzip.compress(json), sender: "t")], now: TestStore.time(0))
        let outcome = try store.retryDeadLetter(1, now: TestStore.time(1))
        #expect(outcome == .stored(place: "0123456789abcdef0123456789abcdef", databases: 1))
        let body = try store.database.read { try $0.value("SELECT body FROM reports") as [UInt8]? }
        #expect(try store.database.read { try $0.value("SELECT source FROM reports") as String? } == "t")
        #expect(try Gzip.decompress(Array(try #require(body))) == json)
        try store.addDeadLetters([RejectedReport(Refusal(.future, "x"), try Gzip.compress(json), sender: "t")])
        #expect(try store.deadLetters().items.map(\.id) == [2], "a number is never used again")
    }

    @Test(
        "a lock that is held for a moment is waited for; one that stays names its holder",
        .enabled(if: TestPlace.isFile))
    func lock() async throws {
        let path = test.path
        var held: StoreLock? = try StoreLock(path: path)
        #expect { _ = try StoreLock(path: path) } throws: { "\($0)".contains("in use by process \(getpid())") }
        async let second = Task.detached { try StoreLock(path: path) }.value
        try await Task.sleep(for: .milliseconds(20))
        withExtendedLifetime(held) {}
        held = nil
        _ = try await second
    }

    @Test("the store belongs to its owner alone", .enabled(if: TestPlace.isFile))
    func mode() throws {
        for suffix in ["", "-wal"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: test.path + suffix)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test("names that could break out of an array cost themselves only, also beside others")
    func arrays() throws {
        let test = try TestStore()
        let names = ["x\"\u{301}y", "\\\u{301}", "\u{600}\"", "{a,b}", "NULL", "\"", "a\\", ",", "null\",\"x", "db1"]
        let observations = try names.enumerated().map { index, name in
            var report = IngestTests.report(index, ["/a"])
            (report.host.machineID, report.host.hostname) = (nil, name)
            return try Observation(report)
        }
        for _ in 0..<2 {
            let outcomes = try test.store.ingest(observations)
            #expect(outcomes.count == names.count)
            for outcome in outcomes {
                if case .rejected(let refusal) = outcome { Issue.record("\(refusal)") }
            }
        }
        #expect(try Set(test.store.hosts().items.compactMap { $0.text("hostname") }) == Set(names))
    }
}
