import Report

/// A version number and where it stands.
public struct VersionClaim: Sendable, Equatable {
    /// The engine's own number.
    public var number: String
    /// How exact it is.
    public var precision: Report.Database.VersionPrecision
    /// The source's own words, as far as they are a version's.
    public var text: String
    /// Where it stands.
    public var source: String

    /// As it is, but of its number only the first `parts`.
    func cut(to parts: Int) -> VersionClaim {
        var claim = self
        claim.number = number.split(separator: ".").prefix(parts).joined(separator: ".")
        return claim
    }

    /// The most characters of a version's own words that are kept.
    private static let textLimit = 64

    /// What may follow a number, next to other numbers: builds, stages and distributions' revisions, and each engine's
    /// own words.
    private static let words: Set<String> = EngineRegistry.all.reduce(into: [
        "enterprise", "commercial", "community", "log", "debug", "ga", "rc", "beta", "alpha", "devel", "m", "deb", "u",
        "ubuntu", "el", "fc", "amzn", "bookworm", "bullseye", "jammy", "noble", "focal", "valgrind", "asan",
    ]) { $0.formUnion($1.profile.versionWords) }
    /// The most digits of a number in a suffix.
    private static let digitLimit = 8

    /// What follows the number as far as it is a version's: `-0+deb12u1-log`. Any other word ends it.
    private static func suffix(_ rest: Substring) -> String {
        var end = rest.startIndex
        var index = rest.startIndex
        while index < rest.endIndex {
            let separators = rest[index...].prefix { "-+~._".contains($0) }
            let word = rest[separators.endIndex...].prefix { $0.isLetter || $0.isNumber }
            let parts = word.split { !$0.isLetter } + word.split { !$0.isNumber }.filter { $0.count > digitLimit }
            guard !word.isEmpty, parts.allSatisfy({ words.contains($0.lowercased()) }) else { break }
            end = word.endIndex
            index = word.endIndex
        }
        return String(rest[..<end])
    }

    /// The number that `text` begins with, an epoch such as `1:` skipped; nil when it begins with none.
    ///
    /// - Parameters:
    ///   - parts: how many numbers an exact version has.
    ///   - ofPackage: a package database says so, whose words stay as they are.
    init?(_ text: String, parts: Int, source: String, ofPackage: Bool = false) {
        let word = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || ".+~:_-".contains($0)) }
        let colon = word.firstIndex(of: ":")
        let hasEpoch =
            colon.map { word[..<$0].allSatisfy(\.isNumber) && word.distance(from: word.startIndex, to: $0) < 4 }
            ?? false
        let afterEpoch = hasEpoch ? colon.map { word[word.index(after: $0)...] } ?? word : word
        let digits = afterEpoch.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let numbers = digits.split(separator: ".")
        // Of a file that is no version's a secret may begin with a digit: a lone number stands alone.
        let rest = afterEpoch.dropFirst(digits.count)
        guard numbers.count > 1 || rest.isEmpty || (hasEpoch && rest.first == "-") else { return nil }
        guard !numbers.isEmpty, numbers.allSatisfy({ Int($0) != nil }), numbers.count <= 5, digits.first != "." else {
            return nil
        }
        number = numbers.compactMap { Int($0) }.map(String.init).joined(separator: ".")
        precision = numbers.count >= parts ? .exact : .major
        let whole = String(word.prefix(Self.textLimit).prefix { $0 != ":" || hasEpoch })
        // A file that a version should be in may be a link to any other: nothing but a version leaves it.
        self.text = ofPackage ? whole : String(digits) + Self.suffix(rest)
        self.source = source
    }
}
