import SQL

extension Migration {
    /// 0006: the writer counts databases and hosts itself, a transaction at a time.
    static let counts = Migration(
        name: "0006 counts",
        sql: """
            DROP TRIGGER census_insert;
            DROP TRIGGER census_delete;
            DROP TRIGGER census_update;
            DROP TRIGGER host_census_insert;
            DROP TRIGGER host_census_delete;
            DROP TRIGGER host_census_update;
            """)
}
