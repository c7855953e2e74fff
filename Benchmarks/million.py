"""A store of many hosts, written as the collector would have written it: million.py STORE HOSTS DATABASES-A-HOST.

STORE is a store that the collector made and that has no hosts yet.
"""

import gzip
import json
import random
import sqlite3
import sys

ENGINES = {
    "mysql": (["5.7.44", "8.0.36", "8.0.37", "8.4.3"], "oracle", 3306), "mariadb": (["10.6.18", "10.11.6", "11.4.2"], "mariadb", 3306),
    "postgresql": (["13.14", "14.11", "15.6", "16.2", "17.1"], "community", 5432), "mongodb": (["6.0.14", "7.0.5", "8.0.3"], "mongodb", 27017),
}
WORDS = ["orders", "users", "billing", "search", "catalog", "events", "ledger", "stock", "mail", "audit", "geo", "chat"]


def version_key(version):
    return "".join("5" + part.zfill(12) for part in version.split(".")) + "4"


def time(minutes):
    day, minute = divmod(minutes, 1440)
    return f"2026-11-{1 + day:02d}T{minute // 60:02d}:{minute % 60:02d}:{day:02d}.000Z"


def rows(hosts, each):
    """The rows of each table, a host after the other."""
    generator = random.Random(7)
    number = 0
    body = gzip.compress(json.dumps({"padding": [generator.random() for _ in range(90)]}).encode(), 6)
    for host in range(1, hosts + 1):
        account, region = f"{111111111111 + host % 40}", ["eu-central-1", "eu-west-1", "us-east-1", "ap-south-1"][host % 4]
        identity, word = f"i-{host * 7919:017x}", generator.choice(WORDS)
        name, machine = f"{word}-{host}.{region}.example.com", f"{host:032x}"
        first, last = time(generator.randrange(0, 20_000)), time(generator.randrange(20_000, 28_000))
        text = "\n".join([identity, name, machine, account, region])
        status = "partial" if host % 50 == 0 else "complete"
        yield "hosts", (host, identity, account, region, identity, machine, name, "Debian 12", "debian", "12", "6.1.0", "x86_64", 4, 1 << 33,
                        "0.1.0", status, first, last)
        yield "search_hosts", (host, text)
        yield "reports", (host, host, last, last, last, 0, "cli", body)
        for index in range(each):
            number += 1
            engine = generator.choices(list(ENGINES), [5, 2, 4, 1])[0]
            versions, vendor, port = ENGINES[engine]
            version = generator.choice(versions)
            state = generator.choices(["running", "stopped", "installed"], [90, 6, 4])[0]
            path = f"/srv/{generator.choice(WORDS)}{index}/{engine}"
            key = f"{engine}:{path}"
            running = state == "running"
            exposure = generator.choices(["all", "private", "loopback"], [2, 6, 4])[0] if running else None
            role = generator.choices(["standalone", "primary", "replica", "arbiter", None], [4, 2, 3, 0.01, 1])[0]
            cluster = f"{engine}:system_identifier:{number // 3}" if number % 5 == 0 else None
            container = f"{word}-{index}" if number % 10 == 0 else None
            missing = last if number % 100 == 0 else None
            size = generator.randrange(1 << 20, 1 << 40) if state != "installed" else None
            yield "databases", (
                number, host, key, identity, name, account, region, engine, vendor, version, "exact", state, "0.0.0.0" if running else None,
                port + index if running else None, exposure, role, path, container, "registry/db:1" if container else None, cluster, missing,
                version_key(version), None, size, None, 1 if size else None, first, last if missing else None, first)
            words = [identity, name, account, region, key, engine, vendor, version, str(port + index) if running else None, path, container,
                     "registry/db:1" if container else None, cluster]
            yield "search_databases", (number, "\n".join(w for w in words if w))
            yield "observations", (number, first, size, 1 if size else None, host)
            yield "changes", (None, number, host, first, "appeared", None, None, version, host)


def main(store, hosts, each):
    database = sqlite3.connect(store, isolation_level=None)
    for setting in ["PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000", "BEGIN"]:
        database.execute(setting)
    columns = {
        "hosts": "(row_id, id, account_id, region, instance_id, machine_id, hostname, os, os_id, os_version, kernel, architecture, cpus,"
                 " memory_bytes, agent_version, scan_status, first_seen, last_seen)",
        "databases": "(row_id, place, key, place_id, hostname, account_id, region, engine, vendor, version, version_precision, state,"
                     " address, port, exposure, role, data_directory, container, container_image, cluster_id, missing_since, version_key,"
                     " server_identity, bytes, bytes_at, bytes_complete, first_seen, last_seen, changed_at)",
        "reports": "(row_id, place, started_at, seen_at, received_at, is_older, source, body)",
        "search_hosts": "(rowid, text)", "search_databases": "(rowid, text)"}
    database.executemany("INSERT INTO accounts VALUES (?, ?, ?)", [(f"{111111111111 + n}", time(0), time(27_999)) for n in range(40)])
    pending = {}
    for table, row in rows(hosts, each):
        pending.setdefault(table, []).append(row)
        if table == "changes" and len(pending[table]) >= 20_000:
            flush(database, pending, columns)
    flush(database, pending, columns)
    database.execute("""
        INSERT INTO census SELECT COALESCE(account_id, ''), COALESCE(region, ''), engine, COALESCE(vendor, ''), COALESCE(version, ''),
            CASE WHEN missing_since IS NULL THEN state ELSE 'missing' END, COALESCE(exposure, ''), COALESCE(role, ''), COUNT(*),
            SUM(COALESCE(bytes, 0)) FROM databases GROUP BY 1, 2, 3, 4, 5, 6, 7, 8""")
    database.execute("UPDATE hosts SET databases = (SELECT COUNT(*) FROM databases d WHERE d.place = hosts.row_id AND missing_since IS NULL)")
    database.execute("INSERT INTO host_census SELECT account_id, region, scan_status, COUNT(*) FROM hosts GROUP BY 1, 2, 3")
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def flush(database, pending, columns):
    for table in ["hosts", "search_hosts", "reports", "databases", "search_databases", "observations", "changes"]:
        if pending.get(table):
            marks = ", ".join("?" * len(pending[table][0]))
            database.executemany(f"INSERT INTO {table} {columns.get(table, '')} VALUES ({marks})", pending[table])
    pending.clear()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
