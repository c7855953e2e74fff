import Foundation
import Inventory
import Report
import Stores
import TestPlaces
import Testing

@testable import Store

@Suite("The queue of discovery")
struct DiscoveryQueueTests {
    let store: InventoryStore
    let now = Date(timeIntervalSince1970: 1_790_000_000)

    init() throws {
        store = try InventoryStore(path: try TestPlace.make())
    }

    private func job(_ id: String = "job-1", key: String? = nil, regions: [String] = []) -> NewJob {
        NewJob(
            id: id, origin: "api", requestedBy: "t", request: ScanRequest(regions: regions), settings: "{}",
            document: "d",
            idempotencyKey: key)
    }

    private func lease(_ owner: String = "a", at seconds: Double = 0) throws -> TaskLease? {
        let time = now.addingTimeInterval(seconds)
        return try store.lease(owner: owner, seconds: 60, now: time)
    }

    /// A run with one account and region that has so many hosts, at the task that asks them.
    private func asked(_ count: Int, _ id: String = "job-1") throws -> TaskLease {
        _ = try store.addJob(job(id), now: now)
        let first = try #require(try lease())
        try store.expand(first, into: [NewTask(accountID: "111122223333", region: "*")], accounts: [], now: now)
        let second = try #require(try lease())
        try store.expand(
            second, into: [NewTask(accountID: "111122223333", region: "eu-west-1")], accounts: [], now: now)
        let third = try #require(try lease())
        #expect(third.phase == .list && third.region == "eu-west-1")
        let hosts = (0..<count).map { PlannedHost(ListedInstance(id: String(format: "i-%08x", $0), state: "running")) }
        try store.record(third, hosts, now: now)
        _ = try store.finishListing(third, isComplete: true, now: now)
        return third
    }

    @Test("the same key gives the same run, and is refused for another request")
    func keys() throws {
        let first = try store.addJob(job(key: "k"), now: now)
        let again = try store.addJob(job("job-2", key: "k"), now: now)
        #expect(first.isNew && !again.isNew && again.job.id == "job-1")
        #expect { try store.addJob(job("job-3", key: "k", regions: ["eu-west-1"]), now: now) } throws: {
            ($0 as? StoreError)?.code == .conflict
        }
    }

    @Test("of several programs one begins the schedule's run, or leaves it out")
    func schedule() throws {
        let due = now.addingTimeInterval(-5)
        guard case .begun(let first) = try store.addScheduledJob(job(key: "1"), dueAt: due, now: now) else {
            Issue.record("it did not begin")
            return
        }
        guard case .settled = try store.addScheduledJob(job("job-2", key: "1"), dueAt: due, now: now) else {
            Issue.record("it began twice")
            return
        }
        let later = now.addingTimeInterval(60)
        for expected in ["skipped", "settled"] {
            switch try store.addScheduledJob(job("job-3", key: "2"), dueAt: later, now: later) {
            case .skipped(let active): #expect(expected == "skipped" && active == first.id)
            case .settled: #expect(expected == "settled")
            case .begun: Issue.record("it began beside another one")
            }
        }
    }

    @Test("all workers of a run send the document that the first of them found")
    func document() throws {
        let job = try store.addJob(job(), now: now).job.row
        let first = RunDocument(version: "3", hash: "a", agentVersion: "0.1.0")
        #expect(try store.document(of: job, in: "eu-west-1") == nil)
        #expect(try store.keep(first, of: job, in: "eu-west-1") == first)
        #expect(try store.keep(RunDocument(version: "4", hash: "b"), of: job, in: "eu-west-1") == first)
        #expect(try store.document(of: job, in: "eu-west-1") == first)
        #expect(try store.document(of: job, in: "eu-west-2") == nil)
    }

    @Test("a lease that ran out goes to another worker, and what the first one writes is refused")
    func fences() throws {
        _ = try store.addJob(job(), now: now)
        let first = try #require(try lease("a"))
        #expect(try lease("b", at: 30) == nil)
        let second = try #require(try lease("b", at: 61))
        #expect(second.task == first.task && second.fence == first.fence + 1)
        #expect(throws: LeaseLost.self) { try store.expand(first, into: [], accounts: [], now: now) }
        #expect(throws: LeaseLost.self) { try store.postpone(first, until: now, detail: "x") }
        try store.expand(second, into: [], accounts: [], now: now)
        // Its own lease is never taken by its owner, however its clock jumps.
        _ = try store.addJob(job("job-2"), now: now)
        #expect(try lease("c", at: 100) != nil)
        #expect(try lease("c", at: 1_000_000) == nil)
        try store.releaseLeases(owner: "c")
        #expect(try lease("c", at: 1_000_000) != nil)
    }

    @Test("after a clock was set back, what was due by the wrong time is due now")
    func clocks() throws {
        _ = try store.addJob(job(), now: now.addingTimeInterval(480))
        #expect(try lease() == nil)
        try store.hasten(now: now)
        #expect(try lease() != nil)
    }

    @Test("so many runs may be open, and no more")
    func openJobs() throws {
        for number in 0..<InventoryStore.mostOpenJobs { _ = try store.addJob(job("job-\(number)"), now: now) }
        #expect { try store.addJob(job("job-x"), now: now) } throws: { ($0 as? StoreError)?.code == .conflict }
    }

    @Test("batches have at most 50 hosts of one architecture; a host is in one of them")
    func batches() throws {
        let task = try asked(120)
        _ = try store.advance(task.job.row, canary: CanaryRule(percent: 0), now: now)
        var sizes: [Int] = []
        var seen: Set<String> = []
        while case .batch(let batch) = try store.nextBatch(task, size: 50, windows: [], now: now) {
            sizes.append(batch.hosts.count)
            #expect(seen.isDisjoint(with: batch.hosts.keys))
            seen.formUnion(batch.hosts.keys)
        }
        #expect(sizes == [50, 50, 20] && seen.count == 120)
        #expect(try store.openBatches(task).count == 3)
    }

    @Test("hosts of a batch that AWS refused are asked again in smaller ones")
    func takeBack() throws {
        let task = try asked(4)
        _ = try store.advance(task.job.row, canary: CanaryRule(percent: 0), now: now)
        guard case .batch(let batch) = try store.nextBatch(task, size: 50, windows: [], now: now) else {
            Issue.record("no batch")
            return
        }
        #expect(try store.beginSending(batch, task, now: now))
        try store.takeBack(batch, limit: 2, task)
        guard case .batch(let smaller) = try store.nextBatch(task, size: 50, windows: [], now: now) else {
            Issue.record("no batch")
            return
        }
        #expect(smaller.hosts.count == 2 && Set(smaller.hosts.values) == [1], "a refused batch is no attempt")
    }

    @Test("a run ends when each host has its reason, and its counts are the rows'")
    func ends() throws {
        let task = try asked(3)
        _ = try store.advance(task.job.row, canary: CanaryRule(percent: 0), now: now)
        guard case .batch(let batch) = try store.nextBatch(task, size: 50, windows: [], now: now) else {
            Issue.record("no batch")
            return
        }
        let ids = batch.hosts.keys.sorted()
        var again = HostResult(ids[2], .undeliverable)
        again.again = .init(fetches: true)
        var counts = try store.finish(
            [HostResult(ids[0], .noDatabase), HostResult(ids[1], .failed, detail: "noexec"), again], of: batch,
            isLast: true,
            task, now: now)
        #expect(counts.started == 2 && counts.ownFaults == 1)
        // The same results again change nothing.
        counts = try store.finish([HostResult(ids[0], .ok)], of: batch, isLast: true, task, now: now)
        #expect(counts.started == 2)
        #expect(try !store.settle(task, now: now), "one host is asked again")
        let next = try #require(try lease())
        guard case .batch(let second) = try store.nextBatch(next, size: 50, windows: [], now: now) else {
            Issue.record("no batch")
            return
        }
        #expect(second.hosts == [ids[2]: 2] && second.fetches)
        _ = try store.finish([HostResult(ids[2], .ok)], of: second, isLast: true, next, now: now)
        #expect(try store.settle(next, now: now))
        #expect(try store.advance(task.job.row, canary: CanaryRule(), now: now).job.state == .completed)
        let progress = try #require(try store.progress("job-1"))
        #expect(progress.reasons == ["no_database": 1, "failed": 1, "ok": 1] && progress.hosts_done == 3)
        #expect(try store.mostFrequentFault(task.job.row) == "failed (noexec)")
        #expect(try store.coverageHistory(limit: 10, bounds: Bounds()).first?.reasons == progress.reasons)
        #expect(try store.retryJob("job-1", now: now) == 1)
        #expect(try store.progress("job-1")?.hosts_done == 2)
    }

    @Test("retention removes the hosts of old runs first, and keeps their counts")
    func retention() throws {
        let task = try asked(3)
        try store.end(task, .ok, detail: nil, isDead: false, reason: .skipped, reasonDetail: "x", now: now)
        _ = try store.advance(task.job.row, canary: CanaryRule(), now: now)
        var policy = RetentionPolicy()
        policy.runDays = 10
        func retain(afterDays days: Double) throws {
            var progress = RetentionProgress()
            for _ in 0..<50 {
                guard try store.retain(policy, &progress, now: now.addingTimeInterval(days * 86_400)) else { return }
            }
            Issue.record("the retention has no end")
        }
        try retain(afterDays: 9)
        #expect(try store.page(.results, ListRequest()).items.count == 3)
        try retain(afterDays: 11)
        #expect(try store.page(.results, ListRequest()).items.isEmpty)
        #expect(try store.progress("job-1")?.reasons == ["skipped": 3])
        try retain(afterDays: 800)
        #expect(try store.job("job-1") == nil)
    }

    @Test("instances that were terminated long ago are removed")
    func oldInstances() throws {
        let task = try asked(1)
        var gone = ListedInstance(id: "i-0000dead", state: "terminated")
        gone.tags = ["env": "prod"]
        try store.record(task, [PlannedHost(gone, reason: .terminated)], now: now)
        var progress = RetentionProgress()
        for days in [300.0, 800] {
            let time = now.addingTimeInterval(days * 86_400)
            for _ in 0..<50 where try !store.retain(RetentionPolicy(), &progress, now: time) { break }
            let rows = try store.page(.instances, ListRequest()).items
            #expect(rows.count == (days == 300 ? 2 : 1))
        }
    }

    @Test("an instance that another account lists changes nothing: an instance cannot move")
    func foreignListing() throws {
        let task = try asked(2)
        try store.end(task, .ok, detail: nil, isDead: false, reason: .skipped, reasonDetail: "x", now: now)
        _ = try store.advance(task.job.row, canary: CanaryRule(), now: now)
        _ = try store.addJob(job("job-2"), now: now)
        let first = try #require(try lease())
        try store.expand(first, into: [NewTask(accountID: "999988887777", region: "*")], accounts: [], now: now)
        let second = try #require(try lease())
        try store.expand(
            second, into: [NewTask(accountID: "999988887777", region: "eu-west-1")], accounts: [], now: now)
        let third = try #require(try lease())
        for state in ["running", "terminated"] {
            try store.record(third, [PlannedHost(ListedInstance(id: "i-00000000", state: state))], now: now)
        }
        let job = try store.finishListing(third, isComplete: true, now: now)
        #expect(try store.progress(job.id)?.hosts == 0)
        var all = ListRequest()
        all.conditions = [Condition(field: "account", comparison: .equal, value: "111122223333")]
        #expect(try store.page(.instances, all).items.count == 2)
    }

    @Test(
        "a report may not place an instance elsewhere than AWS lists it",
        arguments: [
            ("999988887777", "eu-west-1", false), ("111122223333", "eu-central-1", false),
            ("111122223333", "eu-west-1", true),
        ])
    func placedElsewhere(account: String, region: String, isTaken: Bool) throws {
        _ = try asked(1)
        var report = IngestTests.report(0, ["/a"], machine: SenderTests.machine, status: .complete)
        report.host.cloud = Report.Cloud(provider: "aws")
        report.host.cloud?.instanceID = "i-00000000"
        report.host.cloud?.accountID = account
        report.host.cloud?.region = region
        let outcome = try store.ingest([try Observation(report)], now: now, quota: .none)[0]
        guard case .rejected(let refusal) = outcome else { return #expect(isTaken) }
        #expect(!isTaken && refusal.code == .identityConflict)
    }

    @Test("a document is proven by a run of all hosts, not of chosen ones; a retry asks hosts of a task that failed")
    func proof() throws {
        for (id, regions, stage) in [
            ("job-1", ["eu-west-1"], JobStage.planning), ("job-2", [], .planning), ("job-3", [], .rest),
        ] {
            let begun = try store.addJob(job(id, regions: regions), now: now).job
            #expect(begun.stage == stage)
            let first = try #require(try lease())
            try store.expand(
                first, into: [NewTask(accountID: "111122223333", region: "eu-west-1")], accounts: [], now: now)
            let list = try #require(try lease())
            try store.record(list, [PlannedHost(ListedInstance(id: "i-00000001", state: "running"))], now: now)
            _ = try store.finishListing(list, isComplete: true, now: now)
            if stage == .planning { try store.giveBack(list) }
            _ = try store.advance(begun.row, canary: CanaryRule(), now: now)
            let task = stage == .planning ? try #require(try lease()) : list
            guard case .batch(let batch) = try store.nextBatch(task, size: 50, windows: [], now: now) else {
                Issue.record("no batch in \(id)")
                return
            }
            _ = try store.finish([HostResult("i-00000001", .ok)], of: batch, isLast: true, task, now: now)
            _ = try store.advance(begun.row, canary: CanaryRule(), now: now)
            #expect(try store.settle(task, now: now))
            #expect(try store.advance(begun.row, canary: CanaryRule(), now: now).job.state == .completed)
        }
        let failed = try asked(1, "job-4")
        try store.end(failed, .failed, detail: "x", isDead: true, reason: .skipped, reasonDetail: "failed", now: now)
        #expect(try store.advance(failed.job.row, canary: CanaryRule(), now: now).hasEnded)
        #expect(try store.retryJob("job-4", now: now) == 1)
        #expect(try store.progress("job-4")?.hosts_done == 0)
    }
}
