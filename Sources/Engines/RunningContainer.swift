import HostView
import Report

extension Inspector {
    /// Names the container that a server runs in, and adds the host's ports that lead to it.
    ///
    /// A control group's name is a claim. It is believed when the process has a view of files of its own, as every container has, and when the
    /// runtime's first process of that container shares it.
    func addContainer(_ server: Server, _ mounts: Mounts?, to finding: inout Finding) {
        guard let group = server.details.controlGroup else { return }
        let pid = server.process.pid
        let source = "/proc/\(pid)/cgroup: \(group.path)"
        finding.database.note("container", group.id, source: source)
        if let reason = doubt(server.details) {
            return host.log.addHere(
                .containerMismatch, "its control group names container \(EvidenceLimits.cut(group.id)), but \(reason)")
        }
        let files = host.runtimeRoot(of: server.details)
        var state = ContainerFiles(files.root, mountedPaths: files.isHost ? mountedPaths(mounts) : [])
        let known = state.container(group)
        state.failures.forEach(host.log.add)
        if let first = known?.pid, files.isHost, let other = try? host.proc.link("\(first)/ns/mnt"),
            let own = server.details.mountNamespace, other != own
        {
            return host.log.addHere(
                .containerMismatch,
                "its control group names container \(EvidenceLimits.cut(group.id)), but that one's first process, \(first), sees other files"
            )
        }
        var container = Report.Container(runtime: group.runtime ?? known?.runtime ?? "unknown", id: group.id)
        for (name, value, member) in [
            ("name", known?.name, \Report.Container.name), ("image", known?.image, \.image), ("pod", known?.pod, \.pod),
            ("namespace", known?.namespace, \.namespace),
        ] {
            guard let value, !value.isEmpty, value.utf8.count <= EvidenceLimits.text else { continue }
            container[keyPath: member] = value
            finding.database.note("container." + name, value, source: known?.source ?? "")
        }
        finding.database.container = container
        if server.isInSeparateNetwork { publish(known?.ports ?? [], to: &finding.database, of: server) }
    }

    /// Why the process cannot be in a container of its own; nil when it may be.
    private func doubt(_ details: ProcessDetails) -> String? {
        guard let own = details.mountNamespace, let ours = host.mountNamespace, own == ours, details.root == "/" else {
            return nil
        }
        return "it sees the host's own files"
    }

    /// The host's paths of what is mounted in the container: there lie the runtime's files.
    private func mountedPaths(_ mounts: Mounts?) -> [String] {
        guard let mounts, let ours = host.mounts(nil, namespace: nil, seenRoot: nil) else { return [] }
        let small = ["/", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/run/.containerenv"]
        return small.flatMap { ours.paths(to: $0, seenThrough: mounts) }
    }

    /// Adds the ports that lead to one that the server listens on.
    private func publish(_ ports: [Container.PublishedPort], to database: inout Report.Database, of server: Server) {
        for port in ports where port.transport.hasPrefix("tcp") {
            guard
                let target = database.listeners.first(where: {
                    $0.port == port.containerPort && $0.containerPort == nil
                }),
                database.listeners.count < EvidenceLimits.entries
            else { continue }
            let isIPv6 = port.address.contains(":")
            let address = port.address.isEmpty ? "0.0.0.0" : port.address
            guard address.utf8.count <= 64 else { continue }
            var listener = Report.Listener(
                address: address, port: port.port, protocol: isIPv6 ? .tcp6 : .tcp,
                exposure: Self.exposure(of: address),
                purpose: target.purpose)
            listener.containerPort = port.containerPort
            guard !database.listeners.contains(listener) else { continue }
            database.listeners.append(listener)
            database.note("listeners", "\(address) \(port.port) → \(port.containerPort)", source: port.source)
        }
    }

    private static func exposure(of address: String) -> Report.Listener.Exposure {
        if address == "0.0.0.0" || address == "::" { return .all }
        return address.hasPrefix("127.") || address == "::1" ? .loopback : .private
    }
}

extension Host {
    /// The most processes between a container's and its runtime's.
    private static let ancestors = 32

    /// The root below which the runtime of a container keeps its files: what the nearest ancestor outside the container sees as `/`.
    ///
    /// A runtime's shim or monitor is the parent of the container's first process. Where the runtime itself runs in a container, as in kind
    /// or k3d, its files lie there.
    func runtimeRoot(of details: ProcessDetails) -> (root: HostRoot, isHost: Bool) {
        var pid = details.ppid
        for _ in 0..<Self.ancestors {
            guard pid > 1, let namespace = try? proc.link("\(pid)/ns/mnt") else { break }
            if namespace != details.mountNamespace {
                if namespace == mountNamespace { break }
                return (try? proc.processRoot(pid)).map { ($0, false) } ?? (root, true)
            }
            guard let parent = try? ProcessDetails.parent(of: pid, proc) else { break }
            pid = parent
        }
        return (root, true)
    }
}
