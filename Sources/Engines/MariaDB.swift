import HostView
import Report

/// MariaDB, whose server is called mariadbd since 10.5 and mysqld before.
struct MariaDB: Engine {
    let id = "mariadb"
    let title = "MariaDB"
    let executableNames: Set<String> = ["mariadbd", "mysqld", "mysqld.bin", "mariadbd.bin"]
    let openFileNames = MySQLFamily.openFileNames
    let packagePrefixes = ["mariadb", "MariaDB", "rh-mariadb"]
    let softwarePatterns = MySQLFamily.softwarePatterns
    let dataDirectoryPatterns = MySQLFamily.dataDirectoryPatterns
    let versionSources = [
        "package of the running executable", "version string in the running executable",
        "newest binary log", "mariadb_upgrade_info or mysql_upgrade_info", "creator in the redo log's header",
        "environment of an official image",
    ]

    let versionMarks: [VersionMark] = [.behind("\0MariaDB ", vendor: "mariadb")]
    let environmentNames: Set<String> = ["MARIADB_VERSION"]

    static let family = MySQLFamily(
        id: "mariadb",
        groups: ["mysqld", "server", "mariadb", "mariadbd", "client-server", "galera"],
        versionedGroups: ["mysqld", "mariadb", "mariadbd"])

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
        MySQLFamily.isMariaDB(software: path, package: package, root: host.root)
    }
    func vendor(package: String) -> String? { "mariadb" }
    func purpose(ofPort port: UInt16, settings: [String: String]) -> String? {
        Self.family.purpose(ofPort: port, settings: settings)
    }
}
