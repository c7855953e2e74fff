"""Servers in containers of a real Docker engine: bridge, host, no and shared network; volume, bind mount and writable layer."""

import pathlib
import socket
import subprocess
import time

import docker_engine
import images
import servers
from truth.case import Case, Truth, listeners


class Docker(Case):
    """One engine, three images, seven containers."""

    @staticmethod
    def missing():
        name = docker_engine.Docker.missing()
        return f"no {name}" if name else None

    def __enter__(self):
        bin = servers.PostgreSQL.binaries()
        images.mariadb(self.directory / "mariadb")
        images.postgresql(self.directory / "postgresql", bin)
        self.has_mongod = servers.MongoDB.binary.exists()
        if self.has_mongod:
            images.mongodb(self.directory / "mongodb", servers.MongoDB.binary)
        self.docker = docker_engine.Docker()
        self.docker.__enter__()
        try:
            self.fill(bin)
        except BaseException:
            self.docker.__exit__()
            raise
        return self

    def fill(self, bin):
        for name in ["mariadb", "postgresql", *(["mongodb"] if self.has_mongod else [])]:
            self.docker.image(f"registry.example/{name}:truth", self.directory / name)
        mariadb = ["registry.example/mariadb:truth", "/usr/sbin/mariadbd", "--no-defaults", "--user=mysql", "--datadir=/var/lib/mysql",
                   "--socket=/run/mysqld/mysqld.sock"]
        self.ports = {name: servers.free_port() for name in ["volume", "everywhere", "host", "bind", "shared"]}
        secret = ["-e", "MARIADB_ROOT_PASSWORD=canary"]
        self.run("mariadb-volume", "-p", f"127.0.0.1:{self.ports['volume']}:3306", "-v", "orders:/var/lib/mysql", *secret, *mariadb)
        self.run("mariadb-none", "--network", "none", *mariadb)
        bound = self.directory / "bound"
        subprocess.run(["cp", "-a", self.directory / "mariadb/var/lib/mysql", bound], check=True)
        self.run("mariadb-bind", "-p", f"{self.ports['bind']}:3306", "-v", f"{bound}:/var/lib/mysql", *mariadb, "--max-connections=99")
        postgres = ["registry.example/postgresql:truth", bin / "postgres", "-D", "/var/lib/postgresql/data", "-k", "/run/postgresql"]
        self.run("postgresql-host", "--network", "host", "-u", "998", *postgres, "-p", self.ports["host"], "-h", "127.0.0.1")
        # As in a pod: the port is published for the one whose network the other shares.
        self.run("pod", "-p", f"127.0.0.1:{self.ports['shared']}:5432", "-u", "999", "registry.example/mariadb:truth", "/usr/sbin/mariadbd",
                 "--no-defaults", "--datadir=/var/lib/mysql", "--skip-networking", "--socket=/run/mysqld/mysqld.sock")
        self.run("postgresql-shared", "--network", "container:pod", "-u", "998", *postgres, "-h", "0.0.0.0")
        if self.has_mongod:
            self.run("mongodb", "-p", f"{self.ports['everywhere']}:27017", "-u", "997", "registry.example/mongodb:truth", "/usr/bin/mongod",
                     "--bind_ip_all")

    def run(self, name, *arguments):
        self.docker("run", "-d", "--name", name, *map(str, arguments))

    def settle(self):
        for name in self.names():
            pid = self.docker.inspect(name)["State"]["Pid"]
            deadline = time.monotonic() + 60
            while not self.is_up(name, pid):
                assert self.docker.inspect(name)["State"]["Running"] and time.monotonic() < deadline, self.docker("logs", name)
                time.sleep(0.1)
        if self.has_mongod:
            data = pathlib.Path(f"/proc/{self.docker.inspect('mongodb')['State']['Pid']}/root/data/db/diagnostic.data")
            deadline = time.monotonic() + 30
            while not any(f.stat().st_size for f in data.glob("metrics.2*")):
                assert time.monotonic() < deadline, "mongod wrote no diagnostics"
                time.sleep(0.1)

    @staticmethod
    def is_up(name, pid):
        """It accepts connections on its unix socket, seen below its own root."""
        directory = "tmp" if name.startswith("mongodb") else "run/postgresql" if name.startswith("postgresql") else "run/mysqld"
        for path in pathlib.Path(f"/proc/{pid}/root/{directory}").glob("*"):
            if path.is_socket():
                with socket.socket(socket.AF_UNIX) as probe:
                    try:
                        probe.connect(str(path))
                        return True
                    except OSError:
                        pass
        return False

    def names(self):
        return self.docker("ps", "--format", "{{.Names}}").split()

    def __exit__(self, *_):
        self.docker.__exit__()

    def common(self, name, image, mount=None, host_network=False, isolated=False):
        """What the engine itself says of a container, and the kernel of its sockets."""
        state = self.docker.inspect(name)
        pid = state["State"]["Pid"]
        published = sorted(
            (binding["HostIp"] or "0.0.0.0", int(binding["HostPort"]), int(port.split("/")[0]),
             "loopback" if binding["HostIp"].startswith("127.") else "all")
            for port, bindings in state["NetworkSettings"]["Ports"].items() for binding in bindings or [])
        return pid, {
            "state": "running", "version_precision": "exact", "container": True, "container.runtime": "docker",
            "container.id": state["Id"], "container.name": state["Name"].lstrip("/"), "container.image": f"registry.example/{image}:truth",
            "container.pod": None, "container.namespace": None, "published": published,
            "listeners": listeners(pid, separate=not host_network, isolated=isolated), "executable_deleted": False}

    def upper(self, name):
        return self.docker.inspect(name)["GraphDriver"]["Data"]["MergedDir"]

    def mariadb(self, name, host_path, **more):
        pid, fields = self.common(name, "mariadb", isolated=more.pop("isolated", False))
        connection = subprocess.run(
            ["mariadb", "--no-defaults", "-uroot", f"--socket=/proc/{pid}/root/run/mysqld/mysqld.sock", "-NBe",
             "SELECT version(), @@datadir, @@port, @@max_connections, @@log_bin"], capture_output=True, text=True, check=True)
        version, data, port, most, log = connection.stdout.split("\n")[0].split("\t")
        return Truth(f"MariaDB in Docker: {name}", pid=pid, fields={
            **fields, "engine": "mariadb", "vendor": "mariadb", "version": version.split("-")[0], "data": data.rstrip("/"), "user": "mysql",
            "host_path": str(host_path), "unix_sockets": ["/run/mysqld/mysqld.sock"], "settings.port": port,
            "settings.max_connections": most, "settings.log_bin": "on" if log == "1" else "off", "role": "standalone", "package": None, **more})

    def postgresql(self, name, **more):
        host_network = more.pop("host_network", False)
        pid, fields = self.common(name, "postgresql", host_network=host_network)
        port = more.pop("port", 5432)
        def sql(query):
            return servers.run("psql", "-XAtq", "-h", f"/proc/{pid}/root/run/postgresql", "-p", port, "-U", "postgres", "-c", query).strip()
        data = "/var/lib/postgresql/data"
        return Truth(f"PostgreSQL in Docker: {name}", pid=pid, fields={
            **fields, "engine": "postgresql", "version": sql("SHOW server_version").split()[0], "data": data,
            "user": "postgres", "host_path": self.upper(name) + data, "unix_sockets": [f"/run/postgresql/.s.PGSQL.{port}"],
            "identity.system_identifier": sql("SELECT system_identifier FROM pg_control_system()"), "role": "standalone",
            "settings.port": str(port), "settings.wal_level": sql("SHOW wal_level"), "settings.max_connections": sql("SHOW max_connections"),
            "settings.bind": sql("SHOW listen_addresses"), "settings.authentication": "trust_local",
            "package": f"postgresql-{servers.PostgreSQL.binaries().parent.name}", **more})

    def truths(self):
        data = "/var/lib/mysql"
        volume = self.docker("volume", "inspect", "-f", "{{.Mountpoint}}", "orders")
        pod = self.docker.inspect("pod")["NetworkSettings"]["Ports"]["5432/tcp"][0]
        shared = [(pod["HostIp"], int(pod["HostPort"]), 5432, "loopback")]
        found = [
            self.mariadb("mariadb-volume", volume),
            self.mariadb("mariadb-none", self.upper("mariadb-none") + data, isolated=True),
            self.mariadb("mariadb-bind", self.directory / "bound"),
            self.mariadb("pod", self.upper("pod") + data, listeners=[], published=[]),
            # Two containers were made of one image: one cluster's files twice.
            self.postgresql("postgresql-host", host_network=True, port=self.ports["host"]),
            self.postgresql("postgresql-shared", published=shared),
        ]
        if self.has_mongod:
            import pymongo

            pid, fields = self.common("mongodb", "mongodb")
            path = f"/proc/{pid}/root/tmp/mongodb-27017.sock".replace("/", "%2F")
            with pymongo.MongoClient(f"mongodb://{path}") as client:
                version = client.admin.command("buildInfo")["version"]
                parsed = client.admin.command("getCmdLineOpts")["parsed"]
            found.append(Truth("mongod in Docker: mongodb", pid=pid, fields={
                **fields, "engine": "mongodb", "version": version, "data": "/data/db", "user": "mongodb",
                "host_path": self.upper("mongodb") + "/data/db", "unix_sockets": ["/tmp/mongodb-27017.sock"],
                "settings.bind": parsed["net"]["bindIp"], "role": "standalone", "package": None}))
        # One problem tells of all copies, and names the first key; a key holds the path on the host.
        first = min(found[4], found[5], key=lambda truth: truth.fields["host_path"])
        first.problems = frozenset({"identity_shared"})
        return found


CASES = [Docker]
