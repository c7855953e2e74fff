import Glibc

/// The instant on the monotonic clock at which a scan stops looking and writes what it has.
public struct Deadline: Sendable {
    private let nanoseconds: UInt64

    /// `seconds` from now.
    public init(seconds: Double) { nanoseconds = Self.now() &+ UInt64(max(0, min(seconds, 1e9)) * 1e9) }

    /// The instant has passed.
    public var hasPassed: Bool { Self.now() >= nanoseconds }

    /// The instant, as the kernel counts (CLOCK_MONOTONIC).
    var time: timespec {
        timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }

    /// This instant or `other`, whichever comes first.
    public func earlier(_ other: Deadline) -> Deadline { nanoseconds <= other.nanoseconds ? self : other }

    /// The monotonic clock, in nanoseconds.
    public static func now() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// The processor time that the calling thread has used, in nanoseconds.
    static func processorTime() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
