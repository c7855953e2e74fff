import HostView

/// A Java virtual machine's command line: what it runs, and from where (java(1)).
struct JavaCommand {
    /// `org.elasticsearch.bootstrap.Elasticsearch`; of a module, `module/class`, the class.
    private(set) var mainClass: String?
    /// The archive of `-jar`.
    private(set) var jar: String?
    /// Directories, archives and `directory/*` where classes come from, modules' too.
    private(set) var classPath: [String] = []
    /// Names of the properties that `-D` sets.
    private(set) var properties: Set<String> = []

    /// An argument file was named and not read, and nothing else says what runs.
    var runsUnknown: Bool { hasUnreadFiles && mainClass == nil && jar == nil }
    private var hasUnreadFiles = false

    /// The most entries of a class path that are kept, and words that an argument file may have.
    private static let pathLimit = 4_096, wordLimit = 4_096
    /// The most bytes of an argument file.
    static let fileLimit = 64 << 10
    /// Options whose value is the next word.
    private static let withValue: Set<String> = [
        "-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path", "--add-modules",
        "--limit-modules", "--add-exports", "--add-opens", "--add-reads", "--patch-module", "--source",
        "--enable-native-access", "--finalization",
    ]
    private static let paths: Set<String> = ["-cp", "-classpath", "--class-path", "-p", "--module-path"]

    /// Reads `words`, argv[0] first.
    ///
    /// - Parameter file: gives the text of an argument file, `@name`.
    init(_ words: [String], file: (String) -> String? = { _ in nil }) {
        var rest = Array(words.dropFirst().reversed())
        var files = 0
        while let word = rest.popLast(), mainClass == nil, jar == nil {
            if word.hasPrefix("@"), !word.hasPrefix("@@") {
                files += 1
                guard files <= 8, let text = file(String(word.dropFirst())) else {
                    hasUnreadFiles = true
                    continue
                }
                rest += Self.words(text).reversed()
            } else if word == "-jar" {
                jar = rest.popLast()
            } else if word == "-m" || word == "--module" {
                mainClass = rest.popLast().map(Self.classOfModule)
            } else if word.hasPrefix("--module=") {
                mainClass = Self.classOfModule(String(word.dropFirst("--module=".count)))
            } else if Self.withValue.contains(word) {
                let value = rest.popLast() ?? ""
                if Self.paths.contains(word) { addPath(value) }
            } else if let equals = word.firstIndex(of: "="), Self.paths.contains(String(word[..<equals])) {
                addPath(String(word[word.index(after: equals)...]))
            } else if word.hasPrefix("-D") {
                properties.insert(String(word.dropFirst(2).prefix { $0 != "=" }))
            } else if !word.hasPrefix("-") {
                mainClass = word
            }
        }
    }

    private mutating func addPath(_ value: String) {
        let entries = value.split(separator: ":").prefix(Self.pathLimit - classPath.count)
        classPath += entries.map(String.init)
    }

    private static func classOfModule(_ text: String) -> String {
        text.lastIndex(of: "/").map { String(text[text.index(after: $0)...]) } ?? text
    }

    /// The words of an argument file: blanks between them, quotes around what has blanks, `#` to the line's end.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isWord = false
        var quote: Character?
        var isComment = false
        for character in text where words.count < wordLimit {
            if isComment {
                isComment = !character.isNewline
            } else if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                isWord = true
            } else if character.isWhitespace {
                if isWord { words.append(word) }
                word = ""
                isWord = false
            } else if character == "#", !isWord {
                isComment = true
            } else {
                word.append(character)
                isWord = true
            }
        }
        return isWord ? words + [word] : words
    }
}
