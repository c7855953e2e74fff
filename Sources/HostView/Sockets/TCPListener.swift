import Glibc

/// A TCP socket that listens.
public struct TCPListener: Sendable, Equatable {
    /// An address in network byte order: 4 bytes for IPv4, 16 for IPv6.
    public var addressBytes: [UInt8]
    /// The local port.
    public var port: UInt16
    /// The socket's inode.
    public var inode: UInt64

    /// Who can reach the socket, by its address.
    public enum Reach: Sendable { case loopback, oneAddress, everyAddress }

    /// IPv6.
    public var isIPv6: Bool { addressBytes.count == 16 }

    /// The address as text, such as `127.0.0.1` or `::1`.
    public var address: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let base = buffer.baseAddress,
                inet_ntop(isIPv6 ? AF_INET6 : AF_INET, addressBytes, base, socklen_t(buffer.count)) != nil
            else { return "" }
            return String(cString: base)
        }
    }

    /// Who can reach the socket. Java servers bind `::ffff:127.0.0.1` in IPv6: that is loopback too.
    public var reach: Reach {
        if addressBytes.allSatisfy({ $0 == 0 }) { return .everyAddress }
        let mapped =
            isIPv6 && addressBytes[..<10].allSatisfy { $0 == 0 } && addressBytes[10] == 0xFF
            && addressBytes[11] == 0xFF
        let four = isIPv6 ? (mapped ? Array(addressBytes[12...]) : []) : addressBytes
        if four == [0, 0, 0, 0] { return .everyAddress }
        if four.first == 127 { return .loopback }
        if isIPv6, addressBytes[..<15].allSatisfy({ $0 == 0 }), addressBytes[15] == 1 { return .loopback }
        return .oneAddress
    }
}
