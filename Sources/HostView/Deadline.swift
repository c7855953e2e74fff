import Glibc

/// The instant on the monotonic clock at which a scan stops looking and writes what it has.
public struct Deadline: Sendable {
    private let nanoseconds: UInt64

    /// `seconds` from now.
    public init(seconds: Double) { nanoseconds = Self.now() &+ UInt64(max(0, min(seconds, 1e9)) * 1e9) }

    /// The instant has passed.
    public var hasPassed: Bool { Self.now() >= nanoseconds }

    /// Seconds that are left; 0 when none are.
    public var remaining: Double {
        let now = Self.now()
        return now >= nanoseconds ? 0 : Double(nanoseconds - now) / 1e9
    }

    /// The monotonic clock, in nanoseconds.
    public static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
