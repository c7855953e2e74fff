extension Schema {
    /// The columns that databases are counted by; `state` is "missing" for a missing one, and "" stands for null.
    static let censusColumns = ["account_id", "region", "engine", "vendor", "version", "state", "exposure", "role"]

    /// Counts that triggers keep in step with the rows, whoever writes them: no count reads a whole table.
    static let census = """
        CREATE TABLE census (
            \(censusColumns.map { "\($0) TEXT NOT NULL" }.joined(separator: ",\n    ")),
            databases INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            PRIMARY KEY (\(censusColumns.joined(separator: ", ")))
        ) WITHOUT ROWID;
        CREATE TABLE host_census (
            account_id TEXT NOT NULL,
            region TEXT NOT NULL,
            scan_status TEXT NOT NULL,
            hosts INTEGER NOT NULL,
            PRIMARY KEY (account_id, region, scan_status)
        ) WITHOUT ROWID;

        CREATE TRIGGER census_insert AFTER INSERT ON databases BEGIN \(add("NEW", 1)) END;
        CREATE TRIGGER census_delete AFTER DELETE ON databases BEGIN \(add("OLD", -1)) END;
        CREATE TRIGGER census_update AFTER UPDATE OF \(updated.joined(separator: ", ")) ON databases
        WHEN \(updated.map { "OLD.\($0) IS NOT NEW.\($0)" }.joined(separator: " OR "))
        BEGIN \(add("OLD", -1)) \(add("NEW", 1)) END;

        CREATE TRIGGER host_census_insert AFTER INSERT ON hosts BEGIN \(addHost("NEW", 1)) END;
        CREATE TRIGGER host_census_delete AFTER DELETE ON hosts BEGIN \(addHost("OLD", -1)) END;
        CREATE TRIGGER host_census_update AFTER UPDATE OF account_id, region, scan_status ON hosts
        WHEN OLD.account_id IS NOT NEW.account_id OR OLD.region IS NOT NEW.region
            OR OLD.scan_status IS NOT NEW.scan_status
        BEGIN \(addHost("OLD", -1)) \(addHost("NEW", 1)) END;
        """

    private static let updated = censusColumns + ["missing_since", "bytes"]

    private static func add(_ row: String, _ sign: Int) -> String {
        let values = censusColumns.map { column in
            column == "state"
                ? presentState(row + ".")
                : "COALESCE(\(row).\(column), '')"
        }
        return """
            INSERT INTO census VALUES (\(values.joined(separator: ", ")), \(sign), \(sign) * COALESCE(\(row).bytes, 0))
            ON CONFLICT DO UPDATE SET databases = databases + excluded.databases, bytes = bytes + excluded.bytes;
            """
    }

    private static func addHost(_ row: String, _ sign: Int) -> String {
        """
        INSERT INTO host_census
        VALUES (COALESCE(\(row).account_id, ''), COALESCE(\(row).region, ''), \(row).scan_status, \(sign))
        ON CONFLICT DO UPDATE SET hosts = hosts + excluded.hosts;
        """
    }
}
