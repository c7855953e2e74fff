"""Backups that the collector takes by itself: to a folder and to a bucket of moto, checked, and restored from."""

import os
import pathlib
import re
import subprocess
import sys
import time

import pytest

from aws import REGION, Moto
from service import Service, report

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = re.compile(r"dbcensus-\d{8}T\d{6}Z\.sqlite")


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


def test_a_backup_that_cannot_be_restored_is_told(tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / time.strftime("dbcensus-%Y%m%dT%H%M%SZ.sqlite", time.gmtime())).write_bytes(b"no store" * 1000)
    with Service(tmp_path, f"backup.to={folder}", "backup.every=1d") as service:
        found = until(service, lambda found: found.get("dbcensus_backup_check_failures_total", 0) == 1)
        assert "dbcensus_backup_check_age_seconds" not in found and found["dbcensus_backup_late"] == 1
        (line,) = [line for line in service.log() if line["message"] == "cannot restore a backup, so it may be useless"]
        assert "is no dbcensus store" in line["error"] or "damaged" in line["error"], line


def test_no_backup_is_removed_while_the_newest_cannot_be_restored(tmp_path):
    """The older ones may be the last good ones."""
    folder = tmp_path / "backups"
    folder.mkdir()
    junk = folder / time.strftime("dbcensus-%Y%m%dT%H%M%SZ.sqlite", time.gmtime())
    junk.write_bytes(b"no store" * 1000)
    with Service(tmp_path, f"backup.to={folder}", "backup.every=10s", "backup.keep=1") as service:
        until(service, lambda found: found.get("dbcensus_backup_check_failures_total", 0) == 1)
        found = until(service, lambda found: found.get(TAKEN, 0) >= 1)
        assert found["dbcensus_backup_late"] == 1
        until(service, lambda _: any(line["message"].startswith("keeps backups that are older") for line in service.log()))
        assert junk.exists()


def test_what_a_killed_collector_left_is_removed(tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    old, fresh, other = (folder / name for name in ("dbcensus-20260101T000000Z.sqlite.partial", "dbcensus-20260102T000000Z.sqlite.partial", "x.partial"))
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
    store, folder = tmp_path / "store.sqlite", tmp_path / "backups"
    collector.run("token", "create", "--store", store, "--name", "x", "--scopes", "read")
    assert doctor(collector, store, f"backup.to={folder}").startswith("bad      backup: cannot list")
    folder.mkdir()
    assert doctor(collector, store, f"backup.to={folder}").startswith(f"warning  backup: there is none in {folder} yet")
    name = time.strftime("dbcensus-%Y%m%dT%H%M%SZ.sqlite", time.gmtime(time.time() - 3 * 3600))
    (folder / name).touch()
    assert doctor(collector, store, f"backup.to={folder}").startswith(f"ok       backup: {folder}/{name}, 3 h")
    assert doctor(collector, store, f"backup.to={folder}", "backup.every=1h").startswith(f"bad      backup: the newest is {folder}/{name}, 3 h")
    moto.reader.put_object(Bucket="backups-of-acme", Key=f"doctor/{name}", Body=b"")
    shown = doctor(collector, store, "backup.to=s3://backups-of-acme/doctor", environment=moto.env)
    assert shown.startswith(f"ok       backup: s3://backups-of-acme/doctor/{name}, 3 h")
    assert "NoSuchBucket" in doctor(collector, store, "backup.to=s3://no-such-bucket", environment=moto.env)
