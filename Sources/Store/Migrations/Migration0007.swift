import SQL

extension Migration {
    /// 0007: the place of a database, host or listing, is one column of everything that grows; a report that says
    /// nothing new writes the time to its host alone.
    static let placeInKeys = Migration(
        name: "0007 place in keys",
        sql: """
            -- The place is the number of the host, or minus that of the listing. On a host last_seen is empty while it is
            -- the time of the host's last report; bytes_at is empty while it is last_seen.
            CREATE TABLE new_databases (
                row_id INTEGER PRIMARY KEY,
                place INTEGER NOT NULL,
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
                last_seen TEXT,
                changed_at TEXT NOT NULL,
                owner_uid INTEGER,
                UNIQUE (place, key)
            );
            INSERT INTO new_databases (
                row_id, place, key, place_id, hostname, account_id, region, engine, vendor, version,
                version_precision, state, address, port, exposure, role, data_directory, container, container_image,
                cluster_id, missing_since, version_key, server_identity, bytes, bytes_at, bytes_complete,
                first_seen, last_seen, changed_at, owner_uid)
            SELECT
                d.row_id, COALESCE(d.host_row_id, -d.listing_row_id), d.key, d.place_id, d.hostname, d.account_id,
                d.region, d.engine, d.vendor, d.version, d.version_precision, d.state, d.address, d.port, d.exposure,
                d.role, d.data_directory, d.container, d.container_image, d.cluster_id, d.missing_since, d.version_key,
                d.server_identity, d.bytes,
                CASE WHEN d.bytes_at <> d.last_seen THEN d.bytes_at END,
                d.bytes_complete, d.first_seen,
                CASE WHEN h.row_id IS NULL OR d.last_seen <> h.last_seen THEN d.last_seen END,
                d.changed_at, d.owner_uid
            FROM databases d LEFT JOIN hosts h ON h.row_id = d.host_row_id;
            DROP TABLE databases;
            ALTER TABLE new_databases RENAME TO databases;
            CREATE INDEX databases_by_hostname ON databases (hostname);
            CREATE INDEX databases_by_account ON databases (account_id);
            CREATE INDEX databases_by_region ON databases (region);
            CREATE INDEX databases_by_engine ON databases (engine);
            CREATE INDEX databases_by_vendor ON databases (vendor);
            CREATE INDEX databases_by_version ON databases (version_key);
            CREATE INDEX databases_by_state ON databases
                (CASE WHEN missing_since IS NULL THEN state ELSE 'missing' END);
            CREATE INDEX databases_by_exposure ON databases (exposure);
            CREATE INDEX databases_by_role ON databases (role);
            CREATE INDEX databases_by_port ON databases (port);
            CREATE INDEX databases_by_container ON databases (container) WHERE container IS NOT NULL;
            CREATE INDEX databases_by_cluster ON databases (cluster_id) WHERE cluster_id IS NOT NULL;
            CREATE INDEX databases_by_bytes ON databases (bytes);
            CREATE INDEX databases_by_first_seen ON databases (first_seen);
            CREATE INDEX databases_by_last_seen ON databases (last_seen) WHERE last_seen IS NOT NULL;

            ALTER TABLE hosts ADD COLUMN databases INTEGER NOT NULL DEFAULT 0;
            UPDATE hosts SET databases = n.count FROM
                (SELECT place, COUNT(*) AS count FROM databases WHERE missing_since IS NULL GROUP BY place) n
            WHERE n.place = hosts.row_id;

            ALTER TABLE changes ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
            UPDATE changes SET place = (SELECT d.place FROM databases d WHERE d.row_id = database_row_id);
            ALTER TABLE database_history ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
            UPDATE database_history SET place = (SELECT d.place FROM databases d WHERE d.row_id = database_row_id);
            ALTER TABLE observations ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
            UPDATE observations SET place = (SELECT d.place FROM databases d WHERE d.row_id = database_row_id);

            CREATE TABLE new_reports (
                row_id INTEGER PRIMARY KEY,
                place INTEGER NOT NULL,
                started_at TEXT NOT NULL,
                seen_at TEXT NOT NULL,
                received_at TEXT NOT NULL,
                is_older INTEGER NOT NULL,
                source TEXT NOT NULL,
                takes_over INTEGER NOT NULL DEFAULT 0,
                service TEXT,
                voucher TEXT,
                body BLOB NOT NULL
            );
            INSERT INTO new_reports SELECT row_id, COALESCE(host_row_id, -listing_row_id, 0), started_at, seen_at,
                received_at, is_older, source, takes_over, service, voucher, body FROM reports;
            DROP TABLE reports;
            ALTER TABLE new_reports RENAME TO reports;
            CREATE INDEX reports_by_place ON reports (place, started_at);
            """)
}
