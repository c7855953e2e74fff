"""Reports that a collector keeps on its own disk while its store cannot be reached."""

import contextlib
import json
import re
import secrets
import subprocess
import threading
import time

import pytest
import requests

import stores
from collectors import FAST, at, needs_server, server, several, until  # noqa: F401, a fixture
from service import BINARY, Service, report

pytestmark = needs_server


def metric(service, name):
    return float(re.search(rf"^{re.escape(name)} (\S+)$", service.get("/metrics").text, re.MULTILINE)[1])


def outcomes(answer):
    return [item["outcome"] for item in answer.json()["items"]]


def bulky(number):
    """A report that hardly compresses."""
    made = report(number, databases=20)
    for database in made["databases"]:
        database["settings"] = {"note": secrets.token_hex(1_000)}
    return made


def ready(service):
    answer = service.get("/readyz", token=None)
    return answer.json()["status"] if answer.status_code == 200 else answer.json()["type"].split(":")[-1]


def spooling(tmp_path, store, *settings):
    return at(store, Service(tmp_path, *FAST, f"spool.path={tmp_path / 'spool'}", "spool.after=2s", *settings))


@contextlib.contextmanager
def away(server):
    """The server is down; what comes after the block finds it again."""
    server.crash()
    try:
        yield
    finally:
        server.start()


@pytest.fixture
def store(server):
    store.count = getattr(store, "count", 0) + 1
    return server.database(f"spool{store.count}")


def test_a_collector_that_is_cut_off_keeps_reports_and_delivers_them(server, store, tmp_path):
    with spooling(tmp_path, store) as service:
        assert outcomes(service.send(report(1))) == ["stored"] and ready(service) == "ready"
        with away(server):
            answer = service.send(report(2), report(3) | {"schema": "dbcensus.report/99"})
            assert answer.status_code == 202 and outcomes(answer) == ["spooled", "rejected"]
            assert answer.json()["items"][0]["host_id"] is None
            for number in range(4, 40):
                assert service.send(report(number)).status_code == 202
            # A newer report of host 2 comes before an older one.
            assert service.send(report(2, minute=9, databases=3)).status_code == 202
            assert service.send(report(2, minute=5, databases=2)).status_code == 202
            assert ready(service) == "spooling"
            assert metric(service, "dbcensus_spool_reports") == 40 and metric(service, "dbcensus_store_reachable") == 0
            assert metric(service, "dbcensus_spool_bytes") > 0
            # Lists do not wait for a store that is away.
            assert service.get("/api/v1/hosts").status_code == 503
            # Who was not seen before cannot be told from a stranger.
            assert service.send(report(90), token="dbc_0123456789ab_" + "0" * 64).status_code == 503
            assert service.send(report(90), token=service.token[:-1] + ("0" if service.token[-1] != "0" else "1")).status_code == 401
        until(lambda: ready(service) == "ready" and metric(service, "dbcensus_spool_reports") == 0)
        assert {row["hostname"] for row in service.items("/api/v1/hosts?limit=100")} == {"db1", "db2"} | {f"db{n}" for n in range(4, 40)}
        assert [row["hostname"] for row in service.items("/api/v1/hosts?limit=100")][:3] == ["db1", "db2", "db4"], "in the order in which they came"
        assert len(service.items("/api/v1/databases?hostname=db2")) == 3, "the newest one counts"
        assert [letter["code"] for letter in service.items("/api/v1/dead-letters")] == ["unknown_schema"]
        assert metric(service, "dbcensus_spool_reports") == 0 and metric(service, "dbcensus_store_reachable") == 1
        assert metric(service, 'dbcensus_spool_delivered_total{outcome="stored"}') >= 38
        assert outcomes(service.send(report(4))) == ["duplicate"]
        words = [line["message"] for line in service.log()]
        assert words.count("the store cannot be reached: reports go to the spool") == 1 and "delivered spooled reports" in words
        assert service.stop() == 0
    assert sorted(path.name for path in (tmp_path / "spool").iterdir()) == ["lock"]
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


def test_a_collector_that_was_killed_delivers_what_it_kept(server, store, tmp_path):
    with spooling(tmp_path, store) as service:
        service.send(report(1))
        acknowledged = []
        with away(server):
            stop = threading.Event()

            def send():
                while not stop.is_set():
                    with contextlib.suppress(requests.RequestException):
                        number = 10 + len(acknowledged)
                        if service.send(report(number)).status_code == 202:
                            acknowledged.append(f"db{number}")
            thread = threading.Thread(target=send)
            thread.start()
            until(lambda: len(acknowledged) > 30)
            service.kill()
            stop.set()
            thread.join()
        # A line that was not finished was never acknowledged.
        last = sorted((tmp_path / "spool").glob("*.ndjson"))[-1]
        with last.open("ab") as file:
            file.write(b'{"sender":"half')
        service.start()
        until(lambda: metric(service, "dbcensus_spool_reports") == 0)
        names = {row[0] for row in stores.query(store, "SELECT hostname FROM hosts")}
        assert set(acknowledged) <= names and not list((tmp_path / "spool").glob("*.ndjson"))


def test_a_collector_that_ends_while_it_delivers_goes_on_after_its_start(server, store, tmp_path):
    with spooling(tmp_path, store) as service:
        other = service.make_token("ingest")
        assert outcomes(service.send(report(700), token=other)) == outcomes(service.send(report(701))) == ["stored"]
        with away(server):
            for number in range(0, 600, 10):
                answer = service.send(*[report(n) for n in range(number, number + 10)], token=service.token if number % 20 else other)
                assert outcomes(answer) == ["spooled"] * 10
        until(lambda: stores.query(store, "SELECT COUNT(*) FROM reports")[0][0] > 2)
        assert service.stop() == 0
        kept = list((tmp_path / "spool").glob("*.ndjson"))
        service.start()
        until(lambda: ready(service) == "ready" and metric(service, "dbcensus_spool_reports") == 0)
        assert stores.query(store, "SELECT COUNT(*), COUNT(DISTINCT place) FROM reports") == [(602, 602)]
        assert service.items("/api/v1/dead-letters") == []
        assert kept, "it ended in the middle"


def test_a_full_spool_and_a_full_disk(server, store, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=18m", "tmpfs", disk], check=True)
    try:
        with spooling(tmp_path, store, "spool.bytes=1048576") as service, \
                at(store, Service(disk, *FAST, f"spool.path={disk / 'spool'}", "spool.after=2s")) as crammed:
            other = service.make_token("ingest")
            crammed.token = service.token
            assert {outcomes(one.send(report(1)))[0] for one in (service, crammed)} == {"stored", "duplicate"}
            assert outcomes(service.send(report(2), token=other)) == ["stored"]
            kept = {"db2"}
            with away(server):
                for one, base in ((service, 1_000), (crammed, 100_000)):
                    for number in range(base, base + 90_000):
                        answer = one.send(bulky(number))
                        if answer.status_code != 202:
                            break
                        kept.add(f"db{number}")
                    assert answer.status_code == 503 and answer.json()["type"].endswith(":spool_full")
                    assert answer.headers["Retry-After"] == "30"
                    # One sender leaves room for others; a full disk has none.
                    assert ready(one) == ("spooling" if one is service else "spool_full")
                assert service.send(report(3), token=other).status_code == 202
                kept.add("db3")
            for one in (service, crammed):
                until(lambda one=one: metric(one, "dbcensus_spool_reports") == 0 and ready(one) == "ready")
            names = {row[0] for row in stores.query(store, "SELECT hostname FROM hosts")}
            assert len(kept) > 50 and kept | {"db1"} == names, "what was refused is not there, and everything else is"
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_server_that_hangs_holds_no_report_up(server, store, tmp_path):
    """It takes connections, and says nothing: as in a network that drops everything."""
    def everybody(number):
        for pid in subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True).stdout.split() + [str(server.process.pid)]:
            subprocess.run(["kill", f"-{number}", pid], check=False)

    with spooling(tmp_path, store) as service:
        service.send(report(1))
        everybody("STOP")
        try:
            begun = time.monotonic()
            assert service.send(report(2)).status_code == 202
            assert service.send(report(3)).status_code == 202
            assert time.monotonic() - begun < 15 and ready(service) == "spooling"
        finally:
            everybody("CONT")
        until(lambda: ready(service) == "ready" and metric(service, "dbcensus_spool_reports") == 0)
        assert {row["hostname"] for row in service.items("/api/v1/hosts")} == {"db1", "db2", "db3"}
        assert len(stores.query(store, "SELECT 1 FROM reports")) == 3, "each is there once"


def test_what_the_store_does_not_take_is_kept(server, store, tmp_path):
    with spooling(tmp_path, store) as service:
        sender = service.make_token("ingest")
        service.send(report(1), token=sender)
        with away(server):
            assert service.send(report(2), token=sender).status_code == 202
            assert service.send(report(3)).status_code == 202
            service.kill()
        file, = (tmp_path / "spool").glob("*.ndjson")
        lines = file.read_text().splitlines()
        damaged = json.dumps({**json.loads(lines[1]), "body": "bm8gcmVwb3J0"})
        file.write_text("\n".join([*lines, damaged, "no JSON"]) + "\n")
        subprocess.run([BINARY, "token", "revoke", "--store", store, sender.split("_")[1]], check=True, capture_output=True)
        service.start()
        until(lambda: metric(service, "dbcensus_spool_reports") == 0)
        letter, = service.items("/api/v1/dead-letters")
        assert letter["code"] == "revoked_token" and letter["source"] == sender.split("_")[1]
        assert service.post(f"/api/v1/dead-letters/{letter['id']}/retry", b"").json()["outcome"] == "stored"
        assert {row["hostname"] for row in service.items("/api/v1/hosts")} == {"db1", "db2", "db3"}
        assert (tmp_path / "spool/refused.ndjson").read_text().splitlines() == [damaged, "no JSON"]
        assert metric(service, "dbcensus_spool_refused_total") == 2


def test_the_folder_of_a_spool(server, store, tmp_path):
    with spooling(tmp_path, store):
        done = subprocess.run([BINARY, "serve", "--store", store, "--set", f"spool.path={tmp_path / 'spool'}", "--set", "server.port=0"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 69 and "another collector uses the spool" in done.stderr
    done = subprocess.run([BINARY, "serve", "--store", tmp_path / "inventory.sqlite", "--set", f"spool.path={tmp_path / 'spool'}"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 78 and "spool.path is for a store in PostgreSQL" in done.stderr
