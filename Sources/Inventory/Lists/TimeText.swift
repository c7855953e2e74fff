import FoundationEssentials
import Report

/// A time as people write it.
public enum TimeText {
    /// RFC 3339; a date alone, which is its beginning in UTC; or how long ago, such as `7d`, `12h` or `30m`.
    public static func parse(_ text: String, now: Date = Date()) -> Date? {
        let units: [Character: Double] = ["d": 86_400, "h": 3_600, "m": 60]
        if let unit = text.last.flatMap({ units[$0] }), let number = UInt32(text.dropLast()) {
            return now.addingTimeInterval(-Double(number) * unit)
        }
        return Timestamp.parse(text) ?? Timestamp.parse(text + "T00:00:00Z")
    }
}
