import Yams

/// One value of a configuration as it was written: in a file, in the environment or in a flag.
struct SettingNode: Sendable {
    /// What was written.
    indirect enum Content: Sendable {
        case scalar(String)
        case list([SettingNode])
        case map([(key: SettingNode, value: SettingNode)])
    }

    var content: Content
    /// Its line in the file; nil outside files.
    var line: Int?

    /// A value of YAML.
    init(_ node: Node) {
        line = node.mark?.line
        switch node {
        case .scalar(let scalar): content = .scalar(scalar.string)
        case .sequence(let items): content = .list(items.map(SettingNode.init))
        case .mapping(let members): content = .map(members.map { (SettingNode($0.key), SettingNode($0.value)) })
        case .alias: content = .scalar("")
        }
    }

    /// A value of its own.
    init(_ content: Content, line: Int? = nil) { (self.content, self.line) = (content, line) }

    /// The text of a scalar; nil for a list or a map.
    var text: String? { if case .scalar(let text) = content { text } else { nil } }

    /// The members of a map; nil for anything else. A key without a value is an empty map.
    var members: [(key: SettingNode, value: SettingNode)]? {
        switch content {
        case .map(let members): members
        case .scalar(""): []
        default: nil
        }
    }

    /// The value that `text` means for a type that is no scalar: YAML such as `[eu-*, us-*]`, or values separated by
    /// commas.
    static func flow(_ text: String) throws -> SettingNode {
        if let first = text.first, "[{".contains(first) {
            return SettingNode(try Yams.compose(yaml: text) ?? Node(""))
        }
        return SettingNode(.list(text.split(separator: ",").map { SettingNode(.scalar(String($0))) }))
    }
}
