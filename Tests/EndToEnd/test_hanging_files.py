"""A file system that does not answer (a dead file server): it costs the server whose files it holds, and no other."""

import contextlib
import ctypes
import os
import stat

import pytest

from impostor import Impostor, build
from servers import need

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root")


@contextlib.contextmanager
def silent_mount(place, device):
    """A FUSE file system that takes every question and answers none (fuse(4)); whoever asks waits until it is gone."""
    place.mkdir()
    if not os.path.exists("/dev/fuse"):
        os.mknod(device, 0o600 | stat.S_IFCHR, os.makedev(10, 229))
    try:
        fuse = os.open("/dev/fuse" if os.path.exists("/dev/fuse") else device, os.O_RDWR)
    except OSError:
        need(False, "no FUSE")
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,allow_other"
    need(libc.mount(b"silent", os.fsencode(place), b"fuse", 0, options.encode()) == 0, "no FUSE mounts")
    try:
        yield place
    finally:
        os.close(fuse)
        libc.umount2(os.fsencode(place), 2)


def test_a_server_whose_files_hang_hides_no_other(agent, mariadb, postgresql, tmp_path, tmp_path_factory):
    listener = build(tmp_path_factory.mktemp("listener"))
    with silent_mount(tmp_path / "dead", tmp_path / "device") as dead:
        before = agent.json("scan", "--no-sizes", "--format", "json")
        with Impostor(listener, "mysqld", f"--datadir={dead}/mysql", directory=tmp_path, uid=0) as server:
            report = agent.json("scan", "--no-sizes", "--format", "json")

    def found(report):
        return {d["process"]["pid"]: d["version"] for d in report["databases"] if d["process"]}
    assert found(report) == found(before) and {mariadb.process.pid, postgresql.process.pid} <= set(found(report))
    assert [d["key"] for d in report["databases"] if not d["process"]] == [d["key"] for d in before["databases"] if not d["process"]]
    (problem,) = [p for p in report["scan"]["problems"] if p["code"] == "unreadable"]
    assert problem["subject"] == f"pid {server.pid}" and "reading its files hangs" in problem["message"]
    assert "deadline" not in {p["code"] for p in report["scan"]["problems"]}
    assert report["scan"]["limited_users"] == [0], "what is not there now of that user is not missing"
