"""What the project says of itself: fixture hosts come from their script, `make run` shows the inventory."""

import filecmp
import json
import os
import pathlib
import re
import sqlite3
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
    assert "postgresql" in databases and "stopped" in databases, databases.splitlines()
    assert f"The inventory is in {store}" in databases
    assert len([line for line in databases.split("Next:")[1].splitlines() if line.startswith("  ")]) == 3


def test_an_agent_for_another_architecture_takes_an_sdk(tmp_path):
    """With one it is used; without, and without apt, the build says how to get it. A `swift` stands in that answers as if."""
    other = {"x86_64": "arm64", "aarch64": "x86_64"}[os.uname().machine]
    assert subprocess.run(["packaging/build-agent", "--arch", "vax"], cwd=ROOT, capture_output=True).returncode == 64
    programs = tmp_path / "programs"
    programs.mkdir()
    for folder in ("/bin", "/usr/bin"):
        for program in pathlib.Path(folder).iterdir():
            if program.name not in ("apt-get", "swift") and not (programs / program.name).exists():
                (programs / program.name).symlink_to(program)
    (programs / "swift").write_text("#!/bin/sh\necho\n")
    (programs / "swift").chmod(0o755)
    done = subprocess.run(["packaging/build-agent", "--arch", other], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PATH": str(programs)})
    assert done.returncode == 1 and "swift-sdk-generator" in done.stderr and "swift sdk install" in done.stderr
    log = tmp_path / "log"
    fake = tmp_path / "swift"
    fake.write_text(f'#!/bin/sh\necho "$@" >>"{log}"\n[ "$1" = sdk ] && printf "swift-6.2-RELEASE_static-linux-musl-aarch64\\n6.2_debian_aarch64\\n6.2_debian_x86_64\\n"\n[ "$1" = sdk ]\n')
    fake.chmod(0o755)
    done = subprocess.run(["packaging/build-agent", "--arch", other], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    wanted = "6.2_debian_" + {"arm64": "aarch64"}.get(other, other)
    assert f"--swift-sdk {wanted}" in log.read_text() and "musl" not in log.read_text()


def test_the_filter_names_calls_that_both_architectures_have():
    """arm64's numbers are those of asm-generic/unistd.h, which every machine with the kernel's headers has."""
    generic = pathlib.Path("/usr/include/asm-generic/unistd.h").read_text()
    source = re.sub(r"#if arch\(x86_64\).*?#endif", "", (ROOT / "Sources/Agent/Seccomp.swift").read_text(), flags=re.S)
    names = set(re.findall(r"\bSYS_(\w+)", source))
    assert len(names) > 60
    assert {name for name in names if not re.search(rf"__NR(3264)?_{name.removeprefix('new')}\b|__NR(3264)?_{name}\b", generic)} == set()


def test_the_agent_and_the_collector_have_one_version(agent, collector):
    assert agent.run("--version").stdout == collector.run("--version").stdout


def test_every_swift_package_of_the_build_is_pinned():
    dump = json.loads(subprocess.run(["swift", "package", "dump-package"], cwd=ROOT, check=True, capture_output=True).stdout)
    pinned = {}
    for entry in dump["dependencies"]:
        (source,) = entry["sourceControl"]
        (version,) = source["requirement"]["exact"]
        pinned[source["identity"]] = version
    state = json.loads((ROOT / ".build/workspace-state.json").read_text())["object"]["dependencies"]
    built = {entry["packageRef"]["identity"]: entry["state"]["checkoutState"]["version"] for entry in state}
    assert built == pinned, "pin what is new in Package.swift (`indirect`), and take out what is gone"


def test_every_python_package_is_pinned_by_its_hashes():
    for name in ("requirements", "mongod"):
        asked, pinned = ((ROOT / f"Tests/EndToEnd/{name}.{end}").read_text() for end in ("in", "txt"))
        for line in filter(None, (line.split("#")[0].strip() for line in asked.splitlines())):
            # A package's extras are listed as packages.
            line = re.sub(r"\[.*\]", "", line)
            assert f"\n{line} \\\n" in "\n" + pinned, f"{line}: make pins"
        for entry in re.split(r"\n(?=\S)", re.sub(r"(?m)^ *#.*\n", "", pinned)):
            assert re.match(r"[a-z0-9._-]+==\S+( ; .*?)? \\\n( +--hash=sha256:[0-9a-f]{64}( \\\n)?)+\s*$", entry), entry
    pip = re.findall(r"pip\" (?:install|download)[^;&|]*", (ROOT / "scripts/common.sh").read_text())
    assert len(pip) == 2 and all("--require-hashes" in command for command in pip)


def test_the_benchmarks_write_the_schema_of_the_collector(tmp_path, collector):
    """Both write rows without the collector: a migration must not leave them behind."""
    stores = [tmp_path / name for name in ("empty.sqlite", "many.sqlite", "loop.sqlite")]
    for store in stores:
        collector.run("token", "create", "--store", store, "--name", "x", "--scopes", "read")
    empty, many, loop = stores
    subprocess.run([sys.executable, ROOT / "Benchmarks/million.py", many, "20", "3"], check=True)
    with sqlite3.connect(loop) as database:
        database.execute("ATTACH ? AS many", [str(many)])
        database.execute("INSERT INTO accounts SELECT * FROM many.accounts")
    program = tmp_path / "bare_loop"
    subprocess.run(["gcc", "-O2", "-o", program, ROOT / "Benchmarks/bare_loop.c", "-lsqlite3"], check=True)
    for more in [], ["unchanged"]:
        done = subprocess.run([program, many, loop, "5", *more], capture_output=True, text=True)
        assert done.returncode == 0 and float(done.stdout) > 0, done.stderr
    for store in many, loop:
        assert len(collector.json("databases", "--store", store, "--format", "json", "--limit", "100")["items"]) == 60
