import HostView

/// A cluster of Debian's postgresql-common: its configuration lies in /etc and names the data directory.
struct PostgreSQLCluster: Sendable {
    /// The configuration file.
    var file: String
    /// The data directory that it names.
    var directory: Claim

    /// The clusters below `root`; the host's own are read once.
    static func all(below root: HostRoot, _ host: Host) -> [PostgreSQLCluster] {
        if let known = host.postgreSQLClusters[ObjectIdentifier(root)] { return known }
        let clusters = host.glob("/etc/postgresql/*/*/postgresql.conf", in: root).compactMap { file in
            var reader = PostgreSQLFiles(root: root, host: host)
            let named = reader.read(file).last { $0.name == "data_directory" }
            return named.map { PostgreSQLCluster(file: file, directory: Claim($0.value, source: $0.source)) }
        }
        if host.isShared(root) { host.postgreSQLClusters[ObjectIdentifier(root)] = clusters }
        return clusters
    }
}
