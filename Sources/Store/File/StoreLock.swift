import Foundation
import Inventory

/// The right to serve a store: one process at a time has it, and the kernel takes it back when that process ends.
///
/// The lock is an flock(2) on `<store>.lock` next to the store's own file, every link resolved; it names the process
/// that holds it. A second one, `<store>.writers`, is shared by all that write, so that nobody exchanges the store
/// below them.
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
    /// - Parameter makes: makes an empty store where there is none, so that there is one to lock.
    /// - Throws: `StoreError` with the code `inUse` that names the process that holds it.
    public init(path: String, _ purpose: Purpose = .service, makes: Bool = true) throws {
        let own = try StoreFile.resolve(path, makes: makes)
        let descriptor = try StoreFile.makePrivate(Self.file(own, purpose), exclusively: false)
        guard Self.lock(descriptor, purpose == .writing ? LOCK_SH : LOCK_EX) else {
            let holder = Self.holder(descriptor)
            close(descriptor)
            throw StoreError(.inUse, "the store \(path) is in use by \(holder): stop that one first")
        }
        // Meanwhile a link may have been turned to another store.
        guard try StoreFile.resolve(path, makes: makes) == own else {
            close(descriptor)
            throw StoreError(.cannotOpen, "\(path) was turned to another store at this moment: try again")
        }
        let text = "\(getpid())\n"
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.utf8.count, 0)
        self.descriptor = descriptor
    }

    /// Which process serves the store at `path`; nil when none does. It makes nothing.
    public static func service(of path: String) throws -> String? {
        let file = file(try StoreFile.resolve(path, makes: false), .service)
        let descriptor = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            guard errno != ENOENT else { return nil }
            throw StoreError(
                .cannotOpen,
                "cannot open \(file): \(String(cString: strerror(errno))); it must belong to the user of the service")
        }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? nil : holder(descriptor)
    }

    private static func file(_ store: String, _ purpose: Purpose) -> String {
        store + "." + (purpose == .exchange ? Purpose.writing.rawValue : purpose.rawValue)
    }

    private static func holder(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let number = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).prefix { $0.isNumber }
        return number.isEmpty ? "another process" : "process \(number)"
    }

    /// `doctor` holds a lock for a moment, to see who has it: a service holds it for longer.
    private static func lock(_ descriptor: Int32, _ kind: Int32) -> Bool {
        for attempt in 0..<5 {
            if attempt > 0 { usleep(50_000) }
            if flock(descriptor, kind | LOCK_NB) == 0 { return true }
        }
        return false
    }

    deinit { close(descriptor) }
}
