/// An option of a server that may enter the report, wherever it is set.
///
/// What is on no profile's list is neither kept nor reported.
public struct EngineOption: Sendable {
    /// Its name in the configuration file, sections and parents before it: `storage.path`.
    public var name: String
    /// The form that a value must have.
    var type: ValueType
    /// Its name in the report's `settings`; nil for one that says where something lies.
    public var setting: String?
    /// What the server does where nothing is said, by its manual; nil where that depends.
    public var byDefault: String?
    /// Its names as an argument, without hyphens.
    public var arguments: [String]
    /// The variable that sets it.
    public var variable: String?
    /// Further names in the configuration file, of other versions.
    public var otherNames: [String]

    init(
        _ name: String, _ type: ValueType, setting: String? = nil, byDefault: String? = nil, arguments: [String]? = nil,
        variable: String? = nil, otherNames: [String] = []
    ) {
        self.name = name
        self.type = type
        self.setting = setting
        self.byDefault = byDefault
        self.arguments = arguments ?? [name]
        self.variable = variable
        self.otherNames = otherNames
    }
}

/// Which files hold a server's options.
public struct ConfigurationProfile: Sendable {
    /// How they are written.
    var format = ConfigurationFormat.words
    /// Where they lie unless the command line names one: patterns for `HostRoot.glob`.
    public var defaultFiles: [String] = []
    /// The arguments that name one, without hyphens.
    public var arguments: [String] = []
    /// The variable that names one.
    public var variable: String?
    /// The first argument without a hyphen names one.
    var isPositional = false
    /// The server rewrites its command line: without a file, nothing is known of what it was told.
    var hidesArguments = false
    /// The option of a file that includes another one.
    var include: String?
    /// Further files that overrule the first: patterns below its directory.
    var dropIns: [String] = []
    /// Where its directory is named and not the file: what the file is called.
    var nameInDirectory: String?
}

/// How a data directory is recognised.
public struct DirectoryProfile: Sendable {
    /// The options that name it; the first counts most.
    public var options: [String] = []
    /// Sets of paths below it that only this engine writes: one whole set must be there.
    public var marks: [[String]] = []
    /// The server works in it.
    var isWorkingDirectory = false
    /// Where it is when nothing is said, absolute or below the working directory.
    var byDefault: String?
    /// A server may have none: it keeps its data in memory.
    var isOptional = false
    /// Further directories of the server, by the options that name them.
    var others: [(option: String, purpose: Purpose)] = []

    /// What else a server keeps outside its data directory.
    enum Purpose: Sendable { case log, wal, data }
}

/// A port that the server listens on.
public struct PortProfile: Sendable {
    /// The number where nothing is said.
    public var number: UInt16
    /// What is spoken there.
    public var purpose: String
    /// The setting of the report that has the number, or addresses with it; nil for one that is not known.
    public var setting: String?

    /// The ports in a setting: a number, or addresses and URLs with a port each.
    static func numbers(in setting: String) -> [UInt16] {
        setting.split { $0 == "," || $0 == " " }.compactMap { part in
            part.allSatisfy(\.isNumber)
                ? UInt16(part) : part.lastIndex(of: ":").flatMap { UInt16(part[part.index(after: $0)...]) }
        }
    }

    init(_ number: UInt16, _ purpose: String, setting: String? = nil) {
        self.number = number
        self.purpose = purpose
        self.setting = setting
    }
}
