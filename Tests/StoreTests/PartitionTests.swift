import Foundation
import Report
import SQL
import TestPlaces
import Testing

@testable import Inventory
@testable import Store

@Suite("Partitions by time", .enabled(if: !TestPlace.isFile))
struct PartitionTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    private func partitions(_ table: String) throws -> [String] {
        try test.store.database.read {
            try $0.values(
                """
                SELECT CAST(c.relname AS TEXT) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = to_regclass(?) ORDER BY 1
                """, [table])
        }
    }

    private func make(_ now: Date, from first: Date? = nil) throws {
        try test.store.makePartitions(from: first, now: now)
    }

    private func retain(_ now: Date) throws -> RetentionProgress {
        var progress = RetentionProgress()
        while try test.store.retain(RetentionPolicy(), &progress, now: now) {}
        return progress
    }

    @Test("a new store has those of this time and the next; making them again changes nothing")
    func made() throws {
        #expect(try partitions("reports").count == 4 && partitions("observations").count == 4)
        let before = try partitions("reports")
        try test.store.makePartitions()
        #expect(try partitions("reports") == before)
        // 2024-12-30 was a Monday.
        let time = try #require(Timestamp.parse("2025-01-01T12:00:00Z"))
        try make(time)
        for name in ["reports_20241230", "reports_20250106", "reports_20250113"] {
            #expect(try partitions("reports").contains(name))
        }
        for name in ["observations_20250101", "observations_20250401", "observations_20250701"] {
            #expect(try partitions("observations").contains(name))
        }
    }

    @Test("old ones are dropped; the report that something was last seen in is kept, and every other one goes")
    func dropped() throws {
        try make(TestStore.time(10 * 1_440), from: TestStore.time(0))
        let (gone, alive) = (String(repeating: "1", count: 32), String(repeating: "2", count: 32))
        try test.ingest(0, machine: gone)
        try test.ingest(1, machine: gone)
        for day in 0..<3 { try test.ingest(2 + day * 1_440, machine: alive) }
        #expect(try test.count("reports_default") == 0 && test.count("reports") == 5)
        let progress = try retain(TestStore.time(100 * 1_440))
        #expect(progress.reports == 3)
        #expect(try test.count("reports") == 2 && test.count("reports_default") == 2)
        let left = try partitions("reports")
        #expect(!left.contains("reports_20260921") && left.contains("reports_20260928"))
        #expect(try test.store.reportsRemovedUntil() != nil)
        for id in [gone, alive] { #expect(try #require(try test.store.host(id)).report_error == nil) }
        #expect(try retain(TestStore.time(101 * 1_440)).reports == 0)
        #expect(try test.count("observations") > 0)
        #expect(try retain(TestStore.time(1_000 * 1_440)).sizes > 0)
        #expect(try test.count("observations") == 0)
    }

    @Test("rows of a time without a partition are kept among all others, until the retention")
    func others() throws {
        try test.ingest(0)
        try test.ingest(1)
        #expect(try test.count("reports_default") == 2)
        // A partition cannot be made for rows that are there: they stay where they are.
        try make(TestStore.time(0))
        try test.ingest(2)
        #expect(try test.count("reports_default") == 3)
        #expect(try retain(TestStore.time(100 * 1_440)).reports == 2)
    }

    @Test("one that cannot be dropped, because another session reads it, loses its old rows one by one")
    func held() throws {
        try test.store.makePartitions(from: TestStore.time(0), now: TestStore.time(10 * 1_440))
        for minute in 0..<3 { try test.ingest(minute) }
        let progress = try test.store.database.read { reader -> RetentionProgress in
            let count: Int? = try reader.value("SELECT COUNT(*) FROM reports")
            guard count == 3 else { throw SQLError(.failed, "\(count ?? 0) reports") }
            return try retain(TestStore.time(100 * 1_440))
        }
        #expect(progress.areRowsRemoved && progress.reports == 2)
        #expect(try partitions("reports").contains("reports_20260921"))
        #expect(try test.count("reports") == 1)
        #expect(try retain(TestStore.time(101 * 1_440)).areRowsRemoved == false)
        #expect(try !partitions("reports").contains("reports_20260921") && test.count("reports") == 1)
    }

    @Test("a question for one report asks one partition", .disabled(if: TestPlace.isDistributed))
    func pruned() throws {
        try make(TestStore.time(60 * 1_440), from: TestStore.time(0))
        let plan: [String] = try test.store.database.read {
            try $0.values(
                "EXPLAIN SELECT body FROM reports WHERE place = 1 AND started_at = '\(TestStore.text(0))'")
        }
        #expect(plan.count { $0.contains("Scan") && !$0.contains("Bitmap Index") } == 1, "\(plan)")
    }
}
