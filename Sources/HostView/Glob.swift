extension HostRoot {
    /// The most paths that one pattern may lead to.
    public static let globLimit = 1_000
    /// The most directories that a part of a pattern may lead to on the way.
    private static let globDirectories = 10_000
    /// The most names that are looked at for one pattern.
    private static let globNames = 100_000

    /// Existing paths that match `pattern`, sorted: each component is a name, or a name with one `*` in it.
    ///
    /// An unreadable directory matches nothing. A hidden name matches only a pattern that begins with a dot. `truncated` tells that
    /// a limit was reached.
    public func glob(_ pattern: String) -> (paths: [String], truncated: Bool) {
        var paths = [""]
        var budget = Self.globNames
        var truncated = false
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
                    truncated = true
                    break
                }
                guard let listing = try? list(parent.isEmpty ? "/" : parent, limit: budget) else { continue }
                budget -= listing.entries.count
                truncated = truncated || listing.truncated
                let entries = listing.entries.filter { isLast || ($0.kind != .regular && $0.kind != .other) }
                matched += entries.map(\.name).filter { name in
                    name.hasPrefix(prefix) && name.hasSuffix(suffix) && name.utf8.count >= component.utf8.count - 1
                        && (!name.hasPrefix(".") || component.hasPrefix("."))
                }.map { parent + "/" + $0 }
            }
            truncated = truncated || matched.count > limit
            paths = Array(matched.prefix(limit))
        }
        let found = paths.filter(exists)
        return (Array(found.prefix(Self.globLimit)), truncated || found.count > Self.globLimit)
    }
}
