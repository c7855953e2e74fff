import SQL

extension Migration {
    /// 0001: the first schema: hosts, databases, and the reports that they were read from.
    static let inventory = Migration(
        name: "0001 inventory",
        sql: """
            CREATE TABLE accounts (
                id TEXT NOT NULL PRIMARY KEY,
                first_seen TEXT NOT NULL,
                last_seen TEXT NOT NULL
            );
            CREATE TABLE hosts (
                row_id INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                account_id TEXT REFERENCES accounts (id),
                region TEXT,
                instance_id TEXT UNIQUE,
                machine_id TEXT,
                hostname TEXT,
                os TEXT,
                os_id TEXT,
                os_version TEXT,
                kernel TEXT,
                architecture TEXT,
                cpus INTEGER,
                memory_bytes INTEGER,
                addresses TEXT NOT NULL,
                agent_version TEXT NOT NULL,
                scan_status TEXT NOT NULL,
                problems TEXT NOT NULL,
                first_seen TEXT NOT NULL,
                last_seen TEXT NOT NULL
            );
            CREATE INDEX hosts_by_machine ON hosts (machine_id);
            CREATE INDEX hosts_by_account ON hosts (account_id, region);
            CREATE TABLE databases (
                row_id INTEGER PRIMARY KEY,
                host_row_id INTEGER NOT NULL REFERENCES hosts (row_id) ON DELETE CASCADE,
                key TEXT NOT NULL,
                engine TEXT NOT NULL,
                vendor TEXT,
                version TEXT,
                version_precision TEXT,
                state TEXT NOT NULL,
                address TEXT,
                port INTEGER,
                exposure TEXT,
                role TEXT,
                data_directory TEXT,
                bytes INTEGER,
                bytes_at TEXT,
                bytes_complete INTEGER,
                detail TEXT NOT NULL,
                first_seen TEXT NOT NULL,
                last_seen TEXT NOT NULL,
                missing_since TEXT,
                UNIQUE (host_row_id, key)
            );
            CREATE INDEX databases_by_engine ON databases (engine, version);
            CREATE INDEX databases_by_state ON databases (state);
            CREATE TABLE reports (
                row_id INTEGER PRIMARY KEY,
                host_row_id INTEGER NOT NULL REFERENCES hosts (row_id) ON DELETE CASCADE,
                started_at TEXT NOT NULL,
                received_at TEXT NOT NULL,
                body BLOB NOT NULL
            );
            CREATE INDEX reports_by_host ON reports (host_row_id, started_at);
            """)
}
