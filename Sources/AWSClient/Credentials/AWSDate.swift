import Foundation

/// Times as AWS writes them in JSON and XML: `2026-11-26T12:00:00Z`, with or without a fraction or an offset.
enum AWSDate {
    static func parse(_ text: String) -> Date? {
        // The style without a fraction refuses one, and the style with one wants it.
        let whole = Date.ISO8601FormatStyle()
        return (try? whole.parse(text)) ?? (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text))
            ?? withoutZone(text).flatMap { try? whole.parse($0) }
    }

    /// The AWS CLI once wrote `2026-11-26T12:00:00UTC` into its cache.
    private static func withoutZone(_ text: String) -> String? {
        text.hasSuffix("UTC") ? text.dropLast(3) + "Z" : nil
    }

    /// `2026-11-26T12:00:00Z`.
    static func format(_ date: Date) -> String { date.formatted(.iso8601) }

    /// The header `Date`: `Thu, 26 Nov 2026 12:00:00 GMT` (RFC 9110, section 5.6.7).
    static func header(_ text: String) -> Date? {
        let words = text.split(separator: " ")
        guard words.count == 6, let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])),
            let year = Int(words[3])
        else { return nil }
        let time = words[4].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3 else { return nil }
        return Calendar.utc.date(
            from: DateComponents(
                year: year, month: month + 1, day: day, hour: time[0], minute: time[1], second: time[2]))
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
