"""The agent beside its peers, in one run: whole-process wall time, CPU time and peak memory, medians of many rounds.

    bench_agent.py here AGENT                                         this host as it is
    bench_agent.py sockets AGENT PROCESSES LISTENERS CONNECTIONS      a synthetic host, in network, pid and mount namespaces of its own
    bench_agent.py containers AGENT COUNT                             servers that each have a network and a mount namespace of their own
    bench_agent.py saturated AGENT SERVERS LOOPS                      servers beside so many busy loops of another user
    bench_agent.py files AGENT COUNT                                  a data directory with so many files

scripts/bench-agent runs them all. A peer does less: `ss`, `lsof` and `netstat` name listeners and their processes, so does the psutil script; `du` and
`gdu` add up one tree.
"""

import contextlib
import json
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
    if os.waitstatus_to_exitcode(status) != 0 and not command[0].endswith("/lsof"):  # it fails when nobody listens
        sys.exit(f"{command} failed with {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime


def peak_memory(command):
    """Peak KiB of one run, by GNU time: a child of Python itself would show Python's own peak."""
    with tempfile.NamedTemporaryFile("r") as file:
        os.waitpid(spawn(["/usr/bin/time", "-f", "%M", "-o", file.name, *command]), 0)
        return int(file.read().split()[-1])


def compare(title, commands, rounds=ROUNDS):
    """Rounds of every command in turn, so that what else the machine does hits all alike; ratios are to the first."""
    peaks = {name: peak_memory(command) for name, command in commands.items()}
    results = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            results[name].append(measure(command))
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in results.items()}
    base = next(iter(medians.values()))
    print(f"\n{title} (medians of {rounds})")
    print(f"  {'':40}{'wall ms':>9}{'CPU ms':>9}{'peak MiB':>10}{'wall ×':>8}{'CPU ×':>8}")
    for name, (wall, cpu) in medians.items():
        print(f"  {name:40}{wall * 1e3:9.1f}{cpu * 1e3:9.1f}{peaks[name] / 1024:10.1f}{wall / base[0]:8.2f}{cpu / max(base[1], 1e-6):8.2f}", flush=True)


def tool(name):
    found = shutil.which(name)
    if not found:
        print(f"  skipped: no {name} on this machine")
    return found


def sockets_table(agent, title, rounds=ROUNDS):
    commands = {"dbcensus-agent --no-sizes": [agent, "scan", "--no-sizes", "--format", "frame"]}
    for name, options in {"ss": ["-ltnp"], "netstat": ["-ltnp"], "lsof": ["-nP", "-iTCP", "-sTCP:LISTEN"]}.items():
        if path := tool(name):
            commands[" ".join([name, *options])] = [path, *options]
    commands["psutil: listeners with processes"] = [sys.executable, "-c", PSUTIL]
    compare(title, commands, rounds)


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
            commands = {"dbcensus-agent --root": [agent, "scan", "--format", "frame", "--recorded-proc", "--root", directory]}
            if (strings := tool("strings")) and (sh := tool("sh")):
                commands["strings -a | grep"] = [sh, "-c", f"{strings} -a {copy} | grep -E '{pattern}'"]
            compare(f"The version in {name}'s strings, {copy.stat().st_size >> 20} MiB", commands)


def hold_sockets(ready, listening, connected):
    """What one process holds: listening sockets and both ends of established connections, on our own loopback."""
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=128) for _ in range(listening)]
    pairs = []
    for number in range(connected):
        listener = listeners[number % len(listeners)]
        pairs += [socket.create_connection(listener.getsockname()), listener.accept()[0]]
    os.write(ready, b".")
    while True:
        signal.pause()


def make_processes(count, listening, connected):
    """Processes that each hold their share of the sockets, and have nothing else to do."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    reader, writer = os.pipe()
    pids = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            try:
                hold_sockets(writer, listening // count, connected // count)
            finally:
                os._exit(1)
        pids.append(pid)
    os.close(writer)
    ready = 0
    while ready < count:
        got = os.read(reader, count)
        if not got:
            sys.exit("the synthetic host could not be built")
        ready += len(got)
    return pids


def sockets(agent, count, listening, connected):
    pids = []
    with tempfile.TemporaryDirectory(prefix="dbcensus-bench-") as directory, server_in(pathlib.Path(directory)):
        try:
            pids = make_processes(count, listening, connected)
            seen = len([name for name in os.listdir("/proc") if name.isdigit()])
            lines = len(open("/proc/net/tcp").readlines()) - 1
            sockets_table(agent, f"{seen} processes, {lines} TCP sockets", ROUNDS if lines < 50_000 else 7)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            for pid in pids:
                os.waitpid(pid, 0)


@contextlib.contextmanager
def server_in(directory):
    """A process that holds a file of a MySQL data directory open and has the name of its server."""
    data = directory / "var/lib/mysql"
    data.mkdir(parents=True, exist_ok=True)
    (data / "ibdata1").write_bytes(bytes(512))
    shutil.copy("/bin/sleep", directory / "mysqld")
    with open(data / "ibdata1") as file:
        server = subprocess.Popen([directory / "mysqld", "3600"], cwd=data, pass_fds=[file.fileno()])
        try:
            yield data
        finally:
            server.kill()
            server.wait()


CONTAINER = """
import ctypes, signal, socket, subprocess, sys
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS | CLONE_NEWNET) != 0: sys.exit("unshare")
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
server, file = socket.create_server(("127.0.0.1", 3306)), open("ibdata1")
print("ready", flush=True)
signal.pause()
"""


def containers(agent, count):
    """Python under the name of a server, in a network and a mount namespace of its own, listening, with a data file open."""
    with tempfile.TemporaryDirectory(prefix="dbcensus-bench-") as directory:
        program = pathlib.Path(directory) / "mysqld"
        shutil.copy(os.path.realpath(sys.executable), program)
        servers = []
        try:
            for number in range(count):
                data = pathlib.Path(directory) / f"data{number}"
                data.mkdir()
                (data / "ibdata1").write_bytes(bytes(512))
                servers.append(subprocess.Popen([program, "-c", CONTAINER], cwd=data, stdout=subprocess.PIPE,
                                                env={**os.environ, "PYTHONHOME": sys.base_prefix}))
            if any(server.stdout.readline() != b"ready\n" for server in servers):
                sys.exit("a container could not be made")
            loop = "".join(f"nsenter -t {server.pid} -n ss -ltnp;" for server in servers)
            compare(f"{count} servers in network and mount namespaces of their own", {
                "dbcensus-agent --no-sizes": [agent, "scan", "--no-sizes", "--format", "frame"],
                "nsenter … ss -ltnp, in each": ["/bin/sh", "-c", loop]})
        finally:
            for server in servers:
                server.kill()
                server.wait()
                server.stdout.close()


def saturated(agent, count, loops):
    """What a scan finds, and how long it takes, on an idle host and beside busy loops at ordinary priority; `ss` beside it."""
    loop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", "while :; do :; done"]
    command = [agent, "scan", "--no-sizes", "--format", "json", "--deadline", "10s"]
    print(f"\n{count} servers on {os.cpu_count()} processors (medians of 5)")
    print(f"  {'busy loops':>12}{'found':>8}{'agent s':>10}{'ss -ltnp s':>12}{'ratio':>8}")
    with tempfile.TemporaryDirectory(prefix="dbcensus-bench-") as directory, contextlib.ExitStack() as stack:
        for number in range(count):
            place = pathlib.Path(directory) / f"host{number}"
            place.mkdir()
            stack.enter_context(server_in(place))
        for number in [0, loops]:
            crowd = [subprocess.Popen(loop, start_new_session=True) for _ in range(number)]
            try:
                walls, peers, found = [], [], set()
                for _ in range(5):
                    begun = time.perf_counter()
                    out = subprocess.run(command, capture_output=True, check=True).stdout
                    walls.append(time.perf_counter() - begun)
                    databases = json.loads(out)["databases"]
                    found.add(sum(d["state"] == "running" and directory in d["key"] for d in databases))
                    begun = time.perf_counter()
                    subprocess.run(["ss", "-ltnp"], capture_output=True, check=True)
                    peers.append(time.perf_counter() - begun)
            finally:
                for process in crowd:
                    process.kill()
                    process.wait()
            wall, peer = statistics.median(walls), statistics.median(peers)
            print(f"  {number:12}{min(found):8}{wall:10.3f}{peer:12.3f}{wall / peer:8.1f}", flush=True)


def files(agent, count):
    with tempfile.TemporaryDirectory(prefix="dbcensus-bench-") as directory:
        data = pathlib.Path(directory) / "var/lib/mysql"
        for number in range(count):
            if number % 1000 == 0:
                (data / f"db{number // 1000}").mkdir(parents=True)
            (data / f"db{number // 1000}/{number}.ibd").write_bytes(b"x" * (number % 97))
        (data / "ibdata1").write_bytes(bytes(512))
        commands = {"dbcensus-agent --root": [agent, "scan", "--format", "frame", "--recorded-proc", "--root", directory],
                    "dbcensus-agent --root, on one processor": ["/usr/bin/taskset", "1", agent, "scan", "--format", "frame", "--recorded-proc", "--root", directory]}
        for name, options in {"du -s": ["-s"], "du -sb": ["-sb"], "gdu -n": ["-n", "-s"]}.items():
            if path := tool(name.split()[0]):
                commands[name] = [path, *options, str(data)]
        compare(f"Sizes of {sum(len(names) for _, _, names in os.walk(data))} files, warm cache", commands, 7 if count > 500_000 else ROUNDS)


if __name__ == "__main__":
    where, agent = sys.argv[1], os.path.abspath(sys.argv[2])
    numbers = [int(argument) for argument in sys.argv[3:]]
    if where == "here":
        sockets_table(agent, "This host")
        strings_table(agent)
    else:
        {"sockets": sockets, "containers": containers, "files": files, "saturated": saturated}[where](agent, *numbers)
