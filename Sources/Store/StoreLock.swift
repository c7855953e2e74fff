import Foundation

/// The right to serve a store: one process at a time has it, and the kernel takes it back when that process ends.
///
/// The lock is an flock(2) on `<store>.lock`, which names the process that holds it. A second one, `<store>.writers`, is
/// shared by all that write, so that nobody exchanges the store below them.
public final class StoreLock: Sendable {
    private let descriptor: Int32

    /// What a lock is for.
    public enum Purpose: String, Sendable {
        /// Serving: one process.
        case service = "lock"
        /// Writing: any number of processes.
        case writing = "writers"
        /// Exchanging the store: nobody writes meanwhile.
        case exchange
    }

    /// Takes a lock of the store at `path`.
    ///
    /// - Throws: `StoreError` with the code `inUse` that names the process that holds it.
    public init(path: String, _ purpose: Purpose = .service) throws {
        // By whatever name the store is called, it is one file.
        let suffix = purpose == .exchange ? Purpose.writing.rawValue : purpose.rawValue
        let file = URL(filePath: path).resolvingSymlinksInPath().path + "." + suffix
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(.cannotOpen, "cannot make \(file): \(String(cString: strerror(errno)))")
        }
        guard Self.lock(descriptor, purpose == .writing ? LOCK_SH : LOCK_EX) else {
            var buffer = [UInt8](repeating: 0, count: 32)
            let count = pread(descriptor, &buffer, buffer.count, 0)
            close(descriptor)
            let holder = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).prefix { $0.isNumber }
            let name = holder.isEmpty ? "another process" : "process \(holder)"
            throw StoreError(.inUse, "the store \(path) is in use by \(name): stop that one first")
        }
        let text = "\(getpid())\n"
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.utf8.count, 0)
        self.descriptor = descriptor
    }

    /// `doctor` holds a lock for a moment, to see who has it: somebody else holds it for longer.
    private static func lock(_ descriptor: Int32, _ kind: Int32) -> Bool {
        for attempt in 0..<5 {
            if attempt > 0 { usleep(50_000) }
            if flock(descriptor, kind | LOCK_NB) == 0 { return true }
        }
        return false
    }

    deinit { close(descriptor) }
}
