"""One token floods the collector with large reports; another sends small ones. Peak memory, and how long the small ones wait."""

import base64
import collections
import concurrent.futures
import contextlib
import gzip
import http.client
import itertools
import json
import multiprocessing
import pathlib
import re
import statistics
import threading
import time
import zlib

SENDERS = 24
ROUNDS = 4
SECONDS = 30
DATABASES = 4_000


Address = collections.namedtuple("Address", ["port"])


def frame(report):
    text = json.dumps(report, separators=(",", ":")).encode()
    body = gzip.compress(text, 6)
    head = b"-----BEGIN DBCENSUS REPORT 1 %d %08x-----\n" % (len(body), zlib.crc32(body))
    return head + base64.b64encode(body) + b"\n-----END DBCENSUS REPORT-----\n", len(text)


def report(template, number, minute, databases):
    """A report of host `number` whose databases have long paths that pack well."""
    path = "/" + "p" * 420
    (database, *_) = template["databases"]
    (directory, *_) = database["data_directories"]
    many = [{**database, "key": f"{database['engine']}:{path}/{n}", "data_directories": [
        {**directory, "path": f"{path}/{n}", "host_path": f"{path}/{n}"}]} for n in range(databases)]
    return {**template, "databases": many, "host": {**template["host"], "machine_id": f"{number:032x}", "hostname": f"db-{number}"},
            "scan": {**template["scan"], "started_at": f"2026-11-20T{minute // 60:02d}:{minute % 60:02d}:00.000Z"}}


def post(running, token, body):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=600)
    began = time.monotonic()
    connection.request("POST", "/api/v1/reports", body, {"Authorization": "Bearer " + token})
    answer = connection.getresponse()
    items = answer.read()
    return answer.status, time.monotonic() - began, items


def bodies(template, sender):
    """Request bodies of three large reports of new hosts each."""
    return [b"".join(frame(report(template, 1_000_000 + 10_000 * sender + 3 * round + part, 0, DATABASES))[0] for part in range(3))
            for round in range(ROUNDS)]


def flood(running, token, every, end):
    """Sends until `end`, from a process of its own, so that the small reports are measured without its work. Prints what it got in."""
    counts = collections.Counter()

    def send(mine):
        for body in itertools.cycle(mine):
            if time.time() > end:
                return
            with contextlib.suppress(OSError):
                status, _, items = post(running, token, body)
                counts[status] += 1
                counts["stored"] += items.count(b'"stored"')
                if status != 200:
                    time.sleep(0.1)

    threads = [threading.Thread(target=send, args=[mine], daemon=True) for mine in every]
    for thread in threads:
        thread.start()
    while time.time() < end:
        time.sleep(0.1)
    return dict(counts)


def small(running, template, token, number):
    body = frame(report(template, number, 0, 3))[0]
    status, took, items = post(running, token, body)
    assert status == 200 and b'"stored"' in items, (status, items[:200])
    time.sleep(0.3)
    return took


def row(name, running, template, bad, good):
    """Peak memory, and the waits of the small reports with and without the flood."""
    with multiprocessing.Pool(2) as pool:
        every = pool.starmap(bodies, [(template, sender) for sender in range(SENDERS)])
    idle = [small(running, template, good, number) for number in range(10)]
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        end = time.time() + SECONDS
        got = pool.submit(flood, Address(running.port), bad, every, end)
        time.sleep(3)
        waits = []
        while time.time() < end:
            waits.append(small(running, template, good, 100 + len(waits)))
        counts = got.result()
    status = pathlib.Path(f"/proc/{running.process.pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
    answers = ", ".join(f"{count} × {code}" for code, count in counts.items() if code != "stored")
    print(f"| {name} | {peak:,.0f} | {statistics.median(idle) * 1000:,.0f} | {statistics.median(waits) * 1000:,.0f} | {max(waits) * 1000:,.0f} |"
          f" {len(waits)} | {counts.get('stored', 0)} | {answers} |", flush=True)
