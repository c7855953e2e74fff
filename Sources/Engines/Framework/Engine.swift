import HostView
import Report

/// One database engine: how its servers, data directories and software are recognised and read.
///
/// An engine is a folder and one line in `EngineRegistry`; docs/contributing/engine.md walks through it.
/// Nothing here runs or connects to anything: an engine reads files, through `HostRoot`, and the kernel's tables.
public protocol Engine: Sendable {
    /// What tells its servers, software and data from those of others.
    var profile: EngineProfile { get }

    /// The major version of `version`, for engines whose data directories belong to one; nil for others.
    func major(of version: String) -> String?
    /// Directories, as the server sees them, that it proves to serve: it holds a database's file open there, or its own
    /// pid file says so.
    func heldDirectories(_ server: ServerProcess, _ host: ScanContext) -> [String]
    /// Whether a process whose title begins as the profile says tells something of the server that is its parent: it is
    /// then one of `ServerProcess.helpers`. Decided by its names alone, so cheap.
    func isHelper(_ process: HostProcess) -> Bool
    /// Whether a process with the name of a server is a program that goes with it, such as a client or a monitor: it is
    /// no database, and no problem.
    func isCompanion(_ process: ServerProcess) -> Bool
    /// Looks into a running server, and puts what it learns into `draft`.
    func inspect(_ server: ServerProcess, _ draft: Draft) -> Verdict
    /// The file, as a running server sees it, whose package is the server's; nil for its executable.
    func packagedFile(_ server: ServerProcess) -> String?
    /// What the running software itself says of its version.
    func executableVersion(_ server: ServerProcess, _ host: ScanContext) -> ExecutableVersion.Answer
    /// What installed software says of its version.
    func version(of software: Software, _ host: ScanContext) -> VersionClaim?
    /// Data directories that configuration files of the host name.
    func configuredDataDirectories(_ host: ScanContext) -> [Claim]
    /// The data directory that the server would use if it were started by `words`, program first, in `environment`.
    func dataDirectories(
        startedBy words: [String], _ environment: [String: String], source: String, _ host: ScanContext
    )
        -> [Claim]
    /// Looks into a data directory without a server, and puts what it learns into `draft`; false when it is no such
    /// thing.
    func inspectStopped(_ place: StoppedPlace, _ draft: Draft) -> Bool
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
    /// OpenTelemetry's name of it.
    public var id: String { profile.id }
    /// The name that people know.
    public var title: String { profile.title }
    func heldDirectories(_ server: ServerProcess, _ host: ScanContext) -> [String] {
        server.openFileDirectories.map(\.value)
    }
    func isHelper(_ process: HostProcess) -> Bool { false }
    func packagedFile(_ server: ServerProcess) -> String? { nil }
    func executableVersion(_ server: ServerProcess, _ host: ScanContext) -> ExecutableVersion.Answer {
        ExecutableVersion.read(server, self, host)
    }
    func version(of software: Software, _ host: ScanContext) -> VersionClaim? {
        guard case .found(let claim, _) = ExecutableVersion.read(software.executable, host.root, self, host) else {
            return nil
        }
        return claim
    }
    func isCompanion(_ process: ServerProcess) -> Bool { false }
    func major(of version: String) -> String? { nil }
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
    /// A server, as the draft has it.
    case database
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
