import Foundation
import Inventory
import Logging
import Store
import Stores
import Synchronization
import TestPlaces
import Testing

@testable import AWSClient
@testable import Fleet

@Suite("Planning a run")
struct PlanningTests {
    @Test("regions by name, by pattern, by account and by request")
    func regions() {
        let all = [
            EC2.DescribeRegions.Region(name: "eu-west-1", optInStatus: "opt-in-not-required"),
            .init(name: "eu-south-2", optInStatus: "opted-in"), .init(name: "ap-east-1", optInStatus: "not-opted-in"),
            .init(name: "us-east-1", optInStatus: nil),
        ]
        func names(_ patterns: [String], _ asked: [String] = []) -> [String] {
            RegionFinder.tasks(all, account: "1", patterns: patterns, asked: asked).map {
                "\($0.region)\($0.code.map { ":\($0.rawValue)" } ?? "")"
            }
        }
        #expect(names(["*"]) == ["eu-south-2", "eu-west-1", "us-east-1"])
        #expect(names(["eu-*"]) == ["eu-south-2", "eu-west-1"])
        #expect(names(["eu-west-1", "ap-east-1"]) == ["eu-west-1", "ap-east-1:region_disabled"])
        #expect(names(["*"], ["us-*"]) == ["us-east-1"])
        #expect(names(["eu-*"], ["us-east-1"]) == [], "a request chooses among what the settings name")
        #expect(names(["*"], ["ap-east-1"]) == ["ap-east-1:region_disabled"])
    }

    @Test("the brake holds when both limits are passed")
    func brake() {
        var stop = DiscoverySettings.StopAt()
        func reached(_ failed: Int, of started: Int) -> Bool {
            stop.isReached(JobCounts(started: started, ownFaults: failed, stage: .rest, stop: nil))
        }
        #expect(!reached(19, of: 19) && reached(20, of: 20) && reached(20, of: 399) && !reached(20, of: 400))
        stop.failures = 100
        #expect(!reached(500, of: 500))
    }

    @Test("a maintenance window is open from its time on, for its hosts")
    func windows() throws {
        var window = DiscoverySettings.MaintenanceWindow()
        (window.cron, window.seconds, window.timeZone) = ("0 22 * * fri", 8 * 3_600, "Europe/Berlin")
        window.tags = ["tier": ["critical"]]
        window.regions = ["eu-*"]
        // Friday, 27 November 2026, 22:00 in Berlin is 21:00 UTC.
        for (time, isOpen) in [
            ("2026-11-27T20:59:00Z", false), ("2026-11-27T21:00:00Z", true), ("2026-11-28T04:59:00Z", true),
            ("2026-11-28T05:01:00Z", false),
        ] { #expect(window.isOpen(at: try CronTests.date(time)) == isOpen, "\(time)") }
        #expect(window.concerns("1", "eu-west-1", ["tier": "critical"]))
        #expect(!window.concerns("1", "us-east-1", ["tier": "critical"]) && !window.concerns("1", "eu-west-1", [:]))
    }

    @Test("an error of AWS becomes the scope's code, and is tried again where that may help")
    func failures() {
        for (kind, code, isPassing) in [
            (AWSError.Kind.throttled, ScopeCode.throttled, true), (.denied, .accessDenied, false),
            (.deniedBySCP, .deniedBySCP, false), (.expired, .expired, true), (.regionDisabled, .regionDisabled, false),
            (.network, .failed, true), (.credentials, .failed, false),
        ] {
            let failure = TaskFailure(AWSError(kind, "x"))
            #expect(failure.code == code && failure.isPassing == isPassing, "\(kind)")
        }
    }

    @Test("names of sessions have the letters that STS takes")
    func sessions() {
        #expect(SpokeAccess.session("job-1") == "job-1" && SpokeAccess.session("Jörg <x>") == "J-rg--x-")
        #expect(
            SpokeAccess.session("") == "dbcensus" && SpokeAccess.session(String(repeating: "a", count: 99)).count == 64)
    }
}

@Suite("The schedule")
struct SchedulerTests {
    /// A clock that the test sets.
    final class Clock: Sendable {
        private let state: Mutex<Date>
        init(_ text: String) throws { state = Mutex(try CronTests.date(text)) }
        var now: Date { state.withLock { $0 } }
        func set(_ text: String) throws { let date = try CronTests.date(text); state.withLock { $0 = date } }
    }

    @Test("a run begins when it is due; one that is due while another goes on is left out and kept")
    func runs() async throws {
        let store = try InventoryStore(path: try TestPlace.make())
        let clock = try Clock("2026-11-29T01:00:00Z")
        let environment = FleetEnvironment(
            store: store, hub: { () async throws(AWSError) in throw AWSError(.credentials, "none") },
            externalID: { () throws(AWSError) in nil }, now: { clock.now },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let begun = Mutex(0)
        let scheduler = Scheduler(environment, cron: try Cron("0 2 * * *"), jitter: 0) { due in
            begun.withLock { $0 += 1 }
            var settings = DiscoverySettings()
            settings.agent.bucket = "agents"
            let job = try JobMaker.job(
                ScanRequest(), settings, origin: "schedule", requestedBy: "schedule",
                idempotencyKey: "\(due.timeIntervalSince1970)", now: clock.now)
            return try store.addScheduledJob(job, dueAt: due, now: clock.now)
        }
        let second = try CronTests.date("2026-11-30T02:00:00Z")
        #expect(scheduler.next == second.addingTimeInterval(-86_400))
        await scheduler.look()
        #expect(begun.withLock { $0 } == 0)
        try clock.set("2026-11-29T02:00:05Z")
        await scheduler.look()
        #expect(begun.withLock { $0 } == 1 && scheduler.next == second)
        // The next day it still goes on.
        try clock.set("2026-11-30T02:00:05Z")
        await scheduler.look()
        #expect(try store.openJobs().count == 1)
        let skipped = try #require(try store.lastSkippedRun())
        #expect(skipped.dueAt.hasPrefix("2026-11-30T02:00:00") && skipped.reason.contains("job-"))
        // A clock that is set back plans again, and does not wait for what a wrong time had planned.
        try clock.set("2026-11-29T12:00:00Z")
        await scheduler.look()
        #expect(scheduler.next == second)
    }
}
