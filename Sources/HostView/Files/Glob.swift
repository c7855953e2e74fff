extension HostRoot {
    /// The most paths that one pattern may lead to.
    public static let globLimit = 1_000
    /// The most directories that a part of a pattern may lead to on the way.
    private static let globDirectories = 10_000
    /// The most names that are looked at for one pattern.
    private static let globNames = 100_000
    /// The most paths that one directory may give, and the most names that are looked at in it: its owner must not use
    /// up the others' share.
    private static let globPathsOfDirectory = 500, globNamesOfDirectory = 25_000

    /// Existing paths that match `pattern`, sorted: each component is a name, or a name with one `*` in it.
    ///
    /// An unreadable directory matches nothing. A hidden name matches only a pattern that begins with a dot. A
    /// shortfall names a directory that holds more than one directory may give, or the pattern when it leads to too
    /// much in all.
    public func glob(_ pattern: String) -> Bounded<[String]> {
        var paths = [""]
        var budget = Self.globNames
        var isCut = false
        var shortfalls: [HostError] = []
        let components = pattern.split(separator: "/").map(String.init)
        for (index, component) in components.enumerated() {
            let isLast = index == components.count - 1
            let limit = isLast ? Self.globLimit : Self.globDirectories
            guard let star = component.firstIndex(of: "*") else {
                paths = paths.map { $0 + "/" + component }
                continue
            }
            let prefix = component[..<star]
            let suffix = component[component.index(after: star)...]
            var matched: [String] = []
            for parent in paths {
                guard budget > 0, matched.count <= limit else {
                    isCut = true
                    break
                }
                let place = parent.isEmpty ? "/" : parent
                guard let listing = try? list(place, limit: min(budget, Self.globNamesOfDirectory)) else { continue }
                budget -= listing.value.count
                let entries = listing.value.filter { isLast || ($0.kind != .regular && $0.kind != .other) }
                let names = entries.map(\.name).filter { name in
                    name.hasPrefix(prefix) && name.hasSuffix(suffix) && name.utf8.count >= component.utf8.count - 1
                        && (!name.hasPrefix(".") || component.hasPrefix("."))
                }
                if listing.isCut || names.count > Self.globPathsOfDirectory {
                    shortfalls.note(HostError(operation: "list", path: place, reason: .tooLarge))
                }
                matched += names.prefix(Self.globPathsOfDirectory).map { parent + "/" + $0 }
            }
            isCut = isCut || matched.count > limit
            paths = Array(matched.prefix(limit))
        }
        let found = paths.filter(exists)
        if isCut || found.count > Self.globLimit {
            shortfalls.note(HostError(operation: "match", path: pattern, reason: .tooLarge))
        }
        return Bounded(Array(found.prefix(Self.globLimit)), shortfalls: shortfalls)
    }
}
