"""Drills of discovery: killed processes, broken networks, throttled regions, busy and full stores, clocks that jump."""

import contextlib
import json
import os
import pathlib
import random
import struct
import subprocess
import time

import pytest

import stores
from discovery import check, query, rows, scan, serving, truth
from simulator import Simulator
from stores import file_store
from test_discovery_api import begin, wait

root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def once(simulator, ids=None):
    """Every instance that can be asked was sent one command."""
    sent = {one["instance"]: one["commands"] for one in simulator.instances() if one["kind"] in ("managed", "hybrid")}
    wrong = {name: count for name, count in sent.items() if count != 1 and (ids is None or name in ids)}
    assert not wrong, dict(list(wrong.items())[:5])


def test_a_collector_that_is_killed_ten_times_finishes_with_each_host_once(tmp_path):
    chance = random.Random(7)
    with Simulator("--accounts", 8, "--instances", 60, "--regions", "eu-west-1,eu-central-1", "--latency", 30, "--host-seconds", 2, "--share", "unmanaged=0.05") as simulator:
        # Of ten that were killed each counts for 45 seconds more, and has its part of the limits.
        limits = ("limits.requests_per_second=100000", "limits.request_burst=100000")
        with serving(tmp_path, simulator, *limits, concurrency__batches=6, **{"canary.percent": 1}) as service:
            job = begin(service)
            states = []
            for _ in range(10):
                time.sleep(chance.uniform(0.1, 1.5))
                states.append(service.get(f"/api/v1/jobs/{job}").json()["progress"]["state"])
                service.kill()
                service.start()
            assert "running" in states
            detail = wait(service, job, timeout=240)
            assert detail["progress"]["state"] == "completed"
            check(rows(service.store, job), truth(simulator))
            once(simulator)


@pytest.mark.parametrize("fault", ["lost:ssm:SendCommand=0.3", "half:ssm:SendCommand=0.3", "reset:ssm:SendCommand=0.3"])
def test_a_command_whose_answer_is_lost_is_not_sent_twice(collector, tmp_path, fault):
    with Simulator("--accounts", 2, "--instances", 150, "--fault", fault) as simulator:
        run = scan(collector, simulator, tmp_path, timeout=400)
        check(run.results(), truth(simulator))
        once(simulator)
        assert run.code == 0


def test_a_network_that_breaks_everywhere(collector, tmp_path):
    with Simulator("--accounts", 6, "--instances", 60, "--fault", "error=0.03", "--fault", "reset=0.03", "--fault", "lost=0.02", "--fault", "half=0.03") as simulator:
        run = scan(collector, simulator, tmp_path, timeout=500)
        check(run.results(), truth(simulator))
        once(simulator)
        assert run.progress["state"] == "completed"


def test_calls_that_hang(collector, tmp_path):
    with Simulator("--accounts", 3, "--instances", 60, "--fault", "hang:ssm:ListCommandInvocations=0.15") as simulator:
        run = scan(collector, simulator, tmp_path, timeout=500)
        check(run.results(), truth(simulator))
        once(simulator)


def test_credentials_that_expire_in_mid_run(collector, tmp_path):
    with Simulator("--accounts", 5, "--instances", 700, "--share", "expired=1") as simulator:
        run = scan(collector, simulator, tmp_path)
        assert run.code == 0
        once(simulator)
        check(run.results(), truth(simulator))


def test_a_region_that_always_throttles_costs_itself_alone(tmp_path):
    options = ("--accounts", 6, "--instances", 60, "--regions", "eu-west-1,eu-central-1")
    for name in ("plain", "throttled"):
        (tmp_path / name).mkdir()
    with Simulator(*options) as plain, serving(tmp_path / "plain", plain) as service:
        calm = wait(service, begin(service, {"regions": ["eu-west-1"]}))
    with Simulator(*options, "--throttled", "eu-central-1") as simulator, serving(tmp_path / "throttled", simulator, concurrency__accounts=6) as service:
        job = begin(service)
        end = time.monotonic() + 120
        tasks = []
        while {task["state"] for task in tasks if task["region"] == "eu-west-1"} != {"done"}:
            assert time.monotonic() < end, tasks
            time.sleep(0.2)
            tasks = service.items(f"/api/v1/jobs/{job}/tasks", params={"limit": 1000})
        progress = service.get(f"/api/v1/jobs/{job}").json()["progress"]
        assert progress["reasons"] == calm["progress"]["reasons"] and progress["state"] == "running"
        assert all(task["state"] in ("queued", "running") for task in tasks if task["region"] == "eu-central-1")
        assert service.post(f"/api/v1/jobs/{job}/cancel", "").status_code == 200
        ended = wait(service, job)["progress"]
        assert ended["state"] == "cancelled" and ended["scopes"]["skipped"] == 6


def test_a_store_that_is_busy(tmp_path):
    with Simulator("--accounts", 4, "--instances", 100) as simulator, serving(tmp_path, simulator) as service:
        job = begin(service)
        time.sleep(1)
        with stores.held(service.store):
            # Longer than a write waits.
            time.sleep(15)
        assert wait(service, job)["progress"]["state"] == "completed"
        check(rows(service.store, job), truth(simulator))
        once(simulator)


@contextlib.contextmanager
def small_disk(folder, megabytes):
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@file_store
@root
def test_a_disk_that_fills(tmp_path):
    with Simulator("--accounts", 4, "--instances", 100, "--host-seconds", 2) as simulator, small_disk(tmp_path / "disk", 80) as disk:
        with serving(disk, simulator) as service:
            job = begin(service)
            time.sleep(1)
            ballast = disk / "ballast"
            with contextlib.suppress(OSError), ballast.open("wb") as file:
                while True:
                    file.write(bytes(1 << 20))
            time.sleep(10)
            assert service.get(f"/api/v1/jobs/{job}").json()["progress"]["state"] == "running"
            ballast.unlink()
            assert wait(service, job)["progress"]["state"] == "completed"
            check(rows(service.store, job), truth(simulator))
            once(simulator)


def test_two_scans_at_once(tmp_path):
    with Simulator("--accounts", 4, "--instances", 60, "--host-seconds", 1) as simulator, serving(tmp_path, simulator) as service:
        jobs = [begin(service) for _ in range(2)]
        for job in jobs:
            assert wait(service, job)["progress"]["state"] == "completed"
            check(rows(service.store, job), truth(simulator))
        # No host has two commands under way.
        spans = {}
        for instance, start, end in query(service.store, """SELECT r.instance_id, b.sending_at, r.ended_at FROM results r JOIN batches b ON b.row_id = r.batch_row_id"""):
            spans.setdefault(instance, []).append((start, end))
        assert all(len(found) == 2 and sorted(found)[0][1] <= sorted(found)[1][0] for found in spans.values())


def test_a_clock_that_jumps(tmp_path):
    library, clock = tmp_path / "wallclock.so", tmp_path / "clock"
    subprocess.run(["clang", "-shared", "-fPIC", "-o", library, pathlib.Path(__file__).with_name("wallclock.c")], check=True)

    def jump(seconds):
        # In place: the process has the file mapped.
        with open(clock, "r+b") as file:
            file.write(struct.pack("=q", seconds))

    # It begins ahead: what becomes due by that clock must not wait for it.
    clock.write_bytes(struct.pack("=q", 240))
    ahead = {"LD_PRELOAD": str(library), "WALLCLOCK": str(clock)}
    shown = subprocess.run(["date", "+%s"], env=os.environ | ahead, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert 238 < int(shown) - time.time() < 245
    with Simulator("--accounts", 4, "--instances", 100, "--regions", "eu-west-1,eu-central-1", "--host-seconds", 5) as simulator:
        service = serving(tmp_path, simulator, concurrency__accounts=2)
        service.prefix = ["env"]
        service.environment |= ahead
        with service:
            job = begin(service)
            for offset in (-240, 240, 0):
                time.sleep(2)
                # More than a lease lasts, less than AWS accepts in a signature.
                jump(offset)
            assert wait(service, job)["progress"]["state"] == "completed"
            check(rows(service.store, job), truth(simulator))
            once(simulator)
