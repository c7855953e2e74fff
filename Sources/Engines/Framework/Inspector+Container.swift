import HostView
import Report

extension Inspector {
    /// Names the container that a server runs in, and adds the host's ports that lead to it.
    ///
    /// A control group's name is a claim. It is believed when the process has a view of files of its own, as every
    /// container has, and when the runtime's first process of that container is the process's own, an ancestor of it,
    /// or sees the same files.
    func addContainer(_ server: ServerProcess, _ mounts: Mounts?, to draft: Draft) {
        guard let group = server.details.controlGroup else { return }
        let id = EvidenceLimits.cut(group.id)
        draft.note("container", id, source: "/proc/\(server.process.pid)/cgroup: \(group.path)")
        func mismatch(_ reason: String) {
            draft.add(.containerMismatch, "its control group names container \(id), but \(reason)")
        }
        if seesTheHost(server.details) { return mismatch("it sees the host's own files") }
        let lineage = server.lineage
        var state = ContainerFiles(host.root, mountedPaths: mountedPaths(mounts), deadline: host.deadline)
        var known = state.container(group)
        state.shortfalls.forEach(host.log.add)
        if let first = known?.pid, !lineage.ancestors.contains(first), !sees(first, as: server.details) {
            return mismatch("the first process of that container, \(first), belongs to another one")
        }
        var place = ""
        if known == nil, group.isNested, let runtime = lineage.nestedRuntime {
            var files = ContainerFiles(runtime, mountedPaths: [], deadline: host.deadline)
            known = files.container(group)
            files.shortfalls.forEach { host.log.add($0.below(runtime, host.root)) }
            // What runs in a container may say what it likes: its word counts for its own children, and for no port of
            // the host.
            if let first = known?.pid, !lineage.numbers.contains(first) {
                return mismatch("the first process of that container belongs to another one")
            }
            known?.ports = []
            place = runtime.prefix(below: host.root)
        }
        describe(group, known, source: place + (known?.source ?? ""), draft)
        if server.isInSeparateNetwork { publish(known?.ports ?? [], to: draft) }
    }

    private func describe(_ group: ControlGroup, _ known: Container?, source: String, _ draft: Draft) {
        var container = Report.Container(
            // Where only the pod is named, any of Kubernetes' runtimes may have made it.
            runtime: group.runtime ?? known?.runtime ?? (group.podUID == nil ? "unknown" : "kubernetes"),
            id: EvidenceLimits.cut(group.id))
        for (name, value, member) in [
            ("name", known?.name, \Report.Container.name), ("image", known?.image, \.image), ("pod", known?.pod, \.pod),
            ("namespace", known?.namespace, \.namespace),
        ] {
            guard let value, !value.isEmpty else { continue }
            container[keyPath: member] = EvidenceLimits.cut(value)
            draft.note("container." + name, value, source: source)
        }
        if container.pod == nil, let uid = group.podUID {
            container.pod = uid
            draft.note("container.pod", uid, source: group.path)
        }
        draft.database.container = container
    }

    /// The process's files are the host's own, so that it cannot be in a container.
    private func seesTheHost(_ details: ProcessDetails) -> Bool {
        guard let own = details.mountNamespace, let ours = host.mountNamespace else { return false }
        return own == ours && details.root == "/"
    }

    private func sees(_ pid: Int32, as details: ProcessDetails) -> Bool {
        guard pid > 0, let own = details.mountNamespace else { return false }
        return host.mountNamespaces[pid] == own
    }

    /// The host's paths of what is mounted in the container: there lie the runtime's files.
    private func mountedPaths(_ mounts: Mounts?) -> [String] {
        guard let mounts, let ours = host.mounts(nil, namespace: nil, seenRoot: nil) else { return [] }
        let small = ["/", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/run/.containerenv"]
        return small.flatMap { host.paths(to: $0, in: ours, seenThrough: mounts) }
    }

    /// Adds the ports that lead to one that the server listens on; nothing leads to a loopback address of another
    /// network.
    private func publish(_ ports: [Container.PublishedPort], to draft: Draft) {
        for port in ports where port.transport.hasPrefix("tcp") {
            guard port.address.utf8.count <= 64,
                let target = draft.database.listeners.first(where: {
                    $0.port == port.containerPort && $0.containerPort == nil && $0.exposure != .loopback
                })
            else { continue }
            guard draft.database.listeners.count < EvidenceLimits.entries else {
                return draft.add(
                    .reportLimit, "only \(EvidenceLimits.entries) of its sockets and published ports are reported")
            }
            let address = port.address.isEmpty ? "0.0.0.0" : port.address
            var listener = Report.Listener(
                address: address, port: port.port, protocol: address.contains(":") ? .tcp6 : .tcp,
                exposure: Self.exposure(of: address), purpose: target.purpose)
            listener.containerPort = port.containerPort
            guard !draft.database.listeners.contains(listener) else { continue }
            draft.database.listeners.append(listener)
            draft.note("listeners", "\(address) \(port.port) → \(port.containerPort)", source: port.source)
        }
    }

    private static func exposure(of address: String) -> Report.Listener.Exposure {
        if address == "0.0.0.0" || address == "::" { return .all }
        return address.hasPrefix("127.") || address == "::1" ? .loopback : .private
    }
}

extension HostError {
    /// The same, its path as the host names it when `root` is not the host's own.
    func below(_ root: HostRoot, _ host: HostRoot) -> HostError {
        let place = root.prefix(below: host)
        guard path.hasPrefix("/"), !path.hasPrefix(place) || place.isEmpty else { return self }
        return HostError(operation: operation, path: place + path, reason: reason)
    }
}
