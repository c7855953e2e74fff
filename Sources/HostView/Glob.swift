extension HostRoot {
    /// The most paths that one pattern may lead to.
    public static let globLimit = 1_000

    /// Existing paths that match `pattern`, sorted: each component is a name, or a name with one `*` in it.
    ///
    /// An unreadable directory matches nothing. A hidden name matches only a pattern that begins with a dot.
    public func glob(_ pattern: String) -> [String] {
        var paths = [""]
        for component in pattern.split(separator: "/").map(String.init) {
            if let star = component.firstIndex(of: "*") {
                let prefix = component[..<star]
                let suffix = component[component.index(after: star)...]
                paths = paths.flatMap { parent in
                    ((try? list(parent.isEmpty ? "/" : parent).entries) ?? []).map(\.name).filter { name in
                        name.hasPrefix(prefix) && name.hasSuffix(suffix) && name.count >= component.count - 1
                            && (!name.hasPrefix(".") || component.hasPrefix("."))
                    }.map { parent + "/" + $0 }
                }
            } else {
                paths = paths.map { $0 + "/" + component }
            }
            if paths.count > Self.globLimit { paths.removeSubrange(Self.globLimit...) }
        }
        return paths.filter(exists)
    }
}
