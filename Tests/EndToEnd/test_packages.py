"""Software without a server, by package databases that the real package managers wrote; nothing of them changes."""

import hashlib
import os
import shutil
import sqlite3
import subprocess

import pytest

import packages

needs_rpm = pytest.mark.skipif(not shutil.which("rpmbuild"), reason="no rpm")

PACKAGES = [
    ("mysql-community-server", "8.0.36", "1.el9", ["/usr/sbin/mysqld"], None, ("mysql", "8.0.36")),
    ("postgresql15-server", "15.6", "1.amzn2023.0.1", ["/usr/bin/postgres"], None, ("postgresql", "15.6")),
    ("mongodb-org-server", "7.0.5", "1.el9", ["/usr/bin/mongod"], None, ("mongodb", "7.0.5")),
    ("mariadb105-server", "10.5.23", "1.amzn2023.0.1", ["/usr/libexec/mariadbd"], 3, ("mariadb", "10.5.23")),
]
# A header that takes many pages, before and behind the ones that matter.
FILLER = ("filler", "1", "1", [f"/usr/share/filler/a-long-name-of-a-file-{n}" for n in range(400)], None, None)


@pytest.fixture(scope="module")
def package_files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("rpmbuild")
    return [packages.build(directory, *package[:4], epoch=package[4]) for package in [FILLER, *PACKAGES]]


def put_software(root):
    for _, _, _, files, _, _ in PACKAGES:
        for file in files:
            path = root / file.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\x7fELF")


def state(directory):
    """Everything that a reader could have changed, access times included."""
    return {
        path.relative_to(directory): (
            os.stat(path).st_mtime_ns, os.stat(path).st_ctime_ns, path.stat().st_size, path.stat().st_ino,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None)
        for path in [directory, *sorted(directory.rglob("*"))]}


def check(agent, root):
    database = root / "var/lib/rpm"
    before = state(database)
    report = agent.json("scan", "--format", "json", "--recorded-proc", "--root", root)
    assert state(database) == before
    assert {p["code"] for p in report["scan"]["problems"]} == {"no_process_table"}
    found = {(d["engine"], d["version"]): d for d in report["databases"]}
    assert set(found) == {package[5] for package in PACKAGES}
    for name, version, release, _, epoch, key in PACKAGES:
        assert found[key]["state"] == "installed" and found[key]["version_precision"] == "exact"
        full = f"{epoch}:{version}-{release}" if epoch else f"{version}-{release}"
        assert found[key]["package"] == {"manager": "rpm", "name": name, "version": full}


@needs_rpm
def test_rpm_in_sqlite(agent, tmp_path, package_files):
    put_software(tmp_path)
    packages.install(tmp_path, package_files)
    check(agent, tmp_path)


@needs_rpm
def test_rpm_in_sqlite_with_a_write_ahead_log(agent, tmp_path, package_files):
    """A running rpm's database: half of it only in the log, behind it a transaction that was never committed."""
    put_software(tmp_path)
    database = packages.install(tmp_path, package_files)
    rows = packages.headers(database)
    for path in database.parent.glob("rpmdb.sqlite-*"):
        path.unlink()
    writer = sqlite3.connect(database, isolation_level=None)
    try:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("DELETE FROM Packages WHERE hnum > 3")
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert len(packages.headers(database)) == 3
        writer.execute("BEGIN")
        writer.executemany("INSERT INTO Packages (hnum, blob) VALUES (?, ?)", rows[3:])
        writer.execute("COMMIT")
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN")
        writer.execute("DELETE FROM Packages")
        writer.execute("CREATE TABLE spill AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) "
                       "SELECT randomblob(9000) AS b FROM n")
        assert (tmp_path / "var/lib/rpm/rpmdb.sqlite-wal").stat().st_size > 0
        assert len(packages.headers(database)) == 3, "the database's own pages do not hold the others"
        check(agent, tmp_path)
    finally:
        writer.close()


@needs_rpm
@pytest.mark.skipif(not shutil.which("db5.3_load"), reason="no db5.3-util")
def test_rpm_in_berkeley_db(agent, tmp_path, package_files):
    put_software(tmp_path / "host")
    rows = packages.headers(packages.install(tmp_path / "made", package_files))
    database = tmp_path / "host/var/lib/rpm"
    database.mkdir(parents=True)
    packages.berkeley(rows, database / "Packages")
    listed = subprocess.run(
        ["rpm", "--dbpath", database, "--define", "_db_backend bdb_ro", "-qa"], capture_output=True, text=True).stdout
    assert len(listed.split()) == len(PACKAGES) + 1, "rpm itself reads it"
    check(agent, tmp_path / "host")
