import CLinux
import Glibc

/// A directory that is taken for a host's `/`: the host itself, a fixture, an unpacked image, a process's root.
///
/// Every path is absolute within the root. Links and `..` are resolved as if the root were `/`, so that nothing outside
/// it can be reached: by openat2(2) with RESOLVE_IN_ROOT, and by a walk of the components on kernels before 5.6. Only
/// regular files are opened for reading; a FIFO, socket or device is refused before it is opened.
public final class HostRoot: Sendable {
    /// Bounds of what one call reads.
    public enum Limits {
        /// The most bytes of an ordinary configuration or state file.
        public static let file = 1 << 20
        /// The most entries of a directory that is listed.
        public static let entries = 65_536
        /// The most links in one path, as the kernel's own limit.
        static let links = 40
    }

    /// The root's own path, for people.
    public let path: String
    let directory: Descriptor
    let walksComponents: Bool
    /// What stands before every path, when only a part of the host can be reached; else empty.
    private let prefix: String
    /// Files are opened only if this user could open them too; nil where the agent's own rights decide.
    public let reader: FileReader?

    /// Opens the directory at `path`, following links in `path` itself.
    ///
    /// - Parameter walksComponents: do without openat2, as on an old kernel.
    public convenience init(_ path: String, walksComponents: Bool = false) throws(HostError) {
        let number = clinux_openat(AT_FDCWD, path, CLINUX_O_PATH | O_DIRECTORY)
        guard number >= 0 else { throw HostError(operation: "open", path: path, reason: .last) }
        self.init(path: path, directory: Descriptor(number), walksComponents: walksComponents)
    }

    init(
        path: String, directory: consuming Descriptor, walksComponents: Bool, prefix: String = "",
        reader: FileReader? = nil
    ) {
        self.path = path
        self.prefix = prefix
        self.reader = reader
        let probe = walksComponents ? -1 : clinux_openat2_in_root(directory.number, ".", CLINUX_O_PATH)
        if probe >= 0 { close(probe) }
        self.walksComponents = probe < 0
        self.directory = directory
    }

    /// Reads the regular file at `path`, at most `limit` bytes of it.
    ///
    /// - Parameter kernelFiles: take files of procfs, sysfs and their like. They look regular, but reading some has
    ///   effects: a path that a host's configuration names must not lead there.
    public func read(
        _ path: String, limit: Int = Limits.file, kernelFiles: Bool = false
    ) throws(HostError) -> FileContents {
        let file = try openRegular(path, kernelFiles: kernelFiles)
        do throws(Reason) {
            return try file.readAll(limit: limit, sizeHint: Int(min(try file.status().size, Int64(limit))), path)
        } catch { throw HostError(operation: "read", path: path, reason: error) }
    }

    /// Reads at most `count` bytes from `offset` of the regular file at `path`.
    public func read(_ path: String, at offset: Int64, count: Int) throws(HostError) -> [UInt8] {
        let file = try openRegular(path, kernelFiles: false)
        do throws(Reason) {
            return try file.read(at: offset, limit: count)
        } catch { throw HostError(operation: "read", path: path, reason: error) }
    }

    /// What is at `path`, the last link followed unless told otherwise.
    public func status(_ path: String, followingLast: Bool = true) throws(HostError) -> FileStatus {
        let file = try resolve(path, followingLast: followingLast)
        do throws(Reason) { return try file.status() } catch {
            throw HostError(operation: "stat", path: path, reason: error)
        }
    }

    /// The text of the link at `path`.
    public func link(_ path: String) throws(HostError) -> String {
        let file = try resolve(path, followingLast: false)
        guard let target = readLink(file.number, "") else {
            throw HostError(operation: "readlink", path: path, reason: .last)
        }
        return target
    }

    /// Something is at `path`, or nobody may know.
    public func exists(_ path: String) -> Bool { (try? status(path)) != nil }

    /// The names in the directory at `path` with their kinds, sorted, at most `limit`.
    public func list(
        _ path: String, limit: Int = Limits.entries
    ) throws(HostError) -> Bounded<[DirectoryEntry]> {
        let found = try resolve(path, followingLast: true)
        do throws(Reason) {
            try check(found, path)
            let readable = try reopen(found, flags: O_DIRECTORY)
            return try DirectoryEntry.all(of: readable, limit: limit, path)
        } catch { throw HostError(operation: "list", path: path, reason: error) }
    }

    /// A directory below this root that can be walked; it is not followed when the last component is a link and
    /// `followingLast` is false.
    func openDirectory(_ path: String, followingLast: Bool) throws(HostError) -> Descriptor {
        let found = try resolve(path, followingLast: followingLast)
        do throws(Reason) {
            return try reopen(found, flags: O_DIRECTORY)
        } catch { throw HostError(operation: "open", path: path, reason: error) }
    }

    /// The directory at `path` as a root of its own.
    public func subroot(_ path: String) throws(HostError) -> HostRoot {
        let found = try resolve(path, followingLast: true)
        let shown = self.path == "/" ? path : self.path + path
        return HostRoot(path: shown, directory: found, walksComponents: walksComponents, reader: reader)
    }

    /// The same paths, of which none leads out of the directory at `path`: who runs a container writes what links he
    /// likes into its volume.
    public func confined(to path: String) throws(HostError) -> HostRoot {
        let found = try resolve(path, followingLast: true)
        return HostRoot(
            path: self.path, directory: found, walksComponents: walksComponents, prefix: path, reader: reader)
    }

    /// The same paths, of which only those are read that `reader` could read: a process may name any file as its own.
    public func readable(by reader: FileReader) throws(HostError) -> HostRoot {
        let copy = dup(directory.number)
        guard copy >= 0 else { throw HostError(operation: "open", path: path, reason: .last) }
        return HostRoot(
            path: path, directory: Descriptor(copy), walksComponents: walksComponents, prefix: prefix, reader: reader)
    }

    /// The prefix of this root's paths as `host` names them: empty for the host's own root, `/proc/<pid>/root` for a
    /// process's.
    public func prefix(below host: HostRoot) -> String {
        if path == host.path { return "" }
        return host.path != "/" && path.hasPrefix(host.path + "/") ? String(path.dropFirst(host.path.count)) : path
    }

    /// A path within this root as everybody else names it.
    func named(_ path: String) -> String { prefix.isEmpty ? path : path == "/" ? prefix : prefix + path }

    func openRegular(_ path: String, kernelFiles: Bool) throws(HostError) -> Descriptor {
        let found = try resolve(path, followingLast: true)
        do throws(Reason) {
            guard try found.status().kind == .regular, kernelFiles || !found.isOfTheKernel else {
                throw Reason.notRegular
            }
            try check(found, path)
            return try reopen(found, flags: O_NONBLOCK | O_NOCTTY)
        } catch { throw HostError(operation: "open", path: path, reason: error) }
    }

    /// Opens for reading exactly what an O_PATH descriptor stands for, so that its kind cannot change in between.
    private func reopen(_ found: borrowing Descriptor, flags: Int32) throws(Reason) -> Descriptor {
        let number = clinux_openat(AT_FDCWD, "/proc/self/fd/\(found.number)", flags)
        guard number >= 0 else { throw Reason.last }
        return Descriptor(number)
    }

    func resolve(_ path: String, followingLast: Bool) throws(HostError) -> Descriptor {
        guard prefix.isEmpty || path == prefix || path.hasPrefix(prefix + "/") else {
            throw HostError(operation: "open", path: path, reason: .noEntry)
        }
        let path = prefix.isEmpty ? path : "/" + path.dropFirst(prefix.count).drop { $0 == "/" }
        guard !path.utf8.contains(0), path.utf8.count < PATH_MAX else {
            throw HostError(operation: "open", path: path, reason: .nameTooLong)
        }
        let last = followingLast ? 0 : O_NOFOLLOW
        if walksComponents {
            do throws(Reason) {
                return try ComponentWalk(root: directory.number).resolve(path, followingLast: followingLast)
            } catch { throw HostError(operation: "open", path: path, reason: error) }
        }
        var number: Int32
        var attempts = 0
        repeat {  // EAGAIN: a rename raced with "..": openat2(2) says to try again
            number = clinux_openat2_in_root(directory.number, path.isEmpty ? "/" : path, CLINUX_O_PATH | last)
            attempts += 1
        } while number < 0 && errno == EAGAIN && attempts < 8
        guard number >= 0 else { throw HostError(operation: "open", path: path, reason: .last) }
        return Descriptor(number)
    }
}

/// The text of the link `name` in `directory` (of `directory` itself when `name` is empty); nil with errno set.
func readLink(_ directory: Int32, _ name: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer -> String? in
        guard let base = buffer.baseAddress else { return nil }
        let count = readlinkat(directory, name, base, buffer.count)
        guard count >= 0 else { return nil }
        return String(
            decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]), as: UTF8.self)
    }
}
