"""A collector that serves, as the tests see it."""

import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import time

import requests

import stores

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / ".build/debug/dbcensus-collector"


class Service:
    """`dbcensus-collector serve` on a free port, until `stop`; `get` and `post` carry the first token."""

    def __init__(self, folder, *settings, store=None, environment=None, prefix=(), binary=BINARY):
        self.folder = pathlib.Path(folder)
        self.named = store if "://" in str(store) else pathlib.Path(store or self.folder / "inventory.sqlite")
        self.store = stores.place(self.named)
        self.settings = settings
        self.environment = {**os.environ, **(environment or {})}
        self.prefix = prefix
        self.binary = binary
        self.token = self.first_token = None
        self.log_path = self.folder / "serve.log"
        self.starts = 0
        self.verify = True
        self.extra = []

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()

    def start(self, timeout=120):
        """Starts it and waits until it says that it serves; the log is appended to."""
        mark = self.log_path.stat().st_size if self.log_path.exists() else 0
        arguments = [part for setting in ("server.port=0", *self.settings) for part in ("--set", setting)]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, str(self.binary), "serve", "--store", str(self.store), *arguments, *self.extra],
                stdout=subprocess.DEVNULL, stderr=log, env=self.environment)
        end = time.monotonic() + timeout
        while True:
            text = self.log_path.read_bytes()[mark:].decode()
            if found := re.search(r'"message":"serving".*"url":"([^"]+)"', text):
                self.url = found[1]
                break
            assert self.process.poll() is None and time.monotonic() < end, f"it does not serve: {text}"
            time.sleep(0.02)
        if token := re.search(r"dbc_[0-9a-f]{12}_[0-9a-f]{64}", text):
            self.token = self.first_token = token[0]
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = self.verify
        return self

    def log(self):
        return [json.loads(line) for line in self.log_path.read_text().splitlines() if line.startswith("{")]

    def stop(self, timeout=40):
        """SIGTERM, and its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, method, path, token=..., headers=None, **options):
        token = self.token if token is ... else token
        every = {"Authorization": f"Bearer {token}"} if token else {}
        return self.session.request(method, self.url + path, headers={**every, **(headers or {})}, timeout=300, **options)

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, data, **options):
        return self.ask("POST", path, data=data, **options)

    def send(self, *reports, **options):
        """Posts reports, which are frames as bytes or JSON as objects."""
        parts = [r if isinstance(r, bytes) else json.dumps(r).encode() + b"\n" for r in reports]
        return self.post("/api/v1/reports", b"".join(parts), **options)

    def items(self, path, **options):
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def make_token(self, *scopes, days=None):
        """A new token. The first one ends with the next: then one of an operator's own takes its place."""
        if self.token == self.first_token:
            self.token = self.ask("POST", "/api/v1/tokens", json={"name": "operator", "scopes": ["admin"]}).json()["token"]
        body = {"name": "test", "scopes": scopes, **({"days": days} if days else {})}
        return self.ask("POST", "/api/v1/tokens", json=body).json()["token"]

    def memory(self):
        """Resident bytes."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024


def report(number=0, minute=0, databases=1, **changes):
    """A report of host `number`, as an agent of the present would write it."""
    return {
        "schema": "dbcensus.report/1",
        "agent": {"version": "0.1.0", "architecture": "x86_64"},
        "host": {
            "hostname": f"db{number}", "machine_id": f"{number:032x}", "boot_id": None, "os": {"id": "debian", "version": "12", "name": "Debian 12"},
            "kernel": "6.1.0", "architecture": "x86_64", "cpus": 2, "memory_bytes": 1 << 30, "booted_at": None, "addresses": ["10.0.0.1"],
            "cloud": None, **changes.pop("host", {})},
        "scan": {
            "started_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(1_780_000_000 + 60 * minute)), "duration_ms": 5,
            "status": "complete", "privileged": True, "sandbox": {"seccomp": True, "landlock": True}, "processes_seen": 9,
            "problems": [], **changes.pop("scan", {})},
        "databases": [database(n, **changes) for n in range(databases)],
    }


def database(number=0, engine="mysql", **changes):
    path = f"/var/lib/{engine}{number}"
    return {
        "key": f"{engine}:{path}", "engine": engine, "vendor": "oracle", "state": "running", "version": "8.0.36",
        "version_precision": "exact", "process": None,
        "listeners": [{"address": "0.0.0.0", "port": 3306 + number, "protocol": "tcp", "exposure": "all", "purpose": "client"}],
        "unix_sockets": [], "config_files": ["/etc/my.cnf"],
        "data_directories": [{
            "path": path, "host_path": path, "purpose": "data", "bytes": 1000 + number, "allocated_bytes": 4096, "files": 3,
            "complete": True, "filesystem": None}],
        "container": None, "package": None, "role": "primary", "identity": {}, "settings": {}, "evidence": [], **changes,
    }
