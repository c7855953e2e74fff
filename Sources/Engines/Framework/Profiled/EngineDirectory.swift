import HostView
import Report

/// A data directory that a profile's marks recognise.
struct EngineDirectory {
    let path: String
    let root: HostRoot

    /// The path of what lies in it.
    func path(of name: String) -> String { Path.join(path, name) }

    /// Whether something of that name lies in it.
    func has(_ name: String) -> Bool { root.exists(path(of: name)) }

    /// The most names of a directory that are searched.
    private static let entryLimit = 4_096

    /// The names in a directory, in their order; none where it cannot be listed.
    static func names(_ path: String, _ root: HostRoot, _ host: ScanContext) -> [String] {
        guard !host.deadline.hasPassed, let entries = try? root.list(path, limit: entryLimit) else { return [] }
        if entries.isCut {
            host.log.add(
                .fileTooLarge, host.shown(path, root), "only the first \(entries.value.count) names were searched")
        }
        return entries.value.map(\.name).sorted()
    }

    /// The first of `claims` that is a data directory of the profile's.
    static func first(
        of claims: [Claim], _ profile: DirectoryProfile, _ root: HostRoot?, _ host: ScanContext,
        server: ServerProcess? = nil
    ) -> DirectorySearch<EngineDirectory> {
        DirectorySearch.first(of: claims, root, host, server: server) { (path, root) throws(HostError) in
            guard try root.status(path).kind == .directory else { return nil }
            let isOurs = profile.marks.contains { marks in
                marks.allSatisfy { mark in
                    guard let star = mark.firstIndex(of: "*") else { return root.exists(Path.join(path, mark)) }
                    let (start, end) = (mark[..<star], mark[mark.index(after: star)...])
                    return names(path, root, host).contains { $0.hasPrefix(start) && $0.hasSuffix(end) }
                }
            }
            return isOurs ? EngineDirectory(path: path, root: root) : nil
        }
    }
}

extension ServerProcess {
    /// Directories in which it holds a file open that the profile knows: the file's path without the part that is the
    /// profile's.
    func directories(of profile: EngineProfile) -> [Claim] {
        (open?.files ?? []).compactMap(inside).flatMap { file in
            // The longest path first: it says the most of where the directory is.
            profile.openFiles.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }.compactMap { known in
                file.hasSuffix("/" + known)
                    ? Claim(String(file.dropLast(known.utf8.count + 1)), source: "/proc/\(process.pid)/fd: \(file)")
                    : nil
            }
        }
    }
}
