import Foundation
import Inventory

/// A file that could not be read, and why.
struct InputError: Error {
    var message: String
}

/// Input files of commands.
enum InputFile {
    /// Reads the whole file at `path`, or standard input for `-`; at most `ReportFile.limit` bytes.
    static func read(_ path: String) throws(InputError) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw InputError(message: String(cString: strerror(errno))) }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while bytes.count <= ReportFile.limit {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw InputError(message: String(cString: strerror(errno))) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
        throw InputError(message: "more than \(ReportFile.limit) bytes: split the file")
    }
}
