import HostView

/// A server's command line, read through an allow-list: what is not on it is neither kept nor reported.
struct Arguments {
    /// What follows an option.
    enum Kind { case flag, value }

    /// The allowed options' values by canonical name; a flag's value is empty, and the last of several counts.
    private(set) var values: [String: String] = [:]
    /// argv[0] and the allowed options, word for word.
    private(set) var reported: [String] = []

    /// Reads `words`, argv[0] first.
    ///
    /// - Parameters:
    ///   - allowed: canonical names of options and whether a value follows, by `=` or as the next word.
    ///   - short: one-letter options whose value may follow at once, as in `-P3307`.
    ///   - canonical: turns an option as written, without its hyphens, into its canonical name.
    init(_ words: [String], allowed: [String: Kind], short: [Character: String] = [:], canonical: (String) -> String) {
        guard let program = words.first else { return }
        // A program that rewrites its title may put all its arguments into argv[0]: what follows the name is not allow-listed.
        reported = [Self.title(program)]
        var index = 1
        while index < words.count {
            let word = words[index]
            index += 1
            guard word.hasPrefix("-") else { continue }
            let body = word.drop { $0 == "-" }
            if !word.hasPrefix("--"), body.count > 1, let letter = body.first, let name = short[letter] {
                reported.append(word)
                values[name] = String(body.dropFirst())
                continue
            }
            let equals = body.firstIndex(of: "=")
            let name = canonical(String(body[..<(equals ?? body.endIndex)]))
            guard let kind = allowed[name] else { continue }
            reported.append(word)
            if let equals {
                values[name] = String(body[body.index(after: equals)...])
            } else if kind == .value, index < words.count, !words[index].hasPrefix("-") {
                values[name] = words[index]
                reported.append(words[index])
                index += 1
            } else {
                values[name] = ""
            }
        }
    }

    private static func title(_ program: String) -> String {
        let bytes = Array(program.utf8)
        let cut = ByteSearch.positions(of: Array(" -".utf8), in: bytes).first ?? bytes.count
        return String(decoding: bytes[..<cut], as: UTF8.self)
    }

    /// What the argument `name` says.
    func claim(_ name: String, pid: Int32) -> Claim? {
        values[name].map { Claim($0, source: "/proc/\(pid)/cmdline: \(name)") }
    }
}
