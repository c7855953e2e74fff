import HostView
import Report

/// Bounds of what one database may put into a report; whoever writes its files must not make the report unreadable.
enum EvidenceLimits {
    /// The most bytes of one text; a longer value is not reported, a longer source is cut with `…`.
    static let text = 1024
    /// The most notes of one database.
    static let notes = 400
    /// The most values of one option that are kept.
    static let claims = 32
    /// The most listeners, unix sockets, directories and arguments each.
    static let entries = 256

    /// `text` as it is, or its beginning with `…`.
    static func cut(_ text: String) -> String {
        text.utf8.count <= self.text ? text : String(decoding: text.utf8.prefix(self.text), as: UTF8.self) + "…"
    }
}

extension Draft {
    /// Notes that `source` says that `field` is `value`; the same note is kept once.
    func note(_ field: String, _ value: String, source: String) {
        guard database.evidence.count < EvidenceLimits.notes, ValueType.isSafe(value) else { return }
        let evidence = Report.Evidence(
            field: field, value: EvidenceLimits.cut(value), source: EvidenceLimits.cut(source))
        if !database.evidence.contains(evidence) { database.evidence.append(evidence) }
    }

    /// Notes every claim and returns the first: the order of `claims` is the order of trust.
    @discardableResult
    func choose(_ field: String, _ claims: [Claim]) -> String? {
        for claim in claims.prefix(EvidenceLimits.claims) { note(field, claim.value, source: claim.source) }
        return claims.first { $0.value.utf8.count <= EvidenceLimits.text && ValueType.isSafe($0.value) }?.value
    }

    /// Sets the version by the first claim that is exact, else by the first, and notes all of them word for word.
    func chooseVersion(_ claims: [VersionClaim]) {
        for claim in claims { note("version", claim.text, source: claim.source) }
        guard let best = claims.first(where: { $0.precision == .exact }) ?? claims.first else { return }
        database.version = best.number
        database.versionPrecision = best.precision
    }

    /// Sets a setting by its first claim.
    func setting(_ name: String, _ claims: [Claim?]) {
        if let value = choose("settings." + name, claims.compactMap { $0 }) { database.settings[name] = value }
    }

    /// Sets what groups the members of a cluster; a value that is too long to be one is left out.
    func identify(_ name: String, _ claim: Claim) {
        guard !claim.value.isEmpty, claim.value.utf8.count <= EvidenceLimits.text, ValueType.isSafe(claim.value) else {
            return
        }
        database.identity[name] = claim.value
        note("identity." + name, claim.value, source: claim.source)
    }

    /// Sets the data directory.
    func setDirectory(_ path: String) {
        database.dataDirectories = [Report.DataDirectory(path: path, hostPath: nil, purpose: .data)]
    }

    /// Adds a directory that the engine keeps outside its data directory; one inside is already counted there.
    ///
    /// A parent of a data directory, or a directory of another owner, is a shared place such as /var/log: measuring it
    /// would count what is not the database's.
    func addDirectory(
        _ path: String, _ purpose: Report.DataDirectory.Purpose, source: String
    ) {
        guard let root, let data = database.dataDirectories.first,
            database.dataDirectories.count < EvidenceLimits.entries
        else { return }
        let path = Path.join(data.path, path)
        let place = (try? root.canonical(path)) ?? path
        let known = database.dataDirectories.map { (try? root.canonical($0.path)) ?? $0.path }
        let isShared = known.contains { Path.isInside($0, place) }
        guard !known.contains(where: { Path.isInside(place, $0) }), !isShared,
            let status = try? root.status(path), status.kind == .directory,
            status.owner == (try? root.status(data.path))?.owner
        else { return note("data_directories", path, source: source) }
        database.dataDirectories.append(Report.DataDirectory(path: place, hostPath: nil, purpose: purpose))
        note("data_directories", place, source: source)
    }
}
