"""Several collectors on one PostgreSQL server: three next to one, and three of which one is killed every 20 seconds.

    make bench-several [ARGUMENTS="rate killed SECONDS=120"]

For the rate, each collector is a machine of its own: a control group gives it a part of one processor. The server has
both. Load goes to loopback alone.
"""

import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import random
import sys
import tempfile
import threading
import time

import requests

import bench_collector as bench

ROOT = bench.ROOT
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))
from collectors import FAST, at, several  # noqa: E402
from discovery import serving  # noqa: E402
from drill import percentiles  # noqa: E402
from postgres import StoreServer  # noqa: E402
from service import report  # noqa: E402
from simulator import Simulator  # noqa: E402
from test_discovery_api import begin, wait  # noqa: E402

SETTINGS = ["shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min", "max_connections=200"]
PERCENT = 15
REPORTS = 20_000
GROUPS = pathlib.Path("/sys/fs/cgroup")


class Machine(bench.Running):
    """A collector that may use PERCENT of one processor."""

    def __init__(self, folder, store, token=None):
        folder.mkdir(parents=True)
        self.folder, self.store, self.ours = folder, store, True
        self.token = token or self.make_token("admin")

    def __enter__(self):
        super().__enter__()
        unified = (GROUPS / "cgroup.controllers").exists()
        self.group = GROUPS / ("" if unified else "cpu") / f"dbcensus-bench-{os.getpid()}-{self.folder.name}"
        self.group.mkdir()
        self.quota = self.group / ("cpu.max" if unified else "cpu.cfs_quota_us")
        self.unlimited = "max" if unified else "-1"
        self.quota.write_text(str(PERCENT * 1000))
        (self.group / "cgroup.procs").write_text(str(self.process.pid))
        return self

    def __exit__(self, *_):
        # At full speed again, so that it ends.
        self.quota.write_text(self.unlimited)
        super().__exit__()
        self.group.rmdir()


def rate(server, folder):
    """Reports a second of one and of three, each with its own senders."""
    print(f"\n| reports | collectors | reports/s | p50 ms | p99 ms | a commit | times |\n{'|---' * 7}|")
    alone = {}
    for count in (1, 3):
        store = server.database(f"rate{count}")
        first = Machine(folder / f"{count}-0", store)
        machines = [first, *(Machine(folder / f"{count}-{n}", store, first.token) for n in range(1, count))]
        bodies = {}
        for hour, machine in itertools.product((1, 2), range(count)):
            bodies[hour, machine] = folder / f"bodies-{hour}-{machine}"
            if not bodies[hour, machine].exists():
                bench.write_bodies(bodies[hour, machine], REPORTS, hour, 1, first=machine * REPORTS)
        for kind, hour in (("new", 1), ("unchanged", 2)):
            if hour == 2:
                # Every host is known before, and by the token that sends its next report.
                for machine in range(count):
                    command = [bench.COLLECTOR, "ingest", "--store", store, "--format", "json", bodies[1, machine]]
                    bench.subprocess.run(command, stdout=bench.subprocess.DEVNULL, check=False)
                server.sql(f"UPDATE hosts SET sender = '{first.token.split('_')[1]}'", f"rate{count}")
                server.sql("VACUUM ANALYZE", f"rate{count}")
            with contextlib.ExitStack() as stack:
                for machine in machines:
                    stack.enter_context(machine)
                with concurrent.futures.ThreadPoolExecutor(count) as threads:
                    runs = list(threads.map(lambda n: machines[n].load(bodies[hour, n], 16, 1), range(count)))
            total = sum(run[0] for run in runs)
            alone.setdefault(kind, total)
            print(f"| {kind} | {count} | {total:,.0f} | {max(run[1] for run in runs):.0f} | {max(run[2] for run in runs):.0f} |"
                  f" {sum(run[3] for run in runs) / count:.0f} | {total / alone[kind]:.2f} |", flush=True)


class Clients:
    """Two senders, and one who reads lists, at any collector; what fails is sent to another one."""

    def __init__(self, services, token):
        self.services, self.token, self.stop = services, token, threading.Event()
        self.sent, self.read, self.again, self.chance = [], [], 0, random.Random(5)
        self.threads = [threading.Thread(target=self.send, args=[(lane + 1) * 1_000_000]) for lane in range(2)]
        self.threads.append(threading.Thread(target=self.ask_lists))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def ask(self, session, method, path, body=None):
        """Seconds until one of them had answered."""
        begun = time.monotonic()
        while not self.stop.is_set():
            url = self.services[self.chance.randrange(len(self.services))].url
            with contextlib.suppress(requests.RequestException):
                answer = session.request(method, url + path, data=body, timeout=20, headers={"Authorization": f"Bearer {self.token}"})
                if answer.status_code == 200:
                    return time.monotonic() - begun
            self.again += 1
            time.sleep(0.05)
        return None

    def send(self, number):
        session = requests.Session()
        while not self.stop.is_set():
            number += 1
            seconds = self.ask(session, "POST", "/api/v1/reports", json.dumps(report(number)).encode() + b"\n")
            if seconds is not None:
                self.sent.append((f"db{number}", seconds))

    def ask_lists(self):
        session = requests.Session()
        while not self.stop.is_set():
            seconds = self.ask(session, "GET", "/api/v1/databases?limit=100&sort=-last_seen")
            if seconds is not None:
                self.read.append(seconds)
            time.sleep(0.05)


def killed(server, folder, seconds):
    """The same load and the same runs with and without a collector that is killed every 20 s, and started after 5 s."""
    print(f"\n| killed | reports/s | p50 ms | p99 ms | longest s | lists p50 ms | p99 ms | longest s | sent again | runs of 360 hosts | p50 s | lost | twice |"
          f"\n{'|---' * 13}|")
    chance = random.Random(3)
    for kills in (0, seconds // 20):
        name = f"killed{kills}"
        store = server.database(name)
        place = folder / name
        place.mkdir()
        with Simulator("--accounts", 6, "--instances", 60, "--regions", "eu-west-1", "--latency", 30, "--host-seconds", 2) as simulator:
            def make(folder, number):
                service = at(store, serving(folder, simulator, *FAST))
                service.binary = bench.COLLECTOR
                return service
            stack, services = several(3, place, store, make)
            with stack:
                times, done = [], threading.Event()

                def discover():
                    while not done.is_set():
                        begun = time.monotonic()
                        with contextlib.suppress(requests.RequestException, AssertionError, KeyError):
                            # The first one is never killed: who asks has a collector to ask.
                            job = begin(services[0])
                            assert wait(services[0], job, timeout=300)["progress"]["state"] == "completed"
                            times.append(time.monotonic() - begun)
                runs = threading.Thread(target=discover)
                with Clients(services, services[0].token) as clients:
                    runs.start()
                    end = time.monotonic() + seconds
                    for _ in range(kills):
                        time.sleep(15)
                        victim = chance.randrange(1, 3)
                        services[victim].kill()
                        time.sleep(5)
                        services[victim].start()
                    time.sleep(max(0, end - time.monotonic()))
                    done.set()
                    runs.join()
            there = server.sql("SELECT h.hostname FROM reports r JOIN hosts h ON h.row_id = r.place WHERE h.hostname LIKE 'db%' AND r.source <> 'ssm'",
                               name).splitlines()
        write, read = percentiles([seconds for _, seconds in clients.sent]), percentiles(clients.read)
        print(f"| {kills} | {len(clients.sent) / seconds:,.0f} | {write[0] * 1000:.0f} | {write[2] * 1000:.0f} | {max(s for _, s in clients.sent):.1f} |"
              f" {read[0] * 1000:.0f} | {read[2] * 1000:.0f} | {max(clients.read):.1f} | {clients.again} | {len(times)} | {percentiles(times)[0]:.1f} |"
              f" {len({host for host, _ in clients.sent} - set(there))} | {len(there) - len(set(there))} |", flush=True)


def main():
    words = sys.argv[1:]
    seconds = next((int(word.split("=")[1]) for word in words if word.startswith("SECONDS=")), 120)
    with tempfile.TemporaryDirectory() as name, StoreServer(pathlib.Path(name) / "server", *SETTINGS) as server:
        folder = pathlib.Path(name)
        if "rate" in words or "killed" not in words:
            rate(server, folder)
        if "killed" in words or "rate" not in words:
            killed(server, folder, seconds)


if __name__ == "__main__":
    main()
