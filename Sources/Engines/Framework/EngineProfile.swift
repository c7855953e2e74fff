import HostView

/// What tells an engine's servers, software and data from those of others, as data.
public struct EngineProfile: Sendable {
    /// OpenTelemetry's `db.system.name`, such as `postgresql`.
    public var id: String
    /// The name that people know, such as `PostgreSQL`.
    public var title: String

    /// Base names of the server's executable, whole names: `mysqld` does not claim `mysqld_exporter`.
    public var executableNames: Set<String> = []
    /// How the title of a child process begins that tells something of its parent, the server (`Engine.isHelper`); nil
    /// where none does.
    public var helperTitle: String?
    /// Executables that are a server's only when argv[0] has one of `executableNames`, because the server is a link to
    /// another program.
    public var executableAliases: Set<String> = []
    /// How a Java virtual machine runs it; nil for a program of its own.
    public var runtime: RuntimeProfile?
    /// Files that a running server holds open, by their paths in its data directory.
    public var openFiles: Set<String> = []
    /// Further files that a running server holds open and that tell something of it.
    public var openFileKinds: Set<OpenFiles.Kind> = []

    /// How the names of packages that hold the server begin.
    public var packagePrefixes: [String] = []
    /// Names of the server's executable that are looked for where programs are installed (`programDirectories`).
    public var programs: [String] = []
    /// Further places where it is installed: patterns for `HostRoot.glob`.
    public var softwarePatterns: [String] = []
    /// The default data directories: patterns for `HostRoot.glob`.
    public var dataDirectoryPatterns: [String] = []
    /// Programs that start the server, by which units do it.
    public var starterNames: Set<String> = []
    /// How the names of systemd units begin by which packages start it.
    public var serviceNames: [String] = []

    /// Where a running server's version and settings come from, best first, for people.
    public var versionSources: [String] = []
    /// How the version stands in the server's executable, best first.
    public var versionMarks: [VersionMark] = []
    /// How many numbers an exact version has: 8.0.36 three, PostgreSQL's 15.18 two.
    public var versionParts = 3
    /// Words that may follow a version's number, in lower case: makers and builds of this engine.
    public var versionWords: Set<String> = []
    /// Variables by which official images tell their version.
    public var environmentNames: Set<String> = []
    /// Variables that tell the server where its files are; of an environment these and `environmentNames` are kept, and
    /// nothing else.
    public var placeVariables: Set<String> = []

    /// The options that may enter the report.
    public var options: [EngineOption] = []
    /// Which files hold them.
    public var configuration = ConfigurationProfile()
    /// How a data directory is recognised.
    public var directory = DirectoryProfile()
    /// The ports that the server listens on.
    public var ports: [PortProfile] = []
    /// A process of the same executable may watch the server: its child is no child of a server.
    public var hasWatchdog = false

    /// A real server has shown, in Tests/EndToEnd, that all this holds; else fixture hosts have.
    public var isShownByServer = false

    /// The entries of `identity` by which copies of a database are told.
    public var uniqueIdentities: [UniqueIdentity] = []

    /// The variables that are kept of a server's environment.
    public var variables: Set<String> {
        environmentNames.union(placeVariables).union(options.compactMap(\.variable)).union(
            [configuration.variable].compactMap { $0 })
    }

    /// A server's parent may run the same executable: a watchdog, or a virtual machine that prepares another one.
    var mayHaveParent: Bool { hasWatchdog || runtime != nil }

    /// Where programs are installed by packages, by hand, and by archives below /opt: patterns for `HostRoot.glob`.
    public static let programDirectories = [
        "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/local/*/bin", "/opt/*", "/opt/*/bin",
        "/opt/*/*/bin",
    ]

    /// Whether an executable may be a server's by its name.
    func isServer(_ name: String) -> Bool { softwareNames.contains(name) }

    /// Names of the files that tell that the software is installed.
    var softwareNames: Set<String> {
        executableNames.union(executableAliases).union(runtime.map { [Path.name(of: $0.program)] } ?? [])
    }
}
