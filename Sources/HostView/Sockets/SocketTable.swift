/// Listening sockets by network namespace; each namespace is read once, however many processes live in it.
public final class SocketTable {
    /// The listening sockets of one namespace, by inode.
    public struct Namespace: Sendable {
        /// TCP over IPv4 and IPv6.
        public var tcp: [UInt64: TCPListener] = [:]
        /// Paths of unix sockets.
        public var unix: [UInt64: String] = [:]
        /// It is not the host's own: what listens on every address there is reached by the ports that are published.
        public var isSeparate = false
        /// It has no interface but the loopback one.
        public var isIsolated = false
    }

    /// A page of net/tcp is full up to one line of at most 200 bytes; what is emptier is the last. To be told so by
    /// another read costs the kernel a walk through all the connections of the host (net/ipv4/tcp_ipv4.c:
    /// tcp_seq_start), a millisecond and a half for each namespace.
    private static let lastPage = 4096 - 256

    private let proc: ProcFS
    /// The host's namespace; nil where it is not known.
    private let own: String?
    /// The agent's namespace, which netlink answers for.
    private let reachable: String?
    private var namespaces: [String: Bounded<Namespace>] = [:]

    /// The sockets below `proc`. The agent's own namespace is asked by netlink when the kernel is live.
    public init(_ proc: ProcFS) {
        self.proc = proc
        reachable = proc.isLive ? readLink(-100, "/proc/self/ns/net") : nil  // AT_FDCWD
        // The agent may run in a container, with the host's processes in sight: the first process lives in the host's
        // namespace.
        own = (try? proc.link("1/ns/net")) ?? reachable
    }

    /// The sockets of the namespace that `pid` lives in.
    public func namespace(of pid: Int32) -> Bounded<Namespace> {
        let name = (try? proc.link("\(pid)/ns/net")) ?? reachable ?? own ?? "host"
        if let known = namespaces[name] { return known }
        var shortfalls: [HostError] = []
        var namespace = Namespace()
        if name == reachable, let listeners = try? SockDiag.listeners() {
            namespace.tcp = listeners
        } else {
            for (file, counts) in [("tcp", "net/sockstat"), ("tcp6", "net/sockstat6")] {
                // Where there is no such socket the kernel need not look for one: see `lastPage`.
                let counted = (try? proc.read("\(pid)/" + counts, limit: 4096).text) ?? ""
                if Self.inUse(file.uppercased(), counted) == 0 { continue }
                let text = read("net/" + file, pid, &shortfalls)
                namespace.tcp.merge(NetTCP.parse(text)) { first, _ in first }
            }
        }
        namespace.isSeparate = own.map { $0 != name } ?? false
        if namespace.isSeparate, let text = try? proc.read("\(pid)/net/dev", limit: 1 << 20).text {
            namespace.isIsolated = Self.interfaces(netDev: text).allSatisfy { $0 == "lo" }
        }
        namespace.unix = NetUnix.parse(read("net/unix", pid, &shortfalls))
        let read = Bounded(namespace, shortfalls: shortfalls)
        namespaces[name] = read
        return read
    }

    /// The number behind `inuse` in the line of `protocol` in `/proc/<pid>/net/sockstat` or `sockstat6`; nil where it
    /// does not stand there.
    static func inUse(_ protocol: String, _ text: String) -> Int? {
        let words = text.lines.first { $0.hasPrefix(`protocol` + ": inuse ") }?.split(separator: " ") ?? []
        return words.count > 2 ? Int(words[2]) : nil
    }

    /// The interfaces in `/proc/<pid>/net/dev`, two lines of titles left out.
    static func interfaces(netDev text: String) -> [String] {
        text.lines.dropFirst(2).compactMap { line in
            line.split(separator: ":").first.map { String($0.drop { $0 == " " }) }
        }
    }

    private func read(_ file: String, _ pid: Int32, _ shortfalls: inout [HostError]) -> [UInt8] {
        do throws(HostError) {
            let contents = try proc.read("\(pid)/" + file, end: file.hasPrefix("net/tcp") ? Self.lastPage : 1)
            return contents.value(notingIn: &shortfalls)
        } catch {
            // IPv6 may be off: then there is no tcp6.
            if !error.reason.isAbsent { shortfalls.note(error) }
            return []
        }
    }
}
