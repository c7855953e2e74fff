/// Listening sockets by network namespace; each namespace is read once, however many processes live in it.
public final class SocketTable {
    /// The listening sockets of one namespace, by inode.
    public struct Namespace: Sendable {
        /// TCP over IPv4 and IPv6.
        public var tcp: [UInt64: TCPListener] = [:]
        /// Paths of unix sockets.
        public var unix: [UInt64: String] = [:]
        /// Files that could not be read, or not whole.
        public var failures: [HostError] = []
    }

    private let proc: ProcFS
    private let own: String?
    private var namespaces: [String: Namespace] = [:]

    /// The sockets below `proc`. The agent's own namespace is asked by netlink when the kernel is live.
    public init(_ proc: ProcFS) {
        self.proc = proc
        own = proc.isLive ? readLink(-100, "/proc/self/ns/net") : nil  // AT_FDCWD
    }

    /// The sockets of the namespace that `pid` lives in.
    public func namespace(of pid: Int32) -> Namespace {
        let name = (try? proc.link("\(pid)/ns/net")) ?? own ?? "host"
        if let known = namespaces[name] { return known }
        var namespace = Namespace()
        if name == own, let listeners = try? SockDiag.listeners() {
            namespace.tcp = listeners
        } else {
            for file in ["tcp", "tcp6"] {
                let text = read("net/" + file, pid, &namespace)
                namespace.tcp.merge(NetTCP.parse(text)) { first, _ in first }
            }
        }
        namespace.unix = NetUnix.parse(read("net/unix", pid, &namespace))
        namespaces[name] = namespace
        return namespace
    }

    private func read(_ file: String, _ pid: Int32, _ namespace: inout Namespace) -> [UInt8] {
        do throws(HostError) {
            let contents = try proc.read("\(pid)/" + file)
            if contents.truncated {
                namespace.failures.append(HostError(operation: "read", path: "/proc/\(pid)/\(file)", errno: .tooLarge))
            }
            return contents.bytes
        } catch {
            // IPv6 may be off: then there is no tcp6.
            if !error.errno.isAbsent { namespace.failures.append(error) }
            return []
        }
    }
}
