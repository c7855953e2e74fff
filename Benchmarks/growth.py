"""How much a store grows a night, and how much the collector logs: what docs/cost.md's table is computed from."""

import base64
import datetime
import gzip
import json
import random
import sqlite3
import subprocess
import time
import zlib

HOSTS = 2_000
NIGHTS = 8
LOG_SECONDS = 180


def frames(template, hosts, began, share):
    """A report of each host. Of a `share` of the databases the size differs from the night before."""
    generator = random.Random(began.toordinal())
    for number in range(hosts):
        template["host"].update(machine_id=f"{number:032x}", hostname=f"db-{number}.prod.example.com")
        template["scan"]["started_at"] = (began + datetime.timedelta(milliseconds=number)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        for index, database in enumerate(template["databases"]):
            for directory in database.get("data_directories", []):
                if "bytes" in directory:
                    changed = began.toordinal() if generator.random() < share else 0
                    directory["bytes"] = 1_000_000_000 + 1_000_003 * (number * 7 + index) + changed * 4096
        body = gzip.compress(json.dumps(template, separators=(",", ":"), sort_keys=True).encode(), 6, mtime=0)
        yield len(body), b"-----BEGIN DBCENSUS REPORT 1 %d %08x-----\n%s\n-----END DBCENSUS REPORT-----\n" % (
            len(body), zlib.crc32(body), base64.b64encode(body))


def size(store):
    return sum(path.stat().st_size for path in store.parent.glob(store.name + "*") if path.suffix in (".sqlite", ".sqlite-wal"))


def nights(collector, store, template):
    """Bytes of a new host, of its report, and of a host and night after the first."""
    first = datetime.datetime.now(datetime.timezone.utc).replace(hour=2, minute=0, second=0, microsecond=0) - datetime.timedelta(days=NIGHTS + 1)
    sizes, report = [size(store)], 0
    for night in range(NIGHTS):
        file = store.parent / "reports"
        with file.open("wb") as bodies:
            for length, frame in frames(template, HOSTS, first + datetime.timedelta(days=night), 0.3):
                report = length
                bodies.write(frame)
        subprocess.run([collector, "ingest", "--store", store, file], stdout=subprocess.DEVNULL, check=True)
        with sqlite3.connect(store) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sizes.append(size(store))
    return (sizes[1] - sizes[0]) / HOSTS, report, (sizes[-1] - sizes[1]) / HOSTS / (NIGHTS - 1)


def logged(collector, store):
    """Bytes a second that a collector without work writes, with its metrics for CloudWatch."""
    command = [collector, "serve", "--store", store, "--set", "server.port=0", "--set", "metrics.embedded=true"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        time.sleep(LOG_SECONDS)
        process.terminate()
        return len(process.stdout.read()) / LOG_SECONDS


def table(collector, folder, template):
    store = folder / "store.sqlite"
    new, report, night = nights(collector, store, template)
    databases = len(template["databases"])
    print(f"| what ({HOSTS:,} hosts with {databases} databases) | bytes |\n|---|---|")
    print(f"| a report, compressed | {report:,} |\n| the store, for a new host | {new:,.0f} |")
    print(f"| the store, for a host and night: 30 % of the databases have another size | {night:,.0f} |")
    print(f"| the log with embedded metrics, a second without work | {logged(collector, store):,.0f} |", flush=True)
