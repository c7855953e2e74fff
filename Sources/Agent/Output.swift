import Glibc
import HostView

/// Output that could not be written.
struct OutputError: Error, CustomStringConvertible {
    var description: String
}

/// Where a report goes: standard output or a file.
struct Output {
    /// The open file.
    let descriptor: Int32
    private let name: String

    /// Standard output, or the file at `path`, made or emptied. Links are refused: in a directory that others may
    /// write, they could lead anywhere.
    init(path: String?) throws(OutputError) {
        guard let path else {
            descriptor = STDOUT_FILENO
            name = "standard output"
            return
        }
        name = path
        do throws(OutputFile.Refusal) { descriptor = try OutputFile.open(path) } catch {
            throw OutputError(description: "cannot write \(path): \(error.reason)")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw OutputError(description: "cannot write \(path): \(Self.reason)")
        }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1, status.st_uid == geteuid(),
            status.st_mode & 0o022 == 0
        else {
            throw OutputError(
                description:
                    "cannot write \(path): it must be a regular file with one name that you own and no other user may write"
            )
        }
        guard ftruncate(descriptor, 0) == 0 else {
            throw OutputError(description: "cannot write \(path): \(Self.reason)")
        }
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
