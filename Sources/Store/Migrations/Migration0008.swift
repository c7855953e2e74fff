import SQL

extension Migration {
    /// 0008: the processes that work on the store.
    static let collectors = Migration(
        name: "0008 collectors",
        sql: """
            CREATE TABLE collectors (
                id TEXT NOT NULL PRIMARY KEY,
                kind TEXT NOT NULL,
                takes_tasks INTEGER NOT NULL,
                version TEXT NOT NULL,
                started_at TEXT NOT NULL,
                seen_at TEXT NOT NULL
            ) WITHOUT ROWID;
            """)
}
