import Report

/// An entry of `Report.Database.identity` that no two databases share, unless one was copied from the other.
public struct UniqueIdentity: Sendable {
    /// Its name in the report, such as `server_uuid`.
    var name: String
    /// A replica has its primary's, so a group with a replica is a cluster and not a set of copies.
    var isSharedWithReplicas = false
}

extension Inspector {
    /// The most keys that a problem names.
    private static let copiesShown = 4

    /// Adds a problem for each group of databases on this host whose files are copies of one another's.
    func noteCopies(_ databases: [Report.Database]) {
        for engine in engines {
            let own = databases.filter { $0.engine == engine.id }
            for unique in engine.profile.uniqueIdentities {
                let groups = Dictionary(grouping: own.filter { $0.identity[unique.name] != nil }) {
                    $0.identity[unique.name] ?? ""
                }
                for group in groups.values where group.count > 1 {
                    if unique.isSharedWithReplicas, group.contains(where: { $0.role == .replica }) { continue }
                    note(copies: group.map(\.key).sorted(), of: unique.name)
                }
            }
        }
    }

    private func note(copies keys: [String], of name: String) {
        let shown = keys.prefix(Self.copiesShown).joined(separator: ", ")
        let more = keys.count > Self.copiesShown ? " and \(keys.count - Self.copiesShown) more" : ""
        host.log.add(
            .identityShared, keys[0],
            "\(keys.count) databases have one \(name): all but one of them are copies (\(shown)\(more))",
            partial: false)
    }
}
