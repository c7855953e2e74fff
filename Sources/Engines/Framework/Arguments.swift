import HostView

/// A server's command line, read through an allow-list: what is not on it is neither kept nor reported, and neither is
/// a value that does not have the form that it must have.
struct Arguments {
    /// The allowed options' values by canonical name; a flag's value is empty, and the last of several counts.
    private(set) var values: [String: String] = [:]
    /// argv[0] and the allowed options; of a value that does not fit only the option's name.
    private(set) var reported: [String] = []
    /// Options whose values do not fit, and what they must be.
    private(set) var unfit: [(name: String, type: ValueType)] = []

    /// Reads `words`, argv[0] first.
    ///
    /// - Parameters:
    ///   - allowed: canonical names of options and the form of their values; a value follows by `=` or, unless it is a
    ///     flag's, as the next word.
    ///   - short: one-letter options whose value may follow at once, as in `-P3307`.
    ///   - canonical: turns an option as written, without its hyphens, into its canonical name.
    init(
        _ words: [String], allowed: [String: ValueType], short: [Character: String] = [:],
        canonical: (String) -> String
    ) {
        guard let program = words.first else { return }
        // A program that rewrites its title may put all its arguments into argv[0]: what follows the name is not
        // allow-listed.
        reported = [Self.title(program)]
        var index = 1
        while index < words.count {
            let word = words[index]
            index += 1
            guard word.hasPrefix("-") else { continue }
            let body = word.drop { $0 == "-" }
            if !word.hasPrefix("--"), body.count > 1, let letter = body.first, let name = short[letter] {
                add(name, String(body.dropFirst()), as: [word], unfit: "-\(letter)", allowed[name])
                continue
            }
            let equals = body.firstIndex(of: "=")
            let written = String(body[..<(equals ?? body.endIndex)])
            let name = canonical(written)
            guard let type = allowed[name] else { continue }
            let option = String(word.prefix { $0 == "-" }) + written
            if let equals {
                add(name, String(body[body.index(after: equals)...]), as: [word], unfit: option, type)
            } else if type != .flag, index < words.count, !words[index].hasPrefix("-") {
                add(name, words[index], as: [word, words[index]], unfit: option, type)
                index += 1
            } else {
                values[name] = ""
                reported.append(word)
            }
        }
    }

    private mutating func add(
        _ name: String, _ value: String, as words: [String], unfit option: String, _ type: ValueType?
    ) {
        if type == .presence {
            values[name] = value.isEmpty ? nil : "set"
            reported.append(option)
            return
        }
        guard let type, !type.fits(value) else {
            values[name] = value
            reported += words
            return
        }
        unfit.append((name, type))
        reported.append(option)
    }

    private static func title(_ program: String) -> String {
        let bytes = Array(program.utf8)
        let cut = ByteSearch.positions(of: Array(" -".utf8), in: bytes).first ?? bytes.count
        let title = String(decoding: bytes[..<cut], as: UTF8.self)
        return ValueType.isSafe(title) ? title : "…"
    }

    /// What the argument `name` says.
    func claim(_ name: String, pid: Int32) -> Claim? {
        values[name].map { Claim($0, source: "/proc/\(pid)/cmdline: \(name)") }
    }

    /// Says which values do not fit.
    func reportUnfit(pid: Int32, _ log: ProblemLog) {
        for (name, type) in unfit {
            log.add(
                .invalidValue, "/proc/\(pid)/cmdline: \(name)", "is not \(type.description): the value is not reported",
                partial: false)
        }
    }
}
