/// What the registry says of an engine, as data: `dbcensus-agent engines --format json`.
public struct EngineDescription: Encodable, Sendable {
    /// One option that may enter a report.
    public struct Option: Encodable, Sendable {
        /// Its name in a configuration file.
        public var name: String
        /// Its name in the report's settings; nil for one that says where something is, or that something is set.
        public var setting: String?
        /// The documented default.
        public var byDefault: String?
        /// Its names on a command line, without hyphens.
        public var arguments: [String]
        /// The variable that sets it.
        public var variable: String?

        enum CodingKeys: String, CodingKey {
            case name, setting, arguments, variable
            case byDefault = "default"
        }
    }

    /// One port.
    public struct Port: Encodable, Sendable {
        /// The number where nothing is said.
        public var number: UInt16
        /// What is spoken there.
        public var purpose: String
    }

    /// OpenTelemetry's `db.system.name`.
    public var id: String
    /// The name that people know.
    public var title: String
    /// Base names of the server's executable.
    public var executables: [String]
    /// Classes and properties by which a Java virtual machine's command line shows the server.
    public var java: [String]
    /// How the names of its packages begin.
    public var packages: [String]
    /// Names of programs that are looked for where programs are installed.
    public var programs: [String]
    /// Where else its software is looked for.
    public var software: [String]
    /// Where data without a server is looked for.
    public var dataDirectories: [String]
    /// What a data directory holds: one whole set of these.
    public var dataMarks: [[String]]
    /// Where its configuration is, unless the command line names a file.
    public var configurationFiles: [String]
    /// Options that may enter a report.
    public var options: [Option]
    /// Ports that it listens on.
    public var ports: [Port]
    /// Where its version comes from, best first.
    public var versionSources: [String]
    /// Variables that are kept of a server's environment.
    public var variables: [String]
    /// Whether a scan looks for it only when it is asked to.
    public var isPreview: Bool
    /// Whether a real server has shown what is found, in the project's own tests; else fixture hosts have.
    public var isShownByServer: Bool

    enum CodingKeys: String, CodingKey {
        case id, title, executables, java, packages, programs, software, options, ports, variables
        case dataDirectories = "data_directories"
        case dataMarks = "data_marks"
        case configurationFiles = "configuration_files"
        case versionSources = "version_sources"
        case isPreview = "preview"
        case isShownByServer = "shown_by_server"
    }

    /// Describes `engine`.
    public init(_ engine: any Engine) {
        let profile = engine.profile
        id = profile.id
        title = profile.title
        executables = profile.executableNames.sorted()
        java = (profile.runtime?.mainClasses ?? []).union(profile.runtime?.properties ?? []).sorted()
        packages = profile.packagePrefixes
        programs = profile.programs
        software = profile.softwarePatterns
        dataDirectories = profile.dataDirectoryPatterns
        dataMarks = profile.directory.marks
        configurationFiles = profile.configuration.defaultFiles
        options = profile.options.map {
            Option(
                name: $0.name, setting: $0.setting, byDefault: $0.byDefault, arguments: $0.arguments,
                variable: $0.variable)
        }
        ports = profile.ports.filter { $0.number > 0 }.map { Port(number: $0.number, purpose: $0.purpose) }
        versionSources = profile.versionSources
        variables = profile.variables.sorted()
        isPreview = EngineRegistry.preview.contains { $0.id == profile.id }
        isShownByServer = profile.isShownByServer
    }
}
