"""What a frame weighs, and what is left of a report that must be small."""

import json
import pathlib
import subprocess
import sys

import pytest

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "EnginesTests/Fixtures"
sys.path.insert(0, str(FIXTURES))
from fixture_host import Host  # noqa: E402
from scenarios.data import mongodb_data, mysql_data, postgresql_data  # noqa: E402

PAGE = 2_400  # one ListCommandInvocations page shows 2,500 characters of a command's output
INVOCATION = 24_000  # GetCommandInvocation shows 24,000


def host_with(count, directory):
    """A Debian host with `count` running servers: MySQL, PostgreSQL and MongoDB in turn, each with its own directory, port and configuration."""
    host = Host(directory, f"db-{count}.prod.example.com", "debian")
    for name, uid in [("mysql", 113), ("postgres", 114), ("mongodb", 115)]:
        host.user(name, uid)
    packages = [("mysql-community-server-core", "8.0.36-1debian12", "/usr/sbin/mysqld"),
                ("postgresql-15", "15.6-0+deb12u1", "/usr/lib/postgresql/15/bin/postgres"), ("mongodb-org-server", "7.0.5", "/usr/bin/mongod")]
    for package in packages[:count]:
        host.package(*package)
    host.write("run/cloud-init/instance-data.json", json.dumps({"v1": {
        "cloud_name": "aws", "region": "eu-central-1", "availability_zone": "eu-central-1a", "instance_id": "i-0123456789abcdef0"}}))
    for number in range(count):
        pid, port = 1000 + 10 * number, 20000 + number
        if number % 3 == 0:
            at = f"srv/mysql-{number:03}" if number else "var/lib/mysql"
            mysql_data(host, at, "8.0.36", uuid=f"{number:08x}-1111-2222-3333-444444444444")
            host.write(f"etc/mysql/{number}.cnf", f"[mysqld]\nport={port}\ndatadir=/{at}\nmax_connections=500\nbind-address=0.0.0.0\n")
            host.process(pid, "/usr/sbin/mysqld", ["/usr/sbin/mysqld", f"--defaults-file=/etc/mysql/{number}.cnf"], cwd=f"/{at}", user="mysql",
                         tcp=[("0.0.0.0", port)], unix=[f"/run/mysqld/{number}.sock"])
        elif number % 3 == 1:
            at = f"var/lib/postgresql/15/main{number}"
            postgresql_data(host, at, "15", system=7_300_000_000_000_000_001 + number * 7_919)
            host.process(pid, "/usr/lib/postgresql/15/bin/postgres", ["/usr/lib/postgresql/15/bin/postgres", "-D", f"/{at}", "-p", str(port)],
                         cwd=f"/{at}", user="postgres", tcp=[("127.0.0.1", port)], unix=[f"/run/postgresql/.s.PGSQL.{port}"])
        else:
            at = f"srv/mongo-{number:03}"
            mongodb_data(host, at, "7.0.5")
            host.process(pid, "/usr/bin/mongod", ["/usr/bin/mongod", "--dbpath", f"/{at}", "--port", str(port), "--replSet", f"rs{number}"],
                         cwd="/", user="mongodb", tcp=[("127.0.0.1", port)], open=[f"/{at}/WiredTiger.wt"])
    host.finish()
    return host.root


def decoded(agent, *arguments):
    frame = agent.run("scan", "--format", "frame", *arguments).stdout
    return frame, json.loads(subprocess.run([agent.path, "decode"], input=frame, capture_output=True, check=True).stdout)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_typical_host_fits_one_page(agent, count, tmp_path):
    """What an inventory is asked for is all there: only evidence and other detail may be gone."""
    root = host_with(count, tmp_path)
    whole = agent.json("scan", "--format", "json", "--recorded-proc", "--root", root)
    frame, report = decoded(agent, "--recorded-proc", "--root", root, "--max-output", PAGE)
    assert len(frame) <= PAGE
    assert report["scan"]["status"] == whole["scan"]["status"] == "complete"
    for kept, known in zip(report["databases"], whole["databases"], strict=True):
        for field in ["key", "engine", "vendor", "state", "version", "version_precision", "listeners", "role", "identity", "container", "package", "process"]:
            assert kept[field] == known[field] or field == "process" and kept[field]["user"] == known[field]["user"], field
        assert [d["bytes"] for d in kept["data_directories"]] == [d["bytes"] for d in known["data_directories"]]
        assert kept["settings"]["tls"] == known["settings"]["tls"] if "tls" in known["settings"] else True
    assert report["host"] == whole["host"]


def test_three_real_servers_fit_one_page(agent, mariadb, postgresql, mongodb):
    """Engine, version, listeners and sizes of real servers, on whatever else this host has."""
    whole = agent.json("scan", "--format", "json")
    frame, report = decoded(agent, "--max-output", PAGE)
    assert len(frame) <= PAGE and report["scan"]["status"] == whole["scan"]["status"]
    running = {d["key"]: d for d in whole["databases"] if d["state"] == "running"}
    assert len(running) >= 3
    for database in report["databases"]:
        if known := running.pop(database["key"], None):
            assert (database["version"], database["listeners"]) == (known["version"], known["listeners"])
            assert database["data_directories"][0]["path"] == known["data_directories"][0]["path"]
    assert not running


@pytest.mark.parametrize("count", [1, 3])
def test_frame_2_keeps_all_evidence_of_three_databases_on_one_page(agent, collector, count, tmp_path):
    root = host_with(count, tmp_path)
    whole = agent.json("scan", "--format", "json", "--recorded-proc", "--root", root)
    longer, _ = decoded(agent, "--recorded-proc", "--root", root)
    frame, report = decoded(agent, "--recorded-proc", "--root", root, "--frame", 2, "--max-output", PAGE)
    assert frame.startswith(b"-----BEGIN DBCENSUS REPORT 2 ") and longer.startswith(b"-----BEGIN DBCENSUS REPORT 1 ")
    assert len(frame) <= PAGE and len(frame) < 0.7 * len(longer)
    assert report["databases"] == whole["databases"] and report["host"] == whole["host"]
    # One collector takes both, and a frame 2 that lost a byte is refused with its reason.
    (tmp_path / "two").write_bytes(frame)
    (tmp_path / "one").write_bytes(longer)
    for name in ("two", "one"):
        collector.run("ingest", tmp_path / name, "--store", tmp_path / "store.sqlite")
    (tmp_path / "cut").write_bytes(frame[:600] + frame[601:])
    assert collector.run("ingest", tmp_path / "cut", "--store", tmp_path / "store.sqlite", check=False).returncode == 65
    assert agent.run("scan", "--format", "frame", "--frame", "3", check=False).returncode == 64


@pytest.mark.parametrize("limit", [2_000, PAGE, 4_000, INVOCATION, 1_000_000])
def test_two_hundred_databases_fit_whatever_is_asked_for(agent, limit, tmp_path_factory):
    root = tmp_path_factory.getbasetemp() / "two-hundred/db-200.prod.example.com"
    if not root.exists():
        host_with(200, root.parent)
    frame, report = decoded(agent, "--recorded-proc", "--root", root, "--max-output", limit)
    assert len(frame) <= limit and len(frame) > limit * 0.5 or limit == 1_000_000
    problems = {p["code"]: p["message"] for p in report["scan"]["problems"]}
    left_out = len(report["databases"]) < 200
    assert (report["scan"]["status"] == "partial") == left_out
    assert ("of 200 databases" in problems.get("output_limit", "")) == left_out
    assert ("output_limit" in problems) == (limit != 1_000_000)


def test_json_is_bounded_too_and_a_table_is_not(agent, tmp_path):
    root = host_with(30, tmp_path)
    done = agent.run("scan", "--format", "json", "--recorded-proc", "--root", root, "--max-output", 10_000)
    assert len(done.stdout) <= 10_000 and json.loads(done.stdout)["databases"]
    for wrong in [["--format", "table", "--max-output", "5000"], ["--format", "frame", "--max-output", "1999"]]:
        assert agent.run("scan", *wrong, check=False).returncode == 64


if __name__ == "__main__":  # the table of docs/report.md: test_output_limit.py AGENT
    import tempfile
    with tempfile.TemporaryDirectory() as directory:
        print("databases  whole frame  of 24,000  of 2,400")
        for count in [1, 3, 30, 200]:
            root, row = host_with(count, directory), []
            for limit in [[], ["--max-output", str(INVOCATION)], ["--max-output", str(PAGE)]]:
                frame = subprocess.run([sys.argv[1], "scan", "--recorded-proc", "--root", root, "--format", "frame", *limit], capture_output=True, check=True).stdout
                report = json.loads(subprocess.run([sys.argv[1], "decode"], input=frame, capture_output=True, check=True).stdout)
                left = next((p["message"] for p in report["scan"]["problems"] if p["code"] == "output_limit"), "")
                row.append(f"{len(frame)} ({len(report['databases'])} databases; {left.partition(': ')[2] or 'nothing left out'})")
            print(count, *row, sep="\n    ")
