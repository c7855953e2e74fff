"""`dbcensus-collector work`: tasks that are given back or taken over, and as many workers as the queue needs."""

import json
import random
import re
import signal
import subprocess
import time

import stores
from collectors import FAST, Worker, at, needs_server, server, until  # noqa: F401, a fixture
from discovery import check, environment, flags, rows, serving, truth
from service import BINARY, ROOT, Service, report
from simulator import Simulator
from test_discovery_api import begin, wait
from test_discovery_faults import once

pytestmark = needs_server


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
            with Worker(tmp_path / "two", store, simulator, {"DBCENSUS_METRICS_EMBEDDED": "true"}) as two:
                assert wait(service, job)["progress"]["state"] == "completed"
                assert two.stop() == 0
                # What it counted since its last lines is written when it ends.
                assert '"dbcensus_commands_total":' in two.log.read_text()
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


def test_a_worker_ends_after_a_newer_version_upgraded_the_store(server, tmp_path):
    store = server.database("outdated")
    with Simulator("--accounts", 1, "--instances", 2) as simulator, Worker(tmp_path / "one", store, simulator) as one:
        until(lambda: server.sql("SELECT to_regclass('collectors')", "outdated") and stores.query(store, "SELECT 1 FROM collectors"))
        stores.change(store, "INSERT INTO dbcensus_migrations (name) VALUES ('9999 later')")
        assert one.process.wait(40) == 76
        assert "upgraded" in one.log.read_text()


def test_work_needs_a_server(collector, tmp_path):
    done = collector.run("work", "--store", tmp_path / "file.sqlite", check=False)
    assert done.returncode == 78 and b"needs a store in PostgreSQL" in done.stderr
    done = collector.run("serve", "--store", tmp_path / "file.sqlite", "--set", "discovery.takes_tasks=false", check=False)
    assert done.returncode == 78 and b"discovery.takes_tasks is false" in done.stderr


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
