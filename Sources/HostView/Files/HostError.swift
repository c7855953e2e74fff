import Glibc

/// Why something on a host could not be read, or not as a whole.
public enum Reason: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kernel refused with this number (errno(3)).
    case kernel(Int32)
    /// Not a regular file: a FIFO, socket or device is never opened.
    case notRegular
    /// There is more than what is read of it.
    case tooLarge
    /// The deadline passed.
    case timedOut
    /// It does not have the format that it should have.
    case malformed
    /// The agent could read the file, and the user for whom it reads could not (`FileReader`).
    case notForReader

    /// The number of the last refused call of this thread.
    static var last: Reason { .kernel(errno) }

    /// No such file, directory or process entry.
    public static let noEntry = Reason.kernel(ENOENT)
    /// No such process: it vanished between two reads.
    public static let noProcess = Reason.kernel(ESRCH)
    /// A component of the path is not a directory.
    public static let notDirectory = Reason.kernel(ENOTDIR)
    /// The file's mode denies it.
    public static let accessDenied = Reason.kernel(EACCES)
    /// The operation needs a privilege.
    public static let notPermitted = Reason.kernel(EPERM)
    /// Too many links, or a link where none may be followed.
    public static let tooManyLinks = Reason.kernel(ELOOP)
    /// The name is longer than the kernel takes.
    public static let nameTooLong = Reason.kernel(ENAMETOOLONG)

    /// The thing is not there: data, not a failure.
    public var isAbsent: Bool { self == .noEntry || self == .noProcess || self == .notDirectory }
    /// The agent may not see the thing: data, not a failure.
    public var isDenied: Bool { self == .accessDenied || self == .notPermitted }

    /// The reason in words.
    public var description: String {
        switch self {
        case .kernel(let number): String(cString: strerror(number))
        case .notRegular: "not a regular file"
        case .tooLarge: "File too large"
        case .timedOut: String(cString: strerror(ETIMEDOUT))
        case .malformed: "not in the expected format"
        case .notForReader: "the server's own user may not read it"
        }
    }
}

/// A file operation that was refused, or that gave only a part: what was tried, on what, and why.
public struct HostError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The operation, such as `open`.
    public var operation: String
    /// The path as the caller gave it.
    public var path: String
    /// The reason.
    public var reason: Reason

    /// `operation` on `path` was refused because of `reason`.
    public init(operation: String, path: String, reason: Reason) {
        self.operation = operation
        self.path = path
        self.reason = reason
    }

    /// The reason in words.
    public var description: String { "\(operation) \(path): \(reason)" }
}
