import HostView

/// The search for a server's data directory among the places that something claims it to be at.
struct DirectorySearch<Directory> {
    /// The first place that is one.
    var found: Directory?
    /// A place was there and the agent may not look into it.
    var denied = false

    /// Asks `recognise` for each of `claims` in turn, each place once, until one is a data directory.
    ///
    /// - Parameter server: who claims it, when that is a process: anybody may name somebody else's directory in his arguments. It counts as
    ///   his when it belongs to his user, or when he has a file open in it.
    static func first(
        of claims: [Claim], _ root: HostRoot?, _ host: Host, server: Server? = nil,
        recognise: (_ path: String, _ root: HostRoot) throws(HostError) -> Directory?
    ) -> DirectorySearch {
        guard let root else { return DirectorySearch(denied: true) }
        var search = DirectorySearch()
        var tried: Set<String> = []
        for path in claims.map({ Path.tidy($0.value) }) where path.hasPrefix("/") && tried.insert(path).inserted {
            if let server, host.proc.isLive, let uid = server.details.uid, uid != 0,
                let owner = try? root.status(path).owner, owner != uid,
                !server.openFileDirectories.contains(where: { Path.tidy($0.value) == path })
            {
                continue
            }
            do throws(HostError) {
                if let directory = try recognise(path, root) {
                    search.found = directory
                    return search
                }
            } catch {
                if error.errno.isDenied { search.denied = true }
                host.log.add(error)
            }
        }
        return search
    }
}
