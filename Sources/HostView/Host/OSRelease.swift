/// `/etc/os-release` or `/usr/lib/os-release` (os-release(5)).
public struct OSRelease: Sendable, Equatable {
    /// `ID`, such as `debian`.
    public var id: String
    /// `VERSION_ID`, such as `12`.
    public var version: String?
    /// `PRETTY_NAME`.
    public var name: String?

    /// Reads the first of the two files that is there; nil when none names an id.
    public static func read(_ root: HostRoot) -> OSRelease? {
        for path in ["/etc/os-release", "/usr/lib/os-release"] {
            if let text = try? root.read(path).text, let release = parse(text) { return release }
        }
        return nil
    }

    static func parse(_ text: String) -> OSRelease? {
        var values: [Substring: String] = [:]
        for line in text.lines where !line.hasPrefix("#") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            values[line[..<equals]] = unquote(line[line.index(after: equals)...])
        }
        guard let id = values["ID"], !id.isEmpty else { return nil }
        return OSRelease(id: id, version: values["VERSION_ID"], name: values["PRETTY_NAME"])
    }

    /// Shell-like quoting, as far as the file may use it.
    private static func unquote(_ value: Substring) -> String {
        var text = value
        if let quote = text.first, quote == "\"" || quote == "'", text.count > 1, text.last == quote {
            text = text.dropFirst().dropLast()
        }
        var result = ""
        var escaped = false
        for character in text {
            if character == "\\", !escaped {
                escaped = true
            } else {
                result.append(character)
                escaped = false
            }
        }
        return result
    }
}
