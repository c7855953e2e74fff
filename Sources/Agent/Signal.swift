import Glibc
import HostView

/// Lets one thread wait for another's word (sem_overview(7)).
///
/// `@unchecked Sendable`: the semaphore is made for use by several threads, never moves, and is never destroyed while
/// one of them may still use it: a scan has one, and the process ends after it.
final class Signal: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    private static let slice = 50_000_000

    init() { sem_init(semaphore, 0, 0) }

    /// Wakes the waiting thread.
    func signal() { sem_post(semaphore) }

    /// Waits for the signal; false when `deadline` came first.
    ///
    /// sem_timedwait(3) goes by the wall clock, which may jump: short slices keep a jump from mattering.
    func wait(until deadline: Deadline) -> Bool {
        while !deadline.hasPassed {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            let nanoseconds = time.tv_nsec + min(Self.slice, Int(deadline.remaining * 1e9) + 1)
            time.tv_sec += nanoseconds / 1_000_000_000
            time.tv_nsec = nanoseconds % 1_000_000_000
            if sem_timedwait(semaphore, &time) == 0 { return true }
        }
        return sem_trywait(semaphore) == 0
    }
}
