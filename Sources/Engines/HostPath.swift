import HostView
import Report

extension Inspector {
    /// The path that leads to the same directory from the host's root.
    ///
    /// Many a systemd service has a mount namespace of its own for the sake of a private /tmp, and the host's files all the same: so the
    /// directory itself is compared, by device and inode, never the name alone.
    func hostPath(
        _ canonical: String, _ identity: FileIdentity, _ mounts: Mounts?, _ finding: inout Finding
    ) -> String? {
        let details = finding.details
        let below = details?.root.flatMap { $0 == "/" ? nil : $0 + canonical }
        for path in [below, canonical].compactMap({ $0 }) where isAt(path, identity) { return path }
        guard details != nil, let mounts, let ours = host.mounts(nil, namespace: nil, seenRoot: nil) else { return nil }
        let mapped = ours.paths(to: canonical, seenThrough: mounts)
        if let path = mapped.first(where: { isAt($0, identity) }) {
            finding.database.note(
                "data_directories", path, source: "/proc/\(finding.database.process?.pid ?? 0)/mountinfo")
            return path
        }
        // An overlay that is mounted in the container's namespace alone: its writable layer can be seen, with another inode.
        guard let upper = mounts.holding(canonical)?.upperDirectory, let path = mapped.last, path.hasPrefix(upper),
            let status = try? host.root.status(path), status.kind == .directory,
            status.owner == (try? finding.root?.status(canonical))?.owner
        else { return nil }
        finding.database.note(
            "data_directories", path, source: "/proc/\(finding.database.process?.pid ?? 0)/mountinfo upperdir")
        return path
    }

    private func isAt(_ path: String, _ identity: FileIdentity) -> Bool {
        (try? host.root.status(path))?.identity == identity
    }
}
