import HostView
import Report

/// The search for a server's data directory among the places that something claims it to be at.
struct DirectorySearch<Directory> {
    /// The first place that is one.
    var found: Directory?
    /// A place was there and the agent may not look into it.
    var denied = false
    /// The server proves to serve what was found: it holds a database's file open in it, or its pid file says so.
    var isHeld = false
    /// Processes that prove to serve a place which the server merely claims.
    var holders: Set<Int32> = []

    /// Asks `recognise` for each of `claims` in turn, each place once, until one is a data directory.
    ///
    /// - Parameter server: the process that claims it. A process may name any directory as its own: it counts when it
    ///   belongs to the process's user, or the process has a file open in it; and it does not when another process
    ///   proves to serve it.
    static func first(
        of claims: [Claim], _ root: HostRoot?, _ host: ScanContext, server: ServerProcess? = nil,
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
            let holders = server.flatMap { _ in try? root.status(path).identity }.flatMap { host.holders[$0] } ?? []
            if let server, !holders.isEmpty, !holders.contains(server.process.pid) {
                search.holders.formUnion(holders)
                continue
            }
            do throws(HostError) {
                if let directory = try recognise(path, root) {
                    search.found = directory
                    search.isHeld = !holders.isEmpty
                    return search
                }
            } catch {
                if error.reason.isDenied { search.denied = true }
                host.log.add(error)
            }
        }
        return search
    }
}

extension Draft {
    /// Notes where a running server's data directory was looked for.
    func noteDirectory<Directory>(_ search: DirectorySearch<Directory>, _ claims: [Claim], of server: ServerProcess) {
        for claim in claims where claim.source != "default" && ValueType.file.fits(claim.value) {
            note("data_directories", claim.value, source: claim.source)
        }
        if search.found != nil {
            if let gone = server.deletedPlace {
                add(
                    .dataDirectoryReplaced,
                    "the server uses \(gone), which was moved or deleted; its configured path may now hold another database"
                )
            }
        } else if search.denied, let path = claims.first(where: { $0.source != "default" }) ?? claims.first {
            setDirectory(Path.tidy(path.value))
        } else if !search.holders.isEmpty {
            let pids = search.holders.sorted().map(String.init).joined(separator: ", ")
            add(
                .dataDirectoryConflict,
                "it names the data directory of pid \(pids) but has no file open there: its own data directory is unknown",
                partial: true)
        } else if !claims.isEmpty {
            let places = claims.map(\.value).filter(ValueType.file.fits)
            add(
                .dataDirectoryNotFound,
                "none of \(places.joined(separator: ", ")) is a data directory of \(engine.title)",
                partial: true)
        }
    }
}

extension ServerProcess {
    /// The working directory or a data file that the server uses and that its name no longer leads to.
    fileprivate var deletedPlace: String? {
        ([details.workingDirectory] + (open?.files ?? [])).compactMap { $0 }.first { $0.hasSuffix(" (deleted)") }
    }
}
