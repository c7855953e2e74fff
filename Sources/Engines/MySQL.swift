import HostView
import Report

/// MySQL, with Percona Server as a vendor of it.
struct MySQL: Engine {
    let id = "mysql"
    let title = "MySQL"
    let executableNames: Set<String> = ["mysqld", "mysqld-debug"]
    let openFileNames = MySQLFamily.openFileNames
    let packagePrefixes = ["mysql", "MySQL", "percona-", "Percona-", "mariadb", "MariaDB"]
    let softwarePatterns = MySQLFamily.softwarePatterns
    let dataDirectoryPatterns = MySQLFamily.dataDirectoryPatterns
    let versionSources = [
        "package of the running executable", "version string in the running executable",
        "creator in the redo log's header", "server version in page 0 of mysql.ibd", "mysql_upgrade_history",
        "newest binary log", "mysql_upgrade_info", "environment of an official image",
    ]

    let versionMarks: [VersionMark] = [
        .behind("/percona-server-", vendor: "percona"), .behind("/Percona-XtraDB-Cluster-", vendor: "percona"),
        .behind("\0MySQL ", vendor: "oracle"), .behind("/mysql-cluster-gpl-", vendor: "oracle"),
        .behind("/mysql-", vendor: "oracle"),
    ]
    let environmentNames: Set<String> = ["MYSQL_VERSION", "PS_VERSION"]

    static let family = MySQLFamily(
        id: "mysql",
        groups: ["mysqld", "server"], versionedGroups: ["mysqld"])

    func inspect(_ server: Server, _ host: Host) -> Verdict { Self.family.inspect(server, self, host) }
    func configuredDataDirectories(_ host: Host) -> [Claim] { Self.family.configuredDataDirectories(host) }
    var starterNames: Set<String> { ["mysqld_safe", "mariadbd-safe"] }
    func dataDirectories(
        startedBy words: [String], _ environment: [String: String], source: String, _ host: Host
    ) -> [Claim] { Self.family.dataDirectories(startedBy: words, source: source, host) }
    func inspectStopped(_ path: String, _ host: Host) -> Report.Database? {
        Self.family.inspectStopped(path, self, host)
    }
    func owns(software path: String, package: Package?, _ host: Host) -> Bool {
        !MySQLFamily.isMariaDB(software: path, package: package, root: host.root)
    }
    func vendor(package: String) -> String? {
        let name = package.lowercased()
        return name.hasPrefix("percona-") ? "percona" : name.hasPrefix("mysql") ? "oracle" : nil
    }
    func purpose(ofPort port: UInt16, settings: [String: String]) -> String? {
        Self.family.purpose(ofPort: port, settings: settings)
    }
}
