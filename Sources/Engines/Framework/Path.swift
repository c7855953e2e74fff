/// Paths as text.
enum Path {
    /// What stands before the last slash; `/` for a name directly below the root.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// What stands after the last slash.
    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// `path` as it is when absolute, else below `directory`.
    static func join(_ directory: String, _ path: String) -> String {
        tidy(path.hasPrefix("/") ? path : directory + "/" + path)
    }

    /// `path` without slashes at its end and doubled ones, so that equal places have equal texts.
    static func tidy(_ path: String) -> String {
        (path.hasPrefix("/") ? "/" : "") + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// Whether `path` is `directory` or lies below it.
    static func isInside(_ path: String, _ directory: String) -> Bool {
        path == directory || path.hasPrefix(directory == "/" ? "/" : directory + "/")
    }
}
