import HostView

/// A cluster of Debian's postgresql-common: its configuration lies in /etc and names the data directory.
struct PostgreSQLCluster: Sendable {
    /// The configuration file.
    var file: String
    /// The data directory that it names.
    var directory: Claim

    /// The clusters below `root`; the host's own are read once.
    static func all(below root: HostRoot, _ host: ScanContext) -> [PostgreSQLCluster] {
        host.once(below: root) {
            host.glob("/etc/postgresql/*/*/postgresql.conf", in: root).compactMap { file in
                var reader = PostgreSQLFiles(root: root, host: host)
                let named = reader.read(file).last { $0.name == "data_directory" }
                return named.map { PostgreSQLCluster(file: file, directory: Claim($0.value, source: $0.source)) }
            }
        }
    }
}
