import Glibc

/// What `stat`, `status`, `cwd`, `root` and the namespace links of proc(5) say of one process.
public struct ProcessDetails: Sendable, Equatable {
    /// The kernel's name of the process, cut at 15 bytes.
    public var command: String
    /// Its parent's number.
    public var ppid: Int32
    /// When it started, in clock ticks since boot.
    public var startTicks: UInt64
    /// Resident memory, in bytes.
    public var memoryBytes: Int64
    /// Effective user, as the host counts.
    public var uid: UInt32?
    /// Effective and supplementary groups, as the host counts.
    public var groups: Set<UInt32> = []
    /// Its number in its own pid namespace, where that is another.
    public var containerPid: Int32?
    /// The working directory, as the agent sees it; nil where denied.
    public var workingDirectory: String?
    /// What it sees as `/`, as the agent sees it; nil where denied.
    public var root: String?
    /// The container that its control group's name claims it to be in; nil where it claims none.
    public var controlGroup: ControlGroup?
    /// The mount namespace, such as `mnt:[4026531841]`; nil where denied.
    public var mountNamespace: String?

    /// `status` lists every group of a process, which may be 65,536 (NGROUPS_MAX).
    private static let fileLimit = 1 << 20, groupLimit = 65_536
    /// A path of 4 KiB for each of version 1's hierarchies, and some more.
    private static let cgroupLimit = 128 << 10
    /// Twice what the kernel takes of arguments and environment by default: a quarter of an 8 MiB stack.
    private static let environmentLimit = 4 << 20

    /// Reads the details of `pid`.
    public static func read(_ pid: Int32, _ proc: ProcFS) throws(HostError) -> ProcessDetails {
        let path = "\(pid)/stat"
        guard var details = parse(stat: try proc.read(path, limit: fileLimit).text) else {
            throw HostError(operation: "parse", path: "/proc/" + path, reason: .noProcess)
        }
        details.add(status: try proc.read("\(pid)/status", limit: fileLimit).text)
        details.controlGroup = (try? proc.read("\(pid)/cgroup", limit: cgroupLimit).text).flatMap(ControlGroup.parse)
        details.workingDirectory = try? proc.link("\(pid)/cwd")
        details.root = try? proc.link("\(pid)/root")
        details.mountNamespace = try? proc.link("\(pid)/ns/mnt")
        return details
    }

    /// The numbers of `pid` in the namespaces that it lives in, the outermost first.
    public static func numbers(of pid: Int32, _ proc: ProcFS) -> [Int32] {
        let text = (try? proc.read("\(pid)/status", limit: fileLimit).text) ?? ""
        let line = text.lines.first { $0.hasPrefix("NSpid:") }
        return (line ?? "").split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
    }

    /// The parent of `pid`.
    public static func parent(of pid: Int32, _ proc: ProcFS) throws(HostError) -> Int32? {
        parse(stat: try proc.read("\(pid)/stat", limit: fileLimit).text)?.ppid
    }

    /// Parses `/proc/<pid>/stat`; the name may hold spaces and parentheses, so the last `)` ends it.
    static func parse(stat text: String) -> ProcessDetails? {
        guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close else { return nil }
        let fields = text[text.index(after: close)...].split(whereSeparator: \.isWhitespace)
        // fields[0] is field 3, the state.
        guard fields.count >= 22, let ppid = Int32(fields[1]), let start = UInt64(fields[19]),
            let pages = Int64(fields[21])
        else { return nil }
        return ProcessDetails(
            command: String(text[text.index(after: open)..<close]), ppid: ppid, startTicks: start,
            memoryBytes: pages.multipliedReportingOverflow(by: Int64(sysconf(Int32(_SC_PAGESIZE)))).partialValue)
    }

    /// The effective user and the program of `pid`; nil where either is denied or the process has ended.
    public static func origin(of pid: Int32, _ proc: ProcFS) -> (uid: UInt32, program: String)? {
        let status = (try? proc.read("\(pid)/status", limit: fileLimit).text) ?? ""
        let words = status.lines.first { $0.hasPrefix("Uid:") }?.split(whereSeparator: \.isWhitespace) ?? []
        guard words.count > 2, let uid = UInt32(words[2]), let program = try? HostProcess.program(of: pid, proc) else {
            return nil
        }
        return (uid, program.path)
    }

    private mutating func add(status text: String) {
        for line in text.lines {
            let words = line.split(whereSeparator: \.isWhitespace)
            switch words.first {
            case "Uid:" where words.count > 2: uid = UInt32(words[2])
            case "Gid:" where words.count > 2: groups.formUnion([UInt32(words[2])].compactMap { $0 })
            case "Groups:": groups.formUnion(words.dropFirst().prefix(Self.groupLimit).compactMap { UInt32($0) })
            case "NSpid:" where words.count > 2: containerPid = words.last.flatMap { Int32($0) }
            default: break
            }
        }
    }

    private init(command: String, ppid: Int32, startTicks: UInt64, memoryBytes: Int64) {
        self.command = command
        self.ppid = ppid
        self.startTicks = startTicks
        self.memoryBytes = memoryBytes
    }

    /// The variables of `pid`'s environment whose names are in `names`, and no others: the rest may hold secrets.
    public static func environment(
        _ pid: Int32, _ proc: ProcFS, names: Set<String>
    ) throws(HostError) -> [String: String] {
        var found: [String: String] = [:]
        let path = "\(pid)/environ"
        let contents = try proc.read(path, limit: environmentLimit)
        if let shortfall = contents.shortfalls.first { throw shortfall }
        for entry in contents.bytes.split(separator: 0) {
            // A path, or a version: what is longer is neither.
            guard entry.count <= Int(PATH_MAX), let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: entry[..<equals], as: UTF8.self)
            if names.contains(name) { found[name] = String(decoding: entry[(equals + 1)...], as: UTF8.self) }
        }
        return found
    }
}
