"""More of everything than a host should have, made by somebody who wants the agent to fail: it stays small, and the real server is found."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="namespaces take root")
HERE = pathlib.Path(__file__).parent
MEMORY = 100 << 20
PID_MAX = pathlib.Path("/proc/sys/kernel/pid_max")


def scan(agent, *arguments, prefix=(), **options):
    """A report, and the agent's peak memory in bytes: by GNU time, whose child it is."""
    command = [*prefix, "/usr/bin/time", "-f", "%M", agent.path, "scan", "--format", "json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, timeout=120, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), int(done.stderr.split()[-1]) << 10


def running(report):
    return {d["process"]["pid"]: d for d in report["databases"] if d["state"] == "running"}


@pytest.fixture(scope="session")
def crowd(tmp_path_factory):
    """The program of crowd.c, under names that engines claim."""
    directory = tmp_path_factory.mktemp("crowd")
    subprocess.run(["cc", "-static", "-O1", "-o", directory / "crowd", HERE / "crowd.c"], check=True)
    for name in ["mysqld", "postgres", "mongod"]:
        shutil.copy(directory / "crowd", directory / name)
    return directory


class Crowd:
    """So many processes, in the pid namespace that everybody sees; fewer where the kernel has no room and gives none."""

    def __init__(self, program, count, *arguments):
        self.before, self.limit = len(os.listdir("/proc")), PID_MAX.read_text()
        try:
            PID_MAX.write_text(str(max(int(self.limit), count + 20_000)))
        except OSError:
            pass
        room = int(PID_MAX.read_text()) - self.before - 1_000
        self.process = subprocess.Popen([program, str(min(count, room)), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        start_new_session=True, cwd="/")
        self.count = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        while len(os.listdir("/proc")) > self.before + 200:  # so many take a while to die
            time.sleep(0.1)
        try:
            PID_MAX.write_text(self.limit)
        except OSError:
            pass


def test_fifty_thousand_processes(agent, mariadb, crowd):
    with Crowd(crowd / "crowd", 50_000) as many:
        assert many.count > 25_000
        report, memory = scan(agent)
        assert report["scan"]["processes_seen"] > many.count
        assert mariadb.process.pid in running(report) and memory < MEMORY


def test_twenty_thousand_processes_with_a_servers_name(agent, mariadb, crowd):
    """Neither listening nor with a database's file open: none is a database, and the one that is one is not lost among them."""
    with Crowd(crowd / "mysqld", 20_000, "--datadir=/var/lib/mysql", "--port=3306", "x" * 3000) as many:
        assert many.count > 10_000
        report, memory = scan(agent)
        assert mariadb.process.pid in running(report) and memory < 2 * MEMORY
        assert not [d for d in running(report).values() if d["engine"] == "mysql" and d["process"]["executable"] == str(crowd / "mysqld")]
        problems = [(p["code"], p["subject"]) for p in report["scan"]["problems"]]
        assert ("too_many_problems", "not_a_database") in problems and len(problems) < 150


def test_descriptors_that_cost_their_owner_nothing(agent, mariadb, tmp_path):
    """Servers by their looks that each hold one data file open twenty thousand times, by a path of three thousand bytes, and listen."""
    deep = tmp_path.joinpath(*["d" * 200] * 14)
    deep.mkdir(parents=True)
    (deep / "ibdata1").write_bytes(bytes(512))
    program = tmp_path / "mysqld"
    shutil.copy(os.path.realpath(sys.executable), program)
    script = """
import os, resource, signal, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
file, server = os.open("ibdata1", os.O_RDONLY), socket.create_server(("127.0.0.1", 0))
try:
    for _ in range(20_000): os.dup(file)
except OSError: pass
print("ready", flush=True)
signal.pause()
"""
    servers = [subprocess.Popen([program, "-c", script], cwd=deep, stdout=subprocess.PIPE, env={**os.environ, "PYTHONHOME": sys.base_prefix})
               for _ in range(8)]
    try:
        assert all(server.stdout.readline() == b"ready\n" for server in servers)
        report, memory = scan(agent)
        assert mariadb.process.pid in running(report) and memory < MEMORY // 2, memory
    finally:
        for server in servers:
            server.kill()
            server.wait()
            server.stdout.close()


@pytest.mark.parametrize("who", ["everybody", "the server"])
def test_a_hundred_thousand_mounts(agent, mariadb, who, tmp_path):
    """All the mounts that a mount namespace may have (fs.mount-max), the agent's own or another's."""
    most = int(pathlib.Path("/proc/sys/fs/mount-max").read_text())
    top = tmp_path / ("p" * 100)
    top.mkdir()
    script = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
RECURSIVE_BIND = 0x5000
top = os.fsencode(sys.argv[1])
libc.mount(b"none", top, b"tmpfs", 0, None)
trees = [top]
for number in range(40):  # each time all that is there is mounted once more, until there is room for smaller parts alone
    place = top + b"/" + str(number).encode()
    os.mkdir(place)
    while trees and libc.mount(trees[0], place, None, RECURSIVE_BIND, None) != 0: trees.pop(0)
    if trees and trees[0] == top: trees.insert(1, place)
print(sum(1 for _ in open("/proc/self/mountinfo")), flush=True)
os.execv(sys.argv[2], sys.argv[2:])
"""
    if who == "everybody":
        command = ["unshare", "--mount", "python3", "-c", script, top, agent.path, "scan", "--format", "json"]
        done = subprocess.run(command, capture_output=True, timeout=300)
        count, _, text = done.stdout.partition(b"\n")
        assert done.returncode == 0 and int(count) > most * 0.9, done.stderr
        database = running(json.loads(text))[mariadb.process.pid]
        assert database["data_directories"], (database["problems"], json.loads(text)["problems"])
        assert database["data_directories"][0]["filesystem"]["mount_point"]
    else:
        program = tmp_path / "mysqld"
        shutil.copy(shutil.which("sleep"), program)
        (tmp_path / "ibdata1").touch()
        with open(tmp_path / "ibdata1") as file:
            server = subprocess.Popen(["unshare", "--mount", "python3", "-c", script, top, program, "600"], cwd=tmp_path, stdout=subprocess.PIPE,
                                      pass_fds=[file.fileno()])
            try:
                assert int(server.stdout.readline()) > most * 0.9
                report, memory = scan(agent)
                assert mariadb.process.pid in running(report) and memory < 3 * MEMORY
            finally:
                server.kill()
                server.wait()
                server.stdout.close()


def test_a_million_files_in_one_directory(agent, tmp_path):
    """Memory does not grow with a directory: neither its listing nor its size."""
    data = tmp_path / "root/var/lib/mysql"
    data.mkdir(parents=True)
    (data / "ibdata1").write_bytes(bytes(512))
    peaks = {}
    for count in [1_000, 1_000_000]:
        for number in range(len(os.listdir(data)), count):
            os.close(os.open(data / f"file-{number}", os.O_CREAT | os.O_WRONLY))
        report, peaks[count] = scan(agent, "--recorded-proc", "--root", tmp_path / "root")
        directory = report["databases"][0]["data_directories"][0]
        # An empty directory beside would do; what is in it is looked at as far as the limit, and that is said.
        assert directory["complete"] and directory["files"] == count + 1
    assert "file_too_large" in {p["code"] for p in report["scan"]["problems"]}
    assert peaks[1_000_000] - peaks[1_000] < 32 << 20, peaks
    long = data / "long"
    long.mkdir()
    for number in range(200_000):
        os.close(os.open(long / f"{number:0240}", os.O_CREAT | os.O_WRONLY))
    report, memory = scan(agent, "--recorded-proc", "--root", tmp_path / "root")
    assert report["databases"][0]["data_directories"][0]["files"] == 1_200_002 and memory - peaks[1_000] < 32 << 20
    shutil.rmtree(tmp_path / "root")


def test_files_of_a_hundred_gigabytes(agent, fixtures, tmp_path):
    """Sparse files where configuration, control files and package databases should be."""
    host = tmp_path / "host"
    for fixture, files in {
        "debian-mysql": ["etc/mysql/mysql.conf.d/mysqld.cnf", "var/lib/mysql/auto.cnf", "var/lib/dpkg/status", "etc/passwd", "etc/os-release"],
        "debian-postgresql": ["var/lib/postgresql/15/main/global/pg_control", "var/lib/postgresql/15/main/PG_VERSION"],
        "al2023-mysql": ["var/lib/rpm/rpmdb.sqlite", "etc/my.cnf"], "alpine": ["lib/apk/db/installed"],
    }.items():
        shutil.copytree(fixtures / fixture, host, symlinks=True)
        present = [host / file for file in files if (host / file).exists()]
        assert present, fixture
        for file in present:
            os.truncate(file, 100 << 30)
        report, memory = scan(agent, "--recorded-proc", "--root", host, "--no-sizes")
        assert memory < MEMORY and report["scan"]["problems"]
        shutil.rmtree(host)
