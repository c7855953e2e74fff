"""The collector beside what the disk and SQLite cost alone, and beside a collector in Python; then a store of a million databases.

    make bench-collector [ARGUMENTS="ingest lists HOSTS=250000"]

Prints tables in Markdown for docs/performance.md. Load goes to loopback alone.
"""

import base64
import gzip
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zlib

import flood as flooding
import growth as growing

ROOT = pathlib.Path(__file__).resolve().parents[1]
COLLECTOR = ROOT / ".build/collector/bin/dbcensus-collector"
FIXTURE = ROOT / "Tests/EnginesTests/Fixtures/hosts/debian-postgresql"
END = b"-----END DBCENSUS REPORT-----\n"
SECONDS = 8

LUA = """
local bodies = {}
local counter = 0
function setup(thread) thread:set("id", counter); counter = counter + 1 end
function init(arguments)
  local file = io.open(arguments[1], "rb"); local text = file:read("*a"); file:close()
  local number = 0
  for body in text:gmatch("([^%z]+)%z") do
    if number % 2 == id then bodies[#bodies + 1] = body end
    number = number + 1
  end
  at = 0
  headers = {["Authorization"] = "Bearer " .. arguments[2]}
end
function request()
  at = at + 1
  if at > #bodies then wrk.thread:stop(); at = 1 end
  return wrk.format("POST", "/api/v1/reports", headers, bodies[at])
end
function response(status) if status ~= 200 then print("status " .. status) end end
"""


def example():
    """The agent's report of a fixture host with three databases."""
    agent = next((ROOT / "dist").glob(f"dbcensus-agent-*-linux-{os.uname().machine}"))
    return json.loads(subprocess.run([agent, "scan", "--format", "json", "--recorded-proc", "--root", FIXTURE], capture_output=True, check=True).stdout)


def write_bodies(path, count, hour, together, first=0):
    """Frames of `count` hosts with three databases each, `together` in a body, bodies ended by NUL."""
    report = example()
    with path.open("wb") as file:
        for number in range(first, first + count):
            report["host"]["machine_id"] = f"{number:032x}"
            report["host"]["hostname"] = f"db-{number}.prod.example.com"
            report["scan"]["started_at"] = f"2026-11-20T{hour:02d}:00:00.{number % 1000:03d}Z"
            body = gzip.compress(json.dumps(report, separators=(",", ":"), sort_keys=True).encode(), 6, mtime=0)
            file.write(b"-----BEGIN DBCENSUS REPORT 1 %d %08x-----\n%s\n%s" % (len(body), zlib.crc32(body), base64.b64encode(body), END))
            if (number + 1) % together == 0:
                file.write(b"\0")


class Running:
    """A collector that serves a store: ours, or the one in Python."""

    def __init__(self, folder, ours=True):
        self.folder, self.ours = folder, ours
        self.store = folder / "store.sqlite"
        self.token = "none"
        if ours:
            self.token = self.make_token("admin")

    def make_token(self, scope):
        command = [COLLECTOR, "token", "create", "--store", self.store, "--name", "bench", "--scopes", scope]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def __enter__(self):
        log = (self.folder / "log").open("w")
        if self.ours:
            settings = ["server.port=0", "limits.requests_per_second=1000000", "limits.request_burst=1000000", "log.level=notice",
                        "log.format=json"]
            command = [COLLECTOR, "serve", "--store", self.store, *[p for s in settings for p in ("--set", s)]]
        else:
            command = [sys.executable, ROOT / "Benchmarks/python_collector.py", self.store, "8641"]
        self.process = subprocess.Popen(command, stderr=log)
        for _ in range(3000):
            time.sleep(0.1)
            found = re.search(r"http://127.0.0.1:(\d+)", (self.folder / "log").read_text())
            if found or not self.ours:
                break
        self.port = int(found[1]) if self.ours else 8641
        if not self.ours:
            time.sleep(1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)

    def metric(self, name):
        return sum(float(line.split()[-1]) for line in self.get("/metrics")[1].decode().splitlines() if line.startswith(name))

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path, headers={"Authorization": "Bearer " + self.token})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def load(self, bodies, connections, together):
        """Reports a second, p50 and p99 of a request in ms, and the reports of one commit."""
        before = (self.metric("dbcensus_batch_reports_sum"), self.metric("dbcensus_batch_reports_count")) if self.ours else None
        lua = self.folder / "post.lua"
        lua.write_text(LUA)
        done = subprocess.run(["wrk", "-t2", f"-c{connections}", f"-d{SECONDS}", "--latency", "-s", lua, f"http://127.0.0.1:{self.port}", "--",
                               bodies, self.token], capture_output=True, text=True, check=True)
        assert "status" not in done.stdout, done.stdout[:300]
        requests, seconds = re.search(r"(\d+) requests in ([\d.]+)s", done.stdout).groups()

        def latency(percent):
            value, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
            return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
        batch = 1
        if self.ours:
            after = (self.metric("dbcensus_batch_reports_sum"), self.metric("dbcensus_batch_reports_count"))
            batch = (after[0] - before[0]) / max(1, after[1] - before[1])
        return int(requests) * together / float(seconds), latency(50), latency(99), batch


def bare(program, reference, empty, folder, batch, *more):
    target = folder / "bare.sqlite"
    for suffix in ["", "-wal", "-shm"]:
        (folder / f"bare.sqlite{suffix}").unlink(missing_ok=True)
    shutil.copy(reference if more else empty, target)
    done = subprocess.run([program, reference, target, str(max(1, round(batch))), *more], capture_output=True, text=True, check=True)
    return float(done.stdout)


def settled(store):
    """The store in one file."""
    with sqlite3.connect(store) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode = DELETE")
    return store


def ingest(folder):
    program = folder / "bare_loop"
    subprocess.run(["gcc", "-O2", "-o", program, ROOT / "Benchmarks/bare_loop.c", "-lsqlite3"], check=True)
    print(f"| reports | a request | connections | reports/s | p50 ms | p99 ms | a commit | bare loop | of it | in Python | times |\n{'|---' * 11}|")
    for together, connections, count in [(1, 32, 40_000), (1, 128, 40_000), (20, 16, 80_000)]:
        bodies = {hour: folder / f"bodies-{hour}" for hour in (1, 2)}
        for hour, path in bodies.items():
            write_bodies(path, count, hour, together)
        place = folder / f"run-{together}-{connections}"
        place.mkdir()
        other = folder / f"python-{together}-{connections}"
        other.mkdir()
        empty = folder / "empty"
        empty.mkdir(exist_ok=True)
        Running(empty)
        settled(empty / "store.sqlite")
        results = {}
        ours = Running(place)
        with ours:
            results["new"] = ours.load(bodies[1], connections, together)
        reference = place / "reference.sqlite"
        shutil.copy(settled(ours.store), reference)
        # Every host is known before the unchanged ones come, and by the token that sends those.
        subprocess.run([COLLECTOR, "ingest", "--store", ours.store, "--format", "json", bodies[1]], stdout=subprocess.DEVNULL, check=False)
        with sqlite3.connect(ours.store) as database:
            database.execute("UPDATE hosts SET sender = ?", [ours.token.split("_")[1]])
        with ours:
            results["unchanged"] = ours.load(bodies[2], connections, together)
        with Running(other, ours=False) as python:
            slow = {"new": python.load(bodies[1], connections, together)}
        with Running(other, ours=False) as python:
            slow["unchanged"] = python.load(bodies[2], connections, together)
        for kind in ["new", "unchanged"]:
            rate, p50, p99, batch = results[kind]
            alone = bare(program, reference, empty / "store.sqlite", folder, batch, *(["unchanged"] if kind == "unchanged" else []))
            print(f"| {kind} | {together} | {connections} | {rate:,.0f} | {p50:.1f} | {p99:.1f} | {batch:.0f} | {alone:,.0f} | {rate / alone:.0%} |"
                  f" {slow[kind][0]:,.0f} | {rate / slow[kind][0]:.1f} |", flush=True)


def scenarios(generator, identities, hosts):
    page = "/api/v1/databases?limit=100"

    def account():
        return 111111111111 + generator.randrange(40)

    def host():
        return f"i-{generator.randrange(1, hosts) * 7919:017x}"

    def cursor():
        text = json.dumps({"row": generator.randrange(hosts * 2, hosts * 4 - 200), "sort": "added"}, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def word():
        return generator.choice(["orders", "users", "billing", "search", "catalog", "events"])
    return {
        "first page": lambda: page,
        "deep page": lambda: f"{page}&cursor={cursor()}",
        "engine": lambda: f"{page}&engine={generator.choice(['mysql', 'mongodb'])}",
        "engine, state, exposure": lambda: f"{page}&engine=mysql&state=running&exposure=all",
        "account, engine": lambda: f"{page}&account={account()}&engine=mongodb",
        "account, region, role, vendor": lambda: f"{page}&account={account()}&region=eu-west-1&role=primary&vendor=oracle",
        "role of 700": lambda: f"{page}&role=arbiter",
        "engine, version below": lambda: f"{page}&engine=mysql&version<8.0.37",
        "engine, version, exposure": lambda: f"{page}&engine=postgresql&version<14&exposure=all",
        "filters that exclude each other": lambda: f"{page}&engine=mysql&vendor=mongodb",
        "size above": lambda: f"{page}&bytes>=1000000000000",
        "largest": lambda: f"{page}&sort=-bytes",
        "largest of an engine": lambda: f"{page}&sort=-bytes&engine=mongodb&state=running",
        "not seen longest": lambda: f"{page}&sort=last_seen",
        "by name in an account": lambda: f"{page}&sort=hostname&account={account()}",
        "newest version": lambda: f"{page}&sort=-version",
        "host": lambda: f"{page}&host={host()}",
        "container": lambda: f"{page}&container=orders-2",
        "missing": lambda: f"{page}&state=missing",
        "missing, engine, region": lambda: f"{page}&state=missing&engine=mongodb&region=us-east-1",
        "tag that no host has": lambda: f"{page}&tag=owner",
        "text: a word": lambda: f"{page}&q={word()}",
        "text: a host's name": lambda: f"{page}&q={word()}-{generator.randrange(hosts)}",
        "text: four words": lambda: f"{page}&q=mysql+orders+eu+central",
        "text: a beginning": lambda: f"{page}&q=bil",
        "text: a word and a rare role": lambda: f"{page}&q=orders&role=arbiter",
        "as of a date": lambda: f"{page}&as_of=2026-11-10",
        "as of a date, engine": lambda: f"{page}&as_of=2026-11-10&engine=mongodb",
        "hosts": lambda: "/api/v1/hosts?limit=100",
        "hosts of an account, not seen longest": lambda: f"/api/v1/hosts?account={account()}&sort=last_seen",
        "hosts by text": lambda: f"/api/v1/hosts?q={word()}",
        "changes": lambda: "/api/v1/changes?limit=100",
        "changes of an engine": lambda: "/api/v1/changes?engine=mongodb&kind=appeared",
        "changes since a date": lambda: "/api/v1/changes?at>=2026-11-14",
        "clusters": lambda: "/api/v1/clusters?limit=100",
        "history of a database": lambda: f"/api/v1/databases/{generator.choice(identities)}/history",
        "sizes of a database": lambda: f"/api/v1/databases/{generator.choice(identities)}/sizes",
        "one database": lambda: f"/api/v1/databases/{generator.choice(identities)}",
        "one host": lambda: f"/api/v1/hosts/{host()}",
        "stats by engine, state": lambda: "/api/v1/stats?group_by=engine,state",
        "stats by account": lambda: "/api/v1/stats?group_by=account",
        "stats of mysql by version": lambda: "/api/v1/stats?group_by=version&engine=mysql",
        "accounts": lambda: "/api/v1/accounts",
        "metrics": lambda: "/metrics",
    }


def lists(folder, hosts, requests=200):
    running = Running(folder)
    if not (folder / "made").exists():
        subprocess.run([sys.executable, ROOT / "Benchmarks/million.py", running.store, str(hosts), "4"], check=True)
        (folder / "made").touch()
    start = time.monotonic()
    with running:
        began = time.monotonic() - start
        connection = http.client.HTTPConnection("127.0.0.1", running.port)

        def ask(path):
            began = time.perf_counter()
            connection.request("GET", path, headers={"Authorization": "Bearer " + running.token})
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, (path, body[:300])
            return body, (time.perf_counter() - began) * 1000
        items = json.loads(ask("/api/v1/databases?limit=1000")[0])["items"]
        identities = [urllib.parse.quote(item["id"], safe="") for item in items[::25]]
        print(f"| question ({hosts:,} hosts, {hosts * 4:,} databases) | p50 ms | p99 ms | rows |\n|---|---|---|---|")
        for name, path in scenarios(random.Random(7), identities, hosts).items():
            times = []
            for _ in range(requests):
                body, took = ask(path())
                times.append(took)
            rows = len(json.loads(body).get("items", [])) if body.startswith(b"{") else "-"
            print(f"| {name} | {statistics.median(times):.1f} | {sorted(times)[int(requests * 0.99)]:.1f} | {rows} |", flush=True)
        status = pathlib.Path(f"/proc/{running.process.pid}/status").read_text()
        peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
        size = sum(path.stat().st_size for path in folder.glob("store.sqlite*"))
        print(f"\nOn the disk {size / 1e9:.2f} GB; memory at most {peak:.0f} MiB; from the start to the first answer {began:.1f} s, every page read.")


def flood(folder):
    print(f"| collector | peak MiB | idle p50 ms | p50 ms | longest ms | small reports | large reports | answers to the flood |\n{'|---' * 8}|")
    for name in ["ours", "in Python"]:
        place = folder / name
        place.mkdir()
        running = Running(place, ours=name == "ours")
        bad, good = (running.make_token("ingest") if running.ours else "none" for _ in range(2))
        with running:
            flooding.row(name, running, example(), bad, good)


def growth(folder):
    growing.table(COLLECTOR, folder, example())


def main():
    words = sys.argv[1:] or ["ingest", "flood", "lists", "growth"]
    hosts = next((int(w.split("=")[1]) for w in words if w.startswith("HOSTS=")), 250_000)
    with tempfile.TemporaryDirectory() as name:
        for word in words:
            folder = pathlib.Path(os.environ.get("BENCH_FOLDER", name)) / word
            if word in ("ingest", "flood", "lists", "growth"):
                folder.mkdir(parents=True, exist_ok=True)
                lists(folder, hosts) if word == "lists" else {"ingest": ingest, "flood": flood, "growth": growth}[word](folder)


if __name__ == "__main__":
    main()
