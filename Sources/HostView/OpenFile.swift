/// A regular file that is open for reading; of a running program, the very code that runs, even when it was deleted on disk.
public final class OpenFile: Sendable {
    private let descriptor: Descriptor
    /// Where the file was found, for people.
    public let path: String

    init(_ descriptor: consuming Descriptor, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Reads at most `count` bytes at `offset`, fewer at the file's end.
    public func read(at offset: Int64, count: Int) throws(HostError) -> [UInt8] {
        do throws(Errno) { return try descriptor.read(at: offset, limit: count) } catch {
            throw HostError(operation: "read", path: path, errno: error)
        }
    }

    /// The file's size in bytes, as it is now.
    public func size() throws(HostError) -> Int64 {
        do throws(Errno) { return try descriptor.status().size } catch {
            throw HostError(operation: "stat", path: path, errno: error)
        }
    }
}

extension HostRoot {
    /// Opens the regular file at `path` for many reads.
    public func open(_ path: String) throws(HostError) -> OpenFile {
        OpenFile(try openRegular(path, kernelFiles: false), path: path)
    }
}
