/// `/proc/<pid>/net/unix` (proc(5)): the unix sockets of a process's network namespace.
enum NetUnix {
    private static let listening: UInt32 = 0x10000  // __SO_ACCEPTCON, include/linux/net.h

    /// Paths of the listening sockets by inode; an abstract name keeps its `@`, and a path that two lines contradict is
    /// empty.
    ///
    /// The kernel writes names as they are: one with a newline in it makes up a line about somebody else's socket.
    static func parse(_ text: [UInt8]) -> [UInt64: String] {
        var found: [UInt64: String] = [:]
        for line in text.split(separator: UInt8(ascii: "\n")).dropFirst() {
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 7)
            guard fields.count == 8, let flags = UInt32(String(decoding: fields[3], as: UTF8.self), radix: 16),
                flags & listening != 0, let inode = UInt64(String(decoding: fields[6], as: UTF8.self))
            else { continue }
            found[inode] = found[inode] == nil ? String(decoding: fields[7], as: UTF8.self) : ""
        }
        return found
    }
}
