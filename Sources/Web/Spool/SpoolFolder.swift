import Foundation

/// The folder of a spool: its files, and the lock of the process that uses them.
///
/// Files belong to their owner alone, and links are not followed.
public struct SpoolFolder: Sendable {
    /// What is wrong with the folder, and what to do.
    public struct Problem: Error, CustomStringConvertible {
        /// What is wrong, and what to do.
        public var description: String
    }

    let path: String
    private let lock: Lock

    /// Free bytes on its disk below which nothing is added.
    public static let leastFreeBytes = 16 << 20
    /// What the store took in no way.
    public static let aside = "refused.ndjson"

    /// Holds the lock as long as it exists.
    private final class Lock: Sendable {
        let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }
    }

    /// Makes the folder where there is none, and takes its lock.
    init(_ path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try Self.sync(URL(filePath: path).deletingLastPathComponent().path)
        } catch let problem as Problem { throw problem } catch {
            throw Problem(description: "cannot make the spool's folder \(path): \(error.localizedDescription)")
        }
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.failed("look at", path) }
        // Who may write there may report as anyone.
        guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw Problem(
                description: "other users may write to the spool \(path): make it the collector's own, with chmod 700")
        }
        let descriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failed("open", "\(path)/lock") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Problem(
                description: "another collector uses the spool \(path): give each its own folder in spool.path")
        }
        lock = Lock(descriptor)
    }

    private static func failed(_ verb: String, _ file: String) -> Problem {
        Problem(description: "cannot \(verb) \(file): \(String(cString: strerror(errno)))")
    }

    private func file(_ number: Int) -> String {
        let digits = String(number)
        return "\(path)/\(String(repeating: "0", count: max(0, 12 - digits.count)))\(digits).ndjson"
    }

    /// The numbers of its files, rising.
    func numbers() throws -> [Int] {
        try FileManager.default.contentsOfDirectory(atPath: path).compactMap(Self.number).sorted()
    }

    /// The lines of a file that have an end.
    func lines(of number: Int) throws -> [[UInt8]] {
        let descriptor = open(file(number), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        // An operator may have taken it away.
        if descriptor < 0, errno == ENOENT { return [] }
        guard descriptor >= 0 else { throw Self.failed("open", file(number)) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard let bytes = try handle.readToEnd() else { return [] }
        let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { bytes[...$0] } ?? bytes[..<0]
        return whole.split(separator: UInt8(ascii: "\n")).map(Array.init)
    }

    /// What an operator sees of a spool's folder, also of one that is in use.
    public struct Look: Sendable {
        /// Whether a collector uses it now.
        public var isInUse = false
        /// Bytes of the reports that wait.
        public var bytes = 0
        /// Bytes of those that the store did not take.
        public var asideBytes = 0
        /// Free bytes on its disk.
        public var freeBytes = 0
    }

    /// Looks at the folder at `path`, and changes nothing.
    ///
    /// - Throws: `Problem` when there is no folder that can be read.
    public static func look(_ path: String) throws -> Look {
        var look = Look()
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
            throw Problem(description: "cannot read \(path): \(error.localizedDescription)")
        }
        for name in names {
            let bytes = (try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.size] as? Int) ?? 0
            if name == aside { look.asideBytes = bytes } else if number(of: name) != nil { look.bytes += bytes }
        }
        var status = statvfs()
        if statvfs(path, &status) == 0 { look.freeBytes = Int(status.f_bavail) * Int(status.f_frsize) }
        let descriptor = open("\(path)/lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return look }
        defer { close(descriptor) }
        look.isInUse = flock(descriptor, LOCK_SH | LOCK_NB) != 0
        return look
    }

    private static func number(of name: String) -> Int? {
        name.wholeMatch(of: /([0-9]{12})\.ndjson/).flatMap { Int($0.output.1) }
    }

    /// Whether its disk has room.
    var hasRoom: Bool {
        var status = statvfs()
        return statvfs(path, &status) != 0 || Int(status.f_bavail) * Int(status.f_frsize) >= Self.leastFreeBytes
    }

    /// A new file; its name is on the disk.
    func make(_ number: Int) throws -> Int32 {
        guard hasRoom else {
            throw Problem(description: "the disk of \(path) has less than \(Self.leastFreeBytes >> 20) MiB left")
        }
        let descriptor = open(file(number), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failed("make", file(number)) }
        do { try sync() } catch {
            close(descriptor)
            unlink(file(number))
            throw error
        }
        return descriptor
    }

    /// Adds bytes to a file that has `size` bytes; they are on the disk when this returns. On an error none is kept.
    ///
    /// - Parameter isReserved: whether they may use the room that is kept free.
    func append(_ bytes: [UInt8], to descriptor: Int32, after size: Int, isReserved: Bool = false) throws {
        guard isReserved || hasRoom else {
            throw Problem(description: "the disk of \(path) has less than \(Self.leastFreeBytes >> 20) MiB left")
        }
        do {
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Self.failed("write to", path) }
                written += count
            }
            guard fdatasync(descriptor) == 0 else { throw Self.failed("write to the disk of", path) }
        } catch {
            _ = ftruncate(descriptor, off_t(size))
            throw error
        }
    }

    /// Removes a file.
    func remove(_ number: Int) throws {
        guard unlink(file(number)) == 0 || errno == ENOENT else { throw Self.failed("remove", file(number)) }
        try sync()
    }

    /// Adds lines to the file of those that the store took in no way.
    func setAside(_ lines: [[UInt8]]) throws {
        guard !lines.isEmpty else { return }
        let name = "\(path)/\(Self.aside)"
        let descriptor = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failed("open", name) }
        defer { close(descriptor) }
        let end = lseek(descriptor, 0, SEEK_END)
        try append(
            Array(lines.map { $0 + [UInt8(ascii: "\n")] }.joined()), to: descriptor, after: Int(end), isReserved: true)
        try sync()
    }

    /// The folder's own entries on the disk.
    private func sync() throws { try Self.sync(path) }

    private static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failed("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failed("write to the disk of", path) }
    }
}
