import HostView
import Report

/// Who may come in without being asked: pg_hba.conf ("The pg_hba.conf File" in the manual), by type, address and method
/// alone.
///
/// A line's options may hold a password, so that they are never kept.
enum PostgreSQLAuthentication {
    private static let fileLimit = 100
    private static let depthLimit = 10

    /// One line, as far as it matters.
    struct Rule: Equatable {
        /// Nil for unix sockets.
        var address: String?
        /// Where it stands apart from the address.
        var mask: String?
        var method: String
        var line: Int
    }

    /// `trust`, when a rule lets somebody in from elsewhere without a question; `trust_local`, when only from the host
    /// itself; else `enabled`. Nothing but `trust` when not everything could be read.
    static func read(_ path: String, _ root: HostRoot, _ host: ScanContext) -> [Claim] {
        var remote: Claim?
        var local: Claim?
        var files: [String] = []
        var bytes = 0
        var isComplete = true
        func read(_ path: String, depth: Int, mayMiss: Bool = false) {
            guard files.count < fileLimit, depth < depthLimit, bytes < OptionFiles.byteLimit, !host.deadline.hasPassed
            else {
                host.log.add(
                    .includeLimit, path,
                    "more than \(fileLimit) files, \(depthLimit) deep or \(OptionFiles.byteLimit >> 20) MiB")
                isComplete = false
                return
            }
            guard !files.contains(path) else { return }
            let contents: FileContents
            do throws(HostError) { contents = try root.read(path) } catch {
                host.log.add(error)
                isComplete = isComplete && mayMiss && error.reason.isAbsent
                return
            }
            if contents.isCut {
                host.log.add(.fileTooLarge, path, "only the first \(contents.bytes.count) bytes were read")
                isComplete = false
            }
            let text = contents.text
            files.append(path)
            bytes += text.utf8.count
            for (number, words) in lines(text) {
                let target = words.count > 1 ? Path.join(Path.parent(of: path), words[1]) : path
                switch words[0] {
                case "include", "include_if_exists":
                    read(target, depth: depth + 1, mayMiss: words[0] == "include_if_exists")
                case "include_dir":
                    for entry in host.list(target, in: root) where entry.name.hasSuffix(".conf") {
                        read(Path.join(target, entry.name), depth: depth + 1)
                    }
                default:
                    guard let rule = rule(words, line: number), rule.method == "trust" else { continue }
                    let source = "\(path) line \(number)"
                    if let address = rule.address, !isLocal(address, mask: rule.mask) {
                        remote = remote ?? Claim("trust", source: source + ": " + address)
                    } else {
                        local = local ?? Claim("trust_local", source: source)
                    }
                }
            }
        }
        read(path, depth: 0)
        let enabled = isComplete ? Claim("enabled", source: path) : nil
        return [remote, isComplete ? local : nil, enabled].compactMap { $0 }
    }

    /// The words of each line that has any; a backslash at its end goes on in the next.
    static func lines(_ text: String) -> [(Int, [String])] {
        var found: [(Int, [String])] = []
        var pending = ""
        for (index, line) in text.allLines.enumerated() {
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
        var word = ""
        var isWord = false
        var isQuoted = false
        for character in line {
            if character == "\"" {
                isQuoted.toggle()
                isWord = true
            } else if !isQuoted, character == "#" {
                break
            } else if !isQuoted, character.isWhitespace {
                if isWord { words.append(word) }
                word = ""
                isWord = false
            } else {
                word.append(character)
                isWord = true
            }
        }
        return isWord ? words + [word] : words
    }

    /// `local db user method`, or `host db user address [mask] method`.
    static func rule(_ words: [String], line: Int) -> Rule? {
        guard let type = words.first else { return nil }
        if type == "local" {
            return words.count > 3 ? Rule(address: nil, mask: nil, method: words[3], line: line) : nil
        }
        guard ["host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"].contains(type), words.count > 4 else {
            return nil
        }
        let hasMask = !words[3].contains("/") && words[4].contains { $0 == "." || $0 == ":" } && words.count > 5
        return Rule(address: words[3], mask: hasMask ? words[4] : nil, method: words[hasMask ? 5 : 4], line: line)
    }

    /// An address of the host itself: loopback, with a mask that keeps it there.
    private static func isLocal(_ address: String, mask: String?) -> Bool {
        if ["localhost", "samehost", "::1/128"].contains(address) { return true }
        let parts = address.split(separator: "/")
        let numbers = (parts.first ?? "").split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard numbers.count == 4, !numbers.contains(nil), numbers[0] == 127 else {
            return address == "::1" && mask != "::"
        }
        return mask?.hasPrefix("255.") ?? (parts.count < 2 || (Int(parts[1]) ?? 0) >= 8)
    }
}
