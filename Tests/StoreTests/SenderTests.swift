import Foundation
import Report
import SQL
import Testing

@testable import Inventory
@testable import Store

@Suite("Who may report for whom")
struct SenderTests {
    let test: TestStore
    var store: InventoryStore { test.store }
    static let machine = String(repeating: "d", count: 32)
    static let instance = "i-0123456789abcdef0"

    init() throws { test = try TestStore() }

    @discardableResult
    private func send(
        _ minute: Int, _ paths: [String], from source: String, bounds: Bounds = Bounds(),
        machine: String? = machine, instance: String? = nil, account: String? = nil, region: String? = nil,
        status: Report.Scan.Status = .complete, quota: SenderQuota = .none
    ) throws -> IngestOutcome {
        var report = IngestTests.report(minute, paths, machine: machine ?? Self.machine, status: status)
        if machine == nil { report.host.machineID = nil }
        if instance != nil || account != nil {
            report.host.cloud = Report.Cloud(provider: "aws")
            report.host.cloud?.instanceID = instance
            report.host.cloud?.accountID = account
            report.host.cloud?.region = region
        }
        var incoming = try Observation(report)
        incoming.sender = source
        incoming.bounds = bounds
        return try store.ingest([incoming], now: TestStore.time(minute), quota: quota)[0]
    }

    private func code(_ outcome: IngestOutcome) -> Refusal.Code? {
        if case .rejected(let refusal) = outcome { refusal.code } else { nil }
    }

    private func hosts() throws -> [String: [String]] {
        try Dictionary(
            uniqueKeysWithValues: store.hosts().items.map { host in
                var request = ListRequest()
                request.require("host", host.text("id"))
                let present = try store.databases(request).items.filter(\.missing_since.isNull)
                return (host.text("id"), present.map { $0.text("key") })
            })
    }

    @Test(
        "the first sender of a host is its sender; another one's report changes nothing, and is an event with a count")
    func foreignSender() throws {
        try send(0, ["/a"], from: "honest", instance: Self.instance, account: "111122223333", region: "eu-west-1")
        let before = try test.dump()
        for minute in 1...3 {
            let outcome = try send(minute, [], from: "other", instance: Self.instance, account: "111122223333")
            #expect(code(outcome) == .foreignSender)
        }
        #expect(try test.dump() == before)
        let events = try store.hostEvents().items
        #expect(
            events.map(\.kind) == ["sender_refused"] && events[0].source == "other", "one line a day, however often")
        #expect(try store.hostEventCounts() == ["sender_refused": 3])
        guard case .stored = try send(4, ["/a"], from: "honest", instance: Self.instance, account: "111122223333")
        else { throw StoreError(.failed, "the honest one is still taken") }
        // An operator may report for it, and does not become its sender.
        guard case .stored = try send(5, ["/b"], from: "cli", instance: Self.instance, account: "111122223333")
        else { throw StoreError(.failed, "the operator is taken") }
        #expect(try store.hosts().items.map(\.sender) == ["honest"])
    }

    @Test("an instance keeps its account and its region, whoever reports", arguments: ["honest", "cli"])
    func accounts(source: String) throws {
        try send(0, ["/a"], from: "honest", instance: Self.instance, account: "111122223333", region: "eu-west-1")
        let other = try send(1, [], from: source, instance: Self.instance, account: "999999999999")
        let mars = try send(2, [], from: source, instance: Self.instance, account: "111122223333", region: "mars")
        #expect(code(other) == .identityConflict && code(mars) == .identityConflict)
        #expect(try store.hosts().items.map(\.account_id) == ["111122223333"])
        #expect(try hosts() == [Self.instance: ["mysql:/a"]])
    }

    @Test("a known machine takes an instance id from its own sender alone")
    func adoption() throws {
        try send(0, ["/a"], from: "honest")
        try send(1, [], from: "other", instance: "i-0bad0000000000001", status: .partial)
        try send(2, [], from: "other", instance: "i-0bad0000000000002", status: .partial)
        #expect(try hosts()[Self.machine] == ["mysql:/a"], "the forged instances are hosts of their own")
        try send(3, ["/a"], from: "honest", instance: Self.instance, account: "111122223333")
        #expect(try hosts()[Self.instance] == ["mysql:/a"] && hosts()[Self.machine] == nil)
        #expect(try store.hostEvents().items.map(\.kind) == ["identity_changed"])
    }

    @Test("a machine id that somebody registered before does not draw its owner's reports")
    func squatting() throws {
        try send(0, ["/evil"], from: "other", instance: "i-0bad0000000000001")
        try send(1, ["/a"], from: "honest")
        #expect(try hosts() == ["i-0bad0000000000001": ["mysql:/evil"], Self.machine: ["mysql:/a"]])
        // Joining rows is for the sender of both.
        try send(2, [], from: "other", instance: "i-0bad0000000000001", status: .partial)
        #expect(try store.hosts().items.count == 2)
    }

    @Test("a token is bound to accounts, regions and hosts")
    func bounds() throws {
        let bounds = Bounds(accounts: ["111122223333"], regions: ["eu-*"], hosts: ["db*", "i-0123*"])
        func send(_ account: String?, _ region: String?, instance: String = Self.instance) throws -> Refusal.Code? {
            code(
                try self.send(
                    0, ["/a"], from: "x", bounds: bounds, instance: instance, account: account, region: region))
        }
        #expect(try send("999999999999", "eu-west-1") == .outOfBounds)
        #expect(try send(nil, "eu-west-1") == .outOfBounds)
        #expect(try send("111122223333", "us-east-1") == .outOfBounds)
        #expect(try send("111122223333", "eu-west-1") == nil)
        let other = Bounds(hosts: ["web-*"])
        #expect(
            code(try self.send(1, [], from: "y", bounds: other, machine: String(repeating: "e", count: 32)))
                == .outOfBounds)
        for (pattern, text, fits) in [
            ("a", "a", true), ("a", "ab", false), ("*", "", true), ("a*b", "ab", true), ("a*b", "axxb", true),
            ("a*b*c", "abc", true), ("a*b*c", "acb", false), ("*x", "yx", true), ("ab*ba", "aba", false),
        ] {
            #expect(Pattern.matches(pattern, text) == fits, "\(pattern) \(text)")
        }
    }

    @Test("an operator lets another sender take a host over, and rebuild agrees")
    func takeOver() throws {
        try send(0, ["/a"], from: "old", instance: Self.instance)
        let report = try Observation(IngestTests.report(1, ["/a", "/b"], machine: Self.machine))
        let refused = try send(1, ["/a", "/b"], from: "new", instance: Self.instance)
        guard case .rejected(let refusal) = refused else { throw StoreError(.failed, "it is refused first") }
        var body = try Report.decode(body: report.body)
        body.host.cloud = Report.Cloud(provider: "aws")
        body.host.cloud?.instanceID = Self.instance
        try store.addDeadLetters([RejectedReport(refusal, try Observation(body).body, sender: "new")])
        let id = try #require(try store.deadLetters().items.first?.id.integer)
        #expect(code(try #require(try store.retryDeadLetter(id, now: TestStore.time(2)))) == .foreignSender)
        guard case .stored? = try store.retryDeadLetter(id, takesOver: true, now: TestStore.time(2)) else {
            throw StoreError(.failed, "the operator's word counts")
        }
        #expect(try store.hosts().items.map(\.sender) == ["new"])
        #expect(code(try send(3, ["/a"], from: "old", instance: Self.instance)) == .foreignSender)
        let before = try test.dump()
        _ = try store.rebuild()
        #expect(try test.dump() == before)
    }

    @Test("a token that replaces another takes its hosts over")
    func replaces() throws {
        let old = AccessToken(
            id: "old", name: "a", scopes: "ingest", loopbackOnly: false, createdAt: "x", expiresAt: nil)
        var new = old
        new.id = "new"
        try store.addToken(old, hash: [1])
        try send(0, ["/a"], from: "old")
        try store.addToken(new, hash: [2], replacing: "old")
        #expect(code(try send(1, ["/a"], from: "old")) == .foreignSender)
        guard case .stored = try send(2, ["/a"], from: "new") else { throw StoreError(.failed, "it takes over") }
        #expect(try store.validTokens(["old", "new", "none"]) == ["new"])
        #expect { try store.addToken(old, hash: [3], replacing: "none") } throws: {
            ($0 as? StoreError)?.code == .badRequest
        }
    }

    @Test("what a sender may write a day is bounded, by rows, bytes and hosts, and begins anew at midnight")
    func quota() throws {
        func machine(_ number: Int) -> String { String(repeating: "\(number)", count: 32) }
        let hostsAlone = SenderQuota(rows: .max, bytes: .max, hosts: 3)
        for number in 0..<3 { try send(0, [], from: "x", machine: machine(number), quota: hostsAlone) }
        guard case .overQuota(let reset) = try send(1, [], from: "x", machine: machine(4), quota: hostsAlone) else {
            throw StoreError(.failed, "a fourth host is one too many")
        }
        #expect(reset > TestStore.text(1) && reset < TestStore.text(24 * 60) && reset.hasSuffix("T00:00:00.000Z"))
        guard case .stored = try send(1, [], from: "y", machine: machine(5), quota: hostsAlone) else {
            throw StoreError(.failed, "another sender has a quota of its own")
        }
        guard case .stored = try send(24 * 60, [], from: "x", machine: machine(4), quota: hostsAlone) else {
            throw StoreError(.failed, "the next day is a new one")
        }
        let rowsAlone = SenderQuota(rows: 500, bytes: .max, hosts: .max)
        let many = (0..<200).map { "/\($0)" }
        try send(0, many, from: "z", machine: machine(6), quota: rowsAlone)
        guard case .overQuota = try send(1, many, from: "z", machine: machine(6), quota: rowsAlone) else {
            throw StoreError(.failed, "200 databases are more than 500 rows")
        }
        let bytesAlone = SenderQuota(rows: .max, bytes: 10_000, hosts: .max)
        try send(0, many, from: "w", machine: machine(7), quota: bytesAlone)
        guard case .overQuota = try send(1, many, from: "w", machine: machine(7), quota: bytesAlone) else {
            throw StoreError(.failed, "200 databases are more than 10 kB")
        }
        #expect(try store.deadLetters().items.isEmpty, "what is over the quota is not kept")
    }

    @Test("a scan from before 2020 is a dead letter, and a day that no calendar has is no time")
    func times() throws {
        for year in [0, 1970, 2019] {
            var report = IngestTests.report(0, ["/a"], machine: Self.machine)
            report.scan.startedAt = Timestamp.parse(String(format: "%04d-12-31T23:59:59Z", year))!
            let outcome = try store.ingest(report, now: TestStore.time(0))
            #expect(code(outcome) == .past)
        }
        #expect(try store.hosts().items.isEmpty)
        for text in [
            "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z",
            "2025-02-29T00:00:00Z", "2026-00-10T00:00:00Z",
        ] {
            #expect(Timestamp.parse(text) == nil, "\(text)")
        }
        #expect(Timestamp.parse("2024-02-29T23:59:59Z") != nil)
    }
}
