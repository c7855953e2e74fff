"""The disaster drill: servers and collectors are lost under load, and it measures what clients lose and how long they wait.

`python drill.py [RUNS=5] [SECONDS=8] [EVERY=10] [ONLY=hand,cut] [BINARY=FILE] [WRITE=docs/disaster-recovery.md]` runs every scenario, prints the tables, and puts them into
the page. RPO is the number of reports that were acknowledged and are not in the store at the end. RTO is the longest
time without an answer of that kind, in any region.
"""

import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from collectors import FAST
from folders import open_to_all
from patroni import PatroniCluster
from regions import AFTER, REGIONS, Load, Regions, pages
from service import Service, report
from standbys import QuorumCluster


def percentiles(values):
    """p50, p95 and p99; None without values."""
    if not values:
        return None
    values = sorted(values)
    return tuple(values[min(len(values) - 1, int(len(values) * part))] for part in (0.5, 0.95, 0.99))


def primary_lost(folder, quiet, binary=None, patroni=False, with_collector=False):
    """The primary is lost, and an operator or Patroni promotes a standby; perhaps its neighbour, a collector, is lost too."""
    with (PatroniCluster if patroni else QuorumCluster)(folder / "cluster") as cluster:
        followers = [node for node in cluster.nodes if node is not cluster.leader()] if patroni else cluster.standbys
        near = [None, *(f"postgresql://dbcensus@127.0.0.1:{follower.port}/dbcensus" for follower in followers)]
        with Regions(folder, cluster, near, binary) as regions, regions.load() as load:
            time.sleep(2)
            begun, lags = time.monotonic(), []
            while time.monotonic() < begun + quiet:
                lags += [seconds for seconds in cluster.lag(5).values()]
                time.sleep(0.1)
            quiet_end = time.monotonic()
            if with_collector:
                regions.services[0].kill()
            killed = time.monotonic()
            if patroni:
                lost = cluster.kill_leader()
                cluster.wait_for_leader(other_than=lost)
            else:
                cluster.kill_primary()
                cluster.promote()
            promoted = time.monotonic() - killed
            if with_collector:
                # A balancer sends its clients to another one, and the lost one is replaced with its disk.
                regions.services[0].start()
            # Until reports are stored again everywhere.
            end = time.monotonic() + 120
            while load.gap(load.acks, killed, {"stored"}) == float("inf") and time.monotonic() < end:
                time.sleep(0.1)
            time.sleep(5)
            gaps = load.gaps(killed)
            load.__exit__()
            settled = regions.settle()
            result = {**regions.verify(load), **gaps, "promoted": promoted, "settled": settled, "lags": lags}
            result["latency"] = [
                {"distance": distance, "write": load.latencies(load.acks, region, quiet_end), "read": load.latencies(load.reads, region, quiet_end)}
                for region, distance in enumerate(REGIONS)]
            return result


def region_cut_off(folder, quiet, binary=None):
    """The far region loses its way to the servers, and gets it back."""
    with QuorumCluster(folder / "cluster") as cluster:
        near = [None, *(f"postgresql://dbcensus@127.0.0.1:{standby.port}/dbcensus" for standby in cluster.standbys)]
        with Regions(folder, cluster, near, binary) as regions, regions.load() as load:
            time.sleep(2)
            cut = time.monotonic()
            for link in regions.links[2]:
                link.cut()
            time.sleep(quiet + 4 * AFTER)
            for link in regions.links[2]:
                link.mend()
            mended = time.monotonic()
            while not any(event[1] == 2 and event[3] == "stored" and event[0] > mended for event in list(load.acks)):
                assert time.monotonic() < mended + 120
                time.sleep(0.05)
            stored_again = time.monotonic() - mended
            time.sleep(2)
            gaps = {"taken": load.gap(load.acks, cut, {"stored", "spooled", "duplicate", "older"}, 2), "read": load.gap(load.reads, cut, {"read"}, 2),
                    "others": max(load.gap(load.acks, cut, {"stored", "duplicate", "older"}, region) for region in (0, 1))}
            load.__exit__()
            return {**regions.verify(load) | {}, **gaps, "stored": stored_again, "settled": regions.settle(), **regions.verify(load)}


def collector_lost(folder, quiet, binary=None):
    """One of three collectors is killed; its clients wait until it is started again."""
    with QuorumCluster(folder / "cluster") as cluster, Regions(folder, cluster, [None] * 3, binary) as regions, regions.load() as load:
        time.sleep(2)
        killed = time.monotonic()
        regions.services[0].kill()
        regions.services[0].start()
        time.sleep(quiet)
        gaps = load.gaps(killed)
        others = max(load.gap(load.acks, killed, {"stored"}, region) for region in (1, 2))
        load.__exit__()
        regions.settle()
        return {**regions.verify(load), **gaps, "others": others}


def token_revoked(folder, binary=None):
    """A leaked token is revoked at one collector; the others refuse it, the one with a replica too."""
    with QuorumCluster(folder / "cluster") as cluster:
        near = [None, *(f"postgresql://dbcensus@127.0.0.1:{standby.port}/dbcensus" for standby in cluster.standbys)]
        with Regions(folder, cluster, near, binary) as regions:
            leaked = regions.services[0].make_token("read", "ingest")
            for service in regions.services:
                while service.get("/api/v1/hosts", token=leaked).status_code != 200:
                    time.sleep(0.05)
            begun = time.monotonic()
            assert regions.services[0].ask("DELETE", f"/api/v1/tokens/{leaked.split('_')[1]}").status_code in (200, 204)
            refused = {}
            for kind in ("read", "send"):
                for region, service in enumerate(regions.services):
                    while True:
                        answer = service.get("/api/v1/hosts", token=leaked) if kind == "read" else service.send(report(1), token=leaked)
                        if answer.status_code == 401:
                            break
                        time.sleep(0.02)
                    refused[kind, region] = time.monotonic() - begun
            return {"taken": max(seconds for (kind, _), seconds in refused.items() if kind == "send"), "read": max(seconds for (kind, _), seconds in refused.items() if kind == "read")}


def file_lost(folder, quiet, every, binary=None):
    """A store in a SQLite file: its process is killed; then its machine is lost, and the newest backup in a bucket is restored on another one."""
    from aws import REGION, Moto  # a server of AWS's API, for the bucket alone
    options = {"binary": binary} if binary else {}
    with Moto() as moto:
        moto.client("s3").create_bucket(Bucket="backups", CreateBucketConfiguration={"LocationConstraint": REGION})
        environment = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION, "AWS_ENDPOINT_URL": moto.url}
        first = folder / "first"
        first.mkdir()
        settings = (*FAST, "backup.to=s3://backups/dbcensus", f"backup.every={every}s")
        with Service(first, *settings, environment=environment, **options) as service:
            service.make_token("read")
            with Load([service], service.token) as load:
                time.sleep(2)
                killed = time.monotonic()
                service.kill()
                service.start()
                time.sleep(3)
                process = load.gaps(killed)
                kept = {item["hostname"] for cursor in [None] for item in pages(service)}
                process["lost"] = len({ack[2] for ack in load.acks[:-4]} - kept)
                time.sleep(every * 1.5 + quiet)
                lost = time.monotonic()
                service.kill()
                shutil.rmtree(first)
                second = folder / "second"
                second.mkdir()
                newest = max(item["Key"] for item in moto.client("s3").list_objects_v2(Bucket="backups")["Contents"])
                moto.client("s3").download_file("backups", newest, str(second / "backup.sqlite"))
                subprocess.run([service.binary, "restore", "--store", second / "inventory.sqlite", second / "backup.sqlite"], check=True, capture_output=True)
                service.folder, service.log_path = second, second / "serve.log"
                service.store = service.named = second / "inventory.sqlite"
                service.start()
                time.sleep(3)
                machine = load.gaps(lost)
                before = {ack[2]: ack[0] for ack in load.acks if ack[0] < lost}
                kept = {item["hostname"] for item in pages(service)}
                missing = [at for name, at in before.items() if name not in kept]
                machine |= {"lost": len(missing), "seconds": lost - min(missing) if missing else 0, "acknowledged": len(before)}
        return {"process": process, "machine": machine}


@contextlib.contextmanager
def place():
    """A folder that other users may enter, because servers are theirs."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="drill-"))
    try:
        (folder / "here").mkdir()
        open_to_all(folder / "here")
        yield folder / "here"
    finally:
        if "KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)


def seconds(values):
    """The middle one and the longest, as a cell."""
    values = sorted(values if isinstance(values, list) else [values])
    if len(values) == 1:
        return f"{values[0]:.1f} s"
    return f"{statistics.median(values):.1f} s ({values[-1]:.1f} s)"


def milliseconds(values):
    found = percentiles(values)
    return " / ".join(f"{value * 1000:.0f}" for value in found) + " ms" if found else "-"


def main():
    options = dict(argument.split("=", 1) for argument in sys.argv[1:] if "=" in argument)
    runs, quiet = int(options.get("RUNS", 5)), float(options.get("SECONDS", 8))
    binary = pathlib.Path(options["BINARY"]) if "BINARY" in options else None
    scenarios = {
        "hand": lambda folder: primary_lost(folder, quiet, binary),
        "zone": lambda folder: primary_lost(folder, quiet, binary, with_collector=True),
        "patroni": lambda folder: primary_lost(folder, quiet, binary, patroni=True),
        "cut": lambda folder: region_cut_off(folder, quiet, binary),
        "collector": lambda folder: collector_lost(folder, quiet, binary),
        "token": lambda folder: token_revoked(folder, binary),
        "file": lambda folder: file_lost(folder, quiet, int(options.get("EVERY", 10)), binary)}
    results = {}
    for name, scenario in scenarios.items():
        if name not in options.get("ONLY", name).split(","):
            continue
        for number in range(runs):
            with place() as folder:
                results.setdefault(name, []).append(scenario(folder))
            plain = {key: value for key, value in results[name][-1].items() if key not in ("lags", "latency")}
            print(name, number + 1, json.dumps(plain, default=str), file=sys.stderr, flush=True)
    text = tables(results, int(options.get("EVERY", 10)))
    print(text)
    if "WRITE" in options:
        page = pathlib.Path(options["WRITE"])
        begin, end = "<!-- drill: begin -->\n", "<!-- drill: end -->"
        before, rest = page.read_text().split(begin)
        page.write_text(before + begin + text + end + rest.split(end)[1])
    lost = [run["lost"] for name in ("hand", "zone", "patroni", "cut", "collector") for run in results.get(name, [])]
    sys.exit(1 if any(lost) else 0)


def tables(results, every):
    """The tables of the page."""
    lines = []
    names = {
        "collector": "a collector is killed, and started again", "hand": "the primary is lost; `pg_promote` by hand",
        "patroni": "the primary is lost; Patroni promotes (ttl 20 s)", "zone": "the primary and a collector are lost; by hand",
        "cut": "a region is cut off from the store"}
    lines += ["| What is lost (PostgreSQL) | Runs | Acknowledged | RPO: lost | Twice | RTO: taken | RTO: stored | RTO: lists |", "|---|---|---|---|---|---|---|---|"]
    for name, words in names.items():
        if found := results.get(name):
            total = {key: sum(run[key] for run in found) for key in ("acknowledged", "spooled", "lost", "doubled")}
            lines.append(
                f"| {words} | {len(found)} | {total['acknowledged']:,}, {total['spooled']:,} of them spooled | {total['lost']} | {total['doubled']} | "
                + " | ".join(seconds([run[key] for run in found]) for key in ("taken", "stored", "read")) + " |")
    if found := results.get("token"):
        lines.append(f"| a token leaked, and is revoked | {len(found)} | - | - | - | refused after {seconds([run['taken'] for run in found])} | - | "
                     f"refused after {seconds([run['read'] for run in found])} |")
    if found := results.get("file"):
        lines += ["", "| What is lost (SQLite) | Runs | RPO: lost | RPO: time | RTO |", "|---|---|---|---|---|",
                  f"| the process is killed, and started again | {len(found)} | {sum(run['process']['lost'] for run in found)} | 0 s | {seconds([run['process']['taken'] for run in found])} |",
                  f"| the machine; a backup every {every} s, restored | {len(found)} | {sum(run['machine']['lost'] for run in found):,} of "
                  f"{sum(run['machine']['acknowledged'] for run in found):,} | {seconds([run['machine']['seconds'] for run in found])} | "
                  f"{seconds([run['machine']['taken'] for run in found])} |"]
    measured = [run for name in ("hand", "zone", "patroni") for run in results.get(name, [])]
    if measured:
        lags = [lag for run in measured for lag in run["lags"]]
        lines += ["", f"Replication lag under that load, p50 / p95 / p99 of {len(lags):,} samples: {milliseconds(lags)}.", "",
                  "| Distance to the primary | A report is stored (p50 / p95 / p99) | A list is answered (p50 / p95 / p99) |", "|---|---|---|"]
        for region, distance in enumerate(REGIONS):
            cells = [milliseconds([value for run in measured for value in run["latency"][region][kind]]) for kind in ("write", "read")]
            lines.append(f"| {f'{distance} ms, with a replica near by' if distance else 'none'} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    os.environ["DBCENSUS_SERVERS_MAY_RUN"] = "yes"
    main()
