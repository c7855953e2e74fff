import HostView
import Report

/// MySQL, with Percona Server as a vendor of it.
struct MySQL: Engine {
    let id = "mysql"
    let title = "MySQL"
    let executableNames: Set<String> = ["mysqld", "mysqld-debug", "mysqld.bin"]
    let openFileNames = MySQLFamily.openFileNames
    let packagePrefixes = ["mysql", "MySQL", "percona-", "Percona-", "mariadb", "MariaDB", "rh-mysql", "rh-mariadb"]
    let softwarePatterns = MySQLFamily.softwarePatterns
    let dataDirectoryPatterns = MySQLFamily.dataDirectoryPatterns
    let versionSources = [
        "package of the running executable", "version string in the running executable",
        "the higher of the newest binary log, page 0 of mysql.ibd and mysql_upgrade_history", "mysql_upgrade_info",
        "creator in the redo log's header", "environment of an official image",
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
    func inspectStopped(_ place: StoppedPlace, _ host: Host) -> Report.Database? {
        Self.family.inspectStopped(place, self, host)
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
