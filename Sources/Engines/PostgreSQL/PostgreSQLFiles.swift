import HostView
import Report

/// Reads postgresql.conf files with `include`, `include_if_exists` and `include_dir`, bounded in number and depth.
struct PostgreSQLFiles {
    static let fileLimit = 500
    static let depthLimit = 10  // as the server's own CONF_FILE_MAX_DEPTH

    let root: HostRoot
    let host: ScanContext
    private var bytes = 0
    private var isOverLimit = false
    private(set) var files: [String] = []
    /// Every file that must be there was read.
    private(set) var isComplete = true

    init(root: HostRoot, host: ScanContext) {
        self.root = root
        self.host = host
    }

    /// One `name = value` and the file it stands in.
    struct Setting: Equatable {
        var name: String
        var value: String
        var source: String
    }

    /// The settings of `path` and its includes, in their order: the last one of a name counts.
    mutating func read(_ path: String) -> [Setting] { read(path, depth: 0) }

    private mutating func read(_ path: String, depth: Int) -> [Setting] {
        guard files.count < Self.fileLimit, depth < Self.depthLimit, bytes < OptionFiles.byteLimit else {
            if !isOverLimit {
                host.log.add(
                    .includeLimit, path,
                    "more than \(Self.fileLimit) files, \(Self.depthLimit) deep or \(OptionFiles.byteLimit >> 20) MiB")
            }
            isOverLimit = true
            isComplete = false
            return []
        }
        guard !host.deadline.hasPassed, !files.contains(path) else { return [] }
        guard let text = host.text(path, in: root) else {
            if root.exists(path) { isComplete = false }
            return []
        }
        files.append(path)
        bytes += text.utf8.count
        var settings: [Setting] = []
        for (name, value) in Self.parse(text) {
            let target = Path.join(Path.parent(of: path), value)
            switch name {
            case "include", "include_if_exists": settings += read(target, depth: depth + 1)
            case "include_dir":
                for entry in host.list(target, in: root)
                where entry.name.hasSuffix(".conf") && !entry.name.hasPrefix(".") {
                    settings += read(Path.join(target, entry.name), depth: depth + 1)
                }
            default:
                guard let type = PostgreSQLSettings.allowed[name] else { break }
                // The last one counts, and says everything.
                settings.removeAll { $0.name == name }
                if let claim = Claim(value, source: "\(path) \(name)").fitting(type, host.log) {
                    settings.append(Setting(name: name, value: claim.value, source: claim.source))
                }
            }
        }
        return settings
    }

    /// The lines `name = value`, `name value` and `name = 'value'`, names in lower case.
    static func parse(_ text: String) -> [(name: String, value: String)] {
        ConfigurationLines.significant(in: text).compactMap { line in
            let line = line.drop(while: \.isWhitespace)
            let name = line.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
            guard !name.isEmpty, name.first?.isNumber == false else { return nil }
            var rest = line[name.endIndex...].drop(while: \.isWhitespace)
            if rest.first == "=" { rest = rest.dropFirst().drop(while: \.isWhitespace) }
            return (name.lowercased(), value(rest))
        }
    }

    private static func value(_ text: Substring) -> String {
        guard text.first == "'" else { return String(text.prefix { !$0.isWhitespace && $0 != "#" }) }
        var value = ""
        var rest = text.dropFirst()
        while let character = rest.popFirst() {
            if character == "'" {
                guard rest.first == "'" else { break }
                rest.removeFirst()
            } else if character == "\\", let next = rest.popFirst() {
                value.append(next)
                continue
            }
            value.append(character)
        }
        return value
    }
}
