import Glibc

/// A number that the kernel refuses with (errno(3)).
public struct Errno: Error, RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The number in errno.h.
    public let rawValue: Int32
    /// The number `rawValue`.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The number of the last refused call of this thread.
    static var last: Errno { Errno(rawValue: errno) }

    /// No such file, directory or process entry.
    public static let noEntry = Errno(rawValue: ENOENT)
    /// No such process: it vanished between two reads.
    public static let noProcess = Errno(rawValue: ESRCH)
    /// A component of the path is not a directory.
    public static let notDirectory = Errno(rawValue: ENOTDIR)
    /// The file's mode denies it.
    public static let accessDenied = Errno(rawValue: EACCES)
    /// The operation needs a privilege.
    public static let notPermitted = Errno(rawValue: EPERM)
    /// Too many links, or a link where none may be followed.
    public static let tooManyLinks = Errno(rawValue: ELOOP)
    /// Not a regular file: a FIFO, socket or device is never opened.
    public static let notRegular = Errno(rawValue: EFTYPE)
    /// The name is longer than the kernel takes.
    public static let nameTooLong = Errno(rawValue: ENAMETOOLONG)

    /// The file is larger than what is read of it.
    public static let tooLarge = Errno(rawValue: EFBIG)

    /// The deadline passed.
    public static let timedOut = Errno(rawValue: ETIMEDOUT)
    /// The file does not have the format that it should have.
    public static let malformed = Errno(rawValue: EFORMAT)

    /// The agent could read the file, and the user for whom it reads could not (`FileReader`).
    public static let notForReader = Errno(rawValue: EREADER)

    private static let EREADER: Int32 = 0x10003
    private static let EFTYPE: Int32 = 0x10001
    private static let EFORMAT: Int32 = 0x10002

    /// The thing is not there: data, not a failure.
    public var isAbsent: Bool { self == .noEntry || self == .noProcess || self == .notDirectory }
    /// The agent may not see the thing: data, not a failure.
    public var isDenied: Bool { self == .accessDenied || self == .notPermitted }

    /// The reason in words.
    public var description: String {
        if self == .notRegular { return "not a regular file" }
        if self == .malformed { return "not in the expected format" }
        if self == .notForReader { return "the server's own user may not read it" }
        return String(cString: strerror(rawValue))
    }
}

/// A file operation that was refused: what was tried, on what, and why.
public struct HostError: Error, Sendable, CustomStringConvertible {
    /// The operation, such as `open`.
    public var operation: String
    /// The path as the caller gave it.
    public var path: String
    /// The reason.
    public var errno: Errno

    /// `operation` on `path` was refused because of `errno`.
    public init(operation: String, path: String, errno: Errno) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    /// The reason in words.
    public var description: String { "\(operation) \(path): \(errno)" }
}
