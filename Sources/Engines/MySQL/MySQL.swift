extension MySQLFamily {
    /// MySQL, with Percona Server as a vendor of it.
    static let mySQL = MySQLFamily(
        profile: profile(
            id: "mysql",
            title: "MySQL",
            executableNames: ["mysqld", "mysqld-debug", "mysqld.bin"],
            packagePrefixes: [
                "mysql", "MySQL", "percona-", "Percona-", "mariadb", "MariaDB", "rh-mysql", "rh-mariadb",
            ],
            versionSources: [
                "package of the running executable", "version string in the running executable",
                "the higher of the newest binary log, page 0 of mysql.ibd and mysql_upgrade_history",
                "mysql_upgrade_info",
                "creator in the redo log's header", "environment of an official image",
            ],
            versionMarks: [
                .after("/percona-server-", vendor: "percona"), .after("/Percona-XtraDB-Cluster-", vendor: "percona"),
                .after("\0MySQL ", vendor: "oracle"), .after("/mysql-cluster-gpl-", vendor: "oracle"),
                .after("/mysql-", vendor: "oracle"),
            ],
            environmentNames: ["MYSQL_VERSION", "PS_VERSION"]),
        optionGroups: ["mysqld", "server"],
        versionedOptionGroups: ["mysqld"],
        vendorOfPackage: { package in
            let name = package.lowercased()
            return name.hasPrefix("percona-") ? "percona" : name.hasPrefix("mysql") ? "oracle" : nil
        })
}
