"""From frames to the inventory, with the built programs."""

import csv
import gzip
import io
import json
import sqlite3
import subprocess

import pytest

import stores
from stores import file_store


@pytest.fixture
def store(tmp_path):
    return tmp_path / "inventory.sqlite"


@pytest.fixture(scope="module")
def frames(agent, fixtures):
    names = ["debian-mysql", "debian-postgresql", "al2023-mysql", "stopped"]
    return [agent.run("scan", "--format", "frame", "--recorded-proc", "--root", fixtures / name).stdout for name in names]


def test_a_real_host_reaches_the_inventory(agent, collector, store, scan):
    collector.run("ingest", "--store", store, "-", input=json.dumps(scan).encode())
    items = collector.json("databases", "--store", store, "--format", "json")["items"]
    assert {(i["engine"], i["version"], i["data_directory"]) for i in items} >= {
        (d["engine"], d["version"], d["data_directories"][0]["host_path"]) for d in scan["databases"] if d["data_directories"]}
    for item in items:
        (database,) = [d for d in scan["databases"] if item["id"].endswith("/" + d["key"])]
        assert item["state"] == database["state"] and item["role"] == database["role"]
        sizes = [d["bytes"] for d in database["data_directories"]]
        assert item["bytes"] == (sum(sizes) if sizes else None)


def test_many_files_noise_duplicates_and_bad_input(collector, store, frames, tmp_path):
    log = tmp_path / "log.txt"
    log.write_bytes(b"starting\n" + frames[0] + b"[debug] x\n" + frames[1] + frames[0][:300] + b"\n" + frames[2])
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(frames[3]) + gzip.compress(frames[3]))
    junk = tmp_path / "junk"
    junk.write_bytes(b"\x1f\x8bnonsense")
    done = collector.run("ingest", "--store", store, "--format", "json", log, packed, junk, tmp_path / "none", check=False)
    assert done.returncode == 66
    outcomes = [(i["outcome"], i["byte"]) for i in json.loads(done.stdout)["items"]]
    cut = 9 + len(frames[0]) + 10 + len(frames[1])
    assert outcomes == [("stored", 9), ("stored", 9 + len(frames[0]) + 10), ("rejected", cut), ("stored", cut + 301), ("stored", 0),
                        ("duplicate", outcomes[5][1]), ("rejected", 0), ("unreadable", 0)]
    errors = done.stderr.decode()
    assert f"{log}: byte {cut}: the frame has no end line" in errors and f"{junk}: byte 0:" in errors
    assert len(collector.json("hosts", "--store", store, "--format", "json")["items"]) == 4
    again = collector.run("ingest", "--store", store, "--format", "json", log, check=False)
    assert again.returncode == 65
    assert [i["outcome"] for i in json.loads(again.stdout)["items"]] == ["duplicate", "duplicate", "rejected", "duplicate"]


def test_what_aws_ssm_printed_is_taken(collector, store, frames, tmp_path):
    get, many = tmp_path / "get.json", tmp_path / "list.json"
    get.write_text(json.dumps({"CommandId": "x", "InstanceId": "i-1", "StandardOutputContent": frames[0].decode(), "StandardErrorContent": ""}))
    many.write_text(json.dumps({"CommandInvocations": [
        {"InstanceId": f"i-{n}", "CommandPlugins": [{"Name": "scan", "Output": frame.decode()}]} for n, frame in enumerate(frames)]}, indent=4))
    outcomes = collector.json("ingest", "--store", store, "--format", "json", get, many)["items"]
    assert [o["outcome"] for o in outcomes] == ["stored", "duplicate", "stored", "stored", "stored"]


def test_lists_in_every_format(collector, store, frames):
    collector.run("ingest", "--store", store, "-", input=b"".join(frames))
    page = collector.json("databases", "--store", store, "--format", "json")
    assert page["next_cursor"] is None
    rows = list(csv.DictReader(io.StringIO(collector.run("databases", "--store", store, "--format", "csv").stdout.decode(), newline="")))
    assert [r["id"] for r in rows] == [i["id"] for i in page["items"]]
    assert set(rows[0]) == set(page["items"][0])
    assert "postgresql" in collector.run("databases", "--store", store).stdout.decode()
    only = collector.json("databases", "--store", store, "--format", "json", "--engine", "postgresql", "--state", "stopped")["items"]
    assert {i["data_directory"] for i in only} == {"/var/lib/postgresql/13/old", "/var/lib/postgresql/16/main"}
    cloud = collector.json("databases", "--store", store, "--format", "json", "--account", "123456789012")["items"]
    assert [i["host_id"] for i in cloud] == ["i-0123456789abcdef0"]
    paged, cursor = [], []
    while True:
        part = collector.json("databases", "--store", store, "--format", "json", "--limit", "3", *cursor)
        paged += part["items"]
        if part["next_cursor"] is None:
            break
        cursor = ["--cursor", part["next_cursor"]]
    assert paged == page["items"]


def test_errors_have_their_exit_status(collector, store, tmp_path):
    assert collector.run("databases", "--limit", "0", check=False).returncode == 64
    assert collector.run("databases", "--store", store, check=False).returncode == 74 and not store.exists()
    assert collector.run("ingest", "--store", store, "-", check=False, input=b"").returncode == 65
    assert collector.run("databases", "--store", store, "--cursor", "x", check=False).returncode == 64
    closed = subprocess.run(["bash", "-c", '"$0" ingest --store "$1" - 2>&-', collector.path, stores.place(store)], input=b"junk", capture_output=True)
    assert closed.returncode == 65
    full = subprocess.run(["bash", "-c", '"$0" hosts --store "$1" >/dev/full', collector.path, stores.place(store)], capture_output=True)
    assert full.returncode == 73
    assert collector.run("hosts", "--store", "/does/not/exist/x", check=False).returncode == 74


@file_store
def test_a_file_that_is_no_store_is_refused(collector, tmp_path):
    noise = tmp_path / "noise"
    noise.write_bytes(bytes(range(256)) * 64)
    done = collector.run("hosts", "--store", noise, check=False)
    assert done.returncode == 74 and b"not a dbcensus store" in done.stderr


def test_hostile_names_are_harmless_in_every_format(collector, store, agent, fixtures):
    report = agent.json("scan", "--format", "json", "--recorded-proc", "--root", fixtures / "two-instances")
    report["host"]["hostname"] = "=cmd|' /C calc'!A0\x1b[2J\n<script>"
    collector.run("ingest", "--store", store, "-", input=json.dumps(report).encode())
    for table in [collector.run("hosts", "--store", store).stdout.decode(), collector.run("databases", "--store", store).stdout.decode()]:
        assert "\x1b" not in table and len(table.splitlines()) <= len(report["databases"]) + 1
    (row, *_) = csv.DictReader(io.StringIO(collector.run("hosts", "--store", store, "--format", "csv").stdout.decode(), newline=""))
    assert row["hostname"].startswith("'=cmd")


@file_store
def test_the_store_is_plain_sqlite_that_passes_its_own_check(collector, store, frames):
    collector.run("ingest", "--store", store, "-", input=b"".join(frames))
    with sqlite3.connect(store) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
