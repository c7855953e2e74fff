/// The host's processes, each with what it takes to recognise a database: `exe` and `cmdline` of proc(5).
///
/// Kernel threads are left out. What is costlier is read for the few that matter: `ProcessDetails`.
public struct ProcessTable: Sendable {
    /// The most processes that are looked at.
    public static let limit = 200_000
    /// The most bytes of one command line.
    public static let commandLineLimit = 64 << 10
    /// The most arguments that are kept of one.
    public static let argumentLimit = 4_096

    /// The numbers of all processes, kernel threads left out.
    public private(set) var pids: [Int32] = []
    /// Processes whose executable could not be seen.
    public private(set) var denied = 0

    /// Reads the table and calls `body` with each process, by pid, until it says false. A process that ends meanwhile
    /// is left out.
    ///
    /// Processes are not kept: whoever may start some must not fill the agent's memory.
    public static func read(
        _ proc: ProcFS, _ body: (HostProcess) -> Bool
    ) throws(HostError) -> Bounded<ProcessTable> {
        let entries = try proc.list("", limit: limit)
        var table = ProcessTable()
        for pid in entries.value.compactMap({ Int32($0.name) }).sorted() {
            guard let process = HostProcess(pid: pid, proc: proc) else { continue }
            table.pids.append(pid)
            if process.executable == nil { table.denied += 1 }
            guard body(process) else { break }
        }
        return Bounded(table, shortfalls: entries.shortfalls)
    }

    private init() {}
}

/// A process as the table shows it at first sight.
public struct HostProcess: Sendable, Equatable {
    /// Its number in the host's pid namespace.
    public var pid: Int32
    /// The running program's file as the kernel names it, without ` (deleted)`; nil where that is denied.
    public var executable: String?
    /// The program's file was deleted or replaced.
    public var executableDeleted: Bool
    /// argv[0]; of a process that matters also the rest. Bytes that are not UTF-8 become U+FFFD.
    public var arguments: [String]
    /// Why arguments are missing.
    public var shortfalls: [HostError] = []
    /// What is read of every process's command line: enough for argv[0].
    private static let programLimit = 4096

    static let deletedMark = " (deleted)"

    /// The last component of the executable's path, or of argv[0] where the executable is denied.
    public var name: String { Self.baseName(executable ?? arguments.first ?? "") }
    /// The last component of argv[0].
    public var argumentName: String { Self.baseName(arguments.first ?? "") }

    static func baseName(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: slash)...])
    }

    /// The process `pid`, or nil when it has ended or is a kernel thread.
    init?(pid: Int32, proc: ProcFS) {
        self.pid = pid
        executableDeleted = false
        do throws(HostError) {
            let program = try Self.program(of: pid, proc)
            executable = program.path
            executableDeleted = program.isDeleted
        } catch {
            guard error.reason.isDenied else { return nil }
        }
        guard let contents = try? proc.read("\(pid)/cmdline", limit: Self.programLimit), !contents.bytes.isEmpty else {
            return nil
        }
        arguments = Array(Self.parse(commandLine: contents.bytes).prefix(1))
    }

    /// The program's file that `pid` runs.
    public static func program(of pid: Int32, _ proc: ProcFS) throws(HostError) -> (path: String, isDeleted: Bool) {
        let path = try proc.link("\(pid)/exe")
        guard path.hasSuffix(deletedMark) else { return (path, false) }
        return (String(path.dropLast(deletedMark.count)), true)
    }

    /// Reads the whole command line, at most `ProcessTable.commandLineLimit` bytes.
    public mutating func readArguments(_ proc: ProcFS) throws(HostError) {
        let contents = try proc.read("\(pid)/cmdline", limit: ProcessTable.commandLineLimit)
        arguments = Self.parse(commandLine: contents.bytes)
        for shortfall in contents.shortfalls { shortfalls.note(shortfall) }
        if arguments.count > ProcessTable.argumentLimit {
            shortfalls.note(HostError(operation: "read", path: "/proc/\(pid)/cmdline", reason: .tooLarge))
        }
        arguments = Array(arguments.prefix(ProcessTable.argumentLimit))
    }

    /// Splits `/proc/<pid>/cmdline` at its NUL bytes.
    static func parse(commandLine bytes: [UInt8]) -> [String] {
        var words = bytes.split(separator: 0, omittingEmptySubsequences: false)
        while words.last?.isEmpty == true { words.removeLast() }
        return words.map { String(decoding: $0, as: UTF8.self) }
    }
}
