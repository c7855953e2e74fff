"""Package databases made by the real tools: rpm in SQLite, Berkeley DB's own loader. Used by tests and by the fixtures' script."""

import pathlib
import sqlite3
import subprocess

SPEC = """\
Name: {name}
Version: {version}
Release: {release}
{epoch}Summary: {name}
License: none
Vendor: {vendor}
BuildArch: noarch
%description
{name}
%install
{install}
%files
{files}
"""


def build(directory, name, version, release, files, vendor="the vendor", epoch=None):
    """The package file that rpmbuild makes."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    install = "\n".join(f"install -D /dev/null '%{{buildroot}}{file}'" for file in files)
    spec = directory / f"{name}.spec"
    spec.write_text(SPEC.format(
        name=name, version=version, release=release, vendor=vendor, install=install, files="\n".join(files),
        epoch=f"Epoch: {epoch}\n" if epoch else ""))
    subprocess.run(
        ["rpmbuild", "--quiet", "-bb", "--define", f"_topdir {directory}/top", "--define", "_build_id_links none", spec],
        check=True, capture_output=True)
    return next((directory / "top/RPMS/noarch").glob(f"{name}-{version}-*.rpm"))


def install(root, packages):
    """The SQLite database that rpm makes below `root`, with every package installed in it."""
    database = pathlib.Path(root) / "var/lib/rpm"
    database.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["rpm", "--root", root, "--dbpath", "/var/lib/rpm", "--define", "_db_backend sqlite", "--nodeps", "--justdb",
         "--noscripts", "-i", *packages], check=True, capture_output=True)
    return database / "rpmdb.sqlite"


def headers(database):
    with sqlite3.connect(f"file:{database}?immutable=1", uri=True) as connection:
        return connection.execute("SELECT hnum, blob FROM Packages").fetchall()


def berkeley(headers, path):
    """The hash table that Berkeley DB's own loader makes of the headers, as rpm keeps them: key 0 holds the highest number."""
    records = [(0, max(number for number, _ in headers).to_bytes(4, "little")), *headers]
    lines = ["VERSION=3", "format=bytevalue", "type=hash", "db_pagesize=4096", "HEADER=END"]
    for number, blob in records:
        lines += [" " + number.to_bytes(4, "little").hex(), " " + blob.hex()]
    subprocess.run(["db5.3_load", path], input="\n".join([*lines, "DATA=END", ""]).encode(), check=True)
