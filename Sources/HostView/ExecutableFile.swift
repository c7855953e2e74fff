/// A running program's file, opened through /proc/<pid>/exe: the very code that runs, even when it was deleted on disk.
public final class ExecutableFile: Sendable {
    private let descriptor: Descriptor
    private let path: String

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
}
