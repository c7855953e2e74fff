import HostView
import Report

/// Reads my.cnf files with what they `!include` and `!includedir`, bounded in number and depth.
struct OptionFiles {
    static let fileLimit = 500
    static let depthLimit = 10
    /// The most bytes of all files together.
    static let byteLimit = 8 << 20

    let root: HostRoot
    let host: ScanContext
    private var bytes = 0
    private var isOverLimit = false
    /// The files that were there, in order.
    private(set) var files: [String] = []
    /// No file was there that could not be read.
    private(set) var isComplete = true

    init(root: HostRoot, host: ScanContext) {
        self.root = root
        self.host = host
    }

    /// Calls `option` with each option of `path` and its includes: file, group, name, value.
    mutating func read(
        _ path: String, option: (_ path: String, _ group: String, _ name: String, _ value: String) -> Void
    ) {
        read(path, depth: 0, option: option)
    }

    private mutating func read(_ path: String, depth: Int, option: (String, String, String, String) -> Void) {
        guard files.count < Self.fileLimit, depth < Self.depthLimit, bytes < Self.byteLimit else {
            // Once for all that one server reads: whoever writes many includes would fill the report with them.
            if !isOverLimit {
                host.log.add(
                    .includeLimit, path,
                    "more than \(Self.fileLimit) option files, \(Self.depthLimit) deep or \(Self.byteLimit >> 20) MiB")
            }
            isOverLimit = true
            isComplete = false
            return
        }
        guard !host.deadline.hasPassed, !files.contains(path) else { return }
        guard let text = host.text(path, in: root) else {
            if root.exists(path) { isComplete = false }
            return
        }
        files.append(path)
        bytes += text.utf8.count
        for line in Self.parse(text) {
            switch line {
            case .option(let group, let name, let value): option(path, group, name, value)
            case .include(let file): read(Path.join(Path.parent(of: path), file), depth: depth + 1, option: option)
            case .includeDirectory(let directory):
                let directory = Path.join(Path.parent(of: path), directory)
                for entry in host.list(directory, in: root) where entry.name.hasSuffix(".cnf") {
                    read(Path.join(directory, entry.name), depth: depth + 1, option: option)
                }
            }
        }
    }

    /// One line that means something.
    enum Line: Equatable {
        case option(group: String, name: String, value: String)
        case include(String)
        case includeDirectory(String)
    }

    static func parse(_ text: String) -> [Line] {
        var lines: [Line] = []
        var group = ""
        for raw in ConfigurationLines.significant(in: text, comments: [UInt8(ascii: "#"), UInt8(ascii: ";")]) {
            let line = trim(withoutComment(raw))
            if line.first == "[" {
                group = String(trim(line.dropFirst().prefix { $0 != "]" })).lowercased()
            } else if line.hasPrefix("!includedir") {
                lines.append(.includeDirectory(String(trim(line.dropFirst("!includedir".count)))))
            } else if line.hasPrefix("!include") {
                lines.append(.include(String(trim(line.dropFirst("!include".count)))))
            } else {
                let equals = line.firstIndex(of: "=") ?? line.endIndex
                let value = equals == line.endIndex ? "" : value(line[line.index(after: equals)...])
                lines.append(.option(group: group, name: String(trim(line[..<equals])), value: value))
            }
        }
        return lines
    }

    /// The line up to a `#` outside quotes, as the server's own reader cuts it (mysys/my_default.cc:
    /// remove_end_comment).
    private static func withoutComment(_ line: Substring) -> Substring {
        var quote: UInt8?
        var escaped = false
        for index in line.utf8.indices {
            let byte = line.utf8[index]
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\""), !escaped {
                if quote == nil { quote = byte } else if quote == byte { quote = nil }
            } else if byte == UInt8(ascii: "#"), quote == nil {
                return line[..<index]
            }
            escaped = quote != nil && byte == UInt8(ascii: "\\") && !escaped
        }
        return line
    }

    /// A value without quotes around it.
    private static func value(_ text: Substring) -> String {
        let text = trim(text)
        guard let quote = text.first, quote == "\"" || quote == "'", text.count > 1, text.last == quote else {
            return String(text)
        }
        return String(text.dropFirst().dropLast())
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
