"""The store as a file that others can reach: links, owners, hostile backups; and files that the service reads again."""

import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from folders import open_to_all
from service import BINARY, Service, report

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def cli(*arguments, prefix=(), timeout=60):
    return subprocess.run([*prefix, BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout)


def serve_once(store, *more):
    """Tries to serve for a moment: what it says when it may not."""
    return cli("serve", "--store", store, "--set", "server.port=0", *more, timeout=20)


def test_a_link_that_leads_nowhere_is_refused(tmp_path):
    (tmp_path / "a.sqlite").symlink_to("data/real.sqlite")
    (tmp_path / "data").mkdir()
    for done in [serve_once(tmp_path / "a.sqlite"), cli("token", "create", "--name", "x", "--scopes", "read", "--store", tmp_path / "a.sqlite")]:
        assert done.returncode == 74 and "does not exist" in done.stderr
    assert list((tmp_path / "data").iterdir()) == []


def test_one_store_is_served_once_whatever_it_is_called(tmp_path):
    (tmp_path / "data").mkdir()
    real = tmp_path / "data/real.sqlite"
    os.umask(0o022)
    with Service(tmp_path, store=real) as service:
        (tmp_path / "link.sqlite").symlink_to(real)
        (tmp_path / "folder").symlink_to("data")
        for name in [tmp_path / "link.sqlite", tmp_path / "folder/real.sqlite", tmp_path / "data/../data/real.sqlite"]:
            done = serve_once(name)
            assert done.returncode == 74 and f"process {service.process.pid}" in done.stderr
        for file in (tmp_path / "data").iterdir():
            assert file.stat().st_mode & 0o077 == 0, file
        # A second name is none of a store's: SQLite would give each its own log.
        os.link(real, tmp_path / "hard.sqlite")
        for name in [tmp_path / "hard.sqlite", real]:
            assert "2 names" in serve_once(name).stderr
        os.unlink(tmp_path / "hard.sqlite")
        # A restore under it, by any name, changes nothing; what is acknowledged stays.
        backup = tmp_path / "backup.sqlite"
        assert cli("backup", backup, "--store", real).returncode == 0
        assert service.send(report(1)).status_code == 200
        for name in [tmp_path / "link.sqlite", real]:
            done = cli("restore", backup, "--store", name)
            assert done.returncode == 74 and "in use" in done.stderr
        assert service.send(report(2)).status_code == 200
        assert service.stop() == 0
    hosts = json.loads(cli("hosts", "--format", "json", "--store", tmp_path / "link.sqlite").stdout)["items"]
    assert len(hosts) == 2
    done = cli("restore", backup, "--store", tmp_path / "link.sqlite")
    assert done.returncode == 0 and (tmp_path / "link.sqlite").is_symlink(), "the store is exchanged, not the link"
    assert json.loads(cli("hosts", "--format", "json", "--store", real).stdout)["items"] == []


@pytest.mark.parametrize("kind", ["fifo", "directory", "device"])
def test_a_store_is_a_regular_file(tmp_path, kind):
    place = tmp_path / "store"
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    else:
        place = pathlib.Path("/dev/zero")
    for done in [serve_once(place), cli("hosts", "--store", place), cli("restore", place, "--store", tmp_path / "new.sqlite")]:
        assert done.returncode == 74 and "not a regular file" in done.stderr, done.stderr
    assert not (tmp_path / "new.sqlite").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="two users take root")
@pytest.mark.parametrize("command", ["token", "ingest", "doctor", "restore"])
def test_what_root_does_before_does_not_lock_the_service_out(tmp_path, command):
    open_to_all(tmp_path)
    binary = tmp_path / "collector"
    shutil.copy(BINARY, binary)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    store = home / "a.sqlite"
    if command == "token":
        assert cli("token", "create", "--name", "x", "--scopes", "read", "--store", store).returncode == 0
    elif command == "ingest":
        (tmp_path / "report").write_text(json.dumps(report(1)))
        assert cli("ingest", tmp_path / "report", "--store", store).returncode == 0
    elif command == "restore":
        assert cli("token", "create", "--name", "x", "--scopes", "read", "--store", tmp_path / "b.sqlite").returncode == 0
        assert cli("restore", tmp_path / "b.sqlite", "--store", store).returncode == 0
        assert not list(home.glob("*before-restore*")), "there was nothing to keep"
    else:
        with Service(home, store=store, binary=binary, prefix=NOBODY) as service:
            service.stop()
        for lock in home.glob("*.lock"):
            lock.unlink()
        assert "no process serves the store" in cli("doctor", "--store", store).stdout
        assert not list(home.glob("*.lock")), "it only looks"
    assert {path.stat().st_uid for path in home.iterdir() if path.name.startswith("a.sqlite")} <= {65534}
    with Service(home, store=store, binary=binary, prefix=NOBODY) as service:
        assert service.get("/readyz", token=None).status_code == 200
        assert service.stop() == 0


HOSTILE = {
    "trigger": "CREATE TRIGGER keep AFTER UPDATE OF revoked_at ON tokens BEGIN UPDATE tokens SET revoked_at = NULL; END",
    "view": "DROP TABLE accounts; CREATE VIEW accounts AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS id FROM n",
    "table": "DROP TABLE audit; CREATE TABLE audit (x)",
    "more": "CREATE TABLE extra (x)",
    "index": "DROP INDEX audit_by_time",
    "migration": "DELETE FROM grdb_migrations WHERE identifier LIKE '0002%'",
    "no migration": "DELETE FROM grdb_migrations",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_backup_with_another_schema_is_refused(tmp_path, name):
    store, backup = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    token = cli("token", "create", "--name", "x", "--scopes", "read", "--store", store).stdout.strip()
    assert cli("backup", backup, "--store", store).returncode == 0
    link = sqlite3.connect(backup)
    link.execute("PRAGMA foreign_keys = OFF")
    link.executescript(HOSTILE[name])
    link.commit()
    link.close()
    before = store.read_bytes()
    done = cli("restore", backup, "--store", store)
    assert done.returncode == 74 and "no backup of a dbcensus store" in done.stderr, done
    assert store.read_bytes() == before and not list(tmp_path.glob("*.partial"))
    assert cli("token", "revoke", token.split("_")[1], "--store", store).returncode == 0


def certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days", "30", "-keyout",
                    folder / f"{name}.key", "-out", folder / f"{name}.pem"], check=True, capture_output=True)


def test_a_fifo_in_place_of_a_certificate_holds_nothing_up(tmp_path):
    certificate(tmp_path, "one")
    certificate(tmp_path, "two")
    shutil.copy(tmp_path / "one.pem", tmp_path / "c.pem")
    shutil.copy(tmp_path / "one.key", tmp_path / "c.key")
    with Service(tmp_path, f"server.certificate={tmp_path}/c.pem", f"server.private_key={tmp_path}/c.key") as service:
        def reload(word):
            mark = len(service.log())
            service.process.send_signal(signal.SIGHUP)
            end = time.monotonic() + 15
            while not any(line["message"] == word for line in service.log()[mark:]):
                assert time.monotonic() < end, service.log()[mark:]
                time.sleep(0.05)
            return next(line for line in service.log()[mark:] if line["message"] == word)
        for name in ["c.pem", "c.key"]:
            kept = (tmp_path / name).read_bytes()
            (tmp_path / name).unlink()
            os.mkfifo(tmp_path / name)
            assert "not a regular file" in reload("reload failed, nothing changed")["error"]
            (tmp_path / name).unlink()
            (tmp_path / name).write_bytes(kept)
        shutil.copy(tmp_path / "two.pem", tmp_path / "c.pem")
        shutil.copy(tmp_path / "two.key", tmp_path / "c.key")
        reload("reloaded")
        address = service.url.split("//")[1]
        shown = subprocess.run(["openssl", "s_client", "-connect", address], input=b"", capture_output=True, timeout=20).stdout
        assert b"CN = two" in shown or b"CN=two" in shown
        assert service.stop(20) == 0
