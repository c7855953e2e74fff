"""Several collectors on one store in PostgreSQL: killed, with wrong clocks and of different versions."""

import contextlib
import json
import random
import threading
import time

import pytest
import requests

import stores
from collectors import FAST, at, meet, needs_server, server, several  # noqa: F401, a fixture
from discovery import check, rows, serving, truth
from service import Service, report
from simulator import Simulator
from test_discovery_api import begin, wait
from test_discovery_faults import once
from test_faults import FAKETIME

pytestmark = needs_server
AHEAD = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


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
            # AWS refuses what a clock signs that is an hour ahead, so that one leaves the tasks to others.
            more = ["discovery.takes_tasks=false"] if number else []
            service = at(store, serving(folder, simulator, *FAST, *more, concurrency__accounts=2))
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
        stores.change(store, "INSERT INTO collectors VALUES ('other/1/x', 'serve', TRUE, '0.0.9', 0, ?, ?)", now, now)
        end = time.monotonic() + 30
        while "collectors of several versions" not in service.log_path.read_text():
            assert time.monotonic() < end
            time.sleep(0.5)
