import CLinux
import Glibc

/// The instant on the monotonic clock at which a scan stops looking and writes what it has.
public struct Deadline: Sendable {
    private var nanoseconds: UInt64
    /// Waits for a processor do not count, up to this instant; nil for a deadline by the clock alone.
    private var limit: UInt64?
    /// What the thread had waited for a processor when the turn began.
    private var waited: UInt64 = 0

    /// `seconds` from now.
    public init(seconds: Double) { nanoseconds = Self.now() &+ UInt64(max(0, min(seconds, 1e9)) * 1e9) }

    /// A turn of `seconds` from now, in which the time that the calling thread waits for a processor does not count; at
    /// most until `end`.
    ///
    /// On a saturated host a thread waits for its processor far longer than it works, and that is nobody's fault whose
    /// files it reads.
    public init(turn seconds: Double, within end: Deadline) {
        self.init(seconds: seconds)
        limit = end.nanoseconds
        waited = Self.waitForProcessor()
        nanoseconds = min(nanoseconds, end.nanoseconds)
    }

    /// The instant has passed.
    public var hasPassed: Bool {
        let now = Self.now()
        guard now >= nanoseconds, let limit, now < limit else { return now >= nanoseconds }
        let waited = Self.waitForProcessor()
        return now - min(now, waited > self.waited ? waited - self.waited : 0) >= nanoseconds
    }

    /// The instant, as the kernel counts (CLOCK_MONOTONIC).
    var time: timespec {
        timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }

    /// The monotonic clock, in nanoseconds.
    public static func now() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// The processor time that the calling thread has used, in nanoseconds.
    public static func processorTime() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    /// The monotonic clock without the time that the calling thread waited for a processor, in seconds: to be compared
    /// with itself.
    public static func workingTime() -> Double { (Double(now()) - Double(waitForProcessor())) / 1e9 }

    /// Seconds from now; 0 when the instant has passed.
    public var secondsLeft: Double {
        let now = Self.now()
        return now < nanoseconds ? Double(nanoseconds - now) / 1e9 : 0
    }

    /// How long the calling thread was ready to run and had no processor, in nanoseconds: the second number of
    /// `/proc/thread-self/schedstat` (Documentation/scheduler/sched-stats.rst); 0 where the kernel does not count it.
    static func waitForProcessor() -> UInt64 {
        let number = clinux_openat(AT_FDCWD, "/proc/thread-self/schedstat", O_RDONLY)
        guard number >= 0 else { return 0 }
        let bytes = try? Descriptor(number).read(at: 0, limit: 128)
        return waitForProcessor(String(decoding: bytes ?? [], as: UTF8.self))
    }

    static func waitForProcessor(_ schedstat: String) -> UInt64 {
        let numbers = schedstat.split(whereSeparator: \.isWhitespace)
        return numbers.count > 1 ? UInt64(numbers[1]) ?? 0 : 0
    }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
