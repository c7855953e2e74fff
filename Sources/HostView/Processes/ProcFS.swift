import CLinux
import Glibc

/// The host's /proc (proc(5)): the kernel's own, or a recording of one, when the caller asks for that.
///
/// The kernel's files are read directly: nobody can put a FIFO or a link there. A recording goes through `HostRoot`.
/// Plain files in the /proc of an image or a snapshot are left-overs or a trap: unless they are a recording, there is
/// no process table.
public final class ProcFS: Sendable {
    let root: HostRoot
    private let kernel: Descriptor?
    /// The kernel answers, so links such as `<pid>/root` lead where it says.
    public let isLive: Bool
    /// Neither the kernel's nor a recording: nothing is read.
    public let isAbsent: Bool

    /// The most bytes of a /proc file that is read whole, such as net/tcp.
    public static let fileLimit = 32 << 20

    /// The /proc below `root`.
    ///
    /// - Parameter isRecorded: plain files there are a recording of a host's processes.
    public init(_ root: HostRoot, isRecorded: Bool = false) {
        self.root = root
        let number = clinux_openat(root.directory.number, "proc", O_DIRECTORY | O_NOFOLLOW)
        var kind = statfs()
        let live = number >= 0 && fstatfs(number, &kind) == 0 && Int64(kind.f_type) == CLINUX_PROC_SUPER_MAGIC
        if number >= 0, !live { close(number) }
        kernel = live ? Descriptor(number) : nil
        isLive = live
        isAbsent = !live && !isRecorded
    }

    private func absent(_ operation: String, _ path: String) -> HostError {
        HostError(operation: operation, path: "/proc/" + path, reason: .noEntry)
    }

    /// Reads `/proc/<path>`, at most `limit` bytes.
    ///
    /// - Parameter end: a read of fewer bytes than these is known to be the last.
    public func read(_ path: String, limit: Int = fileLimit, end: Int = 1) throws(HostError) -> FileContents {
        if isAbsent { throw absent("read", path) }
        guard isLive else { return try root.read("/proc/" + path, limit: limit, kernelFiles: true) }
        let file = try open(path, flags: O_RDONLY)
        do throws(Reason) { return try file.readAll(limit: limit, sizeHint: 4095, end: end, "/proc/" + path) } catch {
            throw HostError(operation: "read", path: "/proc/" + path, reason: error)
        }
    }

    /// The text of the link `/proc/<path>`.
    public func link(_ path: String) throws(HostError) -> String {
        if isAbsent { throw absent("readlink", path) }
        guard isLive else { return try root.link("/proc/" + path) }
        guard let text = withKernel({ readLink($0, path) }) else {
            throw HostError(operation: "readlink", path: "/proc/" + path, reason: .last)
        }
        return text
    }

    /// The names in the directory `/proc/<path>`, at most `limit`.
    public func list(_ path: String, limit: Int) throws(HostError) -> Bounded<[DirectoryEntry]> {
        if isAbsent { throw absent("list", path) }
        guard isLive else { return try root.list("/proc/" + path, limit: limit) }
        let directory = try open(path.isEmpty ? "." : path, flags: O_DIRECTORY)
        do throws(Reason) { return try DirectoryEntry.all(of: directory, limit: limit, "/proc/" + path) } catch {
            throw HostError(operation: "list", path: "/proc/" + path, reason: error)
        }
    }

    /// What the process `pid` sees as `/`: its container's or chroot's root.
    public func processRoot(_ pid: Int32) throws(HostError) -> HostRoot {
        guard isLive else {
            guard (try? root.status("/proc/\(pid)/root", followingLast: false)) != nil else { return root }
            return try root.subroot("/proc/\(pid)/root")
        }
        let directory = try open("\(pid)/root", flags: CLINUX_O_PATH | O_DIRECTORY)
        return HostRoot(path: "/proc/\(pid)/root", directory: directory, walksComponents: root.walksComponents)
    }

    /// The running program's own file, even when it was deleted; nil below a root without a kernel.
    public func executable(_ pid: Int32, deadline: Deadline) throws(HostError) -> OpenFile? {
        guard isLive else { return nil }
        return OpenFile(
            try open("\(pid)/exe", flags: O_RDONLY | O_NONBLOCK), path: "/proc/\(pid)/exe", deadline: deadline)
    }

    private func open(_ path: String, flags: Int32) throws(HostError) -> Descriptor {
        let number = withKernel { clinux_openat($0, path, flags) }
        guard number >= 0 else { throw HostError(operation: "open", path: "/proc/" + path, reason: .last) }
        return Descriptor(number)
    }

    private func withKernel<Result>(_ body: (Int32) -> Result) -> Result {
        switch kernel {
        case .some(let descriptor): return body(descriptor.number)
        case .none: return body(-1)
        }
    }
}
