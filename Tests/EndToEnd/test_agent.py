"""The released file itself: what it is, its commands, its exit statuses, its good behaviour."""

import hashlib
import json
import os
import re
import pathlib
import shutil
import subprocess
import sys
import time

import pytest
from folders import open_to_all

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = 150_000  # more than any machine counts in 50 ms


def test_the_artifact_is_static_small_and_without_icu(agent):
    path = pathlib.Path(agent.path)
    assert "statically linked, " in subprocess.check_output(["file", path], text=True)
    assert "stripped" in subprocess.check_output(["file", path], text=True)
    assert path.stat().st_size <= 18_000_000
    compressed = pathlib.Path(f"{path}.gz")
    assert compressed.stat().st_size <= 7_000_000
    content = path.read_bytes()
    for symbol in [b"icudt", b"icu_7", b"ucnv_open", b"FoundationInternationalization"]:
        assert symbol not in content
    sums = dict(reversed(line.split("  ")) for line in (path.parent / "SHA256SUMS").read_text().splitlines())
    assert {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in [path, compressed]}.items() <= sums.items()


def test_commands(agent):
    version = agent.run("--version").stdout.decode().strip()
    assert version in agent.path
    engines = agent.run("engines").stdout.decode()
    for engine in ["mysql", "mariadb", "postgresql", "mongodb"]:
        assert f"{engine} — " in engines
    assert all(len(line) <= 80 for line in engines.splitlines())
    table = agent.run().stdout.decode()
    assert all(len(line) <= 80 for line in table.splitlines())
    assert agent.run("scan", "--no-sizes").stdout.decode().splitlines()[2:3] == table.splitlines()[2:3]


@pytest.mark.parametrize("arguments", [["--nonsense"], ["scan", "--format", "xml"], ["scan", "--engine", "dbase"], ["scan", "--deadline", "soon"],
                                       ["scan", "--format", "json", "--explain"], ["decode", "a", "b"]])
def test_usage_is_64(agent, arguments):
    done = agent.run(*arguments, check=False)
    assert done.returncode == 64 and done.stdout == b"" and done.stderr


def test_failures_are_1_and_never_what_the_ssm_agent_would_take_for_an_order(agent, tmp_path):
    for arguments in [["scan", "--root", "/does/not/exist"], ["scan", "--output", "/does/not/exist/x"], ["decode", "/does/not/exist"],
                      ["scan", "--output", "/dev/full", "--format", "json"]]:
        assert agent.run(*arguments, check=False).returncode == 1
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "victim")
    assert agent.run("scan", "--output", link, check=False).returncode == 1
    assert not (tmp_path / "victim").exists()
    assert agent.run("decode", check=False, input=b"no report").returncode == 1


def test_a_closed_standard_output_is_an_error_and_no_trap(agent):
    done = subprocess.run(["bash", "-c", '"$0" scan --format json >&-', agent.path], capture_output=True)
    assert done.returncode == 1 and b"cannot write" in done.stderr
    done = subprocess.run(["bash", "-c", '"$0" scan --format json | true; echo ${PIPESTATUS[0]}', agent.path], capture_output=True, text=True)
    assert done.stdout.strip() in {"0", "1"}


def test_output_goes_to_a_file_of_its_own(agent, tmp_path):
    file = tmp_path / "report.json"
    done = agent.run("scan", "--format", "json", "--output", file)
    assert done.stdout == b"" and json.loads(file.read_text())["schema"] == "dbcensus.report/1"
    assert file.stat().st_mode & 0o777 == 0o600


def test_output_waits_for_nobody_and_takes_nobodys_file(agent, tmp_path):
    """A FIFO, somebody else's file, one that others may write, one with a second name, a device: refused at once, and left as they were."""
    kept = "kept"
    (tmp_path / "open").write_text(kept)
    (tmp_path / "open").chmod(0o666)
    (tmp_path / "linked").write_text(kept)
    os.link(tmp_path / "linked", tmp_path / "again")
    os.mkfifo(tmp_path / "fifo")
    files = [tmp_path / "open", tmp_path / "linked", tmp_path / "fifo", pathlib.Path("/dev/null")]
    if os.geteuid() == 0:
        (tmp_path / "foreign").write_text(kept)
        os.chown(tmp_path / "foreign", 65534, 65534)
        files.append(tmp_path / "foreign")
    for file in files:
        done = agent.run("scan", "--no-sizes", "--output", file, check=False, timeout=10)
        assert done.returncode == 1 and str(file) in done.stderr.decode(), file
        assert not file.is_file() or file.read_text() == kept
    (tmp_path / "own").write_text("x" * 1_000_000)
    agent.run("scan", "--no-sizes", "--format", "json", "--recorded-proc", "--root", tmp_path, "--output", tmp_path / "own")
    assert json.loads((tmp_path / "own").read_text())["databases"] == []


def test_engines_in_preview_are_asked_for(agent, fixtures):
    scan = ["scan", "--no-sizes", "--format", "json", "--recorded-proc", "--root", fixtures / "redis-forks"]
    assert agent.json(*scan)["databases"] == []
    assert {d["engine"] for d in agent.json(*scan, "--also", "keydb,valkey")["databases"]} == {"keydb", "valkey"}
    assert {d["engine"] for d in agent.json(*scan, "--also", "all")["databases"]} == {"keydb", "valkey"}
    done = agent.run("scan", "--also", "valkey,nothing", check=False)
    assert done.returncode == 64 and "Unknown engine 'nothing'" in done.stderr.decode()


@pytest.mark.skipif(os.geteuid() != 0, reason="two users take root")
def test_nobody_claims_another_users_directory_or_erases_his_server(agent, postgresql, tmp_path):
    """Somebody runs a program called postgres with -D and another's directory, listens, and makes up lines about the real server's sockets."""
    before = agent.json("scan", "--format", "json")
    (real,) = [d for d in before["databases"] if postgresql.port in {l["port"] for l in d["listeners"]}]
    program = tmp_path / "postgres"
    python = pathlib.Path("/usr/bin/python3")  # one that every user can run
    if not python.exists():
        pytest.skip("no /usr/bin/python3")
    shutil.copy(os.path.realpath(python), program)
    open_to_all(tmp_path)
    inodes = [line.split()[6] for line in open("/proc/net/unix") if line.rstrip().endswith(f".s.PGSQL.{postgresql.port}")]
    script = """
import os, signal, socket, sys
server, forger = socket.create_server(("127.0.0.1", 0)), []
for number, inode in enumerate(sys.argv[3].split(",")):
    forger.append(socket.socket(socket.AF_UNIX))
    forger[-1].bind(f"\\0{number}\\n0: 0 0 10000 1 1 {inode} @x")
    forger[-1].listen()
print("ready", flush=True)
signal.pause()
"""
    command = [program, "-c", script, "-D", real["data_directories"][0]["path"], ",".join(inodes)]
    fake = subprocess.Popen(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *map(str, command)], stdout=subprocess.PIPE, cwd="/",
                            env={"PYTHONHOME": "/usr"})
    try:
        assert fake.stdout.readline() == b"ready\n"
        after = agent.json("scan", "--format", "json")
        found = [d for d in after["databases"] if d["key"] == real["key"]]
        assert [d["process"]["pid"] for d in found] == [real["process"]["pid"]]
        assert found[0]["listeners"] == real["listeners"] and found[0]["state"] == "running"
        said = {(p["code"], p["subject"]) for p in after["scan"]["problems"]}
        assert ("malformed", f"/proc/{real['process']['pid']}/net/unix") in said and "/home" not in str(found[0]["unix_sockets"])
        assert not [d for d in after["databases"] if d["process"] and d["process"]["pid"] == fake.pid and d["data_directories"]]
    finally:
        fake.kill()
        fake.wait()
        fake.stdout.close()


def test_no_environment_no_home_no_terminal(agent):
    report = agent.json("scan", "--format", "json", env={}, cwd="/", stdin=subprocess.DEVNULL)
    assert report["scan"]["processes_seen"] > 0


def test_the_deadline_holds(agent, tmp_path):
    """A tree far too large for the time: the report comes, and says how far it came."""
    data = tmp_path / "root/var/lib/postgresql/15/main"
    (data / "global").mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    big = data / "base"
    big.mkdir()
    for number in range(FILES):
        (big / str(number)).touch()
    started = time.monotonic()
    report = agent.json("scan", "--format", "json", "--recorded-proc", "--root", tmp_path / "root", "--deadline", "50ms")
    assert time.monotonic() - started < 5
    directory = report["databases"][0]["data_directories"][0]
    # On a busy machine the time is over before the first file.
    assert directory["complete"] is False and (directory["files"] or 0) < FILES
    assert report["scan"]["status"] == "partial"
    assert "deadline" in {p["code"] for p in report["scan"]["problems"]}
    whole = agent.json("scan", "--format", "json", "--recorded-proc", "--root", tmp_path / "root")["databases"][0]["data_directories"][0]
    assert whole["complete"] and whole["files"] == FILES + 4


def test_nothing_is_run_connected_or_written(agent, mariadb, postgresql, mongodb, tmp_path):
    """Every system call of a full scan beside real servers, by strace."""
    if not shutil.which("strace"):
        pytest.skip("no strace")
    log = tmp_path / "strace"
    done = subprocess.run(["strace", "-f", "-o", log, agent.path, "scan", "--format", "json"], capture_output=True)
    if b"ptrace" in done.stderr and done.returncode != 0:
        pytest.skip(f"strace may not trace here: {done.stderr.decode()}")
    assert json.loads(done.stdout)["databases"]
    calls = [line.split(" ", 1)[1].strip() for line in log.read_text(errors="replace").splitlines()]
    names = {call.split("(")[0] for call in calls if "(" in call}
    assert sum(call.startswith("execve(") for call in calls) == 1, "its own start"
    assert not names & {"connect", "bind", "listen", "accept", "kill", "tgkill", "ptrace", "mount", "unlink", "rename", "mkdir", "chmod", "chown",
                        "fork", "vfork", "truncate", "ftruncate", "setuid", "init_module"}
    assert not [call for call in calls if call.startswith(("open", "creat")) and ("O_WRONLY" in call or "O_RDWR" in call or "O_CREAT" in call)
                and "/dev/null" not in call]
    assert {call.split(",")[0] for call in calls if call.startswith("write(")} <= {"write(1", "write(2"}
    sockets = [call for call in calls if call.startswith("socket(")]
    assert sockets and all("AF_NETLINK" in call for call in sockets)
    if json.loads(done.stdout)["scan"]["sandbox"]["landlock"]:
        check_order(log.read_text(errors="replace").splitlines())


def check_order(lines):
    """The thread that works looks at processes first, then locks itself, then opens files; what it makes after that is locked too."""
    opened = re.compile(r'(?:openat2?|readlinkat)\((?:AT_FDCWD|\d+), "([^"]*)"')
    locked = [line.split(" ")[0] for line in lines if "landlock_restrict_self(" in line]
    assert len(set(locked)) == 2, "the thread that waits and the one that works"
    before, after = [], []
    for line in lines:
        thread, call = line.split(" ", 1)
        if thread == locked[-1] and "landlock_restrict_self(" in call:
            before, after = after, []
        elif thread == locked[-1] and (match := opened.search(call)):
            after.append(match[1])
    is_process = re.compile(r"(?:/proc/)?\d+/")
    assert any(is_process.match(path) for path in before)
    own = {".", "/", "self/mountinfo", "self/ns/mnt", "self/ns/pid", "/proc/self/ns/net", "/proc/thread-self/schedstat", "proc"}
    assert all(is_process.match(path) or path in own for path in before), before
    assert after and not [path for path in after if is_process.match(path)]


def test_an_unreadable_fixture_host_seen_by_nobody(agent, fixtures, tmp_path):
    """The layout of a Debian host whose data directory and process links are not for everybody."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("taking privileges away takes root and setpriv")
    host, program = tmp_path / "host", tmp_path / "agent"
    shutil.copytree(fixtures / "debian-mysql", host, symlinks=True)
    shutil.copy(agent.path, program)
    (host / "var/lib/mysql").chmod(0o700)
    (host / "proc/812/fd").chmod(0o500)
    open_to_all(program)
    report = type(agent)(program).json(
        "scan", "--format", "json", "--recorded-proc", "--root", host, prefix=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"], cwd="/")
    (database,) = [d for d in report["databases"] if d["state"] == "running"]
    assert report["scan"]["privileged"] is False and report["scan"]["status"] == "partial"
    denied = {p["subject"] for p in report["scan"]["problems"] if p["code"] == "denied"}
    assert {"/var/lib/mysql", "/proc/812/fd"} <= denied
    assert database["engine"] == "mysql" and database["version"] == "8.0.36" and database["listeners"] == []
    assert {e["source"] for e in database["evidence"] if e["field"] == "version"} == {"/var/lib/dpkg/status: mysql-server-core-8.0"}
    assert database["data_directories"][0]["bytes"] is None and not database["data_directories"][0]["complete"]


def test_no_canary_of_any_fixture_host_leaves_by_any_output(agent, fixtures, tmp_path):
    """Passwords are planted in files, arguments, environments, runtimes' state and links: none may be in a table, a report, a frame or the talk."""
    planted = subprocess.run(["grep", "-rl", "canary", fixtures], capture_output=True, text=True).stdout.split()
    assert len(planted) > 20
    for host in sorted(fixtures.iterdir()):
        for options in [["--explain"], ["--format", "json"], ["--format", "frame"]]:
            done = agent.run("scan", "--recorded-proc", "--root", host, *options)
            assert b"canary" not in done.stdout + done.stderr, (host.name, options)
            if "frame" in options:
                (tmp_path / "frame").write_bytes(done.stdout)
                assert b"canary" not in agent.run("decode", tmp_path / "frame").stdout
