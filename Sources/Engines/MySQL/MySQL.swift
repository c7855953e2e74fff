import HostView
import Report

/// MySQL, with Percona Server as a vendor of it.
struct MySQL: MySQLRelative {
    let id = "mysql"
    let title = "MySQL"
    let executableNames: Set<String> = ["mysqld", "mysqld-debug", "mysqld.bin"]
    let packagePrefixes = ["mysql", "MySQL", "percona-", "Percona-", "mariadb", "MariaDB", "rh-mysql", "rh-mariadb"]
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

    let family = MySQLFamily(
        id: "mysql",
        groups: ["mysqld", "server"], versionedGroups: ["mysqld"])

    func owns(software path: String, package: Package?, _ host: Host) -> Bool {
        !MySQLFamily.isMariaDB(software: path, package: package, root: host.root)
    }
    func vendor(package: String) -> String? {
        let name = package.lowercased()
        return name.hasPrefix("percona-") ? "percona" : name.hasPrefix("mysql") ? "oracle" : nil
    }
}
