/// A regular file that is open for reading; of a running program, the very code that runs, even when it was deleted on
/// disk.
///
/// Whoever makes a file may make it endless, or full of loops: all reads together have a limit, and end at a deadline.
public final class OpenFile {
    /// The most bytes that are read of one file, however often: a package database of a large host has some 200 MB.
    public static let limit: Int64 = 1 << 30

    private let descriptor: Descriptor
    private let deadline: Deadline?
    private var bytesLeft = limit
    /// Where the file was found, for people.
    public let path: String

    init(_ descriptor: consuming Descriptor, path: String, deadline: Deadline?) {
        self.descriptor = descriptor
        self.deadline = deadline
        self.path = path
    }

    /// Reads at most `count` bytes at `offset`, fewer at the file's end.
    ///
    /// - Throws: `tooLarge` beyond `limit` bytes in all, `timedOut` after the deadline.
    public func read(at offset: Int64, count: Int) throws(HostError) -> [UInt8] {
        bytesLeft -= Int64(count)
        guard bytesLeft >= 0 else { throw HostError(operation: "read", path: path, reason: .tooLarge) }
        guard deadline?.hasPassed != true else { throw HostError(operation: "read", path: path, reason: .timedOut) }
        do throws(Reason) { return try descriptor.read(at: offset, limit: count) } catch {
            throw HostError(operation: "read", path: path, reason: error)
        }
    }

    /// The file's size in bytes, as it is now.
    public func size() throws(HostError) -> Int64 {
        do throws(Reason) { return try descriptor.status().size } catch {
            throw HostError(operation: "stat", path: path, reason: error)
        }
    }
}

extension HostRoot {
    /// Opens the regular file at `path` for many reads until `deadline`.
    public func open(_ path: String, deadline: Deadline? = nil) throws(HostError) -> OpenFile {
        OpenFile(try openRegular(path, kernelFiles: false), path: path, deadline: deadline)
    }
}
