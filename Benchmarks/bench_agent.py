"""The agent beside its peers, in one run: whole-process wall time, CPU time and peak memory, medians of many rounds.

    bench_agent.py here AGENT        this host as it is
    bench_agent.py synthetic AGENT   1,000 processes, 20,000 TCP sockets, a database with 100,000 files; run by scripts/bench-agent
                                     in network, pid and mount namespaces of its own

A peer does less: `ss` names listeners and their processes, `du` adds up one tree, and the psutil script does what `ss -ltnp` does.
"""

import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 15
PROCESSES, LISTENERS, CONNECTIONS, FILES = 1_000, 2_000, 9_000, 100_000
PSUTIL = """
import psutil
names = {p.pid: p.info["name"] for p in psutil.process_iter(["name"])}
for c in psutil.net_connections("tcp"):
    if c.status == "LISTEN":
        print(c.laddr.ip, c.laddr.port, c.pid, names.get(c.pid))
"""


def spawn(command):
    return os.posix_spawn(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])


def measure(command):
    """Wall and CPU seconds of one run."""
    started = time.perf_counter()
    _, status, usage = os.wait4(spawn(command), 0)
    wall = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command} failed with {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime


def peak_memory(command):
    """Peak KiB of one run, by GNU time: a child of Python itself would show Python's own peak."""
    with tempfile.NamedTemporaryFile("r") as file:
        os.waitpid(spawn(["/usr/bin/time", "-f", "%M", "-o", file.name, *command]), 0)
        return int(file.read().split()[-1])


def compare(title, commands):
    """Rounds of every command in turn, so that what else the machine does hits all alike; ratios are to the first."""
    peaks = {name: peak_memory(command) for name, command in commands.items()}
    results = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            results[name].append(measure(command))
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in results.items()}
    base = next(iter(medians.values()))
    print(f"\n{title} (medians of {ROUNDS})")
    print(f"  {'':40}{'wall ms':>9}{'CPU ms':>9}{'peak MiB':>10}{'wall ×':>8}{'CPU ×':>8}")
    for name, (wall, cpu) in medians.items():
        print(f"  {name:40}{wall * 1e3:9.1f}{cpu * 1e3:9.1f}{peaks[name] / 1024:10.1f}{wall / base[0]:8.2f}{cpu / max(base[1], 1e-6):8.2f}")


def tool(name):
    found = shutil.which(name)
    if not found:
        print(f"  skipped: no {name} on this machine")
    return found


def sockets_table(agent, title):
    commands = {"dbcensus-agent --no-sizes": [agent, "scan", "--no-sizes", "--format", "frame"]}
    if ss := tool("ss"):
        commands["ss -ltnp"] = [ss, "-ltnp"]
    commands["psutil: listeners with processes"] = [sys.executable, "-c", PSUTIL]
    compare(title, commands)


def sizes_table(agent, root, tree, title):
    commands = {
        "dbcensus-agent --root, the tree alone": [agent, "scan", "--format", "frame", "--root", str(root)],
        "dbcensus-agent, the whole host": [agent, "scan", "--format", "frame"],
    }
    if du := tool("du"):
        commands |= {"du -s": [du, "-s", str(tree)], "du -sb": [du, "-sb", str(tree)]}
    compare(title, commands)


def strings_table(agent):
    """The version of an executable that no package owns, by its strings: warm cache, the whole process each."""
    root = pathlib.Path(__file__).resolve().parents[1]
    programs = {
        "mariadbd": (shutil.which("mariadbd"), "^MariaDB [0-9]"), "mongod": (root / ".build/mongod/mongod", "^[0-9]+[.][0-9]+[.][0-9]+$"),
        "mysqld": (root / ".build/truth/mysql-root/usr/sbin/mysqld", "^MySQL [0-9.]+$"),
    }
    for name, (path, pattern) in programs.items():
        if not path or not os.path.exists(path):
            print(f"  skipped: no {name} on this machine")
            continue
        with tempfile.TemporaryDirectory(prefix="dbcensus-bench-") as directory:
            copy = pathlib.Path(directory) / "opt/vendor/bin" / name
            copy.parent.mkdir(parents=True)
            shutil.copy(path, copy)
            commands = {"dbcensus-agent --root": [agent, "scan", "--format", "frame", "--root", directory]}
            if (strings := tool("strings")) and (sh := tool("sh")):
                commands["strings -a | grep"] = [sh, "-c", f"{strings} -a {copy} | grep -E '{pattern}'"]
            compare(f"The version in {name}'s strings, {copy.stat().st_size >> 20} MiB", commands)


def hold_sockets(ready):
    """What one process holds: listening sockets and both ends of established connections, on our own loopback."""
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(LISTENERS // PROCESSES)]
    pairs = []
    for number in range(CONNECTIONS // PROCESSES):
        listener = listeners[number % len(listeners)]
        pairs += [socket.create_connection(listener.getsockname()), listener.accept()[0]]
    os.write(ready, b".")
    while True:
        signal.pause()


def make_processes():
    """Processes that each hold their share of the sockets, and have nothing else to do."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    reader, writer = os.pipe()
    pids = []
    for _ in range(PROCESSES):
        pid = os.fork()
        if pid == 0:
            try:
                hold_sockets(writer)
            finally:
                os._exit(1)
        pids.append(pid)
    os.close(writer)
    ready = 0
    while ready < PROCESSES:
        got = os.read(reader, PROCESSES)
        if not got:
            sys.exit("the synthetic host could not be built")
        ready += len(got)
    return pids


def make_database(directory):
    """A MySQL data directory by its looks, with 100,000 small files, and a process with the name of its server."""
    data = directory / "var/lib/mysql"
    for number in range(FILES):
        if number % 1000 == 0:
            (data / f"db{number // 1000}").mkdir(parents=True)
        (data / f"db{number // 1000}/{number}.ibd").write_bytes(b"x" * (number % 97))
    (data / "ibdata1").write_bytes(bytes(512))
    shutil.copy("/bin/sleep", directory / "mysqld")
    # A server holds its files open: a name and a working directory alone convince nobody.
    with open(data / "ibdata1") as file:
        return data, subprocess.Popen([directory / "mysqld", "3600"], cwd=data, pass_fds=[file.fileno()])


def synthetic(agent):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="dbcensus-bench-"))
    pids, server = [], None
    try:
        pids = make_processes()
        data, server = make_database(directory)
        seen = len([name for name in os.listdir("/proc") if name.isdigit()])
        count = len(open("/proc/net/tcp").readlines()) - 1
        files = sum(len(names) for _, _, names in os.walk(data))
        sockets_table(agent, f"Synthetic host: {seen} processes, {count} TCP sockets")
        sizes_table(agent, directory, data, f"Synthetic host, sizes of {files} files, warm cache")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)
        if server:
            server.kill()
            server.wait()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    where, agent = sys.argv[1], os.path.abspath(sys.argv[2])
    if where == "here":
        sockets_table(agent, "This host")
        strings_table(agent)
    else:
        synthetic(agent)
