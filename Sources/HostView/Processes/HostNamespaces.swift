/// Whether a scan sees the host itself: its processes, and its files.
///
/// In a container the process table is the container's, and so is `/`: a report of that is none of the host. The kernel
/// numbers the first pid namespace for ever the same (include/linux/proc_ns.h, PROC_PID_INIT_INO); which mount
/// namespace is the host's, its first process or, where that may not be looked at, its first kernel thread tells.
public enum HostNamespaces {
    /// The first pid namespace, as /proc writes it.
    static let firstPidNamespace = "pid:[4026531836]"

    /// Why what is below `root` is not all of the host; nil when it is, or when there is no kernel to ask.
    public static func doubt(_ root: HostRoot, _ proc: ProcFS) -> String? {
        guard proc.isLive else { return nil }
        let links = [1, 2].map { Witness(pid: $0, root, proc) }
        guard let pids = links.compactMap(\.pidNamespace).first ?? (try? proc.link("self/ns/pid")) else {
            // A kernel without pid namespaces has one process table.
            return (try? proc.list("self/ns", limit: 64)) == nil ? "no process shows its pid namespace" : nil
        }
        guard pids == firstPidNamespace else { return "the process table is that of a container (\(pids))" }
        if root.path == "/", let own = try? proc.link("self/ns/mnt") {
            guard let host = links.compactMap(\.mountNamespace).first else {
                return "the host's first process is not visible to the agent, so its mounts are unknown"
            }
            if own != host { return "the agent has its own mount namespace (\(own), the host has \(host))" }
        }
        guard let host = links.compactMap(\.root).first, let here = try? root.status("/").identity else {
            return "the root of the host's first process is not visible to the agent"
        }
        return host == here ? nil : "\(root.path) is not the root of the host's first process"
    }

    /// What one of the first two processes tells.
    private struct Witness {
        var pidNamespace: String?
        var mountNamespace: String?
        var root: FileIdentity?

        init(pid: Int32, _ root: HostRoot, _ proc: ProcFS) {
            // In the host's own pid namespace the second process is the kernel's; elsewhere the first line has said no
            // already.
            pidNamespace = try? proc.link("\(pid)/ns/pid")
            mountNamespace = try? proc.link("\(pid)/ns/mnt")
            self.root = try? proc.processRoot(pid).status("/").identity
        }
    }
}
