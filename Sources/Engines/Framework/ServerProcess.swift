import HostView
import Report

/// A running process that an engine claims, with all that the kernel says of it.
///
/// It is read before the first file is: once the agent has locked itself (`Sandbox`), /proc tells nothing of other
/// processes.
public struct ServerProcess {
    /// The process in the table.
    public var process: HostProcess
    /// Its details.
    public var details: ProcessDetails
    /// What it sees as `/`; nil where the agent may not look there.
    public var root: HostRoot?
    /// What it sees as `/` is gone.
    var lostRoot = false
    /// The sockets and files that it holds open; nil where the agent may not look.
    public var open: OpenFiles?
    /// The TCP sockets it listens on.
    public var tcp: [TCPListener]
    /// The unix sockets it listens on.
    public var unixSockets: [String]
    /// It listens on a unix socket, whatever its name.
    var listensLocally = false
    /// Its network namespace is not the host's.
    public var isInSeparateNetwork = false
    /// Its network namespace has no interface but the loopback one.
    public var isIsolated = false
    /// The running program's own file, even when it was deleted; nil where it may not be read.
    var program: OpenFile?
    /// The variables of its environment that the engine asks for, and `PWD`.
    var environment: [String: String] = [:]
    /// Its effective user, as its own user namespace counts.
    var insideUID: UInt32?
    /// Its child processes that the engine knows as helpers (`Engine.isHelper`).
    var helpers: [Int32] = []
    /// The processes that it comes from, when its control group names a container.
    var lineage = Lineage()
    /// The package that owns the executable on disk, in the package database that the server sees; looked up before
    /// inspection.
    public var package: Package?

    /// Reads a candidate; nil, with a problem, when it vanished meanwhile.
    static func read(_ process: HostProcess, _ engines: [any Engine], _ host: ScanContext) -> ServerProcess? {
        let details: ProcessDetails
        var process = process
        do throws(HostError) {
            details = try ProcessDetails.read(process.pid, host.proc)
            try process.readArguments(host.proc)
        } catch {
            host.log.add(
                .processVanished, "pid \(process.pid)", "\(process.name) ended during the scan: \(error)",
                partial: false)
            return nil
        }
        var server = ServerProcess(process: process, details: details, root: nil, open: nil, tcp: [], unixSockets: [])
        return host.log.concerning(details.uid) {
            guard host.mayLook(at: details.uid) else { return nil }
            let begun = Deadline.processorTime()
            server.readOpenFiles(engines, host)
            host.count(Deadline.processorTime() - begun, of: details.uid)
            return server
        }
    }

    /// Reads what it holds open, and what it sees as `/`.
    private mutating func readOpenFiles(_ engines: [any Engine], _ host: ScanContext) {
        do throws(HostError) {
            let isHosts =
                details.root == "/" && details.mountNamespace != nil && details.mountNamespace == host.mountNamespace
            root = isHosts ? host.root : try host.proc.processRoot(process.pid)
        } catch {
            host.log.add(error)
            lostRoot = error.reason.isAbsent
        }
        do throws(HostError) {
            let files = try OpenFiles.read(
                process.pid, host.proc,
                names: engines.reduce(into: []) { $0.formUnion($1.profile.openFiles.map(Path.name)) },
                kinds: engines.reduce(into: []) { $0.formUnion($1.profile.openFileKinds) })
            if files.isCut {
                host.log.add(
                    .tooManyDescriptors, "pid \(process.pid)",
                    "only \(OpenFiles.limit) open files and \(OpenFiles.fileLimit) of their directories were read")
            }
            open = files.value
        } catch {
            if error.reason.isAbsent { open = OpenFiles() }
            host.log.add(error)
        }
        if let inodes = open?.sockets, !inodes.isEmpty {
            let read = host.sockets.namespace(of: process.pid)
            let namespace = read.value
            host.log.concerning(namespace.isSeparate ? details.uid : nil) { read.shortfalls.forEach(host.log.add) }
            isInSeparateNetwork = namespace.isSeparate
            isIsolated = namespace.isIsolated
            tcp = inodes.compactMap { namespace.tcp[$0] }
            let names = inodes.compactMap { namespace.unix[$0] }
            listensLocally = !names.isEmpty
            if names.contains("") {
                host.log.add(
                    .malformed, "/proc/\(process.pid)/net/unix",
                    "two lines disagree about a socket of pid \(process.pid): its path is unknown",
                    partial: false)
            }
            unixSockets = names.filter { $0.hasPrefix("/") }.sorted()
            open?.sockets = []
        }
    }

    /// About the bytes that holding it takes.
    var weight: Int {
        let texts = process.arguments + (open?.files ?? []) + unixSockets + Array(environment.values)
        return texts.reduce(16 << 10) { $0 + 64 + $1.utf8.count }
    }

    /// Reads what only those need that may be servers after all.
    mutating func readMore(_ engines: [any Engine], _ host: ScanContext) {
        let pid = process.pid
        do throws(HostError) { program = try host.proc.executable(pid, deadline: host.deadline) } catch {
            host.log.add(error)
        }
        do throws(HostError) {
            environment = try ProcessDetails.environment(
                pid, host.proc,
                names: engines.reduce(into: ["PWD"]) {
                    $0.formUnion($1.profile.variables)
                })
        } catch { host.log.add(error) }
        let users = UserMap.read(pid, host.proc)
        insideUID = details.uid.flatMap { uid in users.map { $0.inside(uid) } ?? uid }
        confine(users, engines, host)
        lineage = Lineage.read(self, host)
        _ = host.mounts(pid, namespace: details.mountNamespace, seenRoot: details.root)
    }

    /// From here on its root shows the files alone that its own user may read, unless root started it.
    ///
    /// It may name any file as its own: by an argument, an include, or a link in its data directory.
    private mutating func confine(_ users: UserMap?, _ engines: [any Engine], _ host: ScanContext) {
        guard host.proc.isLive, let uid = details.uid, uid != 0, let root,
            !Self.isStarter(details.ppid, engines, host)
        else { return }
        // The first user of a user namespace may read what belongs to the namespace's users.
        let reader = FileReader(
            uid: uid, groups: details.groups, owned: insideUID == 0 ? users?.outside ?? [] : [])
        self.root = root === host.root ? host.root(readBy: reader) : (try? root.readable(by: reader)) ?? root
    }

    /// Shells by which root starts a server that then becomes another user's; others that run commands of users, such
    /// as cron and sudo, prove nothing.
    private static let shells: Set<String> = ["sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"]

    /// Whether `pid` is root's, and of those that start servers: a user cannot make such a process the parent of his
    /// own.
    private static func isStarter(_ pid: Int32, _ engines: [any Engine], _ host: ScanContext) -> Bool {
        guard pid > 1, let origin = ProcessDetails.origin(of: pid, host.proc), origin.uid == 0 else { return false }
        let name = Path.name(of: origin.program)
        return shells.contains(name) || engines.contains { $0.profile.starterNames.contains(name) }
    }

    /// Looks up the package that owns the executable.
    mutating func findPackage(_ engine: any Engine, _ host: ScanContext) {
        guard let root, let executable = engine.packagedFile(self) ?? process.executable.flatMap(inside) else { return }
        let packages = host.packages(root, details)
        package = packages.owner(of: executable, prefixes: engine.profile.packagePrefixes)
        host.log.concerning(packages === host.packages ? nil : details.uid) {
            packages.shortfalls.forEach(host.log.add)
        }
    }

    /// A path that the kernel gave as the agent sees it, turned into what the server sees below its root.
    func inside(_ path: String) -> String? {
        guard !path.hasSuffix(" (deleted)") else { return nil }
        guard let root = details.root, root != "/" else { return path }
        return path == root ? "/" : path.hasPrefix(root + "/") ? String(path.dropFirst(root.count)) : path
    }

    /// The working directory, as the server sees it.
    var workingDirectory: Claim? {
        details.workingDirectory.flatMap(inside).map { Claim($0, source: "/proc/\(process.pid)/cwd") }
    }

    /// The directories of the open files that the engine asked for.
    var openFileDirectories: [Claim] {
        (open?.files ?? []).compactMap(inside).map {
            Claim(Path.parent(of: $0), source: "/proc/\(process.pid)/fd: \($0)")
        }
    }

    /// The files of a kind that it has open, as it sees them.
    func openFiles(_ kind: OpenFiles.Kind) -> [String] { (open?.others[kind] ?? []).compactMap(inside).sorted() }

    /// The logs that it has open, as it sees them.
    var openLogs: [String] { openFiles(.log) }

    /// The binary logs that it reads, as it sees them.
    var logsBeingSent: [String] { (open?.others[.numberedForReading] ?? []).compactMap(inside).sorted() }

    /// Whether the server listens, or the agent may not know.
    var mayListen: Bool { open == nil || !tcp.isEmpty || listensLocally }
}
