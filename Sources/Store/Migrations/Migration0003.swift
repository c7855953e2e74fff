import SQL

extension Migration {
    /// 0003: who sends a host's reports, what a token may report and how much, and hosts that come to an end.
    static let senders = Migration(
        name: "0003 senders",
        sql: """
            ALTER TABLE hosts ADD COLUMN sender TEXT;
            ALTER TABLE hosts ADD COLUMN retired_at TEXT;
            UPDATE hosts SET sender = (SELECT source FROM reports WHERE host_row_id = hosts.row_id ORDER BY \
            reports.row_id LIMIT 1);
            UPDATE hosts SET sender = NULL WHERE sender = 'cli';
            CREATE INDEX hosts_by_sender ON hosts (sender);

            -- The user that owns the data directory, as the host counts users.
            ALTER TABLE databases ADD COLUMN owner_uid INTEGER;
            -- An operator let this report's sender take the host over.
            ALTER TABLE reports ADD COLUMN takes_over INTEGER NOT NULL DEFAULT 0;

            ALTER TABLE tokens ADD COLUMN accounts TEXT;
            ALTER TABLE tokens ADD COLUMN regions TEXT;
            ALTER TABLE tokens ADD COLUMN hosts TEXT;
            ALTER TABLE tokens ADD COLUMN any_sender INTEGER NOT NULL DEFAULT 0;

            CREATE TABLE token_usage (
                token_id TEXT NOT NULL,
                day TEXT NOT NULL,
                rows INTEGER NOT NULL,
                bytes INTEGER NOT NULL,
                hosts INTEGER NOT NULL,
                PRIMARY KEY (token_id, day)
            ) WITHOUT ROWID;

            CREATE TABLE host_events (
                row_id INTEGER PRIMARY KEY,
                at TEXT NOT NULL,
                host_id TEXT NOT NULL,
                kind TEXT NOT NULL,
                before TEXT,
                after TEXT,
                source TEXT NOT NULL
            );
            CREATE INDEX host_events_by_host ON host_events (host_id, kind);
            CREATE INDEX host_events_by_time ON host_events (at);
            CREATE TABLE host_event_counts (kind TEXT NOT NULL PRIMARY KEY, count INTEGER NOT NULL) WITHOUT \
            ROWID;
            """)
}
