import HostView
import Report

/// One database engine: how its servers, data directories and software are recognised and read.
///
/// An engine is a folder and one line in `EngineRegistry.all`; docs/contributing/engine.md walks through it.
/// Nothing here runs or connects to anything: an engine reads files, through `HostRoot`, and the kernel's tables.
public protocol Engine: Sendable {
    /// OpenTelemetry's `db.system.name`, such as `postgresql`.
    var id: String { get }
    /// The name that people know, such as `PostgreSQL`.
    var title: String { get }
    /// Base names of the server's executable, whole names: `mysqld` does not claim `mysqld_exporter`.
    var executableNames: Set<String> { get }
    /// Base names of files that a running server holds open in its data directory.
    var openFileNames: Set<String> { get }
    /// Further files that a running server holds open and that tell something of it.
    var openFileKinds: Set<OpenFiles.Kind> { get }
    /// How the names of packages that hold the server begin.
    var packagePrefixes: [String] { get }
    /// Where the server's executable is installed: patterns for `HostRoot.glob`.
    var softwarePatterns: [String] { get }
    /// The default data directories: patterns for `HostRoot.glob`.
    var dataDirectoryPatterns: [String] { get }
    /// Where a running server's version and settings come from, best first, for `dbcensus-agent engines`.
    var versionSources: [String] { get }

    /// How the version stands in the server's executable, best first.
    var versionMarks: [VersionMark] { get }
    /// Variables by which official images tell their version.
    var environmentNames: Set<String> { get }
    /// Variables that tell the server where its files are; of an environment these and `environmentNames` are kept, and
    /// nothing else.
    var placeVariables: Set<String> { get }
    /// How many numbers an exact version has: 8.0.36 three, PostgreSQL's 15.18 two.
    var versionParts: Int { get }

    /// Words that may follow a version's number, in lower case: makers and builds of this engine.
    var versionWords: Set<String> { get }
    /// The entries of `identity` by which copies of a database are told.
    var uniqueIdentities: [UniqueIdentity] { get }

    /// The major version of `version`, for engines whose data directories belong to one; nil for others.
    func major(of version: String) -> String?
    /// Whether `process` may be a server of this engine; decided by its names alone, so cheap.
    func claims(_ process: HostProcess) -> Bool
    /// Directories, as the server sees them, that it proves to serve: it holds a database's file open there, or its own
    /// pid file says so.
    func heldDirectories(_ server: ServerProcess, _ host: ScanContext) -> [String]
    /// Whether `process`, which is no server, tells something of the server that is its parent: it is then one of
    /// `ServerProcess.helpers`. Decided by its names alone, so cheap.
    func isHelper(_ process: HostProcess) -> Bool
    /// Looks into a running server.
    func inspect(_ server: ServerProcess, _ host: ScanContext) -> Verdict
    /// Data directories that configuration files of the host name.
    func configuredDataDirectories(_ host: ScanContext) -> [Claim]
    /// Programs that start the server, by which units do it.
    var starterNames: Set<String> { get }
    /// How the names of systemd units begin by which packages start it.
    var serviceNames: [String] { get }
    /// The data directory that the server would use if it were started by `words`, program first, in `environment`.
    func dataDirectories(
        startedBy words: [String], _ environment: [String: String], source: String, _ host: ScanContext
    )
        -> [Claim]
    /// Looks into a data directory without a server; nil when it is no such thing.
    func inspectStopped(_ place: StoppedPlace, _ host: ScanContext) -> Report.Database?
    /// Whether the executable at `path`, already of the right name, is this engine's and not a relative's.
    func owns(software path: String, package: Package?, _ host: ScanContext) -> Bool
    /// Whether the data directory of `database` is served by the executable at `path`.
    func serves(_ database: Report.Database, software path: String) -> Bool
    /// Who built the package.
    func vendor(package: String) -> String?
    /// What is spoken at `port`, by the server's settings; nil where they do not say.
    func purpose(ofPort port: UInt16, settings: [String: String]) -> String?
}

extension Engine {
    var versionParts: Int { 3 }
    var openFileKinds: Set<OpenFiles.Kind> { [] }
    func heldDirectories(_ server: ServerProcess, _ host: ScanContext) -> [String] {
        server.openFileDirectories.map(\.value)
    }
    var starterNames: Set<String> { [] }
    var versionWords: Set<String> { [] }
    var uniqueIdentities: [UniqueIdentity] { [] }
    func isHelper(_ process: HostProcess) -> Bool { false }
    var placeVariables: Set<String> { [] }
    func major(of version: String) -> String? { nil }
    func claims(_ process: HostProcess) -> Bool { executableNames.contains(process.name) }
    func owns(software path: String, package: Package?, _ host: ScanContext) -> Bool { true }
    func serves(_ database: Report.Database, software path: String) -> Bool { true }
    func purpose(ofPort port: UInt16, settings: [String: String]) -> String? {
        settings["port"] == String(port) ? "client" : nil
    }
}

/// Where a data directory may lie that no server uses.
public struct StoppedPlace: Sendable {
    /// The directory, as the host names it.
    public var path: String
    /// Below which it is read.
    public var root: HostRoot
    /// It lies in a container engine's volume: the host's software and configuration have nothing to do with it.
    public var isVolume = false
    /// Who says so.
    public var claim: Claim
}

/// What an engine makes of a running process.
public enum Verdict: Sendable {
    /// A server.
    case database(Report.Database)
    /// A server of a related engine, whose turn comes.
    case otherEngine
    /// Something that only looks like one, and why.
    case notADatabase(String)
}

/// A value and the file, kernel table or argument that states it.
public struct Claim: Sendable, Equatable {
    /// The value.
    public var value: String
    /// Where it stands.
    public var source: String

    /// `source` states `value`.
    public init(_ value: String, source: String) {
        self.value = value
        self.source = source
    }
}
