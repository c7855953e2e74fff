import CLinux
import Glibc

/// The listening TCP sockets of the agent's own network namespace, asked from the kernel (sock_diag(7)).
///
/// The request's mask holds LISTEN alone, so that the cost does not grow with the number of connections.
enum SockDiag {
    private static let buffer = 64 << 10
    private static let listenerLimit = 200_000

    static func listeners() throws(Reason) -> [UInt64: TCPListener] {
        let number = socket(CLINUX_AF_NETLINK, Int32(SOCK_RAW.rawValue) | O_CLOEXEC, CLINUX_NETLINK_SOCK_DIAG)
        guard number >= 0 else { throw .last }
        let netlink = Descriptor(number)
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var found: [UInt64: TCPListener] = [:]
        for family in [AF_INET, AF_INET6] {
            var request = clinux_listen_request(UInt8(family), UInt8(IPPROTO_TCP))
            guard send(netlink.number, &request, MemoryLayout.size(ofValue: request), 0) > 0 else { throw .last }
            try receive(netlink, into: &found)
        }
        return found
    }

    private static func receive(_ netlink: borrowing Descriptor, into found: inout [UInt64: TCPListener]) throws(Reason)
    {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer, alignment: 8)
        defer { bytes.deallocate() }
        while found.count < listenerLimit {
            let count = recv(netlink.number, bytes.baseAddress, bytes.count, 0)
            if count < 0, Reason.last == .kernel(EINTR) { continue }
            guard count > 0 else { throw .last }
            if try parse(UnsafeRawBufferPointer(rebasing: bytes[..<count]), into: &found) { return }
        }
        // The caller then reads /proc/net/tcp, which is bounded too and says so.
        throw .tooLarge
    }

    /// Reads one datagram of netlink messages; true when the dump is over.
    static func parse(_ bytes: UnsafeRawBufferPointer, into found: inout [UInt64: TCPListener]) throws(Reason) -> Bool {
        let headerSize = MemoryLayout<nlmsghdr>.size
        var offset = 0
        while offset + headerSize <= bytes.count {
            let header = bytes.loadUnaligned(fromByteOffset: offset, as: nlmsghdr.self)
            let length = Int(header.nlmsg_len)
            guard length >= headerSize, offset + length <= bytes.count else { throw Reason.kernel(EBADMSG) }
            if header.nlmsg_type == CLINUX_NLMSG_DONE { return true }
            if header.nlmsg_type == CLINUX_NLMSG_ERROR {
                let code =
                    length >= headerSize + 4
                    ? bytes.loadUnaligned(fromByteOffset: offset + headerSize, as: Int32.self) : -EBADMSG
                throw Reason.kernel(-code)
            }
            if length >= headerSize + MemoryLayout<inet_diag_msg>.size {
                let message = bytes.loadUnaligned(fromByteOffset: offset + headerSize, as: inet_diag_msg.self)
                let listener = TCPListener(message)
                found[listener.inode] = listener
            }
            offset += (length + 3) & ~3
        }
        return false
    }
}

extension TCPListener {
    fileprivate init(_ message: inet_diag_msg) {
        let size = Int32(message.idiag_family) == AF_INET6 ? 16 : 4
        addressBytes = withUnsafeBytes(of: message.id.idiag_src) { Array($0.prefix(size)) }
        port = UInt16(bigEndian: message.id.idiag_sport)
        inode = UInt64(message.idiag_inode)
    }
}
