import Glibc

/// Output that could not be written.
struct OutputError: Error, CustomStringConvertible {
    var description: String
}

/// Where a report goes: standard output or a file.
struct Output {
    /// The open file.
    let descriptor: Int32
    private let name: String

    /// Standard output, or the file at `path`, made or emptied. A link at `path` is refused: in a directory that others may write, it
    /// could lead anywhere.
    init(path: String?) throws(OutputError) {
        guard let path else {
            descriptor = STDOUT_FILENO
            name = "standard output"
            return
        }
        name = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw OutputError(description: "cannot write \(path): \(Self.reason)") }
    }

    /// Writes all of `bytes`.
    func write(_ bytes: [UInt8]) throws(OutputError) {
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress?.advanced(by: start), bytes.count - start)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw OutputError(description: "cannot write \(name): \(Self.reason)") }
            start += count
        }
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
