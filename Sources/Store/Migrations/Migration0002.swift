import SQL

extension Migration {
    /// 0002: current state and history apart, with counters, tokens, dead letters and the audit log.
    ///
    /// The first schema kept every report. The store derives everything else from them again when it opens.
    static let history = Migration(
        name: "0002 history",
        sql: """
            CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
            INSERT INTO meta VALUES ('rebuild', 'the schema has changed');

            CREATE TABLE kept_reports (
                row_id INTEGER PRIMARY KEY,
                host_row_id INTEGER REFERENCES hosts (row_id),
                started_at TEXT NOT NULL,
                seen_at TEXT NOT NULL,
                received_at TEXT NOT NULL,
                is_older INTEGER NOT NULL,
                source TEXT NOT NULL,
                body BLOB NOT NULL
            );
            INSERT INTO kept_reports SELECT row_id, NULL, started_at, started_at, received_at, 0, 'cli', body \
            FROM reports;
            DROP TABLE reports;
            DROP TABLE databases;
            DELETE FROM hosts;
            DELETE FROM accounts;
            ALTER TABLE kept_reports RENAME TO reports;
            CREATE INDEX reports_by_host ON reports (host_row_id, started_at);

            ALTER TABLE hosts DROP COLUMN addresses;
            ALTER TABLE hosts DROP COLUMN problems;
            ALTER TABLE hosts ADD COLUMN last_started_at TEXT;
            DROP INDEX hosts_by_machine;
            CREATE INDEX hosts_by_machine ON hosts (machine_id, instance_id);
            CREATE INDEX hosts_by_name ON hosts (hostname);
            CREATE INDEX hosts_by_region ON hosts (region);
            CREATE INDEX hosts_by_first_seen ON hosts (first_seen);
            CREATE INDEX hosts_by_last_seen ON hosts (last_seen);
            -- Ids that hosts had before more was known of them.
            CREATE TABLE host_aliases (
                id TEXT NOT NULL PRIMARY KEY,
                host_row_id INTEGER NOT NULL REFERENCES hosts (row_id)
            ) WITHOUT ROWID;
            CREATE INDEX host_aliases_by_host ON host_aliases (host_row_id);
            CREATE TABLE host_tags (
                host_row_id INTEGER NOT NULL REFERENCES hosts (row_id),
                key TEXT NOT NULL,
                value TEXT NOT NULL,
                PRIMARY KEY (host_row_id, key)
            ) WITHOUT ROWID;
            CREATE INDEX host_tags_by_key ON host_tags (key, value);

            -- A database as it was last seen. What its host also has is repeated, so that a list needs one \
            table.
            CREATE TABLE databases (
                row_id INTEGER PRIMARY KEY,
                host_row_id INTEGER NOT NULL REFERENCES hosts (row_id),
                key TEXT NOT NULL,
                host_id TEXT NOT NULL,
                hostname TEXT,
                account_id TEXT,
                region TEXT,
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
                container TEXT,
                container_image TEXT,
                cluster_id TEXT,
                missing_since TEXT,
                version_key TEXT,
                server_identity TEXT,
                bytes INTEGER,
                bytes_at TEXT,
                bytes_complete INTEGER,
                first_seen TEXT NOT NULL,
                last_seen TEXT NOT NULL,
                changed_at TEXT NOT NULL,
                UNIQUE (host_row_id, key)
            );
            CREATE INDEX databases_by_hostname ON databases (hostname);
            CREATE INDEX databases_by_account ON databases (account_id);
            CREATE INDEX databases_by_region ON databases (region);
            CREATE INDEX databases_by_engine ON databases (engine);
            CREATE INDEX databases_by_vendor ON databases (vendor);
            CREATE INDEX databases_by_version ON databases (version_key);
            CREATE INDEX databases_by_state ON databases (CASE WHEN missing_since IS NULL THEN state ELSE \
            'missing' END);
            CREATE INDEX databases_by_exposure ON databases (exposure);
            CREATE INDEX databases_by_role ON databases (role);
            CREATE INDEX databases_by_port ON databases (port);
            CREATE INDEX databases_by_container ON databases (container) WHERE container IS NOT NULL;
            CREATE INDEX databases_by_cluster ON databases (cluster_id) WHERE cluster_id IS NOT NULL;
            CREATE INDEX databases_by_bytes ON databases (bytes);
            CREATE INDEX databases_by_first_seen ON databases (first_seen);
            CREATE INDEX databases_by_last_seen ON databases (last_seen);

            -- What a database was before it changed: valid from one time until, and not at, another.
            CREATE TABLE database_history (
                row_id INTEGER PRIMARY KEY,
                database_row_id INTEGER NOT NULL REFERENCES databases (row_id),
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
                container TEXT,
                container_image TEXT,
                cluster_id TEXT,
                missing_since TEXT,
                version_key TEXT,
                valid_from TEXT NOT NULL,
                valid_until TEXT NOT NULL
            );
            CREATE INDEX database_history_by_database ON database_history (database_row_id, valid_from);

            CREATE TABLE changes (
                row_id INTEGER PRIMARY KEY,
                database_row_id INTEGER NOT NULL REFERENCES databases (row_id),
                report_row_id INTEGER NOT NULL,
                at TEXT NOT NULL,
                kind TEXT NOT NULL,
                field TEXT,
                before TEXT,
                after TEXT
            );
            CREATE INDEX changes_by_database ON changes (database_row_id);
            CREATE INDEX changes_by_kind ON changes (kind);
            CREATE INDEX changes_by_time ON changes (at);

            CREATE TABLE observations (
                database_row_id INTEGER NOT NULL REFERENCES databases (row_id),
                at TEXT NOT NULL,
                bytes INTEGER,
                bytes_complete INTEGER,
                PRIMARY KEY (database_row_id, at)
            ) WITHOUT ROWID;

            CREATE TABLE dead_letters (
                row_id INTEGER PRIMARY KEY AUTOINCREMENT,
                received_at TEXT NOT NULL,
                source TEXT NOT NULL,
                code TEXT NOT NULL,
                message TEXT NOT NULL,
                attempts INTEGER NOT NULL,
                tried_at TEXT NOT NULL,
                body BLOB NOT NULL
            );

            CREATE TABLE tokens (
                id TEXT NOT NULL PRIMARY KEY,
                hash BLOB NOT NULL,
                name TEXT NOT NULL,
                scopes TEXT NOT NULL,
                loopback_only INTEGER NOT NULL,
                created_at TEXT NOT NULL,
                expires_at TEXT,
                revoked_at TEXT,
                last_used_at TEXT
            );

            CREATE TABLE audit (
                row_id INTEGER PRIMARY KEY,
                at TEXT NOT NULL,
                actor TEXT NOT NULL,
                address TEXT,
                action TEXT NOT NULL,
                target TEXT,
                status INTEGER,
                request_id TEXT,
                count INTEGER NOT NULL
            );
            CREATE INDEX audit_by_time ON audit (at);

            CREATE VIRTUAL TABLE search_databases USING fts5
                (text, content = '', detail = 'none', prefix = '3', tokenize = "unicode61 remove_diacritics 2");
            CREATE VIRTUAL TABLE search_hosts USING fts5
                (text, content = '', detail = 'none', prefix = '3', tokenize = "unicode61 remove_diacritics \
            2");CREATE TABLE census (
                account_id TEXT NOT NULL,
                region TEXT NOT NULL,
                engine TEXT NOT NULL,
                vendor TEXT NOT NULL,
                version TEXT NOT NULL,
                state TEXT NOT NULL,
                exposure TEXT NOT NULL,
                role TEXT NOT NULL,
                databases INTEGER NOT NULL,
                bytes INTEGER NOT NULL,
                PRIMARY KEY (account_id, region, engine, vendor, version, state, exposure, role)
            ) WITHOUT ROWID;
            CREATE TABLE host_census (
                account_id TEXT NOT NULL,
                region TEXT NOT NULL,
                scan_status TEXT NOT NULL,
                hosts INTEGER NOT NULL,
                PRIMARY KEY (account_id, region, scan_status)
            ) WITHOUT ROWID;

            CREATE TRIGGER census_insert AFTER INSERT ON databases BEGIN INSERT INTO census VALUES \
            (COALESCE(NEW.account_id, ''), COALESCE(NEW.region, ''), COALESCE(NEW.engine, ''), \
            COALESCE(NEW.vendor, ''), COALESCE(NEW.version, ''), CASE WHEN NEW.missing_since IS NULL THEN \
            NEW.state ELSE 'missing' END, COALESCE(NEW.exposure, ''), COALESCE(NEW.role, ''), 1, 1 * \
            COALESCE(NEW.bytes, 0))
            ON CONFLICT DO UPDATE SET databases = databases + excluded.databases, bytes = bytes + \
            excluded.bytes; END;
            CREATE TRIGGER census_delete AFTER DELETE ON databases BEGIN INSERT INTO census VALUES \
            (COALESCE(OLD.account_id, ''), COALESCE(OLD.region, ''), COALESCE(OLD.engine, ''), \
            COALESCE(OLD.vendor, ''), COALESCE(OLD.version, ''), CASE WHEN OLD.missing_since IS NULL THEN \
            OLD.state ELSE 'missing' END, COALESCE(OLD.exposure, ''), COALESCE(OLD.role, ''), -1, -1 * \
            COALESCE(OLD.bytes, 0))
            ON CONFLICT DO UPDATE SET databases = databases + excluded.databases, bytes = bytes + \
            excluded.bytes; END;
            CREATE TRIGGER census_update AFTER UPDATE OF account_id, region, engine, vendor, version, state, \
            exposure, role, missing_since, bytes ON databases
            WHEN OLD.account_id IS NOT NEW.account_id OR OLD.region IS NOT NEW.region OR OLD.engine IS NOT \
            NEW.engine OR OLD.vendor IS NOT NEW.vendor OR OLD.version IS NOT NEW.version OR OLD.state IS NOT \
            NEW.state OR OLD.exposure IS NOT NEW.exposure OR OLD.role IS NOT NEW.role OR OLD.missing_since IS \
            NOT NEW.missing_since OR OLD.bytes IS NOT NEW.bytes
            BEGIN INSERT INTO census VALUES (COALESCE(OLD.account_id, ''), COALESCE(OLD.region, ''), \
            COALESCE(OLD.engine, ''), COALESCE(OLD.vendor, ''), COALESCE(OLD.version, ''), CASE WHEN \
            OLD.missing_since IS NULL THEN OLD.state ELSE 'missing' END, COALESCE(OLD.exposure, ''), \
            COALESCE(OLD.role, ''), -1, -1 * COALESCE(OLD.bytes, 0))
            ON CONFLICT DO UPDATE SET databases = databases + excluded.databases, bytes = bytes + \
            excluded.bytes; INSERT INTO census VALUES (COALESCE(NEW.account_id, ''), COALESCE(NEW.region, \
            ''), COALESCE(NEW.engine, ''), COALESCE(NEW.vendor, ''), COALESCE(NEW.version, ''), CASE WHEN \
            NEW.missing_since IS NULL THEN NEW.state ELSE 'missing' END, COALESCE(NEW.exposure, ''), \
            COALESCE(NEW.role, ''), 1, 1 * COALESCE(NEW.bytes, 0))
            ON CONFLICT DO UPDATE SET databases = databases + excluded.databases, bytes = bytes + \
            excluded.bytes; END;

            CREATE TRIGGER host_census_insert AFTER INSERT ON hosts BEGIN INSERT INTO host_census
            VALUES (COALESCE(NEW.account_id, ''), COALESCE(NEW.region, ''), NEW.scan_status, 1)
            ON CONFLICT DO UPDATE SET hosts = hosts + excluded.hosts; END;
            CREATE TRIGGER host_census_delete AFTER DELETE ON hosts BEGIN INSERT INTO host_census
            VALUES (COALESCE(OLD.account_id, ''), COALESCE(OLD.region, ''), OLD.scan_status, -1)
            ON CONFLICT DO UPDATE SET hosts = hosts + excluded.hosts; END;
            CREATE TRIGGER host_census_update AFTER UPDATE OF account_id, region, scan_status ON hosts
            WHEN OLD.account_id IS NOT NEW.account_id OR OLD.region IS NOT NEW.region
                OR OLD.scan_status IS NOT NEW.scan_status
            BEGIN INSERT INTO host_census
            VALUES (COALESCE(OLD.account_id, ''), COALESCE(OLD.region, ''), OLD.scan_status, -1)
            ON CONFLICT DO UPDATE SET hosts = hosts + excluded.hosts; INSERT INTO host_census
            VALUES (COALESCE(NEW.account_id, ''), COALESCE(NEW.region, ''), NEW.scan_status, 1)
            ON CONFLICT DO UPDATE SET hosts = hosts + excluded.hosts; END;
            """)
}
