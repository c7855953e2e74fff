"""The collector's commands: what they keep, where they look, what they say and how wide."""

import fcntl
import json
import os
import pty
import re
import socket
import struct
import subprocess
import termios
import time

import pytest

import stores
from service import BINARY, Service, database, report
from stores import file_store


@file_store
def test_a_restore_loses_no_store_and_gives_no_token_back(tmp_path, collector):
    store = tmp_path / "x.sqlite"
    (tmp_path / "one").write_text(json.dumps(report(1)))
    (tmp_path / "two").write_text(json.dumps(report(2)))
    collector.run("ingest", "--store", store, tmp_path / "one")
    token = collector.run("token", "create", "--store", store, "--name", "leaver", "--scopes", "admin").stdout.decode().split("_")[1]
    collector.run("backup", tmp_path / "copy", "--store", store)
    collector.run("ingest", "--store", store, tmp_path / "two")
    collector.run("token", "revoke", token, "--store", store)
    for _ in range(2):
        done = collector.run("restore", tmp_path / "copy", "--store", store)
    assert re.search(rb"The previous store is .*before-restore-\d{8}T\d+Z", done.stderr)
    assert len(collector.json("hosts", "--store", f"{store}.before-restore", "--format", "json")["items"]) == 2
    (row,) = collector.json("token", "list", "--store", store, "--format", "json")["items"]
    assert row["revoked_at"]
    actions = [row["action"] for row in collector.json("audit", "--store", store, "--format", "json")["items"]]
    assert actions.count("restore") == 1 and "ingest" in actions and "token create" in actions


def test_the_environment_names_the_store_for_every_command(tmp_path, collector):
    (tmp_path / "one").write_text(json.dumps(report(1)))
    environment = {**os.environ, "DBCENSUS_STORE_PATH": str(tmp_path / "named.sqlite")}
    done = collector.run("doctor", env=environment)
    assert b"warning  store: there is no" in done.stdout and b"`serve` creates it" in done.stdout
    for command in [["ingest", tmp_path / "one"], ["databases"], ["token", "list"], ["doctor"]]:
        collector.run(*command, env=environment)
    assert (tmp_path / "named.sqlite").exists()


def test_who_cannot_be_asked_is_said_at_once_and_in_words(tmp_path, collector):
    token = tmp_path / "token"
    token.write_text("x")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    start = time.monotonic()
    done = collector.run("hosts", "--server", f"http://127.0.0.1:{port}", "--token-file", token, check=False)
    assert done.returncode == 69 and b"Connection refused" in done.stderr
    assert time.monotonic() - start < 8
    with Service(tmp_path) as service:
        done = collector.run("hosts", "--server", service.url.replace("http:", "https:"), "--token-file", token, check=False)
        assert done.returncode == 69 and b"does not speak TLS" in done.stderr and b".swift" not in done.stderr


@file_store
def test_a_restore_over_a_damaged_store_says_what_it_cannot_know(tmp_path, collector):
    store = tmp_path / "x.sqlite"
    (tmp_path / "one").write_text(json.dumps(report(1)))
    collector.run("ingest", "--store", store, tmp_path / "one")
    collector.run("backup", tmp_path / "copy", "--store", store)
    store.write_bytes(b"noise" * 2000)
    done = collector.run("restore", tmp_path / "copy", "--store", store)
    assert b"revoked since the backup are valid again" in done.stderr
    assert len(collector.json("hosts", "--store", store, "--format", "json")["items"]) == 1


@pytest.mark.parametrize("command", [
    ["databases"], ["hosts"], ["changes"], ["clusters"], ["accounts"], ["stats", "--by", "engine,version,vendor,state,role"], ["audit"], ["token", "list"],
    ["dead-letters", "list"]], ids=lambda command: command[0])
def test_every_table_fits_eighty_columns(wide, command):
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    subprocess.run([BINARY, *command, "--store", stores.place(wide)], stdout=follower, check=True)
    os.close(follower)
    text = os.read(leader, 65_536).decode()
    lines = text.splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 80, text


@pytest.fixture(scope="module")
def wide(tmp_path_factory, collector):
    """A store whose names are long."""
    folder = tmp_path_factory.mktemp("wide")
    store = folder / "x.sqlite"
    long = database(engine="postgresql", version="16.10.123", identity={"system_identifier": "7" * 19}, container={
        "runtime": "docker", "id": "f" * 64, "name": "n" * 60, "image": "registry.example.com/team/postgresql:16", "pod": None, "namespace": None})
    long["listeners"][0]["address"] = "fe80::1234:5678:9abc:def0"
    first = report(1, host={"hostname": "a-very-long-name-of-a-host.production.eu-central-1.example.com", "cloud": {
        "provider": "aws", "instance_id": "i-0123456789abcdef0", "account_id": "123456789012", "region": "eu-central-1",
        "availability_zone": None, "instance_type": None, "image_id": None}}) | {"databases": [long]}
    second = first | {"scan": first["scan"] | {"started_at": "2026-11-21T00:00:00.000Z"}, "databases": [long | {"role": "replica"}]}
    nameless = report(3, host={"hostname": None, "machine_id": None})
    for number, one in enumerate([first, second, nameless]):
        (folder / str(number)).write_text(json.dumps(one))
        collector.run("ingest", "--store", store, folder / str(number), check=False)
    collector.run("token", "create", "--store", store, "--name", "a token of a long name for the hub account", "--scopes", "read,ingest,scan")
    return store
