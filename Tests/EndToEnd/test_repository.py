"""What the project says of itself: fixture hosts come from their script, `make run` shows the inventory."""

import filecmp
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def entries(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_symlink() or not path.is_dir())


def test_the_fixture_hosts_are_what_their_script_writes(tmp_path):
    script = ROOT / "Tests/EnginesTests/Fixtures/build-hosts.py"
    subprocess.run([sys.executable, script, tmp_path], check=True)
    committed = ROOT / "Tests/EnginesTests/Fixtures/hosts"
    assert entries(tmp_path) == entries(committed)
    for name in entries(tmp_path):
        ours, theirs = tmp_path / name, committed / name
        if ours.is_symlink():
            assert os.readlink(ours) == os.readlink(theirs), name
        else:
            assert filecmp.cmp(ours, theirs, shallow=False), name


def test_make_run_shows_hosts_databases_and_what_to_try_next(tmp_path, stopped_postgresql):
    store = tmp_path / "run.sqlite"
    done = subprocess.run(["make", "run", f"STORE={store}"], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    hosts, databases = done.stdout.split("\nHosts\n")[1].split("\nDatabases\n")
    assert os.uname().nodename in hosts
    assert "postgresql" in databases and "stopped" in databases
    assert f"The inventory is in {store}" in databases
    assert len([line for line in databases.split("Next:")[1].splitlines() if line.startswith("  ")]) == 3
