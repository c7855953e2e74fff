"""A store in PostgreSQL: the same answers as from a file, nothing acknowledged lost, and clear errors."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest
import requests
from conftest import alone
from folders import open_to_all
from postgres import BINARIES, Standby, StoreServer
from service import ROOT, Service, database, report

pytestmark = pytest.mark.skipif(BINARIES is None or os.geteuid() != 0, reason="no PostgreSQL server, or not root")
FAST = ("limits.requests_per_second=100000", "limits.request_burst=100000")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    alone()
    with StoreServer(tmp_path_factory.mktemp("postgres") / "primary", "max_wal_senders=4", "wal_keep_size=64MB") as server:
        yield server


def hosts(server, name):
    return server.sql("SELECT id FROM hosts ORDER BY row_id", name).split()


def test_the_declarations_are_those_of_libpq(tmp_path):
    """A third party's header judges ours: the same functions, the same numbers."""
    source = tmp_path / "check.c"
    source.write_text("""
#include <libpq-fe.h>
#include <postgres_ext.h>
#define DBCENSUS_LIBPQ_HEADER
#define _Nonnull
#include "CPostgres.h"
#define F(type, name, parameters) static type(*check_##name) parameters __attribute__((unused)) = name;
DBCENSUS_LIBPQ(F)
#undef F
_Static_assert(DBCENSUS_CONNECTION_OK == CONNECTION_OK && DBCENSUS_COMMAND_OK == PGRES_COMMAND_OK && DBCENSUS_TUPLES_OK == PGRES_TUPLES_OK
    && DBCENSUS_COPY_IN == PGRES_COPY_IN && DBCENSUS_PIPELINE_SYNC == PGRES_PIPELINE_SYNC
    && DBCENSUS_PIPELINE_ABORTED == PGRES_PIPELINE_ABORTED && DBCENSUS_TRANSACTION_IDLE == PQTRANS_IDLE && DBCENSUS_TRANSACTION_FAILED == PQTRANS_INERROR, "numbers");
""")
    done = subprocess.run(["gcc", "-c", "-Wall", "-Werror", "-Wno-unknown-pragmas", "-Wno-enum-compare", "-I/usr/include/postgresql", f"-I{ROOT}/Sources/CPostgres/include",
                           source, "-o", tmp_path / "check.o"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


QUESTIONS = [
    "/databases", "/databases?sort=-bytes&limit=3", "/databases?engine=mysql&state=running", "/databases?q=mysql1", "/databases?q=db%207",
    "/databases?version=>=8.0,<8.1", "/hosts", "/hosts?sort=hostname", "/changes", "/changes?kind=version_changed", "/clusters", "/accounts",
    "/stats?group_by=engine,state", "/stats", "/host-events", "/dead-letters", "/coverage", "/jobs", "/databases?as_of=2026-06-01T00:00:00Z",
    "/databases?host=db3", "/databases?state=missing",
]


def test_the_same_answers_as_from_a_file(server, tmp_path):
    """Everything that one sender tells both: a version that changes, a database that goes, one that lies, and odd texts."""
    stores = {"file": tmp_path / "file.sqlite", "server": server.database("same")}
    answers = {}
    for kind, store in stores.items():
        folder = tmp_path / kind
        folder.mkdir()
        with Service(folder, *FAST, store=store) as service:
            for minute in range(4):
                for number in range(9):
                    changed = report(number, minute, databases=1 + number % 3)
                    if minute == 1 and number == 2:
                        changed["databases"][0]["version"] = "8.4.1"
                    if minute >= 2 and number == 5:
                        changed["databases"] = []
                    if number == 6:
                        changed["databases"] = [database(n, engine="postgresql", version=f"1{n}.\u00e4\u4e2d\U0001f600'\";--") for n in range(3)]
                    assert service.send(changed).status_code == 200
            answers[kind] = {question: service.get("/api/v1" + question).json() for question in QUESTIONS}
            answers[kind]["csv"] = service.get("/api/v1/databases", headers={"Accept": "text/csv"}).text
            ids = [item["id"] for item in answers[kind]["/databases"]["items"]]
            for index, identity in enumerate(ids):
                answers[kind][f"detail {index}"] = service.get("/api/v1/databases/" + requests.utils.quote(identity, safe="")).json()
            seen, cursor = [], None
            while cursor is not None or not seen:
                page = service.get(f"/api/v1/databases?limit=2&sort=version{f'&cursor={cursor}' if cursor else ''}").json()
                seen += [item["id"] for item in page["items"]]
                cursor = page.get("next_cursor")
            answers[kind]["pages"] = seen
    def timeless(value):
        """Without the times at which this test ran."""
        if isinstance(value, dict):
            return {name: timeless(inner) for name, inner in value.items() if name not in ("received_at", "generated_at", "instance", "sender", "source")}
        return [timeless(inner) for inner in value] if isinstance(value, list) else value
    for question in answers["file"]:
        mine, theirs = (timeless(answers[kind][question]) for kind in ("server", "file"))
        if isinstance(mine, dict) and isinstance(mine.get("items"), list):
            for one, other in zip(mine["items"], theirs["items"]):
                assert one == other, (question, {name: (one[name], other.get(name)) for name in one if one[name] != other.get(name)})
        assert mine == theirs, question


class Senders:
    """Threads that send one host after the other until they are told to stop, and remember what was acknowledged."""

    def __init__(self, service, threads=4):
        self.url, self.token, self.stopped = service.url, service.token, threading.Event()
        self.acknowledged, self.statuses = [], set()
        self.threads = [threading.Thread(target=self.send, args=[n]) for n in range(threads)]
        for thread in self.threads:
            thread.start()

    def send(self, worker):
        session, number = requests.Session(), worker * 100_000
        while not self.stopped.is_set():
            number += 1
            try:
                answer = session.post(self.url + "/api/v1/reports", data=json.dumps(report(number)), headers={"Authorization": f"Bearer {self.token}"}, timeout=60)
            except requests.RequestException:
                time.sleep(0.05)
                continue
            self.statuses.add(answer.status_code)
            if answer.status_code == 200:
                self.acknowledged.append(f"{number:032x}")
            else:
                time.sleep(0.05)

    def wait(self, more, seconds=120):
        wanted, end = len(self.acknowledged) + more, time.monotonic() + seconds
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < end, f"{len(self.acknowledged)} of {wanted} acknowledged; {self.statuses}"
            time.sleep(0.05)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


def test_a_server_that_crashes_again_and_again_loses_nothing(tmp_path):
    with StoreServer(tmp_path / "crashing") as server:
        address = server.database("store")
        with Service(tmp_path, *FAST, store=address) as service:
            senders = Senders(service)
            for how in (signal.SIGQUIT, signal.SIGINT, signal.SIGKILL, signal.SIGQUIT):
                senders.wait(30)
                server.stop(how)
                time.sleep(0.5)
                server.start()
            senders.wait(30)
            senders.stop()
            assert service.process.poll() is None and service.get("/readyz").status_code == 200
            found = hosts(server, "store")
            assert len(found) == len(set(found)) and set(senders.acknowledged) <= set(found)
            counted = service.get("/api/v1/stats").json()["databases"]
            assert counted == len(found) == int(server.sql("SELECT COUNT(*) FROM databases", "store"))


def test_a_collector_that_is_killed_loses_nothing(server, tmp_path):
    address = server.database("killed")
    service = Service(tmp_path, *FAST, store=address)
    acknowledged = []
    for _ in range(5):
        with service:
            senders = Senders(service)
            senders.wait(20)
            service.kill()
            senders.stop()
            acknowledged += senders.acknowledged
    found = hosts(server, "killed")
    assert len(found) == len(set(found)) and set(acknowledged) <= set(found)


def refusal(collector, address, *arguments, **options):
    done = collector.run("ingest", "/dev/null", "--store", address, *arguments, check=False, **options)
    return done.returncode, done.stderr.decode()


def test_what_is_no_store(server, collector, tmp_path):
    code, said = refusal(collector, server.address("none"))
    assert code == 74 and 'database "none" does not exist' in said
    server.sql("CREATE DATABASE theirs")
    server.sql("CREATE TABLE schema_migrations (version BIGINT)", "theirs")
    code, said = refusal(collector, server.address("theirs"))
    assert code == 74 and "has the table schema_migrations and is no dbcensus store" in said
    assert server.sql("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'", "theirs") == "1"
    done = collector.run("databases", "--store", server.database("empty"), check=False)
    assert done.returncode == 74 and b"there is no store in postgresql://" in done.stderr
    code, said = refusal(collector, "postgresql://dbcensus:secret@127.0.0.1/x")
    assert code == 74 and "password" in said and "secret" not in said
    code, said = refusal(collector, "postgresql://127.0.0.1:1/x")
    assert code == 74 and "Connection refused" in said and "\\x" not in said


def test_a_newer_and_a_half_migrated_store(server, collector):
    address = server.database("newer")
    collector.run("token", "create", "--name", "x", "--scopes", "read", "--store", address)
    # A migration is one transaction: one that was interrupted is made again.
    server.sql("DELETE FROM dbcensus_migrations WHERE name LIKE '0002%'; DROP TABLE skipped_runs, proven_documents, account_tags, organization_accounts,"
               " instance_tags, instances, scopes, coverage_history, results, batches, tasks, jobs, collectors, run_documents", "newer")
    done = collector.run("databases", "--store", address, check=False)
    assert done.returncode != 0 and b"older dbcensus-collector" in done.stderr
    collector.run("token", "create", "--name", "y", "--scopes", "read", "--store", address)
    assert server.sql("SELECT COUNT(*) FROM jobs", "newer") == "0"
    server.sql("INSERT INTO dbcensus_migrations VALUES ('9999 to come')", "newer")
    done = collector.run("databases", "--store", address, check=False)
    assert done.returncode == 76 and b"newer dbcensus-collector" in done.stderr


def test_a_standby_takes_no_writes(server, collector, tmp_path):
    address = server.database("standing")
    collector.run("token", "create", "--name", "x", "--scopes", "read", "--store", address)
    with Standby(tmp_path / "standby", server) as standby:
        for _ in range(100):
            if standby.sql("SELECT COUNT(*) FROM pg_database WHERE datname = 'standing'") == "1":
                break
            time.sleep(0.1)
        read = collector.run("databases", "--store", standby.address("standing"), "--format", "json")
        assert json.loads(read.stdout)["items"] == []
        done = collector.run("token", "create", "--name", "y", "--scopes", "read", "--store", standby.address("standing"), check=False)
        assert done.returncode == 74 and b"is read-only: name the primary" in done.stderr
        done = collector.run("doctor", "--set", f"store.path={standby.address('standing')}", check=False)
        assert b"bad      server: PostgreSQL" in done.stdout and b"is a standby and takes no writes" in done.stdout
        # With both hosts, the one that takes writes is found.
        both = f"postgresql://dbcensus@127.0.0.1:{standby.port},127.0.0.1:{server.port}/standing?target_session_attrs=read-write"
        collector.run("token", "create", "--name", "y", "--scopes", "read", "--store", both)
        done = collector.run("doctor", "--set", f"store.path={address}", check=False)
        assert b"ok       replication: 1 standbys" in done.stdout


def test_a_password_in_a_file_and_one_that_changes(server, collector, tmp_path):
    hba = server.data / "pg_hba.conf"
    hba.write_text("host all guarded 127.0.0.1/32 scram-sha-256\n" + hba.read_text())
    server.sql("CREATE ROLE guarded LOGIN PASSWORD 'first'; SELECT pg_reload_conf()")
    server.sql("CREATE DATABASE guarded OWNER guarded")
    address, file = server.address("guarded", "guarded"), tmp_path / "password"
    file.write_text("first\n")
    env = {**os.environ, "DBCENSUS_STORE_PASSWORD_FILE": str(file)}
    token = collector.run("token", "create", "--name", "x", "--scopes", "admin", "--store", address, env=env).stdout.decode().strip()
    code, said = refusal(collector, address)
    assert code == 74 and "password" in said
    with Service(tmp_path, f"store.password_file={file}", store=address) as service:
        service.token = token
        server.sql("ALTER ROLE guarded PASSWORD 'second'; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guarded'")
        file.write_text("second\n")
        assert service.send(report(1)).status_code == 200
        file.unlink()
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guarded'")
        assert service.send(report(2)).status_code == 503
    code, said = refusal(collector, address, env=env)
    assert code == 74 and "cannot read the store's password" in said


def test_a_server_without_connections_to_spare(tmp_path):
    with StoreServer(tmp_path / "few", "max_connections=12", "superuser_reserved_connections=3") as server:
        address = server.database("few")
        with Service(tmp_path, *FAST, store=address) as service:
            assert service.send(report(1)).status_code == 200
            others = [subprocess.Popen(["psql", "-XAtq", "-h", "127.0.0.1", "-p", str(server.port), "-U", "dbcensus", "-d", "few", "-c", "SELECT pg_sleep(60)"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(12)]
            time.sleep(1)
            statuses = {service.get("/api/v1/databases").status_code for _ in range(8)} | {service.send(report(2)).status_code}
            assert statuses <= {200, 503}
            for other in others:
                other.terminate()
                other.wait()
            time.sleep(1)
            assert service.get("/api/v1/databases").status_code == 200 and service.send(report(3)).status_code == 200


def test_a_pooler_in_transaction_mode(server, tmp_path):
    assert shutil.which("pgbouncer"), "install pgbouncer"
    server.database("pooled")
    port = server.port + 1 if server.port < 65_000 else server.port - 1
    (tmp_path / "users").write_text('"dbcensus" ""\n')
    (tmp_path / "pgbouncer.ini").write_text(f"""
[databases]
pooled = host=127.0.0.1 port={server.port} dbname=pooled user=dbcensus
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
auth_file = {tmp_path}/users
pool_mode = transaction
default_pool_size = 4
unix_socket_dir =
user = postgres
logfile = {tmp_path}/pgbouncer.log
""")
    open_to_all(tmp_path)
    tmp_path.chmod(0o777)
    pooler = subprocess.Popen(["pgbouncer", tmp_path / "pgbouncer.ini"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if subprocess.run([BINARIES / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode == 0:
                break
            time.sleep(0.1)
        with Service(tmp_path, *FAST, "store.prepared_statements=false", store=f"postgresql://dbcensus@127.0.0.1:{port}/pooled") as service:
            senders = Senders(service, threads=8)
            senders.wait(100)
            senders.stop()
            assert service.get("/api/v1/databases?limit=5").status_code == 200 and service.get("/api/v1/stats").status_code == 200
        assert set(senders.acknowledged) <= set(hosts(server, "pooled"))
    finally:
        pooler.terminate()
        pooler.wait()


def test_texts_that_postgresql_refuses(server, tmp_path):
    with Service(tmp_path, *FAST, store=server.database("texts")) as service:
        odd = report(1)
        odd["databases"][0]["version"] = "8.0\u0000.1"
        # No store takes it: a report is refused before.
        assert [item["outcome"] for item in service.send(odd, report(2)).json()["items"]] == ["rejected", "stored"]
        # A name of a file may be longer than an index of PostgreSQL takes.
        long = report(3)
        long["databases"][0]["key"] = "mysql:/" + "k" * 4_000
        answer = service.send(long, report(4))
        assert [item["outcome"] for item in answer.json()["items"]] == ["stored", "stored"], answer.text


def test_backups_are_the_servers(server, collector, tmp_path):
    address = server.database("backed")
    collector.run("token", "create", "--name", "x", "--scopes", "read", "--store", address)
    done = collector.run("backup", tmp_path / "copy", "--store", address, check=False)
    assert done.returncode == 64 and b"pg_dump" in done.stderr and not (tmp_path / "copy").exists()
    done = collector.run("restore", tmp_path / "copy", "--store", address, check=False)
    assert done.returncode == 64 and b"SQLite file" in done.stderr
    done = collector.run("config", "check", "--set", f"store.path={address}", "--set", "backup.to=/backups", check=False)
    assert done.returncode == 78 and b"backup.to is for a store in a file" in done.stderr


def test_a_commit_that_no_standby_confirmed_is_not_acknowledged(tmp_path):
    """The wait for the standby is cancelled: the server answers as if all were well, with a warning."""
    with StoreServer(tmp_path / "alone") as server:
        address = server.database("alone")
        with Service(tmp_path, *FAST, store=address) as service:
            assert service.send(report(1)).status_code == 200
            server.sql("ALTER SYSTEM SET synchronous_standby_names = 'nowhere'")
            server.sql("SELECT pg_reload_conf()")
            waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'dbcensus-collector'"
            for number, ended in ((2, "pg_cancel_backend"), (3, "pg_terminate_backend")):
                answers = []
                sender = threading.Thread(target=lambda: answers.append(service.send(report(number)).status_code))
                sender.start()
                # The server ends the waits, again and again.
                while sender.is_alive():
                    server.sql(f"SELECT {ended}(pid) FROM ({waiting}) w")
                    time.sleep(0.1)
                sender.join()
                assert answers == [503], (ended, answers)
                # It is there, where it was written.
                assert hosts(server, "alone").count(f"{number:032x}") == 1
            done = subprocess.run([ROOT / ".build/debug/dbcensus-collector", "doctor", "--set", f"store.path={address}"], capture_output=True, text=True)
            assert "bad      replication: commits wait for the standbys nowhere, and none of them is connected" in done.stdout
            server.sql("ALTER SYSTEM RESET synchronous_standby_names")
            server.sql("SELECT pg_reload_conf()")
            time.sleep(1)
            # Sent again it is the same report.
            for number in (2, 3):
                assert service.send(report(number)).status_code == 200 and hosts(server, "alone").count(f"{number:032x}") == 1


def test_settings_of_the_server_that_mislead(server, tmp_path):
    """What administrators set for a user changes neither answers nor durability."""
    server.sql("CREATE ROLE strange LOGIN")
    server.sql("CREATE DATABASE strange OWNER strange")
    for setting in ("default_transaction_isolation = 'serializable'", "client_min_messages = 'error'", "lock_timeout = '1ms'", "statement_timeout = '1s'",
                    "datestyle = 'German'", "timezone = 'Asia/Kolkata'", "extra_float_digits = -15", "standard_conforming_strings = off"):
        server.sql(f"ALTER ROLE strange SET {setting}")
    with Service(tmp_path, *FAST, store=server.address("strange", "strange")) as service:
        senders = Senders(service, threads=6)
        senders.wait(60)
        senders.stop()
        assert set(senders.acknowledged) <= set(hosts(server, "strange")) and service.get("/api/v1/databases").status_code == 200
    server.sql("ALTER ROLE strange SET bytea_output = 'escape'")
    with Service(tmp_path, *FAST, store=server.address("strange", "strange")) as service:
        answer = service.get("/api/v1/databases", token=None)
        assert answer.status_code == 401 and service.process.poll() is None
