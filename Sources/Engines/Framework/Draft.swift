import HostView
import Report

/// One database while it is put together: values, the evidence for each, and problems.
///
/// It becomes an entry of the report once, with `FoundDatabase.init`.
public final class Draft {
    /// What the database is one of.
    let engine: any Engine
    /// The host that it was found on.
    let host: ScanContext
    /// The server; nil where none runs.
    let server: ServerProcess?
    /// Below which its paths are meant; nil where the agent may not look.
    let root: HostRoot?
    /// What is known so far.
    var database: Report.Database
    /// What went wrong so far, and whose turn it was.
    private(set) var problems: [DraftProblem] = []
    /// Devices and inodes of its directories, the data directory's first.
    var directories: [FileIdentity] = []
    /// The server may keep all its data in memory, and keeps no files that the agent knows.
    var keepsNoFiles = false
    /// The executable's device and inode; nil where it was replaced or cannot be seen.
    private(set) var executable: FileIdentity?

    private init(
        _ engine: any Engine, _ state: Report.Database.State, _ server: ServerProcess?, _ root: HostRoot?,
        _ host: ScanContext
    ) {
        self.engine = engine
        self.host = host
        self.server = server
        self.root = root
        database = Report.Database(key: "", engine: engine.id, state: state)
    }

    /// A running server.
    convenience init(_ engine: any Engine, _ server: ServerProcess, _ host: ScanContext) {
        self.init(engine, .running, server, server.root, host)
        let process = server.process
        database.process = Report.Process(pid: process.pid)
        note("engine", process.executable ?? process.argumentName, source: "/proc/\(process.pid)/exe")
        if let path = process.executable.flatMap(server.inside), !process.executableDeleted {
            executable = (try? server.root?.status(path))?.identity
        }
    }

    /// What lies in a directory that no server uses.
    convenience init(_ engine: any Engine, _ place: StoppedPlace, _ host: ScanContext) {
        self.init(engine, .stopped, nil, place.root, host)
        note("state", "stopped", source: "no server process has \(place.path) as its data directory")
    }

    /// Software that has neither a server nor data.
    convenience init(_ engine: any Engine, _ software: Software, _ host: ScanContext) {
        self.init(engine, .installed, nil, host.root, host)
        database.key = "\(engine.id):software:\(software.executable)"
        note("state", "installed", source: software.executable)
    }

    /// Adds a problem of the database, whose key is not known yet.
    ///
    /// - Parameter partial: a field may be missing because of it.
    func add(_ code: ProblemCode, _ message: String, partial: Bool = false) {
        problems.append(DraftProblem(code: code, message: message, isPartial: partial, user: host.log.user))
    }

    /// Sets the part that the database plays in replication.
    func play(_ role: Report.Database.Role, source: String) {
        database.role = role
        note("role", role.rawValue, source: source)
    }

    /// Sets who built the server.
    func setVendor(_ vendor: String, source: String) {
        database.vendor = vendor
        note("vendor", vendor, source: source)
    }

    /// Names the package that owns the software, and who built it.
    func add(_ package: Package?) {
        guard let package else { return }
        database.package = Report.Package(
            name: package.name, version: package.version, manager: .init(package.manager))
        note("package", "\(package.name) \(package.version)", source: package.source)
        if let vendor = engine.vendor(package: package.name) {
            setVendor(vendor, source: "\(package.source): \(package.name)")
        }
    }
}

/// A problem of a database whose key is not known yet.
struct DraftProblem: Sendable {
    var code: ProblemCode
    var message: String
    var isPartial: Bool
    /// Whose turn it was; nil for the host's.
    var user: UInt32?
}
