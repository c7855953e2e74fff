"""Lists that a standby answers: what it lacks, what it lost, and the one who wrote."""

import concurrent.futures
import contextlib
import re
import subprocess
import threading
import time

import pytest
import requests

from collectors import FAST, at, needs_server, until
from conftest import alone
from links import SlowLink
from service import Service, report
from standbys import QuorumCluster

pytestmark = needs_server


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    alone()
    with QuorumCluster(tmp_path_factory.mktemp("replicas") / "cluster") as cluster:
        yield cluster


@pytest.fixture
def store(cluster, request):
    name = request.node.name.removeprefix("test_")
    cluster.primary.sql(f'CREATE DATABASE "{name}"')
    return cluster.primary.address(name)


def replicated(tmp_path, store, cluster, *settings, count=1):
    urls = [standby.address(store.rsplit("/", 1)[1]) for standby in cluster.standbys[:count]]
    return at(store, Service(tmp_path, *FAST, f"store.read_urls=[{', '.join(urls)}]", *settings))


def metric(service, name):
    found = re.findall(rf"^dbcensus_replica_{name} (\S+)$", service.get("/metrics").text, re.MULTILINE)
    return [float(value) for value in found]


def used(service):
    """1 for each that is used, the unused ones first."""
    return sorted(metric(service, r"used\{[^}]*\}"))


def answered(service):
    return sum(metric(service, r'reads_total\{[^}]*outcome="answered"\}'))


def names(answer):
    assert answer.status_code == 200, answer.text
    return {item["hostname"] for item in answer.json()["items"]}


@contextlib.contextmanager
def paused(standby):
    """What comes is kept, and not replayed."""
    standby.sql("SELECT pg_wal_replay_pause()")
    try:
        yield
    finally:
        standby.sql("SELECT pg_wal_replay_resume()")


def test_the_one_who_wrote_reads_what_it_wrote(cluster, store, tmp_path, collector):
    with replicated(tmp_path, store, cluster, "store.read_lag=600s") as service:
        until(lambda: used(service) == [1])
        other = service.make_token("read")
        assert service.send(report(1)).status_code == 200
        # A token that was just made is no stranger, although the standby may not have it yet.
        until(lambda: names(service.get("/api/v1/hosts", token=other)) == {"db1"})
        before = answered(service)
        answer = service.get("/api/v1/hosts", token=other)
        assert int(answer.headers["X-Dbcensus-Lag"]) in (1, 2) and answered(service) > before
        with paused(cluster.standbys[0]):
            time.sleep(1.2)
            answer = service.send(report(2))
            position = answer.headers["X-Dbcensus-Position"]
            mine = service.get("/api/v1/hosts")
            assert names(mine) == {"db1", "db2"} and mine.headers["X-Dbcensus-Lag"] == "0"
            others = service.get("/api/v1/hosts", token=other)
            assert names(others) == {"db1"} and int(others.headers["X-Dbcensus-Lag"]) >= 1
            # So does any client that has the position of the write, at any collector.
            told = service.get("/api/v1/hosts", token=other, headers={"X-Dbcensus-Position": position})
            assert names(told) == {"db1", "db2"} and told.headers["X-Dbcensus-Lag"] == "0"
            lines = service.get("/api/v1/hosts", token=other, headers={"Accept": "application/x-ndjson"})
            assert lines.text.count("\n") == 1 and int(lines.headers["X-Dbcensus-Lag"]) >= 1
            assert service.get("/api/v1/hosts", headers={"X-Dbcensus-Position": "now"}).status_code == 400
            # A new token works at once: the store is asked for what a standby does not have.
            assert service.get("/api/v1/hosts", token=service.make_token("read")).status_code == 200
            until(lambda: metric(service, r"lag_seconds\{[^}]*\}")[0] > 4)
            done = collector.run("doctor", "--set", f"store.path={store}", "--set", f"store.read_urls={cluster.standbys[0].address(store.rsplit('/', 1)[1])}", check=False)
            assert b"bad      read replicas" in done.stdout and b"it is behind, or it is no replica" in done.stdout
        until(lambda: names(service.get("/api/v1/hosts", token=other)) == {"db1", "db2"})
        done = collector.run("doctor", "--set", f"store.path={store}", "--set", f"store.read_urls={cluster.standbys[0].address(store.rsplit('/', 1)[1])}", check=False)
        assert b"ok       read replicas: postgresql://dbcensus@127.0.0.1" in done.stdout and b"less than 1 s behind" in done.stdout


def test_a_standby_that_lags_answers_nothing(cluster, store, tmp_path):
    with replicated(tmp_path, store, cluster, "store.read_lag=10s", count=2) as service:
        until(lambda: used(service) == [1, 1])
        reader = service.make_token("read")
        with paused(cluster.standbys[0]):
            until(lambda: used(service) == [0, 1])
            service.send(report(1))
            until(lambda: names(service.get("/api/v1/hosts", token=reader)) == {"db1"})
            for _ in range(10):
                assert names(service.get("/api/v1/hosts", token=reader)) == {"db1"}
            with paused(cluster.standbys[1]):
                until(lambda: used(service) == [0, 0])
                service.send(report(2))
                answer = service.get("/api/v1/hosts", token=reader)
                assert names(answer) == {"db1", "db2"} and answer.headers["X-Dbcensus-Lag"] == "0"
        until(lambda: used(service) == [1, 1])


def test_reads_that_the_replay_cancels_are_asked_of_the_store(cluster, store, tmp_path):
    standby, database = cluster.standbys[0], store.rsplit("/", 1)[1]
    for setting in ("max_standby_streaming_delay = 0", "hot_standby_feedback = off"):
        standby.sql(f"ALTER SYSTEM SET {setting}")
    standby.sql("SELECT pg_reload_conf()")
    with replicated(tmp_path, store, cluster) as service:
        service.send(*[report(number, databases=3) for number in range(200)])
        until(lambda: used(service) == [1])
        stop = threading.Event()

        def churn():
            psql = ["psql", "-XAtq", "-h", "127.0.0.1", "-p", str(cluster.primary.port), "-U", "dbcensus", "-d", database]
            work = "UPDATE databases SET version = version;\nUPDATE hosts SET hostname = hostname;\nVACUUM databases;\nVACUUM hosts;\n"
            while not stop.is_set():
                subprocess.run(psql, input=work * 20, text=True, capture_output=True, check=True)

        def read():
            while not stop.is_set():
                answer = service.get("/api/v1/databases?limit=1000")
                assert answer.status_code == 200 and len(answer.json()["items"]) == 600
        with concurrent.futures.ThreadPoolExecutor(5) as threads:
            running = [threads.submit(churn), *(threads.submit(read) for _ in range(4))]
            end = time.monotonic() + 180
            while not sum(metric(service, r'reads_total\{[^}]*outcome="failed"\}')) and time.monotonic() < end:
                time.sleep(0.5)
            stop.set()
            for each in running:
                each.result()
        assert sum(metric(service, r'reads_total\{[^}]*outcome="failed"\}')) > 0
        conflicts = f"SELECT confl_snapshot + confl_lock + confl_bufferpin FROM pg_stat_database_conflicts WHERE datname = '{database}'"
        until(lambda: int(standby.sql(conflicts)) > 0)
    for setting in ("max_standby_streaming_delay", "hot_standby_feedback"):
        standby.sql(f"ALTER SYSTEM RESET {setting}")
    standby.sql("SELECT pg_reload_conf()")


def test_another_store_and_no_server_are_no_replicas(cluster, store, tmp_path):
    cluster.primary.sql("CREATE DATABASE elsewhere")
    with at(cluster.primary.address("elsewhere"), Service(tmp_path, *FAST)) as other:
        other.send(report(9))
    urls = [cluster.primary.address("elsewhere"), "postgresql://dbcensus@127.0.0.1:9/none"]
    folder = tmp_path / "second"
    folder.mkdir()
    with at(store, Service(folder, *FAST, f"store.read_urls=[{', '.join(urls)}]")) as service:
        service.send(report(1))
        time.sleep(3)
        assert names(service.get("/api/v1/hosts")) == {"db1"} and used(service) == [0, 0]
        errors = [line for line in service.log() if line["message"].startswith("a read replica cannot be asked")]
        assert {line["metadata"]["replica"] if "metadata" in line else line["replica"] for line in errors} == {urls[1]}


def test_lists_go_on_while_the_primary_is_away(cluster, store, tmp_path):
    with replicated(tmp_path, store, cluster, f"spool.path={tmp_path / 'spool'}", "spool.after=2s", "store.read_lag=10s") as service:
        service.send(report(1))
        until(lambda: used(service) == [1])
        until(lambda: names(service.get("/api/v1/hosts")) == {"db1"})
        cluster.primary.crash()
        try:
            assert service.send(report(2)).json()["items"][0]["outcome"] == "spooled"
            until(lambda: service.get("/api/v1/hosts").status_code == 200)
            time.sleep(11)
            answer = service.get("/api/v1/hosts")
            assert names(answer) == {"db1"} and int(answer.headers["X-Dbcensus-Lag"]) > 10, "an older answer is better than none"
            assert service.get("/api/v1/tokens").status_code == 200
            assert service.ask("POST", "/api/v1/tokens", json={"name": "x", "scopes": ["read"]}).status_code == 503
        finally:
            cluster.primary.start()
        until(lambda: service.get("/readyz", token=None).json()["status"] == "ready")
        until(lambda: names(service.get("/api/v1/hosts")) == {"db1", "db2"})


def test_lists_go_on_while_writers_wait_for_a_primary_that_hangs(cluster, store, tmp_path):
    database = store.rsplit("/", 1)[1]
    with SlowLink("127.0.0.1", cluster.primary.port, 0) as link:
        far = f"postgresql://dbcensus@127.0.0.1:{link.port}/{database}"
        with replicated(tmp_path, far, cluster, "store.read_lag=600s") as service:
            reader = service.make_token("read")
            service.send(report(1))
            until(lambda: used(service) == [1] and names(service.get("/api/v1/hosts", token=reader)) == {"db1"})
            link.cut()
            writers = [threading.Thread(target=requests.post, args=[service.url + "/api/v1/tokens"], kwargs={
                "json": {"name": "x", "scopes": ["read"]}, "headers": {"Authorization": f"Bearer {service.token}"}}) for _ in range(20)]
            for writer in writers:
                writer.start()
            time.sleep(1)
            for _ in range(10):
                assert names(service.get("/api/v1/hosts", token=reader)) == {"db1"}
            assert all(writer.is_alive() for writer in writers), "they wait indeed"
            link.mend()
            for writer in writers:
                writer.join()
