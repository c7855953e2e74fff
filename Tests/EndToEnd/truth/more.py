"""The engines beside the four of the beginning, as Debian builds them; each tells about itself by its own protocol."""

import json
import os
import pathlib
import re
import shutil
import socket
import urllib.parse
import urllib.request

import servers
from truth.case import Case, Truth, listeners

ROOT = servers.ROOT / ".build/servers/root"
LIBRARIES = ROOT / "usr/lib/x86_64-linux-gnu"


def text(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode(), answer.headers


class Server(servers.Server):
    """A server of an extracted package; `command` starts it, `answer` asks it whether it is up."""

    def __init__(self, directory, command, answer, cwd="/", user="nobody"):
        self.directory, self.command, self.ask, self.user = directory, command, answer, user
        self.prefix = ("env", "-C", str(cwd), f"LD_LIBRARY_PATH={LIBRARIES}:{ROOT}/lib/x86_64-linux-gnu")

    def __enter__(self):
        self.start(*self.command, user=self.user)
        return self


class One(Case):
    """A case that is one server. `setup` returns its command and how it is asked; `fields` what is true of it."""

    program, engine = "", ""
    title = ""
    cwd = None

    @classmethod
    def missing(cls):
        return None if (ROOT / cls.program).exists() else f"no {cls.program} in {ROOT}"

    def __enter__(self):
        self.port = servers.free_port()
        self.data = self.directory / "data"
        self.data.mkdir()
        self.files()
        for path in [self.directory, *self.directory.rglob("*")]:
            shutil.chown(path, "nobody")
        self.server = Server(self.directory, [ROOT / self.program, *self.arguments()], self.answer, self.cwd or self.data)
        self.server.__enter__()
        self.settle_in()
        return self

    def __exit__(self, *_):
        self.server.__exit__()

    def files(self):
        """Makes its configuration."""

    def settle_in(self):
        """What it is told once it runs."""

    def truths(self):
        pid = self.server.process.pid
        executable = os.readlink(f"/proc/{pid}/exe")
        fields = {
            "engine": self.engine, "state": "running", "user": "nobody", "executable": executable, "executable_deleted": False,
            "package": None, "container": False, "listeners": listeners(pid), "unix_sockets": [], "vendor": None, **self.fields()}
        if fields.get("version"):
            fields.setdefault("version_precision", "exact")
        return [Truth(self.title, pid=pid, fields=fields)]


class Redis(One):
    """Snapshots and an append-only file; the configuration is a file that the title hides, so no setting is known."""

    program, engine, title = "usr/bin/redis-server", "redis", "Redis, snapshots and an append-only file"

    def files(self):
        (self.directory / "strange.conf").write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self.data}\nappendonly yes\nrequirepass canary\nsave 60 1\n")

    def arguments(self):
        return [self.directory / "strange.conf"]

    def cli(self, *words):
        return servers.run(ROOT / "usr/bin/redis-cli", "--no-auth-warning", "-p", self.port, "-a", "canary", *words,
                           env={**os.environ, "LD_LIBRARY_PATH": str(LIBRARIES)})

    def answer(self):
        return self.cli("PING").strip() == "PONG" or 1 / 0

    def settle_in(self):
        self.cli("SET", "a", "b")
        self.cli("SAVE")

    def info(self):
        return dict(line.split(":", 1) for line in self.cli("INFO").splitlines() if ":" in line)

    def fields(self):
        info = self.info()
        directory = self.cli("CONFIG", "GET", "dir").split("\n")[1]
        return {"version": info["redis_version"], "data": directory, "host_path": directory, "role": None, "config_files": []}


class Memcached(One):
    """By argument; Debian's build."""

    program, engine, title = "usr/bin/memcached", "memcached", "Memcached"

    def arguments(self):
        return ["-l", "127.0.0.1", f"-p{self.port}", "-c", "77", "-m", "32"]

    def say(self, command):
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(command.encode() + b"\r\n")
            answer = b""
            while not answer.endswith((b"END\r\n", b"VERSION ")) and not re.fullmatch(rb"VERSION .*\r\n", answer):
                answer += connection.recv(65_536)
        return answer.decode()

    def answer(self):
        return self.say("version")

    def fields(self):
        settings = dict(line.split()[1:3] for line in self.say("stats settings").splitlines() if line.startswith("STAT") and len(line.split()) > 2)
        version = self.say("version").split()[1]
        return {
            "version": version, "data": None, "role": "standalone", "config_files": [], "settings.port": settings["tcpport"],
            "settings.udp_port": settings["udpport"], "settings.max_connections": settings["maxconns"],
            "settings.memory_mb": str(int(settings["maxbytes"]) >> 20), "settings.bind": settings["inter"],
            "settings.tls": "off", "settings.authentication": "disabled"}


class Etcd(One):
    """A single member; Debian's build has no module versions, so its version is not known without its package."""

    program, engine, title = "usr/bin/etcd", "etcd", "etcd, a single member"

    def arguments(self):
        self.peer = servers.free_port()
        return ["--name", "m1", f"--data-dir={self.data}/member-1", f"--listen-client-urls=http://127.0.0.1:{self.port}",
                f"--advertise-client-urls=http://127.0.0.1:{self.port}", f"--listen-peer-urls=http://127.0.0.1:{self.peer}",
                f"--initial-advertise-peer-urls=http://127.0.0.1:{self.peer}", f"--initial-cluster=m1=http://127.0.0.1:{self.peer}",
                "--initial-cluster-token", "truth"]

    def answer(self):
        return json.loads(text(f"http://127.0.0.1:{self.port}/version")[0])

    def fields(self):
        assert self.answer()["etcdserver"].startswith("3.")
        directory = f"{self.data}/member-1"
        return {
            "version": None, "version_precision": None, "data": directory, "host_path": directory, "role": None, "config_files": [],
            "identity.member_name": "m1", "identity.cluster_token": "truth",
            "settings.bind": f"http://127.0.0.1:{self.port}", "settings.peer_bind": f"http://127.0.0.1:{self.peer}", "settings.tls": "off"}


class InfluxDB(One):
    """Version 1 with a file, its log of writes elsewhere."""

    program, engine, title = "usr/bin/influxd", "influxdb", "InfluxDB 1, a file"

    def files(self):
        self.backup = servers.free_port()
        (self.directory / "wal").mkdir()
        (self.directory / "influx.conf").write_text(
            f"bind-address = \"127.0.0.1:{self.backup}\"\nreporting-disabled = true\n[meta]\n  dir = \"{self.data}/meta\"\n"
            f"[data]\n  dir = \"{self.data}/data\"\n  wal-dir = \"{self.directory}/wal\"\n"
            f"[http]\n  bind-address = \"127.0.0.1:{self.port}\"\n  auth-enabled = true\n  shared-secret = \"canary\"\n")

    def arguments(self):
        return ["-config", self.directory / "influx.conf"]

    def answer(self):
        return text(f"http://127.0.0.1:{self.port}/ping")[1]["X-Influxdb-Version"]

    def fields(self):
        assert self.answer().startswith("1.")
        return {
            "version": None, "version_precision": None, "data": str(self.data), "host_path": str(self.data), "role": "standalone",
            "directories": [("wal", f"{self.directory}/wal")], "config_files": [f"{self.directory}/influx.conf"],
            "settings.bind": f"127.0.0.1:{self.port}", "settings.authentication": "enabled", "settings.tls": "off"}


class Prometheus(One):
    """It scrapes nothing."""

    program, engine, title = "usr/bin/prometheus", "prometheus", "Prometheus"

    def files(self):
        (self.directory / "prometheus.yml").write_text("scrape_configs: []\n")

    def arguments(self):
        return [f"--config.file={self.directory}/prometheus.yml", f"--storage.tsdb.path={self.data}/tsdb", f"--web.listen-address=127.0.0.1:{self.port}",
                "--storage.tsdb.retention.time=3d"]

    def answer(self):
        return json.loads(text(f"http://127.0.0.1:{self.port}/api/v1/status/flags")[0])["data"]

    def fields(self):
        flags = self.answer()
        return {
            "version": None, "version_precision": None, "data": flags["storage.tsdb.path"], "host_path": flags["storage.tsdb.path"],
            "role": "standalone", "config_files": [], "settings.bind": flags["web.listen-address"],
            "settings.retention": flags["storage.tsdb.retention.time"], "settings.authentication": "disabled", "settings.tls": "off"}


class VictoriaMetrics(One):
    """Debian's build has no tag in it, so its version is not known without its package."""

    program, engine, title = "usr/bin/victoria-metrics", "victoriametrics", "VictoriaMetrics"

    def arguments(self):
        return [f"-storageDataPath={self.data}/vm", f"-httpListenAddr=127.0.0.1:{self.port}", "-retentionPeriod=2", "-httpAuth.password=canary",
                "-httpAuth.username=u"]

    def answer(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True

    def fields(self):
        return {
            "version": None, "version_precision": None, "data": f"{self.data}/vm", "host_path": f"{self.data}/vm", "role": None, "config_files": [],
            "settings.bind": f"127.0.0.1:{self.port}", "settings.retention": "2", "settings.authentication": "enabled", "settings.tls": "off"}


class ClickHouse(One):
    """Its configuration in two files."""

    program, engine, title = "usr/sbin/clickhouse-server", "clickhouse", "ClickHouse 18, two files"

    def files(self):
        self.http = servers.free_port()
        (self.directory / "config.d").mkdir()
        (self.directory / "config.xml").write_text(
            f"<yandex><logger><level>warning</level></logger><http_port>1</http_port><tcp_port>{self.port}</tcp_port><listen_host>127.0.0.1</listen_host>"
            f"<path>{self.data}/</path><tmp_path>{self.data}/tmp/</tmp_path><users_config>users.xml</users_config><mark_cache_size>1000000</mark_cache_size>"
            "<default_profile>default</default_profile><default_database>default</default_database><max_connections>55</max_connections></yandex>")
        (self.directory / "config.d/ports.xml").write_text(f"<yandex><http_port replace=\"1\">{self.http}</http_port></yandex>")
        (self.directory / "users.xml").write_text(
            "<yandex><profiles><default/></profiles><users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile>"
            "<quota>default</quota></default><other><password>canary</password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></other>"
            "</users><quotas><default/></quotas></yandex>")

    def arguments(self):
        return [f"--config-file={self.directory}/config.xml"]

    def sql(self, query):
        return text(f"http://127.0.0.1:{self.http}/?query={urllib.parse.quote(query)}")[0].strip()

    def answer(self):
        return self.sql("SELECT version()")

    def fields(self):
        return {
            "version": self.answer(), "data": str(self.data), "host_path": str(self.data), "role": None,
            "config_files": [f"{self.directory}/config.xml", f"{self.directory}/config.d/ports.xml"],
            "settings.port": str(self.port), "settings.http_port": str(self.http), "settings.bind": "127.0.0.1", "settings.max_connections": "55",
            "settings.tls": "off"}


class Sentinel(One):
    """Redis' watcher is no database."""

    program, title = "usr/bin/redis-server", "Redis Sentinel"
    look_alikes = 1

    def files(self):
        (self.directory / "sentinel.conf").write_text(f"port {self.port}\nbind 127.0.0.1\ndir {self.data}\nsentinel monitor truth 127.0.0.1 1 1\n")

    def arguments(self):
        return [self.directory / "sentinel.conf", "--sentinel"]

    answer = VictoriaMetrics.answer

    def truths(self):
        return []


CASES = [Redis, Memcached, Etcd, InfluxDB, Prometheus, VictoriaMetrics, ClickHouse, Sentinel]
