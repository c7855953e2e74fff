/// The files `~/.aws/config` and `~/.aws/credentials`: sections, keys, and keys nested below a key.
///
/// Format: "Configuration and credential file settings in the AWS CLI". Line ends may be `\n` or `\r\n`.
package struct ProfileFile: Sendable, Equatable {
    /// A section's keys in lower case; a nested key is `parent.child`.
    package typealias Section = [String: String]

    package var profiles: [String: Section] = [:]
    /// `[sso-session NAME]`.
    package var sessions: [String: Section] = [:]
    /// `[services NAME]`, with keys such as `ssm.endpoint_url`.
    package var services: [String: Section] = [:]

    package enum Kind: Sendable { case config, credentials }

    package init() {}

    /// - Throws: `configuration`, with the line of the first error.
    package init(parsing bytes: [UInt8], kind: Kind, path: String) throws(AWSError) {
        var target: WritableKeyPath<ProfileFile, [String: Section]>?
        var name = ""
        var parent: String?
        var text = String(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        for (index, line) in lines.enumerated() {
            let trimmed = line.trimmed
            if trimmed.isEmpty || trimmed.hasPrefix("#") || trimmed.hasPrefix(";") { continue }
            func problem(_ words: String) -> AWSError {
                AWSError(.configuration, "\(path), line \(index + 1): \(words)")
            }
            if trimmed.hasPrefix("[") {
                guard let end = trimmed.firstIndex(of: "]") else { throw problem("the section has no closing bracket") }
                (target, name) = Self.section(trimmed[trimmed.index(after: trimmed.startIndex)..<end].trimmed, kind)
                if let target { self[keyPath: target][name, default: [:]].merge([:]) { old, _ in old } }
                parent = nil
                continue
            }
            guard let equals = trimmed.firstIndex(of: "=") else {
                throw problem("expected `key = value` or `[section]`")
            }
            let key = trimmed[..<equals].trimmed.lowercased()
            let value = Self.value(trimmed[trimmed.index(after: equals)...])
            guard !key.isEmpty else { throw problem("the key is missing before `=`") }
            guard let target else { continue }
            if let first = line.first, first == " " || first == "\t", let parent {
                self[keyPath: target][name]?["\(parent).\(key)"] = value
            } else {
                self[keyPath: target][name]?[key] = value
                parent = value.isEmpty ? key : nil
            }
        }
    }

    /// A comment begins at a blank with `#` or `;`.
    private static func value(_ text: Substring) -> String {
        var end = text.endIndex
        for mark in [" #", " ;", "\t#", "\t;"] {
            if let range = text.firstRange(of: mark), range.lowerBound < end { end = range.lowerBound }
        }
        return String(text[..<end].trimmed)
    }

    private static func section(
        _ header: Substring, _ kind: Kind
    ) -> (WritableKeyPath<ProfileFile, [String: Section]>?, String) {
        let words = header.split(separator: " ", maxSplits: 1).map { $0.trimmed }
        guard kind == .config else { return (\.profiles, String(header)) }
        if header == "default" { return (\.profiles, "default") }
        guard words.count == 2 else { return (nil, "") }
        let name = words[1].filter { $0 != "\"" && $0 != "'" }
        switch words[0] {
        case "profile": return (\.profiles, name)
        case "sso-session": return (\.sessions, name)
        case "services": return (\.services, name)
        default: return (nil, "")
        }
    }

    /// Adds the other file's sections; for a key in both, the other file's value holds.
    package mutating func merge(_ other: ProfileFile) {
        profiles.merge(other.profiles) { $0.merging($1) { $1 } }
        sessions.merge(other.sessions) { $0.merging($1) { $1 } }
        services.merge(other.services) { $0.merging($1) { $1 } }
    }
}

extension StringProtocol {
    var trimmed: SubSequence {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}
