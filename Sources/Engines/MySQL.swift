import HostView
import Report

/// MySQL, with Percona Server as a vendor of it.
public struct MySQL: Engine {
    public let id = "mysql"
    public let title = "MySQL"
    public let executableNames: Set<String> = ["mysqld", "mysqld-debug"]
    public let openFileNames = MySQLFamily.openFileNames
    public let packagePrefixes = [
        "mysql-server-core", "mysql-community-server-core", "mysql-commercial-server-core", "percona-server-server",
        "percona-xtradb-cluster-server", "mariadb-server",
    ]
    public let softwarePatterns = MySQLFamily.softwarePatterns
    public let dataDirectoryPatterns = MySQLFamily.dataDirectoryPatterns
    public let versionSources = [
        "creator in the redo log's header", "server version in page 0 of mysql.ibd", "mysql_upgrade_history",
        "mysql_upgrade_info", "package",
    ]

    static let family = MySQLFamily(
        id: "mysql",
        groups: ["mysqld", "server"], versionedGroups: ["mysqld"])

    public init() {}

    public func inspect(_ server: Server, _ host: Host) -> Verdict { Self.family.inspect(server, self, host) }
    public func configuredDataDirectories(_ host: Host) -> [Claim] { Self.family.configuredDataDirectories(host) }
    public func inspectStopped(_ path: String, _ host: Host) -> Report.Database? {
        Self.family.inspectStopped(path, self, host)
    }
    public func owns(software path: String, package: Dpkg.Package?, _ host: Host) -> Bool {
        !MySQLFamily.isMariaDB(software: path, package: package, root: host.root)
    }
    public func vendor(package: String) -> String? {
        if package.hasPrefix("percona-") { return "percona" }
        return package.hasPrefix("mysql-") ? "oracle" : nil
    }
    public func purpose(ofPort port: UInt16, settings: [String: String]) -> String? {
        Self.family.purpose(ofPort: port, settings: settings)
    }
}
