"""Collectors in several regions on one store, and clients that send and ask all the time."""

import contextlib
import json
import re
import threading
import time

import psycopg
import requests

from collectors import FAST, at
from links import SlowLink
from service import Service, report
from standbys import address_of

# Seconds until the spool takes a report, as by default.
AFTER = 10
REGIONS = (0, 60, 180)
# Seconds between the reports of a sender; there are two in each region.
PACE = 0.1


class Load:
    """Senders and a reader of each region, at its own collector. A sender sends a report again until it is acknowledged."""

    def __init__(self, services, token):
        self.services, self.token = services, token
        self.acks, self.reads, self.stop = [], [], threading.Event()
        self.threads = []

    def __enter__(self):
        for region in range(len(self.services)):
            for lane in range(2):
                self.threads.append(threading.Thread(target=self.send, args=[region, (region * 2 + lane + 1) * 100_000]))
            self.threads.append(threading.Thread(target=self.read, args=[region]))
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def ask(self, session, region, method, path, **options):
        """The answer, or None; its time is that of the last try."""
        begun = time.monotonic()
        with contextlib.suppress(requests.RequestException):
            answer = session.request(method, self.services[region].url + path, headers={"Authorization": f"Bearer {self.token}"}, timeout=20, **options)
            if answer.status_code < 300:
                return answer, begun
        time.sleep(0.05)
        return None, begun

    def send(self, region, number):
        session = requests.Session()
        while not self.stop.is_set():
            number += 1
            body = json.dumps(report(number)).encode() + b"\n"
            answer = None
            while answer is None and not self.stop.is_set():
                answer, begun = self.ask(session, region, "POST", "/api/v1/reports", data=body)
            if answer is not None:
                outcome = answer.json()["items"][0]["outcome"]
                self.acks.append((time.monotonic(), region, f"db{number}", outcome, time.monotonic() - begun))
            time.sleep(PACE)

    def read(self, region):
        session = requests.Session()
        while not self.stop.is_set():
            answer, begun = self.ask(session, region, "GET", "/api/v1/databases?limit=20&sort=-last_seen")
            if answer is not None:
                self.reads.append((time.monotonic(), region, "read", "read", time.monotonic() - begun))
            time.sleep(0.05)

    def gap(self, events, since, kinds, region=None):
        """The longest time in a region without an event of these kinds, from a time on; in all regions without `region`."""
        longest = 0.0
        for number in range(len(self.services)) if region is None else [region]:
            times = [since] + [event[0] for event in list(events) if event[1] == number and event[3] in kinds and event[0] > since]
            if len(times) == 1:
                return float("inf")
            longest = max(longest, *(later - earlier for earlier, later in zip(times, times[1:])))
        return longest

    def gaps(self, since):
        """Seconds without an acknowledgement, without a stored report, without a list."""
        return {
            "taken": self.gap(self.acks, since, {"stored", "duplicate", "older", "spooled"}),
            "stored": self.gap(self.acks, since, {"stored", "duplicate", "older"}),
            "read": self.gap(self.reads, since, {"read"})}

    def latencies(self, events, region, until):
        return sorted(event[4] for event in list(events) if event[1] == region and event[0] < until)


def rows(address, query):
    with psycopg.connect(address, connect_timeout=5) as connection:
        return connection.execute(query).fetchall()


class Regions:
    """A collector in each region: its servers are as far away as REGIONS says, and a standby is near."""

    def __init__(self, folder, cluster, replicas, binary=None):
        self.folder, self.cluster, self.replicas, self.binary = folder, cluster, replicas, binary
        self.links, self.services = {}, []
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with self.stack:
            servers = getattr(self.cluster, "servers", None) or self.cluster.nodes
            for region, distance in enumerate(REGIONS):
                links = [self.stack.enter_context(SlowLink("127.0.0.1", server.port, distance)) for server in servers] if distance else servers
                self.links[region] = links if distance else []
                folder = self.folder / f"region{region}"
                folder.mkdir()
                near = self.replicas[region]
                settings = [f"store.read_urls=[{near}]"] if near else []
                service = at(address_of(links), Service(
                    folder, *FAST, "metrics.token=false", f"spool.path={folder / 'spool'}", f"spool.after={AFTER}s", *settings,
                    **({"binary": self.binary} if self.binary else {})))
                self.services.append(self.stack.enter_context(service))
                service.token = self.services[0].token
            self.services[0].make_token("read")
            for service in self.services:
                service.token = self.services[0].token
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def load(self):
        return Load(self.services, self.services[0].token)

    def waiting(self):
        """Reports in all spools."""
        found = [re.search(r"^dbcensus_spool_reports (\S+)$", service.get("/metrics", token=None).text, re.M) for service in self.services if service.process.poll() is None]
        return sum(float(match[1]) for match in found)

    def settle(self):
        """Waits until the spools are empty; seconds."""
        begun = time.monotonic()
        while self.waiting():
            assert time.monotonic() < begun + 120, "a spool is not delivered"
            time.sleep(0.1)
        return time.monotonic() - begun

    def verify(self, load):
        """What was acknowledged and is not there, and what is there twice."""
        there = [row[0] for row in rows(self.cluster.address(), "SELECT h.hostname FROM reports r JOIN hosts h ON h.row_id = r.place")]
        acknowledged = {ack[2] for ack in load.acks}
        return {"acknowledged": len(acknowledged), "spooled": sum(ack[3] == "spooled" for ack in load.acks),
                "lost": len(acknowledged - set(there)), "doubled": len(there) - len(set(there))}


def pages(service):
    """All hosts."""
    cursor = ""
    while True:
        page = service.get(f"/api/v1/hosts?limit=1000{cursor}").json()
        yield from page["items"]
        if not page["next_cursor"]:
            return
        cursor = f"&cursor={page['next_cursor']}"
