/// One setting: the file, the environment, the flags, the reference and `config check` all go by this declaration.
///
/// Its default is the initial value of the property that it is kept in.
struct Setting<Root: Sendable>: Sendable {
    /// Its sections and its key, with dots between them, such as `server.port`.
    let name: String
    /// One or two sentences for the reference.
    let help: String
    /// What a value must be.
    let type: String
    /// Whether a flag or a variable has it as one text.
    let isScalar: Bool
    /// Whether SIGHUP changes it; others need a restart.
    let isLive: Bool
    /// Whether its value is shown nowhere.
    let isSecret: Bool
    /// Puts a value into a configuration.
    let read: @Sendable (inout Root, SettingNode) throws(SettingMismatch) -> Void
    /// The value in a configuration, as YAML in one line; empty for none.
    let write: @Sendable (Root) -> String
    /// Takes the value from another configuration.
    let copy: @Sendable (inout Root, Root) -> Void

    /// The setting `name`, kept in the property at `path`.
    init<Value: Sendable>(
        _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ type: SettingType<Value>,
        live isLive: Bool = false, secret isSecret: Bool = false, _ help: String
    ) {
        (self.name, self.help, self.isLive, self.isSecret) = (name, help, isLive, isSecret)
        (self.type, isScalar) = (type.name, type.isScalar)
        read = { root, node throws(SettingMismatch) in root[keyPath: path] = try type.read(node) }
        write = { type.write($0[keyPath: path]) }
        copy = { $0[keyPath: path] = $1[keyPath: path] }
    }

    /// Its name in the environment, such as `DBCENSUS_SERVER_PORT`.
    var variable: String { "DBCENSUS_" + name.uppercased().replacing(".", with: "_") }
}

/// Where a value comes from.
enum SettingSource: Sendable, Equatable, CustomStringConvertible {
    case `default`
    case file(String, line: Int?)
    case environment(String)
    case flag(String)

    /// The source, as error messages and `config check --print` name it.
    var description: String {
        switch self {
        case .default: "default"
        case .file(let file, let line): line.map { "\(file), line \($0)" } ?? file
        case .environment(let variable): "environment variable \(variable)"
        case .flag(let flag): flag
        }
    }
}

/// A configuration, and where each of its values comes from.
struct Configured<Root: Sendable>: Sendable {
    var value: Root
    /// By the setting's name; settings that are not there have their defaults.
    var sources: [String: SettingSource] = [:]
}
