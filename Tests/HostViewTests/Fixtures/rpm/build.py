"""Writes the rpm databases beside it with the real tools: rpmbuild, rpm, SQLite and Berkeley DB's loader.

Debian's rpm has no NDB: Packages.db is laid out here as rpm's lib/backend/ndb/rpmpkg.c does, around headers that rpmbuild made.
"""

import pathlib
import sqlite3
import struct
import sys
import tempfile
import zlib

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parents[2] / "EndToEnd"))
import packages  # noqa: E402

with tempfile.TemporaryDirectory() as scratch:
    files = [f"/usr/share/filler/file-{n}" for n in range(120)]
    built = [
        packages.build(scratch, "filler", "1", "1", files),
        packages.build(scratch, "mysql-community-server", "8.0.36", "1.el9", ["/usr/sbin/mysqld"], vendor="Oracle", epoch=2),
    ]
    rows = packages.headers(packages.install(f"{scratch}/root", built))
for name in ["rpmdb.sqlite", "Packages"]:
    (here / name).unlink(missing_ok=True)
with sqlite3.connect(here / "rpmdb.sqlite") as small:
    small.execute("PRAGMA page_size = 1024")
    small.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    small.executemany("INSERT INTO Packages VALUES (?, ?)", rows)
packages.berkeley(rows, here / "Packages")


slots, blobs = b"", b""
for number, header in rows:
    blocks = -(-(16 + len(header) + 12) // 16)
    body = b"BlbS" + struct.pack("<III", number, 7, len(header)) + header
    body = body.ljust(blocks * 16 - 12, b"\0")
    slots += b"Slot" + struct.pack("<III", number, 256 + len(blobs) // 16, blocks)
    blobs += body + struct.pack("<II", zlib.adler32(body), len(header)) + b"BlbE"
free = b"Slot" + bytes(12)
page = b"RpmP" + struct.pack("<IIII", 0, 7, 1, len(rows) + 1) + bytes(12) + free + slots
(here / "Packages.db").write_bytes(page + free * ((4096 - len(page)) // 16) + blobs)
