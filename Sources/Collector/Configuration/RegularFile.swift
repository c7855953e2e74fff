import CLinux
import Foundation

/// Small files that the service reads, and reads again: a FIFO or a device in their place must not hold it up.
enum RegularFile {
    /// The most bytes of a certificate, a key or a configuration.
    static let limit = 1 << 20

    /// The bytes of the regular file at `path`.
    ///
    /// - Throws: `ConfigurationError` that says what is wrong with it.
    static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw ConfigurationError("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        guard clinux_is_regular(descriptor) else { throw ConfigurationError("\(path): not a regular file") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= limit {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ConfigurationError("\(path): \(String(cString: strerror(errno)))") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
        throw ConfigurationError("\(path): larger than \(limit) bytes")
    }
}
