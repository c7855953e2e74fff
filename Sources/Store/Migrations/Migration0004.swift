import SQL

extension Migration {
    /// 0004: databases that are on no host, and tokens that are bound to tags.
    static let places = Migration(
        name: "0004 places",
        sql: """
            -- What lasts of a host's last report, as a number: an equal one says nothing new.
            ALTER TABLE hosts ADD COLUMN digest INTEGER;

            -- What one AWS service lists in an account and region: the other place of databases, next to hosts.
            CREATE TABLE listings (
                row_id INTEGER PRIMARY KEY,
                place_id TEXT NOT NULL,
                account_id TEXT NOT NULL,
                region TEXT NOT NULL,
                service TEXT NOT NULL,
                first_seen TEXT NOT NULL,
                last_seen TEXT NOT NULL,
                UNIQUE (place_id, service)
            );

            -- A database is on a host or in a listing; its id is its place's id, a slash, and its key.
            CREATE TABLE new_databases (
                row_id INTEGER PRIMARY KEY,
                host_row_id INTEGER REFERENCES hosts (row_id),
                listing_row_id INTEGER REFERENCES listings (row_id),
                key TEXT NOT NULL,
                place_id TEXT NOT NULL,
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
                owner_uid INTEGER,
                CHECK ((host_row_id IS NULL) <> (listing_row_id IS NULL)),
                UNIQUE (host_row_id, key),
                UNIQUE (listing_row_id, key)
            );
            INSERT INTO new_databases (
                row_id, host_row_id, key, place_id, hostname, account_id, region, engine, vendor, version,
                version_precision, state, address, port, exposure, role, data_directory, container, \
            container_image,
                cluster_id, missing_since, version_key, server_identity, bytes, bytes_at, bytes_complete,
                first_seen, last_seen, changed_at, owner_uid)
            SELECT
                row_id, host_row_id, key, host_id, hostname, account_id, region, engine, vendor, version,
                version_precision, state, address, port, exposure, role, data_directory, container, \
            container_image,
                cluster_id, missing_since, version_key, server_identity, bytes, bytes_at, bytes_complete,
                first_seen, last_seen, changed_at, owner_uid FROM databases;
            DROP TABLE databases;
            ALTER TABLE new_databases RENAME TO databases;
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

            -- The report of a host, or with a service the listing of a place.
            ALTER TABLE reports ADD COLUMN listing_row_id INTEGER REFERENCES listings (row_id);
            ALTER TABLE reports ADD COLUMN service TEXT;
            CREATE INDEX reports_by_listing ON reports (listing_row_id, started_at) WHERE listing_row_id IS \
            NOT NULL;

            -- Tags of the hosts that a token is bound to.
            ALTER TABLE tokens ADD COLUMN tags TEXT;
            """)
}
