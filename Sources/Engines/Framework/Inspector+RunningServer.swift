import FoundationEssentials
import HostView
import Report

extension Inspector {
    /// Adds what is the same for every engine: process, listeners, sockets, package.
    func attach(_ server: ServerProcess, _ engine: any Engine, to database: inout Report.Database) {
        let pid = server.process.pid
        var process = database.process ?? Report.Process(pid: pid)
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
        database.process = process
        database.add(server.package, of: engine)
        database.note("process", "\(pid)", source: "/proc/\(pid)/stat")
        let arguments = process.arguments.prefix(EvidenceLimits.entries).map(EvidenceLimits.cut)
        if !server.process.shortfalls.isEmpty || arguments != process.arguments {
            host.log.add(.fileTooLarge, "/proc/\(pid)/cmdline", "only the first part of the command line is kept")
            database.process?.arguments = arguments
        }

        if max(server.tcp.count, server.unixSockets.count) > EvidenceLimits.entries {
            host.log.add(
                .reportLimit, "pid \(pid)", "only \(EvidenceLimits.entries) of its listening sockets are reported")
        }
        database.listeners = server.tcp.sorted { ($0.port, $0.address) < ($1.port, $1.address) }.prefix(
            EvidenceLimits.entries
        ).map { listener in
            Report.Listener(
                address: listener.address, port: listener.port, protocol: listener.isIPv6 ? .tcp6 : .tcp,
                exposure: exposure(listener.reach, server),
                purpose: engine.purpose(ofPort: listener.port, settings: database.settings))
        }
        for listener in database.listeners {
            database.note(
                "listeners", "\(listener.address) \(listener.port)", source: "/proc/\(pid)/fd + kernel socket table")
        }
        // The kernel's table can be made to name anybody's path for a socket: the file has to be the server's own,
        // where it is there.
        let own = server.unixSockets.filter { path in
            guard host.proc.isLive, let owner = try? server.root?.status(path).owner else { return true }
            return owner == server.details.uid || owner == 0
        }
        if own.count < server.unixSockets.count {
            host.log.addForDatabase(
                .malformed,
                "the kernel's table lists a unix socket whose file belongs to another user: it is not reported")
        }
        database.unixSockets = Array(Set(own).sorted().prefix(EvidenceLimits.entries))
        for path in database.unixSockets { database.note("unix_sockets", path, source: "/proc/\(pid)/net/unix") }
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
    func locate(_ found: inout FoundDatabase) {
        guard let root = found.root else { return setKey(&found) }
        let mounts =
            host.mounts(
                found.database.process?.pid, namespace: found.details?.mountNamespace,
                seenRoot: found.details?.root)
        for index in found.database.dataDirectories.indices {
            let path = found.database.dataDirectories[index].path
            do throws(HostError) {
                let status = try root.status(path)
                let identity = status.identity
                if host.proc.isLive { found.database.dataDirectories[index].uid = status.owner }
                let canonical = try root.canonical(path) ?? path
                found.directories.append(identity)
                let place = hostPath(canonical, identity, mounts, &found)
                found.database.dataDirectories[index].hostPath = place
                // A chroot hides the mounts above it.
                let above = place.flatMap { host.mounts(nil, namespace: nil, seenRoot: nil)?.holding($0) }
                guard host.proc.isLive, let mount = mounts?.holding(canonical) ?? above else { continue }
                let capacity = try? root.capacity(path)
                found.database.dataDirectories[index].filesystem = Report.Filesystem(
                    mountPoint: mount.point, type: mount.type, device: mount.source, totalBytes: capacity?.total,
                    availableBytes: capacity?.available)
            } catch { host.log.add(error) }
        }
        setKey(&found)
    }

    private func setKey(_ found: inout FoundDatabase) {
        let database = found.database
        let data = database.dataDirectories.first { $0.purpose == .data }
        // A path inside a container says nothing on the host: two containers may have the same.
        let inside = data.map {
            (found.database.container.map { "container:\($0.id.prefix(12)):" } ?? "namespace:") + $0.path
        }
        let isSeen = found.root != nil && found.details != nil || database.container != nil
        guard let place = data?.hostPath ?? (isSeen ? inside : data?.path) else {
            let executable = database.process?.executable ?? "unknown"
            let port = database.listeners.first.map { ":\($0.port)" } ?? ""
            found.database.key = "\(database.engine):executable:\(executable)\(port)"
            return
        }
        found.database.key = "\(database.engine):\(place)"
        if data?.hostPath == nil, found.details != nil {
            host.log.addForDatabase(
                .hostPathUnknown,
                "the data directory is reported as the server sees it; its path on the host is unknown")
        }
    }
}
