"""Places from which the host's processes cannot be seen: a report of those is partial, and changes no state in the inventory."""

import json
import os
import shutil
import subprocess

import pytest

import impostor

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="namespaces take root")


def codes(report):
    return {p["code"] for p in report["scan"]["problems"]}


def scan(agent, *arguments, **options):
    return agent.json("scan", "--no-sizes", "--format", "json", *arguments, **options)


@pytest.fixture
def snapshot(tmp_path):
    """The root of a volume: two data directories, and a /proc that nothing is mounted on."""
    root = tmp_path / "snapshot"
    for name in ["etc", "proc", "var/lib/mysql/mysql", "var/lib/postgresql/15/main/global"]:
        (root / name).mkdir(parents=True)
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    for mark in ["ibdata1", "aria_log_control"]:
        (root / "var/lib/mysql" / mark).write_bytes(bytes(64))
    (root / "var/lib/postgresql/15/main/PG_VERSION").write_text("15\n")
    return root


def test_an_empty_proc_is_no_process_table(agent, snapshot):
    report = scan(agent, "--root", snapshot)
    assert report["scan"]["status"] == "partial" and "no_process_table" in codes(report) and report["scan"]["processes_seen"] == 0
    assert {d["engine"] for d in report["databases"]} == {"mariadb", "postgresql"}


def test_files_that_look_like_processes_are_none(agent, snapshot):
    """Left over, or put there by somebody: only a recording that the caller says is one counts."""
    process = snapshot / "proc/77"
    (process / "fd").mkdir(parents=True)
    (process / "stat").write_text("77 (mariadbd) S 1 77 77 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 1000 100\n")
    (process / "status").write_text("Name:\tmariadbd\nUid:\t0\t0\t0\t0\n")
    (process / "cmdline").write_bytes(b"/usr/sbin/mariadbd\0")
    (process / "exe").symlink_to("/usr/sbin/mariadbd")
    (process / "cwd").symlink_to("/var/lib/mysql")
    report = scan(agent, "--root", snapshot)
    assert "no_process_table" in codes(report) and not [d for d in report["databases"] if d["state"] == "running"]
    recorded = scan(agent, "--recorded-proc", "--root", snapshot)
    assert "no_process_table" not in codes(recorded) and recorded["scan"]["processes_seen"] == 1


CONTAINERS = {
    "pid namespace": ["unshare", "--pid", "--mount", "--fork", "--mount-proc"],
    "mount namespace": ["unshare", "--mount"],
    "chroot": ["sh", "-euc", 'mount --rbind /proc "$0/proc"; exec chroot "$0" "$@"'],
}


@pytest.mark.parametrize("place", CONTAINERS)
def test_a_container_is_not_the_host(agent, place, tmp_path):
    prefix, path = CONTAINERS[place], agent.path
    if place == "chroot":
        (tmp_path / "proc").mkdir()
        shutil.copy(agent.path, tmp_path / "agent")
        prefix, path = ["unshare", "--mount", *prefix[:3], str(tmp_path)], "/agent"
    done = subprocess.run([*prefix, path, "scan", "--no-sizes", "--format", "json"], capture_output=True)
    report = json.loads(done.stdout)
    assert report["scan"]["status"] == "partial" and "not_host_namespace" in codes(report), report["scan"]


def test_the_hosts_own_root_is_the_host_from_anywhere(agent, mariadb):
    """A container that may look at the host's processes and names the host's root: what it sees is the host."""
    script = 'mkdir -p /tmp/dbcensus-host; mount --rbind / /tmp/dbcensus-host; exec "$@"'
    report = scan(agent, "--root", "/tmp/dbcensus-host", prefix=["unshare", "--mount", "sh", "-euc", script, "sh"])
    os.rmdir("/tmp/dbcensus-host")
    assert "not_host_namespace" not in codes(report)
    assert mariadb.process.pid in {d["process"]["pid"] for d in report["databases"] if d["process"]}


@pytest.mark.parametrize("place", ["empty proc", "container"])
def test_the_inventory_keeps_its_states(agent, collector, mariadb, snapshot, tmp_path, place):
    """A host whose servers run; then a report of the same host that could not see them. Nothing stops, and nothing goes missing."""
    store = tmp_path / "store.sqlite"
    whole = agent.json("scan", "--no-sizes", "--format", "json")
    key = next(d["key"] for d in whole["databases"] if d["process"] and d["process"]["pid"] == mariadb.process.pid)
    for report in [whole]:
        (tmp_path / "1").write_text(json.dumps(report))
    collector.run("ingest", "--store", store, tmp_path / "1")
    if place == "container":
        late = agent.json("scan", "--no-sizes", "--format", "json", prefix=CONTAINERS["pid namespace"])
        # Told to be sure of the key: what a container with the same paths would say of them.
        stopped = json.loads(json.dumps(next(d for d in whole["databases"] if d["key"] == key)))
        stopped |= {"state": "stopped", "process": None, "listeners": []}
        late["databases"] = [d for d in late["databases"] if d["key"] != key] + [stopped]
        late["databases"].sort(key=lambda d: d["key"])
    else:
        late = scan(agent, "--root", snapshot)
    late["host"] = whole["host"]
    (tmp_path / "2").write_text(json.dumps(late))
    collector.run("ingest", "--store", store, tmp_path / "2")
    rows = json.loads(collector.run("databases", "--store", store, "--format", "json").stdout)
    rows = rows["items"] if isinstance(rows, dict) else rows
    (row,) = [row for row in rows if row["id"].endswith(key)]
    assert row["state"] == "running" and row["missing_since"] is None
    assert not [row for row in rows if row["missing_since"]]


def test_a_process_table_needs_a_process(agent, tmp_path):
    """procfs itself always shows the agent; a recording without a process is no table."""
    (tmp_path / "proc").mkdir()
    report = scan(agent, "--recorded-proc", "--root", tmp_path)
    assert "no_process_table" in codes(report) and report["scan"]["status"] == "partial"
    assert impostor.NOBODY not in report["scan"]["limited_users"]
