import HostView

/// The processes that a container's process comes from: by them a control group's claim is checked.
struct Lineage {
    /// The parents, the nearest first, without the host's first process.
    private(set) var ancestors: [Int32] = []
    /// The numbers of the process and its ancestors in every pid namespace that they live in.
    private(set) var numbers: Set<Int32> = []
    /// What a runtime sees as `/` that itself runs in a container, as in kind or k3d: the nearest ancestor that does
    /// not see the process's files.
    private(set) var nestedRuntime: HostRoot?

    /// The most ancestors that are looked at.
    private static let limit = 128

    /// Reads the lineage of a server whose control group names a container.
    static func read(_ server: ServerProcess, _ host: ScanContext) -> Lineage {
        var lineage = Lineage()
        guard let group = server.details.controlGroup else { return lineage }
        var pid = server.details.ppid
        while pid > 1, lineage.ancestors.count < limit, !lineage.ancestors.contains(pid) {
            lineage.ancestors.append(pid)
            guard let parent = try? ProcessDetails.parent(of: pid, host.proc) else { break }
            pid = parent
        }
        guard group.isNested else { return lineage }
        lineage.numbers = Set(
            (lineage.ancestors + [server.process.pid]).flatMap { ProcessDetails.numbers(of: $0, host.proc) })
        lineage.nestedRuntime = runtime(lineage.ancestors, server, host)
        return lineage
    }

    private static func runtime(_ ancestors: [Int32], _ server: ServerProcess, _ host: ScanContext) -> HostRoot? {
        for pid in ancestors {
            guard let namespace = try? host.proc.link("\(pid)/ns/mnt") else { return nil }
            if namespace == server.details.mountNamespace { continue }
            return namespace == host.mountNamespace ? nil : try? host.proc.processRoot(pid)
        }
        return nil
    }
}
