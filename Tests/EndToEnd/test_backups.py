"""Backups that the collector takes by itself: to a folder and to a bucket of moto, checked, and restored from."""

import contextlib
import http.server
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from aws import REGION, Moto
from service import Service, report

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = re.compile(r"dbcensus-[0-9a-f]{8}-\d{8}T\d{6}Z\.sqlite")
LINEAGE = 0x1a2b3c4d


def metrics(service):
    """Values by name and labels."""
    text = service.get("/metrics").text
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("dbcensus_backup")}


def until(service, holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds(found := metrics(service)):
        assert time.monotonic() < end, (found, service.log_path.read_text()[-3000:])
        time.sleep(0.1)
    return found


def store_of(collector, folder):
    """A store with a known lineage."""
    store = folder / "inventory.sqlite"
    collector.run("token", "create", "--store", store, "--name", "x", "--scopes", "read")
    with contextlib.closing(sqlite3.connect(store)) as database:
        database.execute(f"PRAGMA user_version = {LINEAGE}")
        database.commit()
    return store


def name(seconds_ago=0, lineage=LINEAGE):
    return time.strftime(f"dbcensus-{lineage:08x}-%Y%m%dT%H%M%SZ.sqlite", time.gmtime(time.time() - seconds_ago))


def serve(folder, *settings, **options):
    return Service(folder, "metrics.token=false", *settings, **options)


TAKEN = 'dbcensus_backups_total{outcome="ok"}'
FAILED = 'dbcensus_backups_total{outcome="failed"}'


def restored(collector, backup, folder):
    """The databases in a store that the command made of the backup."""
    store = folder / "restored.sqlite"
    collector.run("restore", "--store", store, backup)
    return collector.json("databases", "--store", store, "--format", "json")["items"]


def test_a_folder(collector, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    other = folder / "dbcensus-of-my-own.sqlite"
    other.write_text("another file")
    with Service(tmp_path, f"backup.to={folder}", "backup.every=1s", "backup.keep=2") as service:
        assert service.send(report(databases=2)).status_code == 200
        found = until(service, lambda found: found.get(TAKEN, 0) >= 4)
        assert found[FAILED] == 0 and found["dbcensus_backup_late"] == 0 and found["dbcensus_backup_age_seconds"] < 60
        until(service, lambda found: "dbcensus_backup_check_age_seconds" in found)
        assert service.stop() == 0
    names = sorted(path.name for path in folder.iterdir() if NAME.fullmatch(path.name))
    assert 2 <= len(names) <= 3 and other.read_text() == "another file"
    assert {path.name for path in folder.iterdir()} == {*names, other.name}
    assert (folder / names[-1]).stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("*.backup*"))
    assert len(restored(collector, folder / names[-1], tmp_path)) == 2
    # The next start takes none before its time.
    with Service(tmp_path, f"backup.to={folder}", "backup.every=1d", "backup.keep=2") as service:
        time.sleep(2)
    assert sorted(path.name for path in folder.iterdir() if NAME.fullmatch(path.name)) == names


@pytest.fixture(scope="module")
def moto():
    """moto without checks of signatures: it takes a slash in a query for a wrong signature, boto3's as well as ours."""
    moto = Moto()
    moto.reader = moto.client("s3")
    moto.reader.create_bucket(Bucket="backups-of-acme", CreateBucketConfiguration={"LocationConstraint": REGION})
    moto.env = {"AWS_ENDPOINT_URL": moto.url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_MAX_ATTEMPTS": "2"}
    yield moto
    moto.stop()


def objects(moto, prefix):
    return sorted(entry["Key"] for entry in moto.reader.list_objects_v2(Bucket="backups-of-acme", Prefix=prefix).get("Contents", []))


def test_a_bucket_in_parts_and_encrypted(collector, moto, tmp_path):
    store = tmp_path / "inventory.sqlite"
    collector.run("token", "create", "--store", store, "--name", "x", "--scopes", "read")
    subprocess.run([sys.executable, ROOT / "Benchmarks/million.py", store, "4500", "3"], check=True, capture_output=True)
    collector.run("token", "create", "--store", store, "--name", "y", "--scopes", "read")
    made = re.search(rb"dbc_\w+", collector.run("token", "create", "--store", store, "--name", "z", "--scopes", "read").stdout)[0].decode()
    settings = ["backup.to=s3://backups-of-acme/hub/daily", "backup.every=2s", "backup.keep=2", "backup.kms_key=alias/dbcensus"]
    with Service(tmp_path, *settings, environment=moto.env) as service:
        service.token = made
        found = until(service, lambda found: found.get(TAKEN, 0) >= 3 and "dbcensus_backup_check_age_seconds" in found)
        assert found[FAILED] == 0
        assert service.stop() == 0
    keys = objects(moto, "hub/daily/")
    assert 2 <= len(keys) <= 3 and all(NAME.fullmatch(key.removeprefix("hub/daily/")) for key in keys)
    head = moto.reader.head_object(Bucket="backups-of-acme", Key=keys[-1])
    assert head["ServerSideEncryption"] == "aws:kms" and head["SSEKMSKeyId"].endswith("alias/dbcensus")
    assert head["ContentLength"] > 16 << 20 and re.search(r'-[2-9]"$', head["ETag"]), head["ETag"]
    assert moto.reader.list_multipart_uploads(Bucket="backups-of-acme").get("Uploads", []) == []
    moto.reader.download_file("backups-of-acme", keys[-1], str(tmp_path / "download.sqlite"))
    assert restored(collector, tmp_path / "download.sqlite", tmp_path)
    assert not [path for path in tmp_path.glob("inventory.sqlite.backup*")]


def test_what_fails_is_logged_counted_and_late(moto, tmp_path):
    with Service(tmp_path, "backup.to=s3://no-such-bucket/x", "backup.every=1s", environment=moto.env) as service:
        found = until(service, lambda found: found.get(FAILED, 0) >= 2 and found.get("dbcensus_backup_late") == 1)
        assert found[TAKEN] == 0 and "dbcensus_backup_age_seconds" not in found
        (line, *_) = [line for line in service.log() if line["message"] == "cannot take a backup"]
        assert line["to"] == "s3://no-such-bucket/x/" and re.search("NoSuchBucket|AccessDenied|not exist", line["error"]), line
        # Reports are stored all the same.
        assert service.send(report()).status_code == 200


def damaged(collector, tmp_path):
    """A backup whose head is that of a store, with a damaged page behind it."""
    file = tmp_path / "damaged.sqlite"
    collector.run("backup", "--store", tmp_path / "inventory.sqlite", file)
    bytes = bytearray(file.read_bytes())
    bytes[3 * 4096:12 * 4096] = b"\x5a" * (9 * 4096)
    return bytes


def test_none_is_removed_while_the_newest_cannot_be_restored(collector, tmp_path):
    """The older ones may be the last good ones. A good new one ends that."""
    store_of(collector, tmp_path)
    folder = tmp_path / "backups"
    folder.mkdir()
    older, broken = folder / name(3600), folder / name()
    older.write_bytes(b"an older one")
    broken.write_bytes(damaged(collector, tmp_path))
    with serve(tmp_path, f"backup.to={folder}", "backup.every=1d", "backup.keep=1") as service:
        found = until(service, lambda found: found.get("dbcensus_backup_check_failures_total", 0) == 1)
        assert "dbcensus_backup_check_age_seconds" not in found and found["dbcensus_backup_late"] == 1
        (line,) = [line for line in service.log() if line["message"] == "cannot restore a backup, so it may be useless"]
        assert "damaged" in line["error"], line
        assert older.exists() and broken.exists()
    with serve(tmp_path, f"backup.to={folder}", "backup.every=12s", "backup.keep=1") as service:
        found = until(service, lambda found: found.get(TAKEN, 0) >= 1 and "dbcensus_backup_check_age_seconds" in found)
        until(service, lambda _: not older.exists())
        assert metrics(service)["dbcensus_backup_late"] == 0 and not broken.exists()


def test_backups_of_another_store_are_not_touched(collector, tmp_path):
    """A store that was made anew does not push out the backups of the one that was lost."""
    folder = tmp_path / "backups"
    folder.mkdir()
    lost = [folder / name(seconds, lineage=7) for seconds in (0, 1, 2, 3)]
    for file in lost:
        file.write_bytes(b"of the lost store")
    with serve(tmp_path, f"backup.to={folder}", "backup.every=1s", "backup.keep=1") as service:
        until(service, lambda found: found.get(TAKEN, 0) >= 3 and "dbcensus_backup_check_age_seconds" in found)
    assert all(file.read_bytes() == b"of the lost store" for file in lost)
    assert len(list(folder.iterdir())) <= len(lost) + 3


class Refusing(http.server.BaseHTTPRequestHandler):
    """Passes requests on to moto, but refuses the second part of an upload."""

    moto = None

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "partNumber=2" in self.path:
            status, headers, text = 403, {}, b"<Error><Code>AccessDenied</Code><Message>not this part</Message></Error>"
        else:
            request = urllib.request.Request(self.moto.url + self.path, data=body or None, headers=dict(self.headers), method=self.command)
            try:
                with urllib.request.urlopen(request, timeout=60) as reply:
                    status, headers, text = reply.status, reply.headers, reply.read()
            except urllib.error.HTTPError as error:
                status, headers, text = error.code, error.headers, error.read()
        self.send_response(status)
        for key in ("ETag", "Content-Type"):
            if key in headers:
                self.send_header(key, headers[key])
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

    def log_message(self, *_):
        pass


def test_an_upload_that_fails_leaves_no_parts(collector, moto, tmp_path):
    store = store_of(collector, tmp_path)
    subprocess.run([sys.executable, ROOT / "Benchmarks/million.py", store, "4500", "3"], check=True, capture_output=True)
    Refusing.moto = moto
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {**moto.env, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
    try:
        with serve(tmp_path, "backup.to=s3://backups-of-acme/refused", environment=environment) as service:
            found = until(service, lambda found: found.get(FAILED, 0) >= 1)
            assert found[TAKEN] == 0
            (line,) = [line for line in service.log() if line["message"] == "cannot take a backup"]
            assert "not this part" in line["error"] and "may be left" not in line["error"]
    finally:
        server.shutdown()
    assert objects(moto, "refused/") == []
    assert moto.reader.list_multipart_uploads(Bucket="backups-of-acme").get("Uploads", []) == []


def test_what_a_killed_collector_left_is_removed(tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    old, fresh, other = (folder / name for name in ("dbcensus-1a2b3c4d-20260101T000000Z.sqlite.partial", "dbcensus-1a2b3c4d-20260102T000000Z.sqlite.partial", "x.partial"))
    for file in old, fresh, other:
        file.touch()
    for file in old, other:
        os.utime(file, (0, 0))
    with Service(tmp_path, f"backup.to={folder}") as service:
        until(service, lambda found: found.get(TAKEN, 0) >= 1)
    assert not old.exists() and fresh.exists() and other.exists()


@pytest.mark.parametrize(("settings", "message"), [
    (["backup.to=backups"], "is no absolute path and no bucket: write /FOLDER or s3://BUCKET/PREFIX"),
    (["backup.to=s3://A"], "names no bucket"),
    (["backup.to=/var/backups", "backup.kms_key=alias/x"], "are for a bucket, and backup.to is a folder"),
    (["backup.every=0s"], "backup.every is 0"),
    (["backup.keep=0"], "a whole number from 1 to 10000"),
])
def test_wrong_settings(collector, settings, message):
    done = collector.run("config", "check", *[part for setting in settings for part in ("--set", setting)], check=False)
    assert done.returncode == 78 and message in done.stderr.decode(), done.stderr


def doctor(collector, store, *settings, environment=None):
    """What `doctor` says of backups."""
    done = collector.run("doctor", "--set", f"store.path={store}", *[part for setting in settings for part in ("--set", setting)], check=False,
                         env={**os.environ, **(environment or {})})
    (line,) = [line for line in done.stdout.decode().splitlines() if line.split()[1] == "backup:"]
    return line


def test_the_doctor_knows_the_newest_backup(collector, moto, tmp_path):
    store, folder = store_of(collector, tmp_path), tmp_path / "backups"
    assert doctor(collector, store, f"backup.to={folder}").startswith("bad      backup: cannot list")
    folder.mkdir()
    assert doctor(collector, store, f"backup.to={folder}").startswith(f"warning  backup: there is none of this store in {folder}: `serve` takes")
    (folder / name(60, lineage=7)).touch()
    assert f"there is none of this store in {folder}, but 1 of other stores" in doctor(collector, store, f"backup.to={folder}")
    newest = name(3 * 3600 + 30)
    (folder / newest).touch()
    assert doctor(collector, store, f"backup.to={folder}").startswith(f"ok       backup: {folder}/{newest}, 3 h")
    assert doctor(collector, store, f"backup.to={folder}", "backup.every=1h").startswith(f"bad      backup: the newest is {folder}/{newest}, 3 h")
    moto.reader.put_object(Bucket="backups-of-acme", Key=f"doctor/{newest}", Body=b"")
    shown = doctor(collector, store, "backup.to=s3://backups-of-acme/doctor", environment=moto.env)
    assert shown.startswith(f"ok       backup: s3://backups-of-acme/doctor/{newest}, 3 h")
    assert "NoSuchBucket" in doctor(collector, store, "backup.to=s3://no-such-bucket", environment=moto.env)
