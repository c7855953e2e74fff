import HostView
import Report

/// MySQL, with Percona ServerProcess as a vendor of it.
struct MySQL: MySQLFamily {
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
        .after("/percona-server-", vendor: "percona"), .after("/Percona-XtraDB-Cluster-", vendor: "percona"),
        .after("\0MySQL ", vendor: "oracle"), .after("/mysql-cluster-gpl-", vendor: "oracle"),
        .after("/mysql-", vendor: "oracle"),
    ]
    let environmentNames: Set<String> = ["MYSQL_VERSION", "PS_VERSION"]

    let optionGroups = ["mysqld", "server"]
    let versionedOptionGroups = ["mysqld"]

    func owns(software path: String, package: Package?, _ host: ScanContext) -> Bool {
        !isMariaDB(software: path, package: package, root: host.root)
    }
    func vendor(package: String) -> String? {
        let name = package.lowercased()
        return name.hasPrefix("percona-") ? "percona" : name.hasPrefix("mysql") ? "oracle" : nil
    }
}
