import FoundationEssentials
import HostView
import Report

extension Inspector {
    /// Adds what is the same for every engine: process, listeners, sockets, package.
    func attach(_ server: Server, _ engine: any Engine, to database: inout Report.Database) {
        let pid = server.process.pid
        var process = database.process ?? Report.Process(pid: pid)
        process.ppid = server.details.ppid
        process.uid = server.details.uid
        process.user = server.details.uid.flatMap { uid in
            Users.read(server.root ?? host.root).accounts[uid]?.name
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
        if server.process.argumentsTruncated || arguments != process.arguments {
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
                exposure: exposure(listener.reach),
                purpose: engine.purpose(ofPort: listener.port, settings: database.settings))
        }
        for listener in database.listeners {
            database.note(
                "listeners", "\(listener.address) \(listener.port)", source: "/proc/\(pid)/fd + kernel socket table")
        }
        database.unixSockets = Array(Set(server.unixSockets).sorted().prefix(EvidenceLimits.entries))
        for path in database.unixSockets { database.note("unix_sockets", path, source: "/proc/\(pid)/net/unix") }
    }

    private func exposure(_ reach: TCPListener.Reach) -> Report.Listener.Exposure {
        switch reach {
        case .loopback: return .loopback
        case .oneAddress: return .private
        case .everyAddress: return .all
        }
    }

    /// Adds to each data directory its path on the host and its file system, and derives the database's key.
    func locate(_ finding: inout Finding) {
        guard let root = finding.root else { return setKey(&finding) }
        let mounts =
            host.proc.isLive
            ? host.mounts(
                finding.database.process?.pid, namespace: finding.details?.mountNamespace,
                seenRoot: finding.details?.root) : nil
        for index in finding.database.dataDirectories.indices {
            let path = finding.database.dataDirectories[index].path
            do throws(HostError) {
                let identity = try root.status(path).identity
                let canonical = try root.canonical(path) ?? path
                finding.directories.append(identity)
                finding.database.dataDirectories[index].hostPath = hostPath(canonical, identity, finding.details)
                guard let mount = mounts?.holding(canonical) else { continue }
                let capacity = try? root.capacity(path)
                finding.database.dataDirectories[index].filesystem = Report.Filesystem(
                    mountPoint: mount.point, type: mount.type, device: mount.source, totalBytes: capacity?.total,
                    availableBytes: capacity?.available)
            } catch { host.log.add(error) }
        }
        setKey(&finding)
    }

    /// The path that leads to the same directory from the host's root: the same path, or the one below the server's root.
    ///
    /// Many a systemd service has a mount namespace of its own for the sake of a private /tmp, and the host's files all the same: so the directory itself
    /// is compared, not the namespace.
    private func hostPath(_ canonical: String, _ identity: FileIdentity, _ details: ProcessDetails?) -> String? {
        let below = details?.root.flatMap { $0 == "/" ? nil : $0 + canonical }
        return [below, canonical].compactMap { $0 }.first { path in
            (try? host.root.status(path))?.identity == identity
        }
    }

    private func setKey(_ finding: inout Finding) {
        let database = finding.database
        let data = database.dataDirectories.first { $0.purpose == .data }
        // A path inside a container says nothing on the host: two containers may have the same.
        let inside = data.map {
            (finding.details?.containerID.map { "container:\($0.prefix(12)):" } ?? "namespace:") + $0.path
        }
        guard let place = data?.hostPath ?? (finding.root == nil || finding.details == nil ? data?.path : inside) else {
            let executable = database.process?.executable ?? "unknown"
            let port = database.listeners.first.map { ":\($0.port)" } ?? ""
            finding.database.key = "\(database.engine):executable:\(executable)\(port)"
            return
        }
        finding.database.key = "\(database.engine):\(place)"
        if data?.hostPath == nil, finding.details != nil {
            host.log.add(
                .hostPathUnknown, finding.database.key,
                "the data directory is named as the server sees it; its path on the host is not known", partial: false)
        }
    }
}
