"""Somebody who owns what the agent looks at exchanges it while it looks: nothing from outside the root may come into a report."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
SCANS = 60
# Exchanges, as fast as it can, a directory and links that lead out of the root: by an absolute path, by `..`, by the root's own name.
SWAP = """
import os, sys
place, outside, up = sys.argv[1:]
print("ready", flush=True)
while True:
    for target in (outside, up, "/proc/1/root" + outside, "/proc/self/cwd"):
        os.rename(place, place + ".kept")
        os.symlink(target, place)
        os.unlink(place)
        os.rename(place + ".kept", place)
"""


UUIDS = {"inside": "11111111-1111-1111-1111-111111111111", "canary": "22222222-2222-2222-2222-222222222222"}


@pytest.mark.parametrize("missing", [[], ["openat2"]])
@pytest.mark.parametrize("exchanged", ["var/lib/mysql", "var/lib", "etc/mysql", "var/lib/mysql/inner"])
def test_nothing_outside_the_root_is_read(agent, tmp_path, exchanged, missing):
    root, outside = tmp_path / "root", tmp_path / "outside"
    for base, word in [(root, "inside"), (outside, "canary")]:
        for place in ["var/lib/mysql", "var/lib/mysql/inner", "etc/mysql", "lib/mysql/inner", "mysql/inner", "inner"]:
            (base / place).mkdir(parents=True, exist_ok=True)
            (base / place / "ibdata1").write_bytes(bytes(512))
            (base / place / "auto.cnf").write_text(f"[auto]\nserver-uuid={UUIDS[word]}\n")
            (base / place / "my.cnf").write_text(f"[mysqld]\nsocket=/{word}.sock\nbind-address={word}\n")
    (outside / "big").write_bytes(bytes(1 << 20))
    (outside / "var/lib/mysql/inner/big").write_bytes(bytes(1 << 20))
    (outside / "inner/big").write_bytes(bytes(1 << 20))
    swapper = subprocess.Popen([sys.executable, "-c", SWAP, root / exchanged, outside, "../" * 12 + str(outside)[1:]], stdout=subprocess.PIPE)
    prefix = [sys.executable, str(HERE / "without.py"), *missing, "--"] if missing else []
    try:
        swapper.stdout.readline()
        found = 0
        for _ in range(SCANS):
            out = agent.run("scan", "--format", "json", "--recorded-proc", "--root", root, prefix=prefix).stdout
            assert b"canary" not in out and UUIDS["canary"].encode() not in out
            for database in json.loads(out)["databases"]:
                found += UUIDS["inside"] in database["identity"].values()
                assert all((directory["bytes"] or 0) < 1 << 20 for directory in database["data_directories"])
        assert found == SCANS or exchanged != "etc/mysql"
        assert swapper.poll() is None
    finally:
        swapper.kill()
        swapper.wait()
        swapper.stdout.close()
