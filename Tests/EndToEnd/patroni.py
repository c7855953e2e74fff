"""PostgreSQL on three servers, one of which may be lost: Patroni promotes a standby."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import subprocess

import psutil

from folders import open_to_all
from links import steady_port
from postgres import BINARIES
from standbys import SETTINGS, address_of, connected, kill, kill_postgres, replay_lag, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATRONI = shutil.which("patroni")
# From Debian's package, or from that package unpacked below .build, which starts no service.
ETCD = shutil.which("etcd", path=os.pathsep.join([os.environ["PATH"], str(ROOT / ".build/etcd/usr/bin")]))


class PatroniNode:
    """A Patroni and the PostgreSQL server that it runs."""

    def __init__(self, folder, etcd):
        self.folder, self.etcd, self.name = pathlib.Path(folder), etcd, pathlib.Path(folder).name
        self.data, self.port, self.api = self.folder / "data", steady_port(), steady_port()
        self.process = None

    def __enter__(self):
        self.folder.mkdir()
        shutil.chown(self.folder, "postgres")
        (self.folder / "patroni.yml").write_text(json.dumps(self.configuration(), indent=1))
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def configuration(self):
        here = f"127.0.0.1:{self.port}"
        api = f"127.0.0.1:{self.api}"
        return {
            "scope": "dbcensus", "name": self.name, "restapi": {"listen": api, "connect_address": api}, "etcd3": {"host": self.etcd},
            "watchdog": {"mode": "off"},
            "bootstrap": {
                "dcs": {"ttl": 20, "loop_wait": 5, "retry_timeout": 5, "maximum_lag_on_failover": 1 << 20,
                        "synchronous_mode": True, "synchronous_mode_strict": True,
                        "postgresql": {"use_slots": True, "use_pg_rewind": True, "parameters": SETTINGS}},
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums", "no-sync"]},
            "postgresql": {
                "listen": here, "connect_address": here, "data_dir": str(self.data), "bin_dir": str(BINARIES), "pgpass": str(self.folder / "pgpass"),
                # A lost node may be started again: it discards what only it has.
                "remove_data_directory_on_rewind_failure": True, "remove_data_directory_on_diverged_timelines": True,
                "authentication": {"superuser": {"username": "postgres"}, "replication": {"username": "replicator"}},
                "parameters": {"unix_socket_directories": ""},
                "pg_hba": ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]}}

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([PATRONI, self.folder / "patroni.yml"], user="postgres", group="postgres", extra_groups=[], cwd="/",
                                            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self):
        """A power cut: SIGKILL to Patroni and all processes of its server, which is no child of it."""
        if self.process:
            kill_postgres(self.data, *([psutil.Process(self.process.pid)] if self.runs() else []))
            self.process.wait(10)

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def address(self, database="postgres", user="postgres"):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def get(self, path):
        """The status and the answer of its REST API."""
        connection = http.client.HTTPConnection("127.0.0.1", self.api, timeout=2)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or "{}")

    def leads(self):
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            return self.runs() and self.get("/primary")[0] == 200
        return False


class Etcd:
    """Where the Patronis agree."""

    def __init__(self, folder):
        self.folder, self.clients, self.peers = pathlib.Path(folder), f"127.0.0.1:{steady_port()}", f"http://127.0.0.1:{steady_port()}"
        self.process = None

    def __enter__(self):
        self.folder.mkdir()
        shutil.chown(self.folder, "postgres")
        shutil.copy(ETCD, self.folder / "etcd")  # .build may be closed to other users
        url = f"http://{self.clients}"
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.folder / "etcd", "--name", "only", "--data-dir", self.folder / "data", "--listen-client-urls", url, "--advertise-client-urls", url,
                 "--listen-peer-urls", self.peers, "--initial-advertise-peer-urls", self.peers, "--initial-cluster", f"only={self.peers}"],
                user="postgres", group="postgres", extra_groups=[], cwd="/", env={}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for(self.healthy, "etcd")
        except BaseException:
            self.__exit__()
            raise
        return self

    def healthy(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
        connection = http.client.HTTPConnection(self.clients, timeout=2)
        with contextlib.closing(connection):
            connection.request("GET", "/health")
            return json.loads(connection.getresponse().read()).get("health") == "true"

    def __exit__(self, *_):
        if self.process.poll() is None:
            kill(psutil.Process(self.process.pid))
        self.process.wait(10)


class PatroniCluster:
    """A QuorumCluster by Patroni, in strict synchronous mode: a commit waits for the standby that Patroni chose, the only one that takes over."""

    def __init__(self, folder, nodes=3):
        self.folder, self.count = pathlib.Path(folder), nodes
        self.stack = contextlib.ExitStack()
        self.nodes = []

    def __enter__(self):
        with self.stack:
            self.folder.mkdir(parents=True, exist_ok=True)
            open_to_all(self.folder)
            etcd = self.stack.enter_context(Etcd(self.folder / "etcd"))
            for number in range(1, self.count + 1):
                self.nodes.append(self.stack.enter_context(PatroniNode(self.folder / f"n{number}", etcd.clients)))
                leader = self.wait_for_leader()  # the first one; the others copy it
            self.wait_for_nodes()
            with connected(leader) as connection:
                connection.execute("CREATE ROLE dbcensus LOGIN")
                connection.execute("CREATE DATABASE dbcensus OWNER dbcensus")
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def address(self, database="dbcensus", options=""):
        return address_of(self.nodes, database, options)

    def wait_for(self, condition, what, seconds=120):
        return wait_for(condition, what, seconds, [node.folder / "log" for node in self.nodes])

    def wait_for_nodes(self):
        """Waits until every node that was not killed runs, one of them as the synchronous standby."""
        count = sum(map(PatroniNode.runs, self.nodes))
        self.wait_for(lambda: self.roles() == sorted(["leader", "sync_standby", *["replica"] * (count - 2)]), f"{count} nodes")

    def roles(self):
        """Those of the nodes that run, as the leader's REST API tells them."""
        leader = self.leader()
        members = leader.get("/cluster")[1]["members"] if leader else []
        return sorted(member["role"] for member in members if member["state"] in ["running", "streaming"])

    def leader(self):
        """The node that leads, or None."""
        return next((node for node in self.nodes if node.leads()), None)

    def wait_for_leader(self, other_than=None, seconds=120):
        """The node that leads, once it is another one than `other_than`. Its first commit waits until a standby follows it: some seconds more."""
        return self.wait_for(lambda: next((node for node in self.nodes if node is not other_than and node.leads()), None), "a leader", seconds)

    def kill_leader(self):
        """A power cut of the node that leads. Returns it; its `start` brings it back."""
        leader = self.wait_for_leader()
        leader.kill()
        return leader

    def lag(self, patience=30):
        leader = self.wait_for_leader()
        return replay_lag(leader, [node for node in self.nodes if node is not leader and node.runs()], patience)
