import SQL

extension Migration {
    /// 0008: the processes that work on the store, and the document of each run and region, which all of them send.
    static let collectors = Migration(
        name: "0008 collectors",
        sql: """
            CREATE TABLE collectors (
                id TEXT NOT NULL PRIMARY KEY,
                kind TEXT NOT NULL,
                takes_tasks INTEGER NOT NULL,
                version TEXT NOT NULL,
                round_trip_ms INTEGER NOT NULL,
                started_at TEXT NOT NULL,
                seen_at TEXT NOT NULL
            ) WITHOUT ROWID;

            CREATE TABLE run_documents (
                job_row_id INTEGER NOT NULL REFERENCES jobs (row_id),
                region TEXT NOT NULL,
                version TEXT NOT NULL,
                hash TEXT,
                agent_version TEXT,
                PRIMARY KEY (job_row_id, region)
            ) WITHOUT ROWID;
            """)
}
