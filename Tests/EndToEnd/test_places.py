"""Where the agent must work: as whom, seeing what, writing where. The kernels are in test_sandbox.py."""

import json
import os
import shutil
import subprocess

import pytest
from folders import open_to_all

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="mounting takes root")
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def inside(script, *words):
    """The command that runs a shell script with a mount namespace of its own."""
    return ["unshare", "--mount", "sh", "-euc", script, "sh", *map(str, words)]


def essence(report, port):
    """What must not depend on the place: the running server that listens on `port`."""
    (database,) = [d for d in report["databases"] if port in {l["port"] for l in d["listeners"]}]
    return {field: database[field] for field in ["engine", "version", "role", "listeners", "identity", "settings"]}, database


@pytest.fixture
def expected(agent, mariadb):
    return essence(agent.json("scan", "--format", "json"), mariadb.port)[0]


def test_hidden_processes(agent, mariadb, expected, tmp_path):
    """A /proc with hidepid=2: root finds everything, and locks itself all the same; anybody else is told what he does not see."""
    hidden = 'mount -t proc -o hidepid=2 proc /proc; exec "$@"'
    report = agent.json("scan", "--format", "json", prefix=inside(hidden))
    found, database = essence(report, mariadb.port)
    assert found == expected and database["data_directories"][0]["bytes"] > 0
    assert report["scan"]["sandbox"] == {"seccomp": True, "landlock": True}
    shutil.copy(agent.path, tmp_path / "agent")
    os.chmod(tmp_path / "agent", 0o755)
    open_to_all(tmp_path)
    report = type(agent)(tmp_path / "agent").json("scan", "--format", "json", prefix=[*inside(hidden), *NOBODY], cwd="/")
    assert "hidden_processes" in {p["code"] for p in report["scan"]["problems"]}
    assert report["scan"]["status"] == "partial" and not report["scan"]["privileged"]
    assert not [d for d in report["databases"] if d["state"] == "running"]


@pytest.mark.parametrize("network", [False, True])
def test_in_a_container_with_the_host_mounted(agent, mariadb, expected, network, tmp_path):
    """A root of its own, a pid namespace of its own, a network of its own or the host's, and the host at /host."""
    root = tmp_path / "container"
    for name in ["host", "proc", "tmp"]:
        (root / name).mkdir(parents=True)
    shutil.copy(agent.path, root / "agent")
    script = ('mount --rbind / "$1/host"; mount --make-rslave "$1/host"; root=$1; shift; '
              'exec unshare --pid --fork ' + ("--net " if network else "") + 'sh -euc \'root=$1; shift; mount -t proc proc "$root/proc"; exec chroot "$root" "$@"\' sh "$root" "$@"')
    done = subprocess.run([*inside(script, root), "/agent", "scan", "--format", "json", "--root", "/host"], capture_output=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    found, database = essence(report, mariadb.port)
    assert found == expected
    assert database["data_directories"][0]["path"] == str(mariadb.data) and database["data_directories"][0]["bytes"] > 0
    assert report["scan"]["sandbox"]["seccomp"] and report["scan"]["processes_seen"] > 2


def test_root_without_the_right_to_look_at_processes(agent, mariadb):
    """As in a container without CAP_SYS_PTRACE: other users' executables, roots and descriptors are closed."""
    report = agent.json("scan", "--format", "json", prefix=["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"])
    problems = {p["code"]: p for p in report["scan"]["problems"]}
    assert "not_privileged" in problems and report["scan"]["privileged"]
    running = [d for d in report["databases"] if d["process"] and d["process"]["pid"] == mariadb.process.pid]
    assert len(running) <= 1
    # Nothing is said to be stopped or merely installed that may well run.
    assert not [d for d in report["databases"] if d["state"] == "stopped" and str(mariadb.data) in d["key"]]


def test_a_file_system_that_cannot_be_written(agent, mariadb, expected):
    script = 'mount --bind / /mnt; mount -o remount,ro,bind /mnt; mount --rbind /proc /mnt/proc; mount --rbind /tmp /mnt/tmp; exec chroot /mnt "$@"'
    assert essence(agent.json("scan", "--format", "json", prefix=inside(script)), mariadb.port)[0] == expected
    done = agent.run("scan", "--output", "/var/report.json", prefix=inside(script), check=False)
    assert done.returncode == 1 and b"/var/report.json" in done.stderr and b"ead-only" in done.stderr


def test_without_proc(agent, tmp_path):
    """A chroot that nobody mounted a /proc in: Swift's own runtime ends there before the first line of the agent; no report is not an empty one."""
    shutil.copy(agent.path, tmp_path / "agent")
    done = subprocess.run(["chroot", tmp_path, "/agent", "scan", "--format", "json"], capture_output=True)
    assert done.returncode not in (0, 194, 168) and done.stderr and done.stdout == b""


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-", ">/dev/full"])
def test_standard_streams_that_are_closed_or_full(agent, closed, tmp_path):
    """No file that is opened later may take the place of a closed stream."""
    file = tmp_path / "report"
    done = subprocess.run(["bash", "-c", f'"$0" scan --format json --output "$1" {closed}', agent.path, file], capture_output=True)
    assert done.returncode == 0 and json.loads(file.read_text())["databases"] is not None
    for form in ["json", "frame", "table"]:
        done = subprocess.run(["bash", "-c", f'"$0" scan --format {form} {closed}', agent.path], capture_output=True)
        assert done.returncode == (1 if ">&-" in closed.replace("2>&-", "") or "full" in closed else 0), (form, done)
        if done.returncode and "2>&-" not in closed:
            assert b"cannot write standard output" in done.stderr
