import HostView
import Report

/// A process with the name of a server, and the engine whose name that is.
public typealias Candidate = (server: Server, engine: any Engine)

extension Inspector {
    /// Reads the process table and takes hold of everything in it that may be a server: no file is opened yet, and none is needed of /proc later.
    ///
    /// - Returns: the servers, and how many processes there are.
    public func takeHold() throws(HostError) -> (servers: [Candidate], table: ProcessTable) {
        let table = try ProcessTable.read(host.proc) { process in
            engines.contains { $0.claims(process) } || process.isWalSender
        }
        _ = host.mounts(nil, namespace: nil, seenRoot: nil)
        for process in table.processes where process.isWalSender {
            guard let parent = try? ProcessDetails.parent(of: process.pid, host.proc) else { continue }
            host.walSenders[parent, default: []].append(process.pid)
        }
        let claimed = table.processes.flatMap { process in
            engines.filter { $0.claims(process) }.map { (process: process, engine: $0) }
        }
        let executables = Dictionary(claimed.map { ($0.process.pid, $0.process.executable) }) { first, _ in first }
        var servers: [Candidate] = []
        for (process, engine) in claimed {
            if host.deadline.hasPassed {
                host.log.add(.deadline, "scan", "the deadline came while running servers were looked for")
                break
            }
            // PostgreSQL's backends, and for an instant the child of any server that forks. What a process calls itself proves nothing.
            if let parent = try? ProcessDetails.parent(of: process.pid, host.proc),
                let executable = executables[parent], executable == process.executable
            {
                continue
            }
            if let server = Server.read(process, engine, host) { servers.append((server, engine)) }
        }
        // A runtime's file names the first process of a container by its number, and that may be any.
        if servers.contains(where: { $0.server.details.controlGroup != nil }) {
            for pid in table.pids { host.mountNamespaces[pid] = try? host.proc.link("\(pid)/ns/mnt") }
        }
        return (servers, table)
    }
}

extension HostProcess {
    /// It calls itself a PostgreSQL process that sends the log to somebody: `walsender`, before version 11 `wal sender process`.
    fileprivate var isWalSender: Bool {
        guard let title = arguments.first, title.hasPrefix("postgres: ") else { return false }
        let words = title.split(separator: " ")
        // A base backup is sent by one too, and makes nobody a primary.
        guard !title.contains("sending backup"),
            let sender = words.firstIndex(where: { $0 == "walsender" || $0 == "sender" })
        else { return false }
        return words[sender] == "walsender" || (sender > 0 && words[sender - 1] == "wal")
    }
}
