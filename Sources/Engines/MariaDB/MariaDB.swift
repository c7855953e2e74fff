import HostView
import Report

/// MariaDB, whose server is called mariadbd since 10.5 and mysqld before.
struct MariaDB: MySQLFamily {
    let id = "mariadb"
    let title = "MariaDB"
    let executableNames: Set<String> = ["mariadbd", "mysqld", "mysqld.bin", "mariadbd.bin"]
    let packagePrefixes = ["mariadb", "MariaDB", "rh-mariadb"]
    let versionSources = [
        "package of the running executable", "version string in the running executable",
        "newest binary log", "mariadb_upgrade_info or mysql_upgrade_info", "creator in the redo log's header",
        "environment of an official image",
    ]

    let versionMarks: [VersionMark] = [.after("\0MariaDB ", vendor: "mariadb")]
    let environmentNames: Set<String> = ["MARIADB_VERSION"]

    let optionGroups = ["mysqld", "server", "mariadb", "mariadbd", "client-server", "galera"]
    let versionedOptionGroups = ["mysqld", "mariadb", "mariadbd"]

    func owns(software path: String, package: Package?, _ host: ScanContext) -> Bool {
        isMariaDB(software: path, package: package, root: host.root)
    }
    func vendor(package: String) -> String? { "mariadb" }
}
