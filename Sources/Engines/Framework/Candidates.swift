import HostView
import Report

/// A process with the name of a server.
public struct Candidate {
    /// The process.
    public var server: ServerProcess
    /// The engines whose servers have that name, in the registry's order.
    public var engines: [any Engine]
}

extension Inspector {
    /// The most processes that are held at once, each with its files and its command line.
    static let heldLimit = 2_000
    /// The most of one user's, subordinate users (subuid(5)) included, so that an ordinary user does not crowd out
    /// others.
    static let userLimit = 250
    /// The most bytes that one user's, and that all of them, take together.
    static let userBytes = 16 << 20, heldBytes = 128 << 20
    /// The most working directories of refused processes that are remembered, and of one user's.
    private static let refusedLimit = 1_000, refusedUserLimit = 100

    /// Reads the process table and takes hold of everything in it that may be a server: no file is opened yet, and none
    /// is needed of /proc later.
    ///
    /// - Returns: the servers, and how many processes there are.
    public func findCandidates() throws(HostError) -> (servers: [Candidate], table: Bounded<ProcessTable>) {
        _ = host.mounts(nil, namespace: nil, seenRoot: nil)
        if let doubt = HostNamespaces.doubt(host.root, host.proc) {
            host.log.add(
                .notHostNamespace, "scan",
                "\(doubt): databases of the host may be missing; run the agent on the host, or with its / as --root")
        }
        var servers: [(rank: Int, candidate: Candidate)] = []
        var byUser: [UInt32?: Int] = [:]
        var bytesByUser: [UInt32?: Int] = [:]
        let index = EngineIndex(engines)
        let table = try ProcessTable.read(host.proc) { process in
            if host.deadline.hasPassed {
                host.log.add(.deadline, "scan", "the deadline passed during the search for running servers")
                return false
            }
            host.watchProcessorTime()
            if index.isHelper(process),
                let parent = try? ProcessDetails.parent(of: process.pid, host.proc)
            {
                host.helpers[parent, default: []].append(process.pid)
            }
            let named = index.claiming(process, host.proc)
            guard !named.isEmpty, named.contains(where: \.profile.mayHaveParent) || !isChild(process),
                var server = ServerProcess.read(process, named, host)
            else { return true }
            let claiming = named.filter { !$0.isCompanion(server) }
            guard !claiming.isEmpty else { return true }
            // A working directory proves nothing: anybody may stand there.
            guard server.mayListen || !server.openFileDirectories.isEmpty else {
                if claiming.contains(where: \.profile.mayHaveParent) { return true }
                refuse(server, "it is named like a server, but has no listening socket and no open database file")
                return true
            }
            let user = server.details.uid.map(Report.Scan.userGroup)
            let rank = byUser[user, default: 0]
            byUser[user] = rank + 1
            guard rank < Self.userLimit, bytesByUser[user, default: 0] < Self.userBytes else {
                host.log.concerning(server.details.uid) {
                    host.log.add(
                        .tooManyProcesses, "user \(user ?? 0)",
                        "more than \(Self.userLimit) of its processes are named like servers, or they need more than \(Self.userBytes >> 20) MiB to inspect; the rest was skipped"
                    )
                }
                return true
            }
            guard servers.count < Self.heldLimit, bytesByUser.values.reduce(0, +) < Self.heldBytes else {
                host.log.add(
                    .tooManyProcesses, "/proc",
                    "more than \(Self.heldLimit) processes are named like servers, or they need more than \(Self.heldBytes >> 20) MiB to inspect; the rest was skipped"
                )
                return true
            }
            host.log.concerning(server.details.uid) { server.readMore(claiming, host) }
            bytesByUser[user, default: 0] += server.weight
            servers.append((rank, Candidate(server: server, engines: claiming)))
            return true
        }
        guard !table.value.pids.isEmpty else {
            throw HostError(operation: "find a process in", path: "/proc", reason: .noEntry)
        }
        // A runtime's file names the first process of a container by its number, and that may be any.
        if servers.contains(where: { $0.candidate.server.details.controlGroup != nil }) {
            for pid in table.value.pids { host.mountNamespaces[pid] = try? host.proc.link("\(pid)/ns/mnt") }
        }
        // Each user's first server, then each one's second: one whose files are slow to read keeps nobody else's from
        // being read.
        return (servers.sorted { $0.rank < $1.rank }.map(\.candidate), table)
    }

    /// A server's own child, such as one for each connection, or for an instant the child of any server that forks.
    /// What a process calls itself proves nothing.
    private func isChild(_ process: HostProcess) -> Bool {
        guard let executable = process.executable,
            let parent = try? ProcessDetails.parent(of: process.pid, host.proc)
        else { return false }
        return (try? HostProcess.program(of: parent, host.proc))?.path == executable
    }

    /// Says that a process is no server, and remembers where it works: a data directory there may be in use.
    func refuse(_ server: ServerProcess, _ reason: String) {
        host.log.concerning(server.details.uid) {
            host.log.add(
                .notADatabase, "pid \(server.process.pid)", "\(server.process.name): \(reason)", partial: false)
            guard let path = server.workingDirectory?.value, let root = server.root else { return }
            let user = server.details.uid.map(Report.Scan.userGroup) ?? 0
            host.refusedByUser[user, default: 0] += 1
            guard host.refused.count < Self.refusedLimit, host.refusedByUser[user, default: 0] <= Self.refusedUserLimit
            else {
                return host.log.add(
                    .tooManyProcesses, "user \(user)",
                    "more than \(Self.refusedUserLimit) of its processes are named like servers but are not; the agent did not check whether more of them use a data directory"
                )
            }
            host.refused.append((server.process.pid, server.details.uid, path, root))
        }
    }
}
