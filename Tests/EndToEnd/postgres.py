"""A PostgreSQL server that a store is in: started, crashed, restarted, copied to a standby."""

import pathlib
import shutil
import signal
import subprocess
import time

from folders import open_to_all
from servers import PostgreSQL, free_port

BINARIES = PostgreSQL.binaries()


class StoreServer:
    """A server in `folder`, with the database `dbcensus` of the user `dbcensus`."""

    def __init__(self, folder, *settings, port=None):
        self.folder, self.settings = pathlib.Path(folder), settings
        self.data, self.port = self.folder / "data", port or free_port()
        self.process = None

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        open_to_all(self.folder)
        shutil.chown(self.folder, "postgres")
        self.make()
        self.start()
        return self

    def make(self):
        self.run("initdb", "-D", self.data, "-U", "dbcensus", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")

    def run(self, program, *arguments):
        subprocess.run([BINARIES / program, *map(str, arguments)], user="postgres", cwd="/", check=True, capture_output=True, text=True)

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.crash()

    def start(self):
        options = [part for setting in self.settings for part in ("-c", setting)]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([BINARIES / "postgres", "-D", self.data, "-p", str(self.port), "-h", "127.0.0.1", "-k", self.folder, *options],
                                            user="postgres", cwd="/", stdout=log, stderr=log)
        for _ in range(600):
            if subprocess.run([BINARIES / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0:
                break
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.05)

    def stop(self, how=signal.SIGINT):
        """Ends it: SIGINT disconnects clients, SIGQUIT is a crash."""
        self.process.send_signal(how)
        self.process.wait(60)

    def crash(self):
        self.stop(signal.SIGQUIT)

    def address(self, database="postgres", user="dbcensus", options=""):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}{options}"

    def sql(self, query, database="postgres"):
        done = subprocess.run(["psql", "-XAtq", "-h", "127.0.0.1", "-p", str(self.port), "-U", "dbcensus", "-d", database, "-c", query],
                              capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def database(self, name):
        """A new database, by its address."""
        self.sql(f"CREATE DATABASE {name}")
        return self.address(name)


class Standby(StoreServer):
    """A standby of `primary`, which streams its log."""

    def __init__(self, folder, primary, *settings):
        super().__init__(folder, *settings)
        self.primary = primary

    def make(self):
        self.run("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-h", "127.0.0.1", "-p", self.primary.port, "-U", "dbcensus", "--checkpoint", "fast")
