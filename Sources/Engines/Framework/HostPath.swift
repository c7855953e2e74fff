import HostView
import Report

extension Inspector {
    /// The path that leads to the same directory from the host's root.
    ///
    /// Many a systemd service has a mount namespace of its own for the sake of a private /tmp, and the host's files all
    /// the same: so the directory itself is compared, by device and inode, never the name alone.
    func hostPath(
        _ canonical: String, _ identity: FileIdentity, _ mounts: Mounts?, _ draft: Draft
    ) -> String? {
        let details = draft.server?.details
        let below = details?.root.flatMap { $0 == "/" ? nil : $0 + canonical }
        for path in [below, canonical].compactMap({ $0 }) where isAt(path, identity) { return path }
        guard details != nil, let mounts, let ours = host.mounts(nil, namespace: nil, seenRoot: nil) else { return nil }
        // A pod's own directory goes with the pod; the same volume under another name stays.
        let mapped = host.paths(to: canonical, in: ours, seenThrough: mounts)
        let lasting = mapped.filter { !$0.contains("/kubelet/pods/") } + mapped.filter { $0.contains("/kubelet/pods/") }
        let source = "/proc/\(draft.server?.process.pid ?? 0)/mountinfo"
        if let path = lasting.first(where: { isAt($0, identity) }) {
            draft.note("data_directories", path, source: source)
            return path
        }
        // An overlay that is mounted in the container's namespace alone: its writable layer can be seen, with another
        // inode.
        guard let upper = mounts.holding(canonical)?.upperDirectory, let path = mapped.last, path.hasPrefix(upper),
            let root = draft.root, holdsTheSame(path, canonical, root)
        else { return nil }
        draft.note("data_directories", path, source: source + " upperdir")
        return path
    }

    /// A file that was written through the overlay is the layer's own: same number, same size. What the mounter said of
    /// the layer is not believed.
    private func holdsTheSame(_ path: String, _ canonical: String, _ root: HostRoot) -> Bool {
        let names = (try? host.root.list(path, limit: 64).value.filter { $0.kind == .regular }.map(\.name)) ?? []
        return names.contains { name in
            guard let ours = try? host.root.status(path + "/" + name, followingLast: false), ours.kind == .regular,
                ours.links == 1,
                let theirs = try? root.status(canonical + "/" + name, followingLast: false)
            else { return false }
            return ours.inode == theirs.inode && ours.size == theirs.size && ours.owner == theirs.owner
        }
    }

    private func isAt(_ path: String, _ identity: FileIdentity) -> Bool {
        (try? host.root.status(path))?.identity == identity
    }
}

extension ScanContext {
    /// The paths by `mounts` to what `path` is by `other`; that there are more than are looked at is said.
    func paths(to path: String, in mounts: Mounts, seenThrough other: Mounts) -> [String] {
        let paths = mounts.paths(to: path, seenThrough: other)
        if paths.count >= Mounts.pathLimit {
            log.add(.fileTooLarge, "mountinfo", "only \(Mounts.pathLimit) mounts of \(path) were read")
        }
        return paths
    }
}
