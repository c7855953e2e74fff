"""What a collector must survive: being killed, a full disk, a damaged store, a clock that jumps, and bodies that are noise."""

import contextlib
import gzip
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest
import requests

import stores
from service import Service, report
from stores import file_store

FAST = ("limits.requests_per_second=1000000", "limits.request_burst=1000000", "limits.connections_per_address=1000")


def reports_in(store):
    """The host and the time of every stored report."""
    if not stores.SERVER:
        assert stores.query(store, "PRAGMA integrity_check") == [("ok",)]
    return stores.query(store, "SELECT h.id, r.started_at FROM reports r JOIN hosts h ON h.row_id = r.place")


def test_killed_in_a_loop_every_acknowledged_report_is_there_exactly_once(tmp_path):
    """Senders never stop; the collector is killed at random moments; an unanswered report is sent again."""
    generator = random.Random(7)
    acknowledged = []
    stop = threading.Event()
    service = Service(tmp_path, *FAST)
    address = {}

    def send(worker):
        number = worker * 1_000_000
        session = requests.Session()
        body, wanted = None, None
        while not stop.is_set():
            if body is None:
                count = generator.choice([1, 1, 1, 5])
                batch = [report(number + n, databases=2) for n in range(count)]
                wanted = [(f"{number + n:032x}", b["scan"]["started_at"]) for n, b in enumerate(batch)]
                body = b"\n".join(json.dumps(b).encode() for b in batch)
                number += count
            try:
                answer = session.post(address["url"] + "/api/v1/reports", data=body, headers=address["headers"], timeout=20)
            except (requests.RequestException, KeyError):
                time.sleep(0.01)
                continue
            if answer.status_code == 200:
                outcomes = {item["outcome"] for item in answer.json()["items"]}
                assert outcomes <= {"stored", "duplicate"}, outcomes
                acknowledged.extend(wanted)
                body = None
    with service:
        address.update(url=service.url, headers={"Authorization": f"Bearer {service.token}"})
        threads = [threading.Thread(target=send, args=[n]) for n in range(1, 7)]
        for thread in threads:
            thread.start()
        for _ in range(12):
            time.sleep(generator.uniform(0.2, 0.7))
            service.kill()
            token = service.token
            service.start()
            service.token = token
            address["url"] = service.url
        time.sleep(1)
        stop.set()
        for thread in threads:
            thread.join()
        assert service.stop() == 0
    stored = reports_in(service.store)
    assert len(stored) == len(set(stored)), "a report is there twice"
    assert len(acknowledged) > 200 and len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= set(stored)
    assert len(stored) - len(acknowledged) <= 6 * 5 + 6 * 5, "only what was under way at the end may be there unacknowledged"


@contextlib.contextmanager
def small_disk(folder, megabytes):
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@file_store
@pytest.mark.skipif(os.geteuid() != 0, reason="a disk of our own needs root")
def test_a_full_disk_is_said_and_gets_well_without_a_restart(tmp_path):
    with small_disk(tmp_path / "disk", 40) as disk:
        with Service(tmp_path, *FAST, store=disk / "inventory.sqlite") as service:
            acknowledged = []
            ballast = disk / "ballast"
            assert service.get("/readyz").status_code == 200
            with ballast.open("wb") as file:
                free = shutil.disk_usage(disk).free
                file.write(bytes(free - (2 << 20)))
            refused = None
            noise = random.Random(3).randbytes(60_000).hex()
            for number in range(200):
                answer = service.send(report(number, evidence=[{"field": "version", "value": noise, "source": "x"}]))
                if answer.status_code != 200:
                    refused = answer
                    break
                acknowledged.append(f"{number:032x}")
            assert refused is not None and refused.status_code in (503, 507) and "full" in refused.json()["detail"], refused
            assert int(refused.headers["Retry-After"]) > 0
            assert service.get("/readyz").status_code == 507
            assert service.get("/api/v1/hosts").status_code == 200, "questions are still answered"
            ballast.unlink()
            end = time.monotonic() + 20
            while (again := service.send(report(1000))).status_code != 200:
                assert time.monotonic() < end, again.text
            assert service.get("/readyz").status_code == 200
            acknowledged.append(f"{1000:032x}")
            hosts = {item["id"] for item in service.items("/api/v1/hosts?limit=1000")}
            assert hosts == set(acknowledged)
            assert service.stop() == 0


def damaged(store, how):
    content = bytearray(store.read_bytes())
    if how == "cut":
        del content[len(content) // 2:]
    elif how == "noise":
        middle = len(content) // 2 // 4096 * 4096
        content[middle:middle + 65536] = random.Random(1).randbytes(65536)
    elif how == "header":
        content[:100] = random.Random(2).randbytes(100)
    else:
        content = bytearray(b"not a database at all\n" * 1000)
    store.write_bytes(content)


@file_store
@pytest.mark.parametrize("how", ["cut", "noise", "header", "text"])
def test_a_damaged_store_is_not_served_and_the_refusal_says_what_to_do(tmp_path, collector, how):
    store = tmp_path / "inventory.sqlite"
    collector.run("ingest", "--store", store, "-", input=b"\n".join(json.dumps(report(n, databases=3)).encode() for n in range(200)))
    backup = tmp_path / "backup"
    collector.run("backup", backup, "--store", store)
    for suffix in ["-wal", "-shm"]:
        (tmp_path / f"inventory.sqlite{suffix}").unlink(missing_ok=True)
    damaged(store, how)
    before = store.read_bytes()
    done = collector.run("serve", "--store", store, "--set", "server.port=0", check=False, timeout=30)
    assert done.returncode == 74, done.stderr
    assert b"damaged" in done.stderr and b"restore" in done.stderr and b"dbc_" not in done.stderr
    assert store.read_bytes() == before, "the evidence stays as it was"
    collector.run("restore", backup, "--store", store)
    with Service(tmp_path) as service:
        assert len(service.items("/api/v1/hosts", token=collector.run("token", "create", "--store", store, "--name", "x", "--scopes", "read")
                                 .stdout.decode().strip()) if service.token is None else service.items("/api/v1/hosts?limit=1000")) > 0


FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@pytest.mark.skipif(FAKETIME is None, reason="faketime is not installed")
def test_a_clock_that_jumps_back_takes_every_report(tmp_path):
    behind = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "-400d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    with Service(tmp_path, *FAST) as service:
        service.send(report(1))
        token = service.token
        service.stop()
    with Service(tmp_path, *FAST, environment=behind, prefix=["env"]) as late:
        late.token = token
        answer = late.send(report(1, 60, version="8.0.37"), report(2))
        assert [i["outcome"] for i in answer.json()["items"]] == ["stored", "stored"]
        assert {c["kind"] for c in late.items("/api/v1/changes")} == {"appeared", "version_changed"}
        assert late.get("/readyz").status_code == 200
        assert late.log()[-1]["time"].startswith("2025"), "the clock is indeed behind"
        assert late.stop() == 0
    received = [row[0] for row in stores.query(tmp_path / "inventory.sqlite", "SELECT received_at FROM reports ORDER BY row_id")]
    assert received == sorted(received)
    if stores.SERVER:
        return  # there, times are the server's
    said = subprocess.run(["env", late.binary, "doctor", "--store", late.store], capture_output=True, text=True, env={**os.environ, **behind})
    assert said.returncode == 74 and "which is in the future" in said.stdout


HANG = """
#include <unistd.h>
#include <stdlib.h>
int fdatasync(int file) { while (access(getenv("HANG"), F_OK) == 0) sleep(1); return 0; }
int fsync(int file) { return fdatasync(file); }
"""


@file_store
def test_a_stop_ends_although_the_disk_hangs(tmp_path):
    """A disk that takes no write any more: the commit hangs, and so does what waits for it."""
    (tmp_path / "hang.c").write_text(HANG)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", tmp_path / "hang.so", tmp_path / "hang.c"], check=True)
    sign = tmp_path / "hangs"
    environment = {"LD_PRELOAD": str(tmp_path / "hang.so"), "HANG": str(sign)}
    with Service(tmp_path, *FAST, environment=environment) as service:
        assert service.send(report(1)).json()["items"][0]["outcome"] == "stored"
        sign.touch()

        def send():
            with contextlib.suppress(requests.RequestException):
                service.send(report(2))
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        time.sleep(2)
        assert sender.is_alive(), "the commit hangs"
        assert service.stop(timeout=120) == 69
        assert any(line["message"].startswith("the services did not stop in time") for line in service.log())
        sender.join(20)
        sign.unlink()
        service.start()
        assert service.send(report(1), report(2)).json()["items"][0]["outcome"] == "duplicate"
        assert sorted(host["hostname"] for host in service.items("/api/v1/hosts")) == ["db1", "db2"]
        assert service.stop() == 0


def malformed(generator, good):
    """One body that is no report, in one of many ways."""
    kind = generator.randrange(9)
    if kind == 0:
        return generator.randbytes(generator.randrange(0, 300))
    if kind == 1:
        return good["json"][:generator.randrange(1, len(good["json"]) - 1)]
    if kind == 2:
        return good["gzip"][:generator.randrange(1, len(good["gzip"]) - 1)]
    if kind == 3:
        body = bytearray(good["gzip"])
        for _ in range(5):
            body[generator.randrange(12, len(body))] ^= 1 << generator.randrange(8)
        return bytes(body)
    if kind == 4:
        return good["frame"][:generator.randrange(20, len(good["frame"]) - 40)]
    if kind == 5:
        body = bytearray(good["frame"])
        place = generator.randrange(60, len(body) - 60)
        body[place] = ord("A") if body[place] != ord("A") else ord("B")
        return bytes(body)
    if kind == 6:
        value = json.loads(good["json"])
        part = generator.choice([value, value["host"], value["scan"], value["databases"][0]])
        required = [k for k in part if k in ("schema", "agent", "host", "scan", "databases", "started_at", "key", "engine", "state", "listeners",
                                             "addresses", "duration_ms")]
        part[generator.choice(required)] = generator.choice([None, {}, -1.5, "\x00", [[]], True])
        return json.dumps(value).encode()
    if kind == 7:
        return generator.choice([b"[", b'{"a":']) * generator.randrange(1, 3000)
    return json.dumps(generator.choice([None, 1, "x", [], {}, {"schema": 1}, {"databases": []}, [[1]]])).encode()


def test_ten_thousand_malformed_bodies_are_refused_and_cost_no_memory(tmp_path, agent, fixtures):
    frame = agent.run("scan", "--format", "frame", "--recorded-proc", "--root", fixtures / "debian-mysql").stdout
    text = json.dumps(report(5, databases=2)).encode()
    good = {"json": text, "gzip": gzip.compress(text), "frame": frame}
    generator = random.Random(int(os.environ.get("DBCENSUS_SEED", "7")))
    with Service(tmp_path, *FAST, "log.level=notice") as service:
        for _ in range(500):
            service.post("/api/v1/reports", malformed(generator, good))
        before = service.memory()
        statuses = {}
        for _ in range(9_500):
            body = malformed(generator, good)
            answer = service.post("/api/v1/reports", body)
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            assert 400 <= answer.status_code < 500, (answer.status_code, body[:200], answer.text)
        assert service.memory() - before < 24 << 20, (before, service.memory())
        # 400: no report at all. 422: JSON that this collector cannot decode, and keeps as a dead letter.
        assert min(statuses[400], statuses[422]) > 4000 and service.items("/api/v1/hosts") == [], statuses
        assert service.send(report(6)).status_code == 200


def test_small_bodies_that_grow_large_cost_little_memory(tmp_path):
    bombs = [b"[" + b'{"":0},' * 2_000_000 + b"0]", b"[" + b"1," * 8_000_000 + b"1]", b'["' + b'","' * 5_000_000 + b'"]',
             json.dumps(report(1, host={"addresses": [""] * 3_000_000})).encode()]
    with Service(tmp_path, *FAST, "log.level=notice") as service:
        for bomb in bombs:
            assert service.post("/api/v1/reports", gzip.compress(bomb)).status_code in (200, 400)
        peak = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{service.process.pid}/status").read_text())[1])
        assert peak < 500 << 10, peak


def test_questions_that_all_differ_cost_no_memory(tmp_path):
    with Service(tmp_path, *FAST, "log.level=notice") as service:
        service.send(report(5, databases=2))

        def ask(numbers):
            for number in numbers:
                values = ",".join(f"engine{n}" for n in range(number % 60))
                path = f"/api/v1/databases?as_of=2026-11-{1 + number % 28:02d}T00:00:{number % 60:02d}.{number % 1000:03d}Z&engine!={values},x"
                assert service.get(path).status_code == 200
        ask(range(1_000))
        before = service.memory()
        ask(range(1_000, 3_000))
        assert service.memory() - before < 16 << 20, (before, service.memory())


def test_a_queue_that_is_full_says_when_to_come_back(tmp_path):
    with Service(tmp_path, *FAST, "limits.queued_bytes=65536", "limits.body_bytes=65536") as service:
        from concurrent.futures import ThreadPoolExecutor

        def send(number):
            with requests.Session() as session:
                return session.post(service.url + "/api/v1/reports", data=b" " * 30_000 + json.dumps(report(number)).encode(),
                                    headers={"Authorization": f"Bearer {service.token}"}, timeout=30)
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(send, range(300)))
        statuses = {answer.status_code for answer in answers}
        assert statuses == {200, 503}
        busy = next(answer for answer in answers if answer.status_code == 503)
        assert int(busy.headers["Retry-After"]) >= 1 and busy.json()["type"].endswith(":busy")
        assert sum(a.status_code == 200 for a in answers) == len(service.items("/api/v1/hosts?limit=1000"))
        assert service.send(report(9999)).status_code == 200
