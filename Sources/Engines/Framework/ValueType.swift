/// The form that a value must have to enter a report.
///
/// Names come from allow-lists, values from files and arguments that any user may write: a password in the wrong place,
/// or a whole line of another file behind a link, has another form. What does not fit is not reported, and the problem
/// that says so does not quote it.
enum ValueType: Sendable, Equatable {
    /// `on`, `off`, their spellings and MariaDB's `no_lock`; on a command line no value follows.
    case flag
    /// A whole number in a range.
    case number(ClosedRange<Int64>)
    /// IP addresses, host names, `*` and paths of sockets, with commas or blanks between them; or nothing.
    case addresses
    /// URLs without a user, with commas between them: `https://10.0.0.1:2379`.
    case urls
    /// An absolute path.
    case path
    /// An absolute path, or a plain name relative to a directory that the server knows.
    case file
    /// Nothing, an absolute path, `stderr`, or a plain name that ends in `.log` or `.err`.
    case log
    /// A number with a fraction or without.
    case decimal
    /// `name`, or `name/host:port,host:port`: a replica set and some of its members.
    case members
    /// What people call a cluster or a user: letters, digits, blanks and `.:/_+#-`, at most 64 bytes.
    case name
    /// 8-4-4-4-12 hexadecimal digits.
    case uuid
    /// Anything, which is not kept: only that something is there. For secrets.
    case presence
    /// One of these words, in lower or upper case.
    case word(Set<String>)
    /// Some of these words, with commas between them.
    case words(Set<String>)

    /// What a problem says of a value that does not fit.
    var description: String {
        switch self {
        case .flag: "on or off"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .addresses: "a list of addresses"
        case .urls: "a list of URLs without a user"
        case .path: "an absolute path"
        case .file: "a path"
        case .log: "the path of a log"
        case .decimal: "a number"
        case .members: "a replica set"
        case .name: "a name"
        case .uuid: "a UUID"
        case .presence: "anything"
        case .word(let words): "one of \(words.sorted().joined(separator: ", "))"
        case .words(let words): "a list of \(words.sorted().joined(separator: ", "))"
        }
    }

    /// A TCP port; 0 where TCP is off.
    static let port = number(0...65_535)
    /// A count of anything.
    static let count = number(0...Int64(UInt32.max))

    private static let flags: Set<String> = [
        "", "0", "1", "on", "off", "true", "false", "yes", "no", "t", "f", "y", "n", "no_lock", "no_lock_no_admin",
    ]

    /// Whether `value` has the form.
    func fits(_ value: String) -> Bool {
        guard value.utf8.count <= EvidenceLimits.text, Self.isSafe(value) else { return false }
        switch self {
        case .flag: return Self.flags.contains(value.lowercased())
        case .number(let range): return Int64(value).map(range.contains) ?? false
        case .addresses:
            let parts = value.split { $0 == "," || $0 == " " }
            return parts.count <= EvidenceLimits.entries && parts.allSatisfy(Self.isAddress)
        case .urls:
            let parts = value.split { $0 == "," || $0 == " " }
            return parts.count <= EvidenceLimits.entries
                && parts.allSatisfy { $0.utf8.count <= 253 && Self.isPlain($0, ".:_%-[]/*") }
        case .path: return value.hasPrefix("/")
        case .file: return value.hasPrefix("/") || value.utf8.count <= 255 && Self.isPlain(value, "._/-")
        case .log:
            return value.isEmpty || value.hasPrefix("/") || value.lowercased() == "stderr"
                || (value.hasSuffix(".log") || value.hasSuffix(".err")) && Self.isPlain(value, "._/-")
        case .decimal: return value.utf8.count <= 32 && Double(value)?.isFinite == true
        case .members:
            let parts = value.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            return Self.name.fits(String(parts[0])) && (parts.count == 1 || Self.addresses.fits(String(parts[1])))
        case .name: return value.utf8.count <= 64 && Self.isPlain(value, " .:/_+#-")
        case .uuid:
            return value.split(separator: "-", omittingEmptySubsequences: false).map(\.utf8.count) == [8, 4, 4, 4, 12]
                && value.utf8.allSatisfy { $0 == 0x2D || Self.isHexadecimal($0) }
        case .presence: return value == "set"
        case .word(let words): return words.contains { $0.caseInsensitive(value) }
        case .words(let words):
            return value.split(separator: ",").allSatisfy { word in
                words.contains { $0.caseInsensitive(word.split(separator: " ").joined(separator: " ")) }
            }
        }
    }

    /// Neither a control character nor what looks like `user:password@`, in a URL or without one.
    static func isSafe(_ value: String) -> Bool {
        guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return false }
        guard let at = value.utf8.lastIndex(of: UInt8(ascii: "@")) else { return true }
        return !value.utf8[..<at].contains(UInt8(ascii: ":"))
    }

    private static func isPlain(_ value: some StringProtocol, _ marks: String) -> Bool {
        value.utf8.allSatisfy { isLetter($0) || isDigit($0) || marks.utf8.contains($0) }
    }

    private static func isAddress(_ value: Substring) -> Bool {
        value == "*" || value.hasPrefix("/") && isSafe(String(value))
            || value.utf8.count <= 253 && isPlain(value, ".:_%-[]*")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    private static func isHexadecimal(_ byte: UInt8) -> Bool { isDigit(byte) || (0x61...0x66).contains(byte | 0x20) }
}

extension String {
    fileprivate func caseInsensitive(_ other: String) -> Bool { lowercased() == other.lowercased() }
}

extension Claim {
    /// The claim, if its value fits; else a problem that names the source and not the value.
    func fitting(_ type: ValueType, _ log: ProblemLog) -> Claim? {
        if type.fits(value) { return self }
        log.add(.invalidValue, source, "is not \(type.description): the value is not reported", partial: false)
        return nil
    }
}
