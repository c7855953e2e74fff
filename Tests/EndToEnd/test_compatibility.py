"""One release apart: the collector takes what a newer and an older agent report; an upgrade without room changes nothing.

The frames in frames/ are what the agent of commit 8e35fbe (2026-11-28) wrote of fixture hosts, before frame 2:

    dbcensus-agent scan --root HOST --no-sizes --recorded-proc --format frame
"""

import contextlib
import gzip
import json
import os
import pathlib
import re
import sqlite3
import subprocess

import pytest

from service import Service, report

FRAMES = sorted((pathlib.Path(__file__).parent / "frames").glob("*.frame"))
STORES = pathlib.Path(__file__).resolve().parents[1] / "StoreTests/Fixtures"


def newer(value):
    """What a later release of `dbcensus.report/1` may do: more keys at every level, and words that are not known yet."""
    if isinstance(value, dict):
        return {**{key: newer(item) for key, item in value.items()}, "from_a_later_release": {"a": [1, None, "x"]}}
    return [newer(item) for item in value] if isinstance(value, list) else value


def test_a_report_of_a_newer_agent(tmp_path):
    text = newer(report(databases=2))
    # These are maps from names to text: a later release may have more names, and no other type.
    for database in text["databases"]:
        for name in ("identity", "settings"):
            database[name] = {"later": "yes"}
    text["agent"]["version"] = "0.2.0"
    text["scan"]["problems"] = [{"code": "a_later_problem", "subject": "later", "message": "later"}]
    first, second = text["databases"]
    first.update(engine="laterdb", vendor="later", state="hibernating", role="oracle", version_precision="later")
    second["listeners"][0].update(exposure="everywhere", protocol="quic", purpose="later")
    with Service(tmp_path) as service:
        answer = service.send(text)
        assert answer.status_code == 200 and answer.json()["items"][0]["outcome"] == "stored", answer.text
        items = {item["engine"]: item for item in service.items("/api/v1/databases")}
        assert items["laterdb"]["state"] == "hibernating" and items["laterdb"]["role"] == "oracle"
        assert items["mysql"]["version"] == "8.0.36" and items["mysql"]["state"] == "running"
        assert items["mysql"]["exposure"] == "everywhere"
        assert service.items("/api/v1/hosts")[0]["agent_version"] == "0.2.0"


def listed(folder, *reports):
    """What the collector lists of the databases in these reports, without what differs from one scan to the next."""
    folder.mkdir()
    with Service(folder) as service:
        for body in reports:
            answer = service.post("/api/v1/reports", body)
            assert answer.status_code == 200 and answer.json()["items"][0]["outcome"] == "stored", answer.text
        items = service.items("/api/v1/databases?limit=200")
        times = re.compile("_seen$|_since$|^id$|^host_id$")
        return sorted(json.dumps({name: value for name, value in item.items() if not times.search(name)}, sort_keys=True) for item in items)


def test_reports_of_an_older_agent(agent, fixtures, tmp_path):
    """The collector and `decode` make the same of them as of those that the present agent writes."""
    scan = ["--no-sizes", "--recorded-proc", "--format", "frame"]
    present = [agent.run("scan", "--root", fixtures / path.stem, *scan).stdout for path in FRAMES]
    older = [path.read_bytes() for path in FRAMES]
    found = listed(tmp_path / "older", *older)
    assert len(found) >= len(FRAMES) and found == listed(tmp_path / "present", *present)
    for ours, theirs in zip(present, older):
        ours, theirs = (json.loads(agent.run("decode", input=frame).stdout)["databases"] for frame in (ours, theirs))
        assert ours == theirs


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted")
def test_an_upgrade_without_room_for_the_backup_changes_nothing(collector, tmp_path):
    old = gzip.decompress((STORES / "store-0003.sqlite.gz").read_bytes())
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={len(old) + 65536}", "tmpfs", disk], check=True)
    try:
        store = disk / "store.sqlite"
        store.write_bytes(old)
        done = collector.run("tag", "no-host", "a=b", "--store", store, check=False)
        assert done.returncode == 76 and b"needs a backup" in done.stderr and b"free as much space" in done.stderr
        with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
            assert database.execute("SELECT MAX(identifier) FROM grdb_migrations").fetchone()[0].startswith("0003")
        assert not list(disk.glob("*.before-*"))
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        done = collector.run("token", "create", "--name", "x", "--scopes", "read", "--store", store)
        assert b"As it was, it is kept as" in done.stderr and (disk / "store.sqlite.before-0004").stat().st_size > 0
    finally:
        subprocess.run(["umount", disk], check=True)
