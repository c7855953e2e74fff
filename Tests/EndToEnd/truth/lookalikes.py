"""Processes that are no databases, whatever they look like; the truths are that there is nothing."""

import os
import shutil
import signal
import subprocess
import time

import servers
from truth.case import Case


class LookAlikes(Case):
    """Routers, editors, impostors: none of them may be reported."""

    def __enter__(self):
        self.processes = []
        self.look_alikes = 0
        here = self.directory
        sleep = shutil.which("sleep")
        for name in ["mysqld", "mongod", "postgres", "mysqld_exporter"]:
            shutil.copy(sleep, here / name)
        # A sleep that was renamed, in a real data directory.
        data = here / "data"
        (data / "mysql").mkdir(parents=True)
        (data / "ibdata1").write_bytes(bytes(64))
        (data / "aria_log_control").write_bytes(bytes(64))
        self.run(here / "mysqld", "600", cwd=data)
        self.run(here / "mongod", "600", cwd=here)
        self.run(here / "postgres", "600", cwd=here)
        self.run(here / "mysqld_exporter", "600", cwd=here)
        self.run("bash", "-c", f'exec -a "postgres: checkpointer" {sleep} 600', cwd=here)
        self.run("bash", "-c", f'exec -a "/usr/sbin/mysqld" {sleep} 600', cwd=here)
        (here / "my.cnf").write_text("[mysqld]\ndatadir=/nowhere\npassword=canary\n")
        self.run("bash", "-c", f'exec -a "vi my.cnf" {sleep} 600 3<>{here}/my.cnf', cwd=here)
        self.run("tail", "-f", here / "my.cnf", cwd=here)
        (here / "mongod.sh").write_text("#!/bin/sh\nsleep 600\n")
        self.run("sh", here / "mongod.sh", cwd=here)
        # A program that listens where a database would, under a database's name.
        if shutil.which("haproxy"):
            shutil.copy(shutil.which("haproxy"), here / "mariadbd")
            for program in ["haproxy", here / "mariadbd"]:
                config = here / f"{os.path.basename(program)}.cfg"
                config.write_text("defaults\n mode tcp\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n"
                                  f"listen mysql\n bind 127.0.0.1:{servers.free_port()}\n server a 127.0.0.1:1\n")
                self.run(program, "-db", "-f", config, cwd=here)
        if shutil.which("pgbouncer"):
            config = here / "pgbouncer.ini"
            config.write_text(f"[databases]\n* = host=127.0.0.1 password=canary\n[pgbouncer]\nlisten_addr=127.0.0.1\n"
                              f"listen_port={servers.free_port()}\nunix_socket_dir=\nauth_type=any\n")
            os.chmod(config, 0o644)
            self.run("pgbouncer", "-u", "nobody", config, cwd=here)
        time.sleep(0.5)
        for process in self.processes:
            assert process.poll() is None, f"{process.args} ended"
        return self

    def run(self, *command, cwd):
        self.processes.append(subprocess.Popen(
            [str(word) for word in command], cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))
        self.look_alikes += 1

    def __exit__(self, *_):
        for process in self.processes:
            # Each leads a session of its own: what it started goes with it.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


CASES = [LookAlikes]
