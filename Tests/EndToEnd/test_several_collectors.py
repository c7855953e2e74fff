"""Several collectors on one store in PostgreSQL: killed, paused, with wrong clocks and of different versions."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import threading
import time

import pytest
import requests

import stores
from conftest import alone
from discovery import check, environment, flags, rows, serving, truth
from postgres import BINARIES, StoreServer
from service import BINARY, ROOT, Service, report
from simulator import Simulator
from test_discovery_api import begin, wait
from test_discovery_faults import once
from test_faults import FAKETIME

pytestmark = pytest.mark.skipif(BINARIES is None or os.geteuid() != 0, reason="no PostgreSQL server, or not root")
FAST = ("limits.requests_per_second=100000", "limits.request_burst=100000")
AHEAD = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    alone()
    with StoreServer(tmp_path_factory.mktemp("postgres") / "primary", "max_connections=200") as server:
        yield server


class Worker:
    """`dbcensus-collector work`, until `stop`."""

    def __init__(self, folder, store, simulator, more=None, **settings):
        folder.mkdir()
        self.log = folder / "work.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([BINARY, "work", "--store", store, *flags(**settings)], stdout=subprocess.DEVNULL, stderr=log,
                                            env={**environment(simulator, folder), **(more or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


def several(count, tmp_path, store, make):
    """A stack of services on one store; they share the first one's token."""
    stack = contextlib.ExitStack()
    services = []
    for number in range(count):
        folder = tmp_path / f"collector{number}"
        folder.mkdir()
        services.append(stack.enter_context(make(folder, number)))
        services[-1].token = services[0].token
    # The first token ends when another one is made, and then it is everyone's.
    services[0].make_token("read")
    for service in services:
        service.token = services[0].token
    return stack, services


def at(store, service):
    """The service with that store."""
    service.named = service.store = store
    return service


def until(holds, seconds=120):
    """Waits until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def meet(service, kind, count):
    """Waits until so many collectors of a kind know of each other."""
    wanted = f'dbcensus_collectors{{kind="{kind}"}} {count}'
    end = time.monotonic() + 40
    while wanted not in service.get("/metrics").text:
        assert time.monotonic() < end, service.get("/metrics").text
        time.sleep(0.5)


def test_any_of_three_is_killed_ten_times_under_load(server, tmp_path):
    store, chance = server.database("killed"), random.Random(3)
    with Simulator("--accounts", 6, "--instances", 60, "--regions", "eu-west-1,eu-central-1", "--latency", 30, "--host-seconds", 2) as simulator:
        stack, services = several(3, tmp_path, store, lambda folder, number: at(store, serving(folder, simulator, *FAST, concurrency__batches=6)))
        with stack:
            job = begin(services[0])
            acknowledged, pages, stop = [set(), set(), set()], [], threading.Event()
            urls = [service.url for service in services]

            def send(lane):
                number, session = lane * 100_000, requests.Session()
                while not stop.is_set():
                    number += 1
                    body = json.dumps(report(number)).encode() + b"\n"
                    # As a sender does: again, at any of them, until one has it.
                    while not stop.is_set():
                        with contextlib.suppress(requests.RequestException):
                            answer = session.post(urls[chance.randrange(3)] + "/api/v1/reports", body, timeout=20,
                                                  headers={"Authorization": f"Bearer {services[0].token}"})
                            if answer.status_code == 200:
                                acknowledged[lane].add(f"{number:032x}")
                                break
                        time.sleep(0.05)

            def read():
                """All hosts in the order of their appearance, page by page, while others come."""
                cursor = None
                while not stop.is_set():
                    with contextlib.suppress(requests.RequestException):
                        answer = requests.get(urls[chance.randrange(3)] + "/api/v1/hosts", timeout=20, params={"limit": 50, **({"cursor": cursor} if cursor else {})},
                                              headers={"Authorization": f"Bearer {services[0].token}"})
                        if answer.status_code == 200:
                            page = answer.json()
                            pages.extend(item["id"] for item in page["items"])
                            if page["next_cursor"]:
                                cursor = page["next_cursor"]
                                continue
                            pages.clear()
                            cursor = None
                    time.sleep(0.05)

            threads = [threading.Thread(target=send, args=[lane]) for lane in range(3)] + [threading.Thread(target=read)]
            for thread in threads:
                thread.start()
            for _ in range(10):
                time.sleep(chance.uniform(0.3, 1.5))
                victim = chance.randrange(3)
                services[victim].kill()
                services[victim].start()
                services[victim].token = services[0].token
                urls[victim] = services[victim].url
            stop.set()
            for thread in threads:
                thread.join()
            assert all(len(lane) > 20 for lane in acknowledged)
            assert wait(services[0], job, timeout=300)["progress"]["state"] == "completed"
            check(rows(store, job), truth(simulator))
            once(simulator)
        # Nothing that was acknowledged is lost, and nothing is there twice.
        kept = [row[0] for row in stores.query(store, "SELECT h.machine_id FROM reports r JOIN hosts h ON h.row_id = r.place WHERE h.hostname LIKE 'db%' AND r.source <> 'ssm'")]
        assert set().union(*acknowledged) <= set(kept)
        assert len(kept) == len(set(kept))
        order = [row[0] for row in stores.query(store, "SELECT id FROM hosts ORDER BY row_id")]
        # What the last pages showed is a piece of that order, without gaps and without repeats.
        assert pages == order[:len(pages)]


@pytest.mark.skipif(FAKETIME is None, reason="faketime is not installed")
def test_a_clock_that_is_an_hour_ahead(server, tmp_path):
    """Leases, receipts and tokens are by the server's clock."""
    store = server.database("clocks")
    with Simulator("--accounts", 4, "--instances", 40, "--host-seconds", 3) as simulator:
        def make(folder, number):
            service = at(store, serving(folder, simulator, *FAST, concurrency__accounts=2))
            if number:
                service.environment.update(AHEAD)
                service.prefix = ["env"]
            return service
        stack, (right, ahead) = several(2, tmp_path, store, make)
        with stack:
            job = begin(ahead)
            assert ahead.send(report(1)).json()["items"][0]["outcome"] == "stored"
            assert wait(right, job, timeout=240)["progress"]["state"] == "completed"
            check(rows(store, job), truth(simulator))
            once(simulator)
            short = ahead.make_token("read", days=1)
            assert right.get("/api/v1/hosts", token=short).status_code == 200
            assert max(row["expires_at"] for row in right.items("/api/v1/tokens") if row["expires_at"]) < time.strftime(
                "%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 86_400 + 300))
            assert ahead.log()[-1]["time"] > right.log()[-1]["time"], "its clock is indeed ahead"
    times = [row[0] for row in stores.query(store, "SELECT received_at FROM reports UNION ALL SELECT created_at FROM jobs UNION ALL SELECT at FROM audit"
                                                    " UNION ALL SELECT last_used_at FROM tokens WHERE last_used_at IS NOT NULL")]
    assert len(times) > 10 and max(times) < time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 300))
    assert not any("another worker has the task" in (tmp_path / name / "serve.log").read_text() for name in ("collector0", "collector1"))


def test_a_collector_that_was_paused_writes_nothing(server, tmp_path):
    store = server.database("paused")
    with Simulator("--accounts", 3, "--instances", 30, "--host-seconds", 6) as simulator:
        with at(store, serving(tmp_path, simulator, takes_tasks="false")) as service, Worker(tmp_path / "one", store, simulator) as one:
            job = begin(service)
            until(lambda: stores.query(store, "SELECT 1 FROM tasks WHERE state = 'running' AND phase IN ('list', 'send')"))
            one.process.send_signal(signal.SIGSTOP)
            with Worker(tmp_path / "two", store, simulator) as two:
                assert wait(service, job, timeout=240)["progress"]["state"] == "completed"
                before = sorted(stores.query(store, "SELECT * FROM results"))
                one.process.send_signal(signal.SIGCONT)
                until(lambda: "another worker has the task now" in one.log.read_text())
                time.sleep(2)
                assert sorted(stores.query(store, "SELECT * FROM results")) == before
                check(rows(store, job), truth(simulator))
                once(simulator)
                assert one.stop() == 0 and two.stop() == 0


def test_a_collector_that_is_paused_in_a_write_does_not_hold_up_the_others(server, tmp_path):
    store = server.database("held")
    body = tmp_path / "reports.json"
    body.write_text("\n".join(json.dumps(report(number, databases=20)) for number in range(600)))
    with Service(tmp_path, *FAST, store=store) as service:
        with subprocess.Popen([BINARY, "ingest", "--store", store, body], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as paused:
            held = "SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND a.datname = 'held' AND a.state = 'idle in transaction'"
            while True:
                paused.send_signal(signal.SIGSTOP)
                time.sleep(0.3)
                if server.sql(held):
                    break
                assert paused.poll() is None, "it ended before it was caught in a write"
                paused.send_signal(signal.SIGCONT)
                time.sleep(random.uniform(0.01, 0.1))
            assert service.send(report(5_000)).status_code == 200
            paused.send_signal(signal.SIGCONT)
            # What was interrupted is done again.
            assert paused.wait(300) == 0
    assert stores.query(store, "SELECT COUNT(*), COUNT(DISTINCT place) FROM reports") == [(601, 601)]


def test_a_schedule_fires_once(server, tmp_path):
    store = server.database("schedule")
    with Simulator("--accounts", 1, "--instances", 3) as simulator:
        stack, services = several(3, tmp_path, store, lambda folder, _: at(store, serving(folder, simulator, schedule__cron="* * * * *", schedule__jitter="5s")))
        with stack:
            # The next minute begins and its jitter passes.
            time.sleep(60 - time.time() % 60 + 8)
    begun = stores.query(store, "SELECT idempotency_key FROM jobs WHERE origin = 'schedule'")
    assert len(begun) == len(set(begun)) and len(begun) in (1, 2)
    assert stores.query(store, "SELECT * FROM skipped_runs") == []


def test_a_worker_gives_its_tasks_back(server, tmp_path):
    store = server.database("back")
    with Simulator("--accounts", 4, "--instances", 40, "--host-seconds", 5) as simulator:
        with at(store, serving(tmp_path, simulator, takes_tasks="false")) as service:
            job = begin(service)
            time.sleep(1)
            assert service.get(f"/api/v1/jobs/{job}").json()["progress"]["state"] == "queued"
            with Worker(tmp_path / "one", store, simulator) as one:
                until(lambda: stores.query(store, "SELECT 1 FROM tasks WHERE state = 'running' AND phase <> 'accounts'"))
                assert one.stop() == 0
                assert stores.query(store, "SELECT 1 FROM tasks WHERE state = 'running'") == []
                assert stores.query(store, "SELECT 1 FROM collectors WHERE kind = 'work'") == []
            with Worker(tmp_path / "two", store, simulator):
                assert wait(service, job)["progress"]["state"] == "completed"
            check(rows(store, job), truth(simulator))
            once(simulator)


def test_a_run_goes_on_whose_worker_ended_after_its_last_listing(server, tmp_path):
    """The next stage begins, though the process that should have begun it is gone."""
    store = server.database("advance")
    with Simulator("--accounts", 2, "--instances", 10) as simulator:
        with at(store, serving(tmp_path, simulator, takes_tasks="false")) as service:
            job = begin(service)
            with Worker(tmp_path / "one", store, simulator):
                assert wait(service, job)["progress"]["state"] == "completed"
            # As the worker left it that was killed between its last write and the next step.
            stores.change(store, "UPDATE jobs SET state = 'running', ended_at = NULL WHERE id = ?", job)
            until(lambda: service.get(f"/api/v1/jobs/{job}").json()["progress"]["state"] == "completed", 40)


def test_work_needs_a_server(collector, tmp_path):
    done = collector.run("work", "--store", tmp_path / "file.sqlite", check=False)
    assert done.returncode == 78 and b"needs a store in PostgreSQL" in done.stderr


def test_limits_hold_across_collectors(server, tmp_path):
    store = server.database("limits")
    limits = ("limits.requests_per_second=6", "limits.request_burst=60")
    stack, services = several(3, tmp_path, store, lambda folder, _: Service(folder, *limits, store=store))
    with stack:
        # Each has its part when it has heard of the others: ten seconds at most.
        meet(services[0], "serve", 3)
        time.sleep(11)
        begun, good = time.monotonic(), 0
        for number in range(240):
            good += services[number % 3].get("/api/v1/tokens").status_code == 200
        allowed = 60 + 6 * (time.monotonic() - begun)
        assert 0 < good <= allowed + 3, (good, allowed)


def test_a_newer_collector_upgrades_the_store(server, tmp_path):
    """The one that runs stops to write, says why, and is not ready."""
    store = server.database("versions")
    with Service(tmp_path, *FAST, store=store) as service:
        assert service.send(report(1)).status_code == 200
        stores.change(store, "INSERT INTO dbcensus_migrations (name) VALUES ('9999 later')")
        answer = service.send(report(2))
        assert answer.status_code == 503 and "store cannot be used" in answer.text
        assert service.get("/readyz").status_code == 503 and service.get("/healthz").status_code == 200
        assert "a newer dbcensus-collector upgraded" in service.log_path.read_text()
        assert stores.query(store, "SELECT COUNT(*) FROM reports") == [(1,)]
        # Back after a rollback of that version, which took its schema back.
        stores.change(store, "DELETE FROM dbcensus_migrations WHERE name = '9999 later'")
        assert service.send(report(2)).status_code == 200 and service.get("/readyz").status_code == 200


def test_collectors_of_two_versions_are_told(server, tmp_path):
    store = server.database("mixed")
    with Service(tmp_path, *FAST, store=store) as service:
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        stores.change(store, "INSERT INTO collectors VALUES ('other/1/x', 'serve', TRUE, '0.0.9', ?, ?)", now, now)
        end = time.monotonic() + 30
        while "collectors of several versions" not in service.log_path.read_text():
            assert time.monotonic() < end
            time.sleep(0.5)


def test_workers_scale_by_the_queue(server, tmp_path):
    """From none to several and back to none, by the metric alone."""
    store = server.database("scaling")
    with Simulator("--accounts", 8, "--instances", 80, "--regions", "eu-west-1,eu-central-1", "--host-seconds", 3) as simulator:
        with at(store, serving(tmp_path, simulator, takes_tasks="false")) as service:
            (tmp_path / "token").write_text(service.make_token("read"))
            command = [ROOT / "scripts/scale-workers", "--url", service.url, "--token-file", tmp_path / "token", "--maximum", "3", "--target", "2",
                       "--interval", "0.5", "--scale-out", "1", "--scale-in", "3", "--", BINARY, "work", "--store", store, *flags()]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment(simulator, tmp_path)) as scaler:
                try:
                    job = begin(service)
                    assert wait(service, job, timeout=240)["progress"]["state"] == "completed"
                    lines = []
                    while not lines or not lines[-1].endswith("to 0 workers"):
                        lines.append(scaler.stdout.readline().strip())
                        assert lines[-1], "it ended"
                finally:
                    scaler.terminate()
                assert scaler.wait(60) == 0
            check(rows(store, job), truth(simulator))
            once(simulator)
            assert "0 to " in lines[0] and any("to 3 workers" in line for line in lines), lines
            assert re.search(r"^dbcensus_worker_processes 0$", service.get("/metrics").text, re.M)
