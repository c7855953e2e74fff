"""The store on SQLite and on PostgreSQL, at a million databases: the same reports, the same questions, and the bare driver.

    make bench-store [ARGUMENTS="HOSTS=250000 lists ingest"]

Both stores have the same rows, copied by `store migrate`, on one disk. The bare driver is pgbench with the statements
that the collector sends for the same reports, in a pipeline and in transactions of the same size. Load goes to loopback
alone.
"""

import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

import bench_collector as bench

ROOT = bench.ROOT
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))
from postgres import StoreServer  # noqa: E402

SETTINGS = ["shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min", "random_page_cost=1.1", "autovacuum_naptime=10s"]
REPORTS = 40_000
FIRST = int(time.time()) * REPORTS
LOCK = int.from_bytes(b"dbcensus")


class Store(bench.Running):
    """A collector whose store is at a path or an address."""

    def __init__(self, folder, store):
        self.folder, self.store, self.ours = folder, store, True
        self.token = self.make_token("admin")


class Again(StoreServer):
    """A server whose data is there."""

    def make(self):
        pass


def copied(source, target):
    """Seconds of a copy with its comparison."""
    start = time.monotonic()
    done = subprocess.run([bench.COLLECTOR, "store", "migrate", "--from", source, "--to", target], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return time.monotonic() - start


def ingest(stores, server, folder, hosts):
    print(f"\n| reports | store | connections | reports/s | p50 ms | p99 ms | a commit | WAL bytes a report | bare driver | of it |\n{'|---' * 10}|")
    bodies = {kind: folder / f"bodies-{kind}" for kind in ("new", "unchanged")}
    for hour, path in zip((1, 2), bodies.values()):
        # Hosts that the store does not have, also from an earlier run.
        bench.write_bodies(path, REPORTS, hour, 1, first=FIRST)
    for connections in (32, 128):
        for name, store in stores.items():
            # Every host is known before the unchanged ones come, and by the token that sends those.
            for kind in ("unchanged",) if connections != 32 else ("new", "unchanged"):
                if kind == "unchanged":
                    subprocess.run([bench.COLLECTOR, "ingest", "--store", store.store, "--format", "json", bodies["new"]], stdout=subprocess.DEVNULL)
                    claim(store, server)
                with store:
                    before = wal(server)
                    count = store.metric("dbcensus_batch_reports_sum")
                    rate, p50, p99, batch = store.load(bodies[kind], connections, 1)
                    count = store.metric("dbcensus_batch_reports_sum") - count
                    bytes_written = (wal(server) - before) / count if name == "PostgreSQL" else None
                alone = bare(server, folder, kind, max(1, round(batch))) if name == "PostgreSQL" else None
                print(f"| {kind} | {name} | {connections} | {rate:,.0f} | {p50:.1f} | {p99:.1f} | {batch:.0f} |"
                      f" {f'{bytes_written:,.0f}' if bytes_written else '-'} | {f'{alone:,.0f}' if alone else '-'} |"
                      f" {f'{rate / alone:.0%}' if alone else '-'} |", flush=True)
                if kind == "unchanged":
                    forget(store, server)


def run(store, server, sql):
    if "://" in str(store.store):
        server.sql(sql, "bench")
    else:
        import sqlite3
        with sqlite3.connect(store.store) as database:
            database.execute(sql)


def claim(store, server):
    run(store, server, f"UPDATE hosts SET sender = '{store.token.split('_')[1]}' WHERE hostname LIKE 'db-%'")


def forget(store, server):
    """The reports of hour 2 may come again."""
    run(store, server, "DELETE FROM reports WHERE started_at >= '2026-11-20T02' AND started_at < '2026-11-20T03'")
    run(store, server, "UPDATE hosts SET last_seen = '2026-11-20T01:00:00.000Z' WHERE hostname LIKE 'db-%' AND last_seen > '2026-11-20T01'")


def wal(server):
    return int(server.sql("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint", "bench"))


HOST = ("SELECT row_id, id, last_seen, hostname, account_id, region, instance_id, machine_id, last_started_at, EXISTS (SELECT 1 FROM hosts o"
        " WHERE o.machine_id = hosts.machine_id AND o.instance_id IS NULL), sender, retired_at IS NOT NULL, digest FROM hosts WHERE machine_id = ")
REPORT = ("INSERT INTO reports (place, service, started_at, seen_at, received_at, is_older, source, takes_over, voucher, body) VALUES"
          " (:p{n}, NULL, '2027-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z', FALSE, 'cli', FALSE, NULL,"
          " decode('{body}', 'hex')) RETURNING row_id;")


def bare(server, folder, kind, batch):
    """Reports a second by pgbench, with what the collector writes and in transactions of so many reports."""
    body = server.sql("SELECT encode(body, 'hex') FROM reports WHERE started_at LIKE '2026-11-20T%' LIMIT 1", "bench")
    first = int(server.sql("SELECT MIN(row_id) FROM hosts WHERE hostname LIKE 'db-%'", "bench"))
    last = int(server.sql("SELECT MAX(row_id) FROM hosts WHERE hostname LIKE 'db-%'", "bench"))
    lines = [f"\\set p{n} random({first}, {last})" for n in range(batch)]
    lines += ["\\startpipeline", "BEGIN;", f"SELECT pg_advisory_xact_lock({LOCK});",
              "SELECT received_at FROM reports ORDER BY row_id DESC LIMIT 1;"]
    for n in range(batch):
        lines += [f"{HOST}(:p{n} % {REPORTS})::text;"]
        if kind == "unchanged":
            lines += [f"SELECT body FROM reports WHERE place = :p{n} AND started_at = '2027-01-01T00:00:00.000Z' AND row_id < 0;",
                      f"UPDATE hosts SET last_seen = '2027-01-01T00:00:00.000Z', last_started_at = '2027' WHERE row_id = :p{n};",
                      REPORT.format(n=n, body=body)]
        else:
            lines += [
                "INSERT INTO hosts (id, hostname, machine_id, first_seen, last_seen, agent_version, scan_status, os, os_id, os_version, kernel,"
                " architecture, databases) SELECT md5(random()::text), 'bare-' || random(), md5(random()::text), '2027', '2027', '0.1.0', 'complete',"
                " 'Debian 12', 'debian', '12', '6.1.0', 'x86_64', 3 RETURNING row_id;",
                f"INSERT INTO search_hosts SELECT nextval('hosts_row_id_seq'), array_to_tsvector(ARRAY['bare', 'example', md5(random()::text)]);",
                REPORT.format(n=n, body=body)]
            for index in range(3):
                lines += [
                    "INSERT INTO databases (place, key, place_id, hostname, engine, vendor, version, version_precision, state, address, port, exposure,"
                    " role, data_directory, version_key, bytes, bytes_complete, first_seen, changed_at) SELECT"
                    f" currval('hosts_row_id_seq'), 'postgresql:/srv/{index}', 'x', 'bare', 'postgresql', 'community', '15.6', 'exact', 'running',"
                    f" '0.0.0.0', {5432 + index}, 'all', 'primary', '/srv/{index}', '5000000000015', 1000, TRUE, '2027', '2027' RETURNING row_id;",
                    "INSERT INTO search_databases SELECT currval('databases_row_id_seq'), currval('hosts_row_id_seq'),"
                    " array_to_tsvector(ARRAY['bare', 'srv', 'postgresql', 'community', 'example', md5(random()::text)]);",
                    "INSERT INTO observations SELECT currval('hosts_row_id_seq'), currval('databases_row_id_seq'), '2027', 1000, TRUE;",
                    "INSERT INTO changes (place, database_row_id, report_row_id, at, kind, after) SELECT currval('hosts_row_id_seq'),"
                    " currval('databases_row_id_seq'), 1, '2027', 'appeared', '15.6';"]
    lines += ["INSERT INTO census VALUES ('bare', '', '', '', '', '', '', '', 1, 1) ON CONFLICT (account_id, region, engine, vendor, version, state,"
              " exposure, role) DO UPDATE SET databases = census.databases + 1;" if kind == "new" else "SELECT 1;",
              "INSERT INTO dbcensus_commits (id) VALUES ((random() * 9000000000000000000)::bigint);", "COMMIT;", "\\endpipeline"]
    script = folder / f"{kind}.pgbench"
    script.write_text("\n".join(lines) + "\n")
    done = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", "1", "-T", str(bench.SECONDS), "-f", script, "-h", "127.0.0.1", "-p", str(server.port),
                           "-U", "dbcensus", "bench"], capture_output=True, text=True)
    assert done.returncode == 0 and "tps = " in done.stdout, done.stderr[-2000:]
    rate = float(done.stdout.split("tps = ")[1].split()[0]) * batch
    # Nothing of it stays.
    for sql in ["DELETE FROM reports WHERE started_at = '2027-01-01T00:00:00.000Z'", "DELETE FROM databases WHERE hostname = 'bare'",
                "DELETE FROM hosts WHERE hostname LIKE 'bare-%'", "DELETE FROM observations WHERE at = '2027'", "DELETE FROM changes WHERE at = '2027'",
                "DELETE FROM search_databases s WHERE NOT EXISTS (SELECT 1 FROM databases d WHERE d.row_id = s.row_id)",
                "DELETE FROM search_hosts s WHERE NOT EXISTS (SELECT 1 FROM hosts h WHERE h.row_id = s.row_id)", "DELETE FROM census WHERE account_id = 'bare'"]:
        server.sql(sql, "bench")
    return rate


def warm(*folders):
    """Reads all files, so that both stores are in the system's cache."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                with open(path, "rb") as file:
                    while file.read(1 << 20):
                        pass


def lists(stores, server, folder, hosts, requests=100):
    """The same questions of both."""
    found = {}
    for name, store in stores.items():
        with store:
            connection = bench.http.client.HTTPConnection("127.0.0.1", store.port)

            def ask(path):
                began = time.perf_counter()
                connection.request("GET", path, headers={"Authorization": "Bearer " + store.token})
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 200, (path, body[:300])
                return body, (time.perf_counter() - began) * 1000
            items = json.loads(ask("/api/v1/databases?limit=1000")[0])["items"]
            identities = [urllib.parse.quote(item["id"], safe="") for item in items[::25]]
            for question, path in bench.scenarios(random.Random(7), identities, hosts).items():
                times = sorted(ask(path())[1] for _ in range(requests))
                found.setdefault(question, {})[name] = (statistics.median(times), times[int(requests * 0.99) - 1])
    print(f"\n| question ({hosts:,} hosts, {hosts * 4:,} databases) | SQLite p50 ms | p99 ms | PostgreSQL p50 ms | p99 ms |\n{'|---' * 5}|")
    for question, times in found.items():
        (a, b), (c, d) = times["SQLite"], times["PostgreSQL"]
        print(f"| {question} | {a:.1f} | {b:.1f} | {c:.1f} | {d:.1f} |", flush=True)


def main():
    words = sys.argv[1:]
    hosts = next((int(w.split("=")[1]) for w in words if w.startswith("HOSTS=")), 250_000)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(os.environ.get("BENCH_FOLDER", name))
        for part in ("sqlite", "postgresql"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        file = folder / "sqlite/store.sqlite"
        stores = {"SQLite": Store(folder / "sqlite", file)}
        # With BENCH_FOLDER, stores of an earlier run are taken as they are.
        is_there = (folder / "server/data/PG_VERSION").exists()
        if not is_there:
            subprocess.run([sys.executable, ROOT / "Benchmarks/million.py", file, str(hosts), "4"], check=True)
        with (Again if is_there else StoreServer)(folder / "server", *SETTINGS) as server:
            address = server.address("bench") if is_there else server.database("bench")
            seconds = 0 if is_there else copied(file, address)
            server.sql("VACUUM ANALYZE", "bench")
            size = int(server.sql("SELECT pg_database_size('bench')"))
            print(f"Copied in {seconds:.0f} s, compared: {file.stat().st_size / 1e9:.2f} GB in SQLite, {size / 1e9:.2f} GB in PostgreSQL"
                  f" {server.sql('SHOW server_version').split()[0]}.", flush=True)
            stores["PostgreSQL"] = Store(folder / "postgresql", address)
            warm(file.parent, server.data / "base")
            for part in (lists, ingest):
                if part.__name__ in words or not {"lists", "ingest"} & set(words):
                    part(stores, server, folder, hosts)


main()
