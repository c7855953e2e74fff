import HostView

/// The search for a server's data directory among the places that something claims it to be at.
struct DirectorySearch<Directory> {
    /// The first place that is one.
    var found: Directory?
    /// A place was there and the agent may not look into it.
    var denied = false

    /// Asks `recognise` for each of `claims` in turn, each place once, until one is a data directory.
    static func first(
        of claims: [Claim], _ root: HostRoot?, _ host: Host,
        recognise: (_ path: String, _ root: HostRoot) throws(HostError) -> Directory?
    ) -> DirectorySearch {
        guard let root else { return DirectorySearch(denied: true) }
        var search = DirectorySearch()
        var tried: Set<String> = []
        for path in claims.map({ Path.tidy($0.value) }) where path.hasPrefix("/") && tried.insert(path).inserted {
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
