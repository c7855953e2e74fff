import Report

extension Report.Database {
    /// Notes that `source` says that `field` is `value`; the same note is kept once.
    mutating func note(_ field: String, _ value: String, source: String) {
        let evidence = Report.Evidence(field: field, value: value, source: source)
        if !self.evidence.contains(evidence) { self.evidence.append(evidence) }
    }

    /// Notes every claim and returns the first: the order of `claims` is the order of trust.
    @discardableResult
    mutating func choose(_ field: String, _ claims: [Claim]) -> String? {
        for claim in claims { note(field, claim.value, source: claim.source) }
        return claims.first?.value
    }

    /// Sets the version by the first claim that holds a number, and notes all of them word for word.
    mutating func chooseVersion(_ claims: [VersionClaim]) {
        for claim in claims { note("version", claim.text, source: claim.source) }
        guard let best = claims.first else { return }
        version = best.number
        versionPrecision = best.precision
    }

    /// Sets a setting by its first claim.
    mutating func setting(_ name: String, _ claims: [Claim?]) {
        if let value = choose("settings." + name, claims.compactMap { $0 }) { settings[name] = value }
    }

    /// Adds a directory that the engine keeps outside its data directory; one inside is already counted there.
    mutating func addDirectory(_ path: String, _ purpose: Report.DataDirectory.Purpose, source: String) {
        let path = Path.tidy(path)
        let outside = !dataDirectories.contains { Path.isInside(path, $0.path) }
        guard path.hasPrefix("/"), outside else { return }
        dataDirectories.append(Report.DataDirectory(path: path, hostPath: nil, purpose: purpose))
        note("data_directories", path, source: source)
    }
}

/// A version number and where it stands.
public struct VersionClaim: Sendable, Equatable {
    /// The engine's own number.
    public var number: String
    /// How exact it is.
    public var precision: Report.Database.VersionPrecision
    /// The source's own words.
    public var text: String
    /// Where it stands.
    public var source: String

    /// The number that `text` begins with, an epoch such as `1:` skipped; nil when it begins with none.
    ///
    /// - Parameter parts: how many numbers an exact version has.
    init?(_ text: String, parts: Int, source: String) {
        let afterEpoch = text.firstIndex(of: ":").map { text[text.index(after: $0)...] } ?? text[...]
        let digits = afterEpoch.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let numbers = digits.split(separator: ".")
        guard !numbers.isEmpty, numbers.allSatisfy({ Int($0) != nil }), numbers.count <= 5, digits.first != "." else {
            return nil
        }
        number = numbers.joined(separator: ".")
        precision = numbers.count >= parts ? .exact : .major
        self.text = text
        self.source = source
    }
}
