"""PostgreSQL on three servers, one of which may be lost: an operator promotes a standby.

Each commit waits for a standby, so that what was acknowledged survives. links.py puts a distance before a server, and
patroni.py has the same with Patroni as the operator.
"""

import contextlib
import http.client
import math
import pathlib
import subprocess
import time

import psutil
import psycopg

from folders import open_to_all
from links import steady_port
from postgres import StoreServer

# Small, but as safe as by default. Shared memory in files of the data folder goes with that folder.
SETTINGS = {"synchronous_commit": "on", "shared_buffers": "64MB", "max_connections": "100", "wal_keep_size": "512MB",
            "wal_retrieve_retry_interval": "200ms", "dynamic_shared_memory_type": "mmap"}


def wait_for(condition, what, seconds=60, logs=()):
    """What `condition` answers, as soon as that is true; a server that is not there yet is no answer. In vain, it shows the ends of `logs`."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(psycopg.Error, OSError, http.client.HTTPException):
            if answer := condition():
                return answer
        assert time.monotonic() < deadline, "\n".join([f"{what}: not within {seconds} s", *(f"{log}: …{log.read_text()[-2000:]}" for log in logs)])
        time.sleep(0.05)


def connected(server):
    return psycopg.connect(server.address(), autocommit=True, connect_timeout=2)


def address_of(servers, database="dbcensus", options="", user="dbcensus"):
    """One address for all servers, or for the links before them: a client finds the one that takes writes."""
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    more = f"&{options}" if options else ""
    return f"postgresql://{user}@{hosts}/{database}?target_session_attrs=read-write&connect_timeout=2{more}"


def kill(*roots):
    """Ends processes and all that they began, as a power cut does: none of them writes or answers any more."""
    doomed = []
    for root in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            root.suspend()  # it begins no other process now
            doomed = [*root.children(recursive=True), *doomed, root]
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_for(lambda: not any(map(lives, doomed)), "the end of killed processes")


def lives(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_postgres(data, *more):
    """The same for the server whose data is in `data`, and for `more` processes, which may start it; its shared memory goes too."""
    for process in more:
        process.suspend()
    commands = {process: process.info["cmdline"] or [""] for process in psutil.process_iter(["cmdline"])}
    kill(*more, *(process for process, command in commands.items() if command[0].endswith("/postgres") and str(data) in command))
    file = data / "postmaster.pid"
    memory = file.read_text().splitlines()[6:7] if file.exists() else []
    for line in memory:
        subprocess.run(["ipcrm", "--shmem-id", line.split()[-1]], capture_output=True)


def replay_lag(primary, standbys, patience):
    """Seconds until each standby shows what is on the primary's disk now, by its name; infinity after `patience` seconds."""
    lag = {standby.name: math.inf for standby in standbys}
    with contextlib.ExitStack() as stack:
        waiting = {}
        for standby in standbys:
            with contextlib.suppress(psycopg.Error):
                waiting[standby.name] = stack.enter_context(connected(standby))
        goal = stack.enter_context(connected(primary)).execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0]
        began = time.monotonic()
        while waiting and time.monotonic() < began + patience:
            for name, connection in list(waiting.items()):
                try:
                    if connection.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [goal]).fetchone()[0]:
                        lag[name] = time.monotonic() - began
                        del waiting[name]
                except psycopg.Error:
                    del waiting[name]
            time.sleep(0.001)
    return lag


class Node(StoreServer):
    """A server of a QuorumCluster; its name is that of its folder."""

    def __init__(self, folder):
        super().__init__(folder, *(f"{name}={value}" for name, value in SETTINGS.items()), port=steady_port())
        self.name = self.folder.name

    def kill(self):
        kill_postgres(self.data)
        self.process.wait(10)

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.kill()


class Follower(Node):
    """A standby, which its primary knows by its name, and has a slot for."""

    def __init__(self, folder, primary):
        super().__init__(folder)
        self.primary = primary

    def upstream(self):
        return f"host=127.0.0.1 port={self.primary.port} user=dbcensus application_name={self.name}"

    def make(self):
        self.run("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-d", self.upstream(), "-C", "-S", self.name, "--checkpoint", "fast", "--no-sync")

    def follow(self, primary):
        """Streams from another primary, which must have its slot."""
        self.primary = primary
        with connected(self) as connection:
            connection.execute(f"ALTER SYSTEM SET primary_conninfo = '{self.upstream()}'")
            connection.execute(f"ALTER SYSTEM SET primary_slot_name = '{self.name}'")
            connection.execute("SELECT pg_reload_conf()")

    def received(self):
        """How far its log on disk goes."""
        with connected(self) as connection:
            return connection.execute("SELECT GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'").fetchone()[0]


class QuorumCluster:
    """A primary with standbys: a commit waits for any one of them. Its user `dbcensus` is a superuser, as in StoreServer."""

    def __init__(self, folder, standbys=2):
        self.folder, self.count = pathlib.Path(folder), standbys
        self.stack = contextlib.ExitStack()
        # All that were ever started, the lost ones too.
        self.servers, self.primary, self.standbys = [], None, []

    def __enter__(self):
        with self.stack:
            self.folder.mkdir(parents=True, exist_ok=True)
            open_to_all(self.folder)
            self.primary = self.stack.enter_context(Node(self.folder / "s0"))
            self.servers.append(self.primary)
            self.primary.database("dbcensus")
            for _ in range(self.count):
                self.add_standby()
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def address(self, database="dbcensus", options=""):
        """All servers, in the order in which they were started; `options` such as `sslmode=disable&application_name=x`."""
        return address_of(self.servers, database, options)

    def add_standby(self):
        """Starts one more, from a base backup of the current primary. Returns it."""
        standby = Follower(self.folder / f"s{len(self.servers)}", self.primary)
        # The backup has this list, so a standby knows it when it starts: a commit right after its promotion waits too. What is only
        # reloaded counts from when the checkpointer sees it (SyncRepUpdateSyncStandbysDefined in syncrep.c).
        self.commits_wait_for([*self.standbys, standby])
        self.servers.append(self.stack.enter_context(standby))
        self.standbys.append(standby)
        self.wait_for_standbys()
        return standby

    def commits_wait_for(self, standbys):
        """On each server, because each may become the primary. Without any standby, commits wait for none."""
        names = ",".join(standby.name for standby in standbys)
        for server in [self.primary, *self.standbys]:
            with connected(server) as connection:
                connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{f'ANY 1 ({names})' if names else ''}'")
                connection.execute("SELECT pg_reload_conf()")

    def wait_for_standbys(self):
        count = f"SELECT COUNT(*) = {len(self.standbys)} FROM pg_stat_replication WHERE state = 'streaming'"
        with connected(self.primary) as connection:
            wait_for(lambda: connection.execute(count).fetchone()[0], "all standbys stream", logs=[server.folder / "log" for server in self.servers])

    def kill_primary(self):
        """A power cut of the primary: SIGKILL to all its processes at once. Returns it."""
        self.primary.kill()
        return self.primary

    def promote(self):
        """What an operator does then: the standby that is furthest ahead becomes the primary, the others follow it. Returns it.

        Every standby must answer: the one that does not may have what was acknowledged last.
        """
        ahead = max(self.standbys, key=Follower.received)
        self.primary, self.standbys = ahead, [standby for standby in self.standbys if standby is not ahead]
        with connected(ahead) as connection:
            assert connection.execute("SELECT pg_promote(true, 60)").fetchone()[0], "no promotion within 60 s"
            for standby in self.standbys:
                connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [standby.name])
        for standby in self.standbys:
            standby.follow(ahead)
        self.commits_wait_for(self.standbys)
        self.wait_for_standbys()
        return ahead

    def lag(self, patience=30):
        """Seconds, by the standby's name."""
        return replay_lag(self.primary, self.standbys, patience)
