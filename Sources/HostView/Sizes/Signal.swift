import CLinux
import Glibc

/// Lets one thread wait for another's word (sem_overview(7)).
///
/// `@unchecked Sendable`: the semaphore is made for use by several threads, never moves, and is never destroyed: a
/// thread that hangs in a read may still use it when everybody else has gone. A scan has a handful.
public final class Signal: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    /// A signal that nobody has given yet.
    public init() { sem_init(semaphore, 0, 0) }

    /// Wakes one waiting thread, or the next that comes to wait.
    public func signal() { sem_post(semaphore) }

    /// Waits for the signal, whatever the wall clock does meanwhile; false when `deadline` came first.
    public func wait(until deadline: Deadline) -> Bool {
        var time = deadline.time
        while clinux_wait(semaphore, &time) != 0 {
            guard errno == EINTR else { return false }
        }
        return true
    }
}

/// Runs `body` on a thread of its own that nobody waits for; false when there is none to be had.
///
/// - Parameter stack: the thread's stack in bytes, whatever the caller's `ulimit -s` says: stacks count as memory.
public func startThread(stack: Int = 8 << 20, _ body: @escaping @Sendable () -> Void) -> Bool {
    let job = Unmanaged.passRetained(Job(body))
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stack)
    let status = pthread_create(
        &thread, &attributes,
        { raw in
            if let raw { Unmanaged<Job>.fromOpaque(raw).takeRetainedValue().body() }
            return nil
        }, job.toOpaque())
    guard status == 0 else {
        job.release()
        return false
    }
    pthread_detach(thread)
    return true
}

private final class Job: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
