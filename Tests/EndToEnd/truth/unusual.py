"""Servers where tools lose them: a chroot, namespaces of their own, a deleted executable, no socket but a unix one."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

import servers
from truth.case import Case, Truth, listeners
from truth.plain import MariaDB, OneServer, PostgreSQL, mariadb_fields, postgresql_fields

# New user and mount namespaces, a mount of their own, then the command as user and group argv[1].
IN_NAMESPACES = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
assert libc.unshare(0x10000000 | 0x00020000) == 0, ctypes.get_errno()
sys.stdin.readline()
assert libc.mount(b"none", b"/mnt", b"tmpfs", 0, None) == 0, ctypes.get_errno()
number = int(sys.argv[1])
os.setgroups([])
os.setresgid(number, number, number)
os.setresuid(number, number, number)
os.execv(sys.argv[2], sys.argv[2:])
"""
CHROOT = servers.ROOT / ".build/truth/mysql-root"


class MySQLInChroot(Case):
    """Oracle's MySQL of Debian sid, in a chroot (scripts/truth makes it)."""

    name = "MySQL 9 of Debian sid in a chroot"
    options = ()
    more = {"role": None}

    @staticmethod
    def missing():
        return None if (CHROOT / "usr/sbin/mysqld").exists() else "Debian sid's mysql-server could not be installed into a chroot"

    def __enter__(self):
        self.root = self.directory / "root"
        subprocess.run(["cp", "-a", "--reflink=auto", CHROOT, self.root], check=True)
        self.data = "/srv/mysql data"
        (self.root / "srv/mysql data").mkdir()
        (self.root / "run/mysqld").mkdir(exist_ok=True)
        (self.root / "etc/my.cnf").unlink(missing_ok=True)  # never through a link of the chroot's, which leads to this machine's file
        (self.root / "etc/my.cnf").write_text(
            "[client]\npassword=canary\n[mysqld]\nmax_connections=88\nmysqlx=OFF\nsecure-file-priv=NULL\nserver-id=7\nbind-address=127.0.0.1\n"
            + "".join(f"{option}\n" for option in self.options))
        passwd = (self.root / "etc/passwd").read_text()
        self.uid = int(next(line for line in passwd.splitlines() if line.startswith("mysql:")).split(":")[2])
        for path in ["srv/mysql data", "run/mysqld"]:
            os.chown(self.root / path, self.uid, self.uid)
        self.port = servers.free_port()
        chroot = ["chroot", f"--userspec={self.uid}:{self.uid}", self.root, "/usr/sbin/mysqld"]
        servers.run(*chroot, "--no-defaults", f"--datadir={self.data}", "--initialize-insecure", cwd="/")
        log = open(self.directory / "log", "w")
        self.process = subprocess.Popen(
            [*chroot, f"--datadir={self.data}", f"--port={self.port}", "--socket=/run/mysqld/truth.sock"], stdout=log, stderr=log,
            cwd="/", start_new_session=True)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.truth = self.ask()
                return self
            except Exception:
                assert self.process.poll() is None and time.monotonic() < deadline, (self.directory / "log").read_text()
                time.sleep(0.1)

    def ask(self):
        import pymysql

        connection = pymysql.connect(unix_socket=str(self.root / "run/mysqld/truth.sock"), user="root")
        with connection, connection.cursor() as cursor:
            names = ["@@version", "@@datadir", "@@port", "@@socket", "@@max_connections", "@@server_id", "@@bind_address",
                     "@@log_bin", "@@server_uuid", "@@log_error"]
            cursor.execute("SELECT " + ", ".join(names))
            truth = dict(zip(names, map(str, cursor.fetchone())))
            cursor.execute("SELECT VALUE FROM performance_schema.tls_channel_status WHERE CHANNEL = 'mysql_main' AND PROPERTY = 'Enabled'")
            truth["tls"] = cursor.fetchone()[0]
            return truth

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)

    def truths(self):
        truth = self.truth
        version = subprocess.check_output(
            ["dpkg-query", f"--admindir={self.root}/var/lib/dpkg", "-W", "-f", "${Version}", "mysql-server-core"], text=True)
        data = truth["@@datadir"].rstrip("/")
        return [Truth(self.name, pid=self.process.pid, fields={
            "engine": "mysql", "vendor": "oracle", "state": "running", "version": truth["@@version"].split("-")[0],
            "version_precision": "exact", "user": "mysql", "data": data, "host_path": str(self.root) + data, "container": False,
            "executable": f"{self.root}/usr/sbin/mysqld", "listeners": listeners(self.process.pid),
            "unix_sockets": [truth["@@socket"]], "settings.port": truth["@@port"], "settings.server_id": truth["@@server_id"],
            "settings.max_connections": truth["@@max_connections"], "settings.bind": truth["@@bind_address"],
            "settings.log_bin": "on" if truth["@@log_bin"] == "1" else "off", "settings.log_destination": truth["@@log_error"],
            "settings.tls": "on" if truth["tls"] == "Yes" else "off", "settings.authentication": "enabled",
            "identity.server_uuid": truth["@@server_uuid"], "config_files": ["/etc/my.cnf"],
            "package": "mysql-server-core", "package_version": version, **self.more})]


class MySQLGroup(MySQLInChroot):
    """A member of a Group Replication group in which every member is a primary."""

    name = "MySQL 9, a member of a group without a single primary"
    group = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

    def __enter__(self):
        self.options = [
            "plugin-load-add=group_replication.so", "gtid-mode=ON", "enforce-gtid-consistency=ON", "report-host=127.0.0.1",
            f"loose-group-replication-group-name={self.group}", "loose-group-replication-single-primary-mode=OFF",
            "loose-group-replication-start-on-boot=OFF", f"loose-group-replication-local-address=127.0.0.1:{servers.free_port()}"]
        return super().__enter__()

    def ask(self):
        import pymysql

        connection = pymysql.connect(unix_socket=str(self.root / "run/mysqld/truth.sock"), user="root")
        with connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL group_replication_bootstrap_group = ON")
            cursor.execute("START GROUP_REPLICATION")
            cursor.execute("SELECT MEMBER_STATE, LOWER(MEMBER_ROLE) FROM performance_schema.replication_group_members")
            ((state, role),) = cursor.fetchall()
            assert state == "ONLINE", state
            cursor.execute("SELECT @@group_replication_group_name")
            self.more = {"role": role, "identity.replication_group": cursor.fetchone()[0]}
        return super().ask()


class SocketOnly(OneServer):
    """No TCP at all, and no binary log: nobody feeds it and it feeds nobody."""

    missing = MariaDB.missing

    class kind(servers.MariaDB):
        def start(self, *command, user):
            return super().start(*command, "--skip-networking", "--skip-log-bin", user=user)

    def truths(self):
        return [Truth("MariaDB, unix socket only", pid=self.server.process.pid, fields=mariadb_fields(
            self.server, role="standalone", listeners=[]))]


class NamedNetworkNamespace(OneServer):
    """`ip netns add`, with an interface of its own, listening on every address of it."""

    name = "dbcensus-truth"

    class kind(servers.MariaDB):
        prefix = ("ip", "netns", "exec", "dbcensus-truth")

        def start(self, *command, user):
            return super().start(*command, "--bind-address=0.0.0.0", user=user)

    @staticmethod
    def missing():
        return MariaDB.missing() or (None if shutil.which("ip") else "no iproute2")

    def __enter__(self):
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True)
        servers.run("ip", "netns", "add", self.name)
        for command in ["link set lo up", "link add dummy0 type dummy", "address add 192.0.2.1/24 dev dummy0", "link set dummy0 up"]:
            done = subprocess.run(["ip", "-n", self.name, *command.split()], capture_output=True, text=True)
            self.interfaces = not done.returncode
            if done.returncode:
                break
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True)

    def truths(self):
        pid = self.server.process.pid
        own = listeners(pid, separate=True, isolated=not self.interfaces)
        return [Truth("MariaDB in a named network namespace", pid=pid, fields=mariadb_fields(self.server, listeners=own))]


class UserNamespace(OneServer):
    """User, mount and pid namespaces of its own: postgres is user 998 there and 100998 on the host."""

    missing = PostgreSQL.missing

    class kind(servers.PostgreSQL):
        def start(self, *command, user):
            for path in [self.data, self.wal, self.space]:
                subprocess.run(["chown", "-R", "100998:100998", path], check=True)
            os.chmod(self.directory, 0o777)
            self.process = process = subprocess.Popen(
                [sys.executable, "-c", IN_NAMESPACES, "998", *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=open(self.directory / "log", "w"), cwd="/", start_new_session=True)
            deadline = time.monotonic() + 10
            while os.readlink(f"/proc/{process.pid}/ns/user") == os.readlink("/proc/self/ns/user"):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            for kind in ["uid_map", "gid_map"]:
                pathlib.Path(f"/proc/{process.pid}/{kind}").write_text("0 100000 65536\n")
            process.stdin.write(b"go\n")
            process.stdin.close()
            deadline = time.monotonic() + 30
            while True:
                try:
                    return self.ask()
                except Exception:
                    assert process.poll() is None and time.monotonic() < deadline, (self.directory / "log").read_text()
                    time.sleep(0.1)

    def truths(self):
        (space,) = self.server.space.glob("PG_*")
        names = {line.split(":")[2]: line.split(":")[0] for line in open("/etc/passwd")}
        return [Truth("PostgreSQL in user and mount namespaces", pid=self.server.process.pid, fields=postgresql_fields(
            self.server, role="standalone", user=names.get("998"),
            directories=[("wal", str(self.server.wal)), ("tablespace", str(space))]))]


class DeletedExecutable(OneServer):
    """The program was replaced under a running server: the code that runs is in no directory any more."""

    missing = MariaDB.missing

    class kind(servers.MariaDB):
        def start(self, command, *arguments, user):
            self.program = self.directory / "mariadbd"
            shutil.copy(shutil.which("mariadbd"), self.program)
            result = super().start(self.program, *arguments, user=user)
            self.program.unlink()
            return result

    def truths(self):
        return [Truth("MariaDB, executable deleted", pid=self.server.process.pid, problems=frozenset({"executable_replaced"}),
                      fields=mariadb_fields(self.server, executable=str(self.server.program), executable_deleted=True,
                                            package=None, package_version=None))]


class RewrittenTitle(OneServer):
    """A postmaster that calls itself `postgres: checkpointer`."""

    missing = PostgreSQL.missing

    class kind(servers.PostgreSQL):
        prefix = ()

        def start(self, command, *arguments, user):
            # PostgreSQL looks itself up in PATH by the name that it was called by.
            (self.directory / "postgres: checkpointer").symlink_to(command)
            account = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
            self.process = subprocess.Popen(
                [*account, "bash", "-c", 'exec -a "postgres: checkpointer" "$@"', "bash", str(command), *map(str, arguments)],
                stdout=subprocess.DEVNULL, stderr=open(self.directory / "log", "w"), cwd="/", start_new_session=True,
                env={**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}"})
            deadline = time.monotonic() + 30
            while True:
                try:
                    return self.ask()
                except Exception:
                    assert self.process.poll() is None and time.monotonic() < deadline, (self.directory / "log").read_text()
                    time.sleep(0.1)

    def truths(self):
        return [Truth("PostgreSQL that calls itself a checkpointer", pid=self.server.process.pid, fields=postgresql_fields(
            self.server, role="standalone"))]


class CopiedUnderneath(OneServer):
    """The data directory was moved away under the running server, and a copy put in its place."""

    missing = MariaDB.missing

    class kind(servers.MariaDB):
        pass

    def __enter__(self):
        super().__enter__()
        self.moved = self.server.data.with_name("moved")
        self.server.data.rename(self.moved)
        subprocess.run(["cp", "-a", self.moved, self.server.data], check=True)
        return self

    def __exit__(self, *_):
        self.server.process.kill()
        self.server.process.wait()

    def truths(self):
        fields = mariadb_fields(self.server, data=str(self.moved), host_path=str(self.moved))
        return [Truth("MariaDB, its directory moved and a copy in its place", pid=self.server.process.pid, fields=fields)]


CASES = [MySQLInChroot, MySQLGroup, SocketOnly, NamedNetworkNamespace, UserNamespace, DeletedExecutable, RewrittenTitle, CopiedUnderneath]
