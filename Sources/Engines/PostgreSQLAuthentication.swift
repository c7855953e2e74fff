import HostView
import Report

/// Who may come in without being asked: pg_hba.conf ("The pg_hba.conf File" in the manual), by type, address and method alone.
///
/// A line's options may hold a password, so that they are never kept.
enum PostgreSQLAuthentication {
    private static let fileLimit = 100
    private static let depthLimit = 10

    /// One line, as far as it matters.
    struct Rule: Equatable {
        /// Nil for unix sockets.
        var address: String?
        var method: String
        var line: Int
    }

    /// `trust`, when a rule lets somebody in from elsewhere without a question; `trust_local`, when only from the host itself; else `enabled`.
    /// Nothing when the file cannot be read.
    static func read(_ path: String, _ root: HostRoot, _ host: Host) -> [Claim] {
        var remote: Claim?
        var local: Claim?
        var files: [String] = []
        func read(_ path: String, depth: Int) -> Bool {
            guard files.count < fileLimit, depth < depthLimit else {
                host.log.add(.includeLimit, path, "more than \(fileLimit) files, or \(depthLimit) deep")
                return false
            }
            guard !files.contains(path), let text = host.text(path, in: root) else { return false }
            files.append(path)
            for (number, words) in lines(text) {
                let target = words.count > 1 ? Path.join(Path.parent(of: path), words[1]) : path
                switch words[0] {
                case "include", "include_if_exists": _ = read(target, depth: depth + 1)
                case "include_dir":
                    for entry in host.list(target, in: root) where entry.name.hasSuffix(".conf") {
                        _ = read(Path.join(target, entry.name), depth: depth + 1)
                    }
                default:
                    guard let rule = rule(words, line: number), rule.method == "trust" else { continue }
                    let source = "\(path) line \(number)"
                    if let address = rule.address, !isLocal(address) {
                        remote = remote ?? Claim("trust", source: source + ": " + address)
                    } else {
                        local = local ?? Claim("trust_local", source: source)
                    }
                }
            }
            return true
        }
        guard read(path, depth: 0) else { return [] }
        return [remote, local].compactMap { $0 } + [Claim("enabled", source: path)]
    }

    /// The words of each line that has any; a backslash at its end goes on in the next.
    static func lines(_ text: String) -> [(Int, [String])] {
        var found: [(Int, [String])] = []
        var pending = ""
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasSuffix("\\") {
                pending += line.dropLast()
                continue
            }
            let words = words(pending + line)
            pending = ""
            if !words.isEmpty { found.append((index + 1, words)) }
        }
        return found
    }

    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        for character in line {
            if character == "\"" {
                isQuoted.toggle()
                word = word ?? ""
            } else if !isQuoted, character == "#" {
                break
            } else if !isQuoted, character.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + [word].compactMap { $0 }
    }

    /// `local db user method`, or `host db user address [mask] method`.
    static func rule(_ words: [String], line: Int) -> Rule? {
        guard let type = words.first else { return nil }
        if type == "local" { return words.count > 3 ? Rule(address: nil, method: words[3], line: line) : nil }
        guard ["host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"].contains(type), words.count > 4 else {
            return nil
        }
        let hasMask = !words[3].contains("/") && words[4].contains { $0 == "." || $0 == ":" } && words.count > 5
        return Rule(address: words[3], method: words[hasMask ? 5 : 4], line: line)
    }

    private static func isLocal(_ address: String) -> Bool {
        ["localhost", "samehost", "::1", "::1/128"].contains(address)
            || address.hasPrefix("127.") && !address.hasSuffix("/0")
    }
}
