import Foundation
import Testing

@testable import Fleet

@Suite("Cron")
struct CronTests {
    static func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

    @Test(
        "the next time of a time table",
        arguments: [
            ("0 2 * * *", "UTC", "2026-11-29T17:00:00Z", "2026-11-30T02:00:00Z"),
            ("0 2 * * *", "UTC", "2026-11-29T02:00:00Z", "2026-11-30T02:00:00Z"),
            ("*/15 * * * *", "UTC", "2026-11-29T17:01:00Z", "2026-11-29T17:15:00Z"),
            ("30 8 * * mon-fri", "UTC", "2026-11-28T00:00:00Z", "2026-11-30T08:30:00Z"),
            ("0 0 1 jan *", "UTC", "2026-11-28T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("0 0 29 2 *", "UTC", "2026-11-28T00:00:00Z", "2028-02-29T00:00:00Z"),
            // The 13th, and every Friday.
            ("0 0 13 * 5", "UTC", "2026-11-28T00:00:00Z", "2026-12-04T00:00:00Z"),
            ("0 0 * * 7", "UTC", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"),
            ("5/20 * * * *", "UTC", "2026-11-28T00:00:00Z", "2026-11-28T00:05:00Z"),
            ("0 2 * * *", "Europe/Berlin", "2026-11-29T17:00:00Z", "2026-11-30T01:00:00Z"),
            ("0 2 * * *", "America/New_York", "2026-11-29T17:00:00Z", "2026-11-30T07:00:00Z"),
            // The night in which 02:30 does not exist, and the one in which it exists twice.
            ("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00:00Z", "2027-03-28T01:30:00Z"),
            ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
            ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ])
    func next(text: String, zone: String, after: String, wanted: String) throws {
        #expect(try Cron(text, timeZone: zone).next(after: Self.date(after)) == Self.date(wanted))
    }

    @Test("a day that never comes has no next time")
    func never() throws {
        #expect(try Cron("0 0 31 2 *").next(after: Self.date("2026-11-29T00:00:00Z")) == nil)
    }

    @Test(
        "what is no time table",
        arguments: [
            "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
            "a * * * *", "*/0 * * * *", "5-1 * * * *", "1,,2 * * * *", "1-2-3 * * * *", "1/2/3 * * * *", "-1 * * * *",
        ])
    func invalid(text: String) {
        #expect(throws: Cron.Invalid.self) { try Cron(text) }
    }

    @Test(
        "overdue: the time table had two times since the last run; a weekend is no delay",
        arguments: [
            ("0 2 * * *", "2026-11-24T03:00:00Z", "2026-11-26T01:59:00Z", false),
            ("0 2 * * *", "2026-11-24T03:00:00Z", "2026-11-26T02:01:00Z", true),
            ("0 2 * * mon-fri", "2026-11-27T03:00:00Z", "2026-11-30T12:00:00Z", false),
            ("0 2 * * mon-fri", "2026-11-27T03:00:00Z", "2026-12-01T02:01:00Z", true),
        ])
    func overdue(text: String, last: String, now: String, isOverdue: Bool) throws {
        #expect(try Cron(text).isOverdue(since: Self.date(last), now: Self.date(now)) == isOverdue)
    }

    @Test("an unknown time zone is named")
    func zone() {
        #expect { try Cron("* * * * *", timeZone: "Mars/Olympus") } throws: {
            ($0 as? Cron.Invalid)?.message.contains("Mars/Olympus") == true
        }
    }
}
