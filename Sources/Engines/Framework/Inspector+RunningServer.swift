import FoundationEssentials
import HostView
import Report

extension Inspector {
    /// Adds what is the same for every engine: process, listeners, sockets, package.
    func attach(_ server: ServerProcess, to draft: Draft) {
        let pid = server.process.pid
        var process = draft.database.process ?? Report.Process(pid: pid)
        process.ppid = server.details.ppid
        process.uid = server.details.uid
        let users = Users.read(server.root ?? host.root)
        process.user = server.insideUID.flatMap { users.value.accounts[$0]?.name }
        if users.isCut {
            host.log.add(
                .fileTooLarge, host.shown("/etc/passwd", server.root ?? host.root), "only its first part was read")
        }
        process.executable = server.process.executable
        process.executableDeleted = server.process.executable == nil ? nil : server.process.executableDeleted
        process.startedAt = host.facts.bootedAt.map {
            Timestamp.rounded(Date(timeIntervalSince1970: Double($0) + Double(server.details.startTicks) / 100))
        }
        process.memoryBytes = server.details.memoryBytes
        process.containerPid = server.details.containerPid
        draft.database.process = process
        draft.add(server.package)
        draft.note("process", "\(pid)", source: "/proc/\(pid)/stat")
        let arguments = process.arguments.prefix(EvidenceLimits.entries).map(EvidenceLimits.cut)
        if !server.process.shortfalls.isEmpty || arguments != process.arguments {
            host.log.add(.fileTooLarge, "/proc/\(pid)/cmdline", "only the first part of the command line is kept")
            draft.database.process?.arguments = arguments
        }

        if max(server.tcp.count, server.unixSockets.count) > EvidenceLimits.entries {
            host.log.add(
                .reportLimit, "pid \(pid)", "only \(EvidenceLimits.entries) of its listening sockets are reported")
        }
        draft.database.listeners = server.tcp.sorted { ($0.port, $0.address) < ($1.port, $1.address) }.prefix(
            EvidenceLimits.entries
        ).map { listener in
            Report.Listener(
                address: listener.address, port: listener.port, protocol: listener.isIPv6 ? .tcp6 : .tcp,
                exposure: exposure(listener.reach, server),
                purpose: draft.engine.purpose(ofPort: listener.port, settings: draft.database.settings))
        }
        for listener in draft.database.listeners {
            draft.note(
                "listeners", "\(listener.address) \(listener.port)", source: "/proc/\(pid)/fd + kernel socket table")
        }
        // The kernel's table can be made to name anybody's path for a socket: the file has to be the server's own,
        // where it is there.
        let own = server.unixSockets.filter { path in
            guard host.proc.isLive, let owner = try? server.root?.status(path).owner else { return true }
            return owner == server.details.uid || owner == 0
        }
        if own.count < server.unixSockets.count {
            draft.add(
                .malformed,
                "the kernel's table lists a unix socket whose file belongs to another user: it is not reported")
        }
        draft.database.unixSockets = Array(Set(own).sorted().prefix(EvidenceLimits.entries))
        for path in draft.database.unixSockets { draft.note("unix_sockets", path, source: "/proc/\(pid)/net/unix") }
    }

    /// In a namespace of its own a server is reached through published ports, or from neighbours.
    private func exposure(_ reach: TCPListener.Reach, _ server: ServerProcess) -> Report.Listener.Exposure {
        if server.isIsolated { return .loopback }
        switch reach {
        case .loopback: return .loopback
        case .oneAddress: return .private
        case .everyAddress: return server.isInSeparateNetwork ? .private : .all
        }
    }

    /// Adds to each data directory its path on the host and its file system, and derives the database's key.
    func locate(_ draft: Draft) {
        guard let root = draft.root else { return setKey(draft) }
        let mounts =
            host.mounts(
                draft.server?.process.pid, namespace: draft.server?.details.mountNamespace,
                seenRoot: draft.server?.details.root)
        for index in draft.database.dataDirectories.indices {
            let path = draft.database.dataDirectories[index].path
            do throws(HostError) {
                let status = try root.status(path)
                let identity = status.identity
                if host.proc.isLive { draft.database.dataDirectories[index].uid = status.owner }
                let canonical = try root.canonical(path) ?? path
                draft.directories.append(identity)
                let place = hostPath(canonical, identity, mounts, draft)
                draft.database.dataDirectories[index].hostPath = place
                // A chroot hides the mounts above it.
                let above = place.flatMap { host.mounts(nil, namespace: nil, seenRoot: nil)?.holding($0) }
                guard host.proc.isLive, let mount = mounts?.holding(canonical) ?? above else { continue }
                let capacity = try? root.capacity(path)
                draft.database.dataDirectories[index].filesystem = Report.Filesystem(
                    mountPoint: mount.point, type: mount.type, device: mount.source, totalBytes: capacity?.total,
                    availableBytes: capacity?.available)
            } catch { host.log.add(error) }
        }
        setKey(draft)
    }

    private func setKey(_ draft: Draft) {
        let database = draft.database
        let data = database.dataDirectories.first { $0.purpose == .data }
        // A path inside a container says nothing on the host: two containers may have the same.
        let inside = data.map {
            (database.container.map { "container:\($0.id.prefix(12)):" } ?? "namespace:") + $0.path
        }
        let isSeen = draft.root != nil && draft.server != nil || database.container != nil
        guard let place = data?.hostPath ?? (isSeen ? inside : data?.path) else {
            let executable = database.process?.executable ?? "unknown"
            let port = database.listeners.first.map { ":\($0.port)" } ?? ""
            draft.database.key = "\(database.engine):executable:\(executable)\(port)"
            return
        }
        draft.database.key = "\(database.engine):\(place)"
        if data?.hostPath == nil, draft.server != nil {
            draft.add(
                .hostPathUnknown,
                "the data directory is reported as the server sees it; its path on the host is unknown")
        }
    }
}
