import CLinux
import Glibc

/// A file descriptor that closes itself.
public struct Descriptor: ~Copyable, Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }

    /// What fstat(2) says of the open file.
    func status() throws(Reason) -> FileStatus {
        var raw = stat()
        guard fstat(number, &raw) == 0 else { throw Reason.last }
        return FileStatus(raw)
    }

    /// The file is one of procfs, sysfs, debugfs, tracefs or the like: made by the kernel at the moment of reading.
    var isOfTheKernel: Bool {
        var system = statfs()
        guard fstatfs(number, &system) == 0 else { return false }
        return Self.kernelFileSystems.contains(Int64(system.f_type))
    }

    /// linux/magic.h: proc, sysfs, debugfs, tracefs, securityfs, bpf, cgroup, cgroup2, pstore, efivarfs, configfs.
    private static let kernelFileSystems: Set<Int64> = [
        CLINUX_PROC_SUPER_MAGIC, 0x6265_6572, 0x6462_6720, 0x7472_6163, 0x7363_6673, 0xCAFE_4A11, 0x0027_E0EB,
        0x6367_7270,
        0x6165_676C, 0xDE5E_81E4, 0x6265_6570,
    ]

    /// Reads at most `limit` bytes from `offset`, fewer at the file's end.
    ///
    /// - Parameter end: a read of fewer bytes than these is known to be the last.
    func read(at offset: Int64, limit: Int, end: Int = 1) throws(Reason) -> [UInt8] {
        var failure: Reason?
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = 0
            guard let base = buffer.baseAddress else { return }
            while count < limit {
                let got = pread(number, base.advanced(by: count), limit - count, off_t(offset) + count)
                if got < 0, Reason.last == .kernel(EINTR) { continue }
                if got < 0 { failure = Reason.last }
                count += max(0, got)
                if got < end { break }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Reads to the end, but at most `limit` bytes.
    ///
    /// - Parameter path: what the file is called in a shortfall.
    func readAll(limit: Int, sizeHint: Int, end: Int = 1, _ path: String) throws(Reason) -> FileContents {
        var bytes: [UInt8] = []
        var step = min(limit + 1, max(sizeHint + 1, 4096))
        while true {
            let piece = try read(at: Int64(bytes.count), limit: min(step, limit + 1 - bytes.count), end: end)
            let isLast = piece.count < step
            if bytes.isEmpty { bytes = piece } else { bytes.append(contentsOf: piece) }
            if bytes.count > limit {
                bytes.removeLast(bytes.count - limit)
                return FileContents(bytes, shortfalls: [HostError(operation: "read", path: path, reason: .tooLarge)])
            }
            if isLast { return FileContents(bytes) }
            step = min(step * 4, 1 << 20)
        }
    }
}

/// What stat(2) says, as far as dbcensus asks.
public struct FileStatus: Sendable, Equatable {
    /// Kinds of file.
    public enum Kind: Sendable { case regular, directory, link, other }

    /// The kind of file.
    public var kind: Kind
    /// Device number of the file system.
    public var device: UInt64
    /// Its number in the file system.
    public var inode: UInt64
    /// Apparent size, in bytes.
    public var size: Int64
    /// Space taken on disk, in bytes.
    public var allocated: Int64
    /// Names of the inode.
    public var links: UInt64
    /// The owning user's number, as the agent's kernel counts.
    public var owner: UInt32
    /// The owning group's number, as the agent's kernel counts.
    public var group: UInt32
    /// The permission bits, the sticky bit included: `0o1777` of /tmp.
    public var permissions: UInt32

    init(_ raw: stat) {
        switch raw.st_mode & S_IFMT {
        case S_IFREG: kind = .regular
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .link
        default: kind = .other
        }
        device = UInt64(raw.st_dev)
        inode = UInt64(raw.st_ino)
        size = Int64(raw.st_size)
        allocated = Int64(raw.st_blocks).saturating(times: 512)
        owner = raw.st_uid
        group = raw.st_gid
        permissions = raw.st_mode & 0o7777
        links = UInt64(raw.st_nlink)
    }

    /// The file's identity on this kernel.
    public var identity: FileIdentity { FileIdentity(device: device, inode: inode) }
}

/// Device and inode: two paths with the same identity are one file.
public struct FileIdentity: Sendable, Hashable {
    /// Device number of the file system.
    public var device: UInt64
    /// Its number in the file system.
    public var inode: UInt64
}
