/// `/proc/<pid>/net/tcp` and `tcp6` (proc(5)): the TCP sockets of a process's whole network namespace.
enum NetTCP {
    private static let listenState = "0A"

    /// The listening sockets by inode; a line that does not parse is passed over.
    static func parse(_ text: [UInt8]) -> [UInt64: TCPListener] {
        var found: [UInt64: TCPListener] = [:]
        for line in text.split(separator: UInt8(ascii: "\n")).dropFirst() {
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 11)
            guard fields.count > 9, fields[3].elementsEqual(listenState.utf8) else { continue }
            let local = fields[1].split(separator: UInt8(ascii: ":"))
            guard local.count == 2, let address = address(local[0]),
                let port = UInt16(String(decoding: local[1], as: UTF8.self), radix: 16),
                let inode = UInt64(String(decoding: fields[9], as: UTF8.self))
            else { continue }
            found[inode] = TCPListener(addressBytes: address, port: port, inode: inode)
        }
        return found
    }

    /// The kernel prints each 32-bit word of the address in the machine's byte order.
    private static func address(_ hex: ArraySlice<UInt8>) -> [UInt8]? {
        guard hex.count == 8 || hex.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: hex.startIndex, to: hex.endIndex, by: 8) {
            guard let word = UInt32(String(decoding: hex[start..<start + 8], as: UTF8.self), radix: 16) else {
                return nil
            }
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }
}
