/// A systemd service (systemd.service(5)): what it would start, and the variables that its command line uses.
public struct ServiceUnit: Sendable, Equatable {
    /// The unit's name, such as `mysqld@orders.service`.
    public var name: String
    /// The commands of `ExecStart=`, their words taken apart and variables put in.
    public var commands: [[String]] = []
    /// `Environment=` and the files of `EnvironmentFile=`. May hold secrets: only names that are asked for may leave.
    public var environment: [String: String] = [:]

    /// `WorkingDirectory=`, where it is an absolute path.
    public var workingDirectory: String?

    private static let suffix = ".service"
    /// Where administrators and generators put units: every service there is read.
    private static let ownDirectories = ["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system"]
    /// Where packages put theirs: hundreds of them, so that names decide.
    private static let packageDirectories = ["/usr/lib/systemd/system", "/lib/systemd/system"]
    private static let fileLimit = 256 << 10
    /// The most files of variables of one unit.
    private static let environmentFileLimit = 16
    /// The most units that are read.
    public static let limit = 1_000

    /// The services below `root`: all of an administrator's, and of the packages' those whose name begins with one of
    /// `names`.
    ///
    /// A shortfall names a file that was there and could not be read, or not as a whole, or a directory with too many
    /// units.
    public static func all(_ root: HostRoot, names: [String]) -> Bounded<[ServiceUnit]> {
        var reader = Reader(root: root)
        var files: [String: String] = [:]  // the first directory that has a unit of the name wins
        for directory in ownDirectories + packageDirectories {
            let isOwn = ownDirectories.contains(directory)
            for name in reader.names(directory) where name.hasSuffix(suffix) && files[name] == nil {
                if isOwn || names.contains(where: name.hasPrefix) { files[name] = directory + "/" + name }
            }
        }
        // A template stands for its instances, which are links to it.
        let plain = files.filter { !$0.key.hasSuffix("@" + suffix) }.map { (name: $0.key, file: $0.value) }
        let all = plain.sorted { $0.name < $1.name } + instances(&reader, files)
        if all.count > limit {
            reader.shortfalls.note(HostError(operation: "list", path: ownDirectories[0], reason: .tooLarge))
        }
        let units = all.prefix(limit).compactMap { read($0.name, $0.file, &reader) }
        return Bounded(units, shortfalls: reader.shortfalls)
    }

    /// The enabled instances of templates, by the links in `*.wants`.
    private static func instances(_ reader: inout Reader, _ files: [String: String]) -> [(name: String, file: String)] {
        let directories = reader.root.glob("/etc/systemd/system/*.wants").value(notingIn: &reader.shortfalls)
        let names = directories.flatMap { reader.names($0) }
        return Set(names).sorted().compactMap { name in
            guard name.hasSuffix(suffix), let at = name.firstIndex(of: "@"), !name.hasSuffix("@" + suffix) else {
                return nil
            }
            return files[name[...at] + suffix].map { (name, $0) }
        }
    }

    private static func read(_ name: String, _ file: String, _ reader: inout Reader) -> ServiceUnit? {
        guard let text = reader.text(file) else { return nil }
        let instance = name.firstIndex(of: "@").map { String(name[name.index(after: $0)...].dropLast(suffix.count)) }
        let template = name.firstIndex(of: "@").map { String(name[...$0]) + suffix }
        var texts = [text]
        for directory in ownDirectories + packageDirectories {
            for unit in [template, name].compactMap({ $0 }) {
                let parts = "\(directory)/\(unit).d"
                texts += reader.names(parts).filter { $0.hasSuffix(".conf") }.compactMap {
                    reader.text(parts + "/" + $0)
                }
            }
        }
        var unit = ServiceUnit(name: name)
        var starts: [String] = []
        for text in texts { unit.parse(text, instance: instance, &reader, starts: &starts) }
        unit.commands = starts.map { words($0).flatMap(unit.withVariables) }.filter { !$0.isEmpty }
        return unit
    }

    /// Reads files and directories, and keeps what could not be read.
    private struct Reader {
        let root: HostRoot
        var shortfalls: [HostError] = []

        mutating func text(_ path: String) -> String? {
            do throws(HostError) {
                let bytes = try root.read(path, limit: ServiceUnit.fileLimit).value(notingIn: &shortfalls)
                return String(decoding: bytes, as: UTF8.self)
            } catch {
                if !error.reason.isAbsent { shortfalls.note(error) }
                return nil
            }
        }

        mutating func names(_ path: String) -> [String] {
            do throws(HostError) {
                return try root.list(path).value(notingIn: &shortfalls).map(\.name)
            } catch {
                if !error.reason.isAbsent { shortfalls.note(error) }
                return []
            }
        }
    }

    private mutating func parse(_ text: String, instance: String?, _ reader: inout Reader, starts: inout [String]) {
        var pending: [String] = []
        var isService = false
        var files = 0
        for raw in text.lines {
            let part = Self.trimmed(raw)
            if part.hasPrefix("#") || part.hasPrefix(";") { continue }
            if part.hasSuffix("\\") {
                pending.append(String(part.dropLast()))
                continue
            }
            let line = (pending + [part]).joined(separator: " ")
            pending = []
            if line.hasPrefix("[") { isService = line == "[Service]" }
            guard isService, let equals = line.firstIndex(of: "=") else { continue }
            let value = Self.withInstance(Self.trimmed(line[line.index(after: equals)...]), instance)
            switch Self.trimmed(line[..<equals]) {
            case "ExecStart":
                if value.isEmpty { starts = [] } else { starts.append(String(value.drop { "@-:+!".contains($0) })) }
            case "WorkingDirectory":
                let path = String(value.drop { $0 == "-" })
                workingDirectory = path.hasPrefix("/") ? path : nil
            case "Environment": for word in Self.words(value) { add(assignment: word) }
            case "EnvironmentFile":
                let path = String(value.drop { $0 == "-" })
                files += 1
                guard files <= Self.environmentFileLimit else {
                    reader.shortfalls.note(HostError(operation: "read", path: path, reason: .tooLarge))
                    return
                }
                for line in (reader.text(path) ?? "").lines where !line.hasPrefix("#") {
                    add(assignment: Self.words(String(line)).joined(separator: " "))
                }
            default: break
            }
        }
    }

    private mutating func add(assignment: String) {
        guard let equals = assignment.firstIndex(of: "=") else { return }
        environment[String(assignment[..<equals])] = String(assignment[assignment.index(after: equals)...])
    }

    /// `%i` and `%I` are the instance's name; `%%` is a percent sign.
    private static func withInstance(_ text: String, _ instance: String?) -> String {
        guard text.contains("%") else { return text }
        var result = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "%", let next = rest.popFirst() else {
                result.append(character)
                continue
            }
            switch next {
            case "i", "I": result += instance ?? ""
            case "%": result += "%"
            default: result += "%\(next)"
            }
        }
        return result
    }

    /// `${NAME}` anywhere in a word; `$NAME` as a word of its own stands for the words of its value.
    private func withVariables(_ word: String) -> [String] {
        if word.hasPrefix("$"), !word.hasPrefix("${") { return Self.words(environment[String(word.dropFirst())] ?? "") }
        var result = ""
        var rest = word[...]
        while let open = rest.firstIndex(of: "$") {
            guard rest[open...].hasPrefix("${"), let close = rest[open...].firstIndex(of: "}") else { break }
            result += rest[..<open]
            result += environment[String(rest[rest.index(open, offsetBy: 2)..<close])] ?? ""
            rest = rest[rest.index(after: close)...]
        }
        return [result + rest]
    }

    /// Words as systemd splits them: by blanks, quotes of either kind taken away, a backslash before any character.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isWord = false
        var quote: Character?
        var isEscaped = false
        for character in text {
            let isBlank = character == " " || character == "\t"
            if !isEscaped, character == "\\" {
                isEscaped = true
                continue
            }
            if isEscaped || (quote != nil && character != quote)
                || (quote == nil && !isBlank && character != "\"" && character != "'")
            {
                word.append(character)
                isWord = true
            } else if isBlank {
                if isWord { words.append(word) }
                word = ""
                isWord = false
            } else {
                quote = quote == nil ? character : nil
                isWord = true
            }
            isEscaped = false
        }
        return isWord ? words + [word] : words
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " || $0 == "\t" || $0 == "\r" }
        while let last = text.last, last == " " || last == "\t" || last == "\r" { text.removeLast() }
        return String(text)
    }
}
