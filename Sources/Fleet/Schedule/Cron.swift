import Foundation

/// A time table of five fields, as crontab(5) has it: minute, hour, day of month, month, day of week.
///
/// A field is `*`, numbers, ranges and steps: `*/15`, `1-5`, `0,30`; months and days of the week also go by three
/// letters. When both days are restricted, one of them is enough. In the hour that a clock change leaves out, what was
/// due runs at the first minute after it; in the hour that comes twice it runs once.
package struct Cron: Sendable, Equatable {
    /// Why a text is no time table.
    package struct Invalid: Error, Equatable {
        package var message: String
    }

    private let minutes: Set<Int>
    private let hours: Set<Int>
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    /// Whether the day of the month, and the day of the week, are restricted.
    private let isRestricted: (day: Bool, weekday: Bool)
    private let calendar: Calendar

    /// - Parameter timeZone: a name of the tz database, such as `Europe/Berlin`.
    package init(_ text: String, timeZone: String = "UTC") throws(Invalid) {
        guard let zone = TimeZone(identifier: timeZone) else {
            throw Invalid(
                message: "unknown time zone \"\(timeZone.prefix(60))\": write a name such as UTC or Europe/Berlin")
        }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        self.calendar = calendar
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard fields.count == 5 else {
            throw Invalid(
                message:
                    "invalid cron expression \"\(text.prefix(60))\": write minute, hour, day, month and weekday, such as 0 2 * * *"
            )
        }
        minutes = try Self.field(fields[0], "minute", 0...59)
        hours = try Self.field(fields[1], "hour", 0...23)
        days = try Self.field(fields[2], "day of the month", 1...31)
        months = try Self.field(
            fields[3], "month", 1...12,
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
        // 0 and 7 are Sunday.
        weekdays = Set(
            try Self.field(fields[4], "day of the week", 0...7, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])
                .map { $0 % 7 })
        isRestricted = (!fields[2].hasPrefix("*"), !fields[4].hasPrefix("*"))
    }

    package static func == (one: Cron, other: Cron) -> Bool {
        one.minutes == other.minutes && one.hours == other.hours && one.days == other.days
            && one.months == other.months && one.weekdays == other.weekdays && one.calendar == other.calendar
            && one.isRestricted == other.isRestricted
    }

    private static func field(
        _ text: String, _ name: String, _ range: ClosedRange<Int>, _ names: [String] = []
    ) throws(Invalid) -> Set<Int> {
        let invalid = Invalid(
            message:
                "invalid \(name) \"\(text.prefix(40))\" in the cron expression: write *, or numbers from \(range.lowerBound) to \(range.upperBound)"
        )
        func number(_ text: Substring) -> Int? {
            if let index = names.firstIndex(of: text.lowercased()) { return index + (range.lowerBound == 0 ? 0 : 1) }
            return Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
        var values: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
            guard pieces.count <= 2, let base = pieces.first else { throw invalid }
            var step = 1
            if pieces.count == 2 {
                guard let number = Int(pieces[1]), number > 0 else { throw invalid }
                step = number
            }
            var (low, high) = (range.lowerBound, range.upperBound)
            if base != "*" {
                let ends = base.split(separator: "-", omittingEmptySubsequences: false)
                guard ends.count <= 2, let first = ends.first.flatMap(number), let last = ends.last.flatMap(number),
                    first <= last
                else { throw invalid }
                (low, high) = (first, ends.count == 2 || pieces.count == 1 ? last : range.upperBound)
            }
            values.formUnion(stride(from: low, through: high, by: step))
        }
        return values
    }

    /// The first minute after `time` that the time table has; nil when there is none within ten years.
    package func next(after time: Date) -> Date? {
        var parts = calendar.dateComponents([.year, .month, .day], from: time)
        for _ in 0..<3_660 {
            if let found = first(of: parts, after: time) { return found }
            guard let day = calendar.date(from: parts).flatMap({ calendar.date(byAdding: .day, value: 1, to: $0) })
            else { return nil }
            parts = calendar.dateComponents([.year, .month, .day], from: day)
        }
        return nil
    }

    /// Whether no run completed since `last` although the time table had two: the second one came without the first.
    package func isOverdue(since last: Date, now: Date) -> Bool {
        next(after: last).flatMap(next(after:)).map { $0 < now } ?? false
    }

    /// The first time of a day that is after `time`.
    private func first(of day: DateComponents, after time: Date) -> Date? {
        guard let month = day.month, months.contains(month), let number = day.day,
            let noon = calendar.date(from: day).flatMap({ calendar.date(byAdding: .hour, value: 12, to: $0) })
        else { return nil }
        let weekday = calendar.component(.weekday, from: noon) - 1
        let isDay: Bool =
            switch isRestricted {
            case (true, true): days.contains(number) || weekdays.contains(weekday)
            case (true, false): days.contains(number)
            case (false, _): weekdays.contains(weekday) && days.contains(number)
            }
        guard isDay else { return nil }
        for hour in hours.sorted() {
            for minute in minutes.sorted() {
                var parts = day
                (parts.hour, parts.minute, parts.second) = (hour, minute, 0)
                // A time that a clock change leaves out becomes the first one after it.
                if let date = calendar.date(from: parts), date > time { return date }
            }
        }
        return nil
    }
}
