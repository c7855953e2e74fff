import HostView
import Report

/// MariaDB, whose server is called mariadbd since 10.5 and mysqld before.
public struct MariaDB: Engine {
    public let id = "mariadb"
    public let title = "MariaDB"
    public let executableNames: Set<String> = ["mariadbd", "mysqld"]
    public let openFileNames = MySQLFamily.openFileNames
    public let packagePrefixes = ["mariadb-server"]
    public let softwarePatterns = MySQLFamily.softwarePatterns
    public let dataDirectoryPatterns = MySQLFamily.dataDirectoryPatterns
    public let versionSources = [
        "creator in the redo log's header", "mariadb_upgrade_info or mysql_upgrade_info", "package",
    ]

    static let family = MySQLFamily(
        id: "mariadb",
        groups: ["mysqld", "server", "mariadb", "mariadbd", "client-server", "galera"],
        versionedGroups: ["mysqld", "mariadb", "mariadbd"])

    public init() {}

    public func inspect(_ server: Server, _ host: Host) -> Verdict { Self.family.inspect(server, self, host) }
    public func configuredDataDirectories(_ host: Host) -> [Claim] { Self.family.configuredDataDirectories(host) }
    public func inspectStopped(_ path: String, _ host: Host) -> Report.Database? {
        Self.family.inspectStopped(path, self, host)
    }
    public func owns(software path: String, package: Dpkg.Package?, _ host: Host) -> Bool {
        MySQLFamily.isMariaDB(software: path, package: package, root: host.root)
    }
    public func vendor(package: String) -> String? { "mariadb" }
    public func purpose(ofPort port: UInt16, settings: [String: String]) -> String? {
        Self.family.purpose(ofPort: port, settings: settings)
    }
}
