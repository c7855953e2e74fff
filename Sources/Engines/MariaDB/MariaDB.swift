extension MySQLFamily {
    /// MariaDB, whose server is called mariadbd since 10.5 and mysqld before.
    static let mariaDB = MySQLFamily(
        profile: profile(
            id: "mariadb",
            title: "MariaDB",
            executableNames: ["mariadbd", "mysqld", "mysqld.bin", "mariadbd.bin"],
            packagePrefixes: ["mariadb", "MariaDB", "rh-mariadb"],
            versionSources: [
                "package of the running executable", "version string in the running executable",
                "newest binary log", "mariadb_upgrade_info or mysql_upgrade_info", "creator in the redo log's header",
                "environment of an official image",
            ],
            versionMarks: [.after("\0MariaDB ", vendor: "mariadb")],
            environmentNames: ["MARIADB_VERSION"]),
        optionGroups: ["mysqld", "server", "mariadb", "mariadbd", "client-server", "galera"],
        versionedOptionGroups: ["mysqld", "mariadb", "mariadbd"],
        vendorOfPackage: { _ in "mariadb" })
}
