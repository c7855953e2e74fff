"""The agent for arm64, built on x86-64, says of every fixture host what the agent of this machine says (qemu-user)."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOSTS = ROOT / "Tests/EnginesTests/Fixtures/hosts"
EMULATOR = "qemu-aarch64-static"

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="on arm64 every other test runs the agent for arm64")


@pytest.fixture(scope="module")
def arm64(agent):
    path = agent.path.replace("x86_64", "aarch64")
    assert pathlib.Path(path).exists(), "run `make agent ARCH=arm64` first"
    assert shutil.which(EMULATOR), "install qemu-user-static"
    return path


def scan(command, host):
    """Its architecture, and its report without what differs from one run to the next."""
    done = subprocess.run([*command, "scan", "--root", HOSTS / host, "--no-sizes", "--recorded-proc", "--format", "json"],
                          capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    architecture = found["agent"].pop("architecture")
    for name in ("started_at", "duration_ms", "sandbox"):
        found["scan"].pop(name)
    for engine in found["scan"]["engines"]:
        engine.pop("duration_ms")
    return architecture, found


@pytest.mark.parametrize("host", sorted(path.name for path in HOSTS.iterdir()))
def test_a_fixture_host(agent, arm64, host):
    ours, wanted = scan([agent.path], host)
    theirs, found = scan([EMULATOR, arm64], host)
    assert (ours, theirs) == ("x86_64", "aarch64")
    assert found == wanted


def test_what_file_says(arm64):
    said = subprocess.run(["file", "--brief", arm64], capture_output=True, text=True, check=True).stdout
    assert "ARM aarch64" in said and "statically linked" in said


def test_the_document_takes_the_agent_of_each_architecture(agent, arm64, tmp_path):
    """A host downloads and verifies the agent of `uname -m`."""
    for source in (agent.path, arm64):
        for suffix in ("", ".gz"):
            shutil.copy(source + suffix, tmp_path)
    done = subprocess.run(["packaging/build-document"], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "DIST": str(tmp_path)})
    assert done.returncode == 0 and done.stderr.rstrip().endswith("for x86_64 aarch64"), done.stderr
    (document,) = tmp_path.glob("*.json")
    text = "\n".join(json.loads(document.read_text())["mainSteps"][1]["inputs"]["runCommand"])
    for path in sorted(tmp_path.glob("dbcensus-agent-*")):
        digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout[:64]
        assert digest in text, path


def test_other_packages_of_debian_stop_the_build(tmp_path):
    """What sid has is compared with the pinned list before anything is built."""
    for name in ("scripts/common.sh", "scripts/debian.sh", "packaging/arm64/prepare", "Sources/Agent/AgentCommand.swift"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    lock = (ROOT / "packaging/arm64/packages.lock").read_text()
    (tmp_path / "packaging/arm64/packages.lock").write_text(lock + "arm64 zzz-other 1.0 " + 64 * "0" + "\n")
    done = subprocess.run(["packaging/arm64/prepare"], cwd=tmp_path, capture_output=True, text=True,
                          env={name: value for name, value in os.environ.items() if name != "UNPINNED"})
    assert done.returncode == 1 and "< arm64 zzz-other 1.0" in done.stderr, done.stderr
    assert "would not be reproducible. Set UNPINNED=yes to build anyway" in done.stderr
    assert not (tmp_path / ".build/arm64/root").exists()


def test_provenance_tells_which_packages_of_debian_were_used(arm64, tmp_path):
    shutil.copy(arm64, tmp_path)
    subprocess.run(["packaging/describe-release", "--out", tmp_path, "--version", "1.2.3", "--commit", 40 * "0", "--epoch", "0",
                    "--programs", "none", "aarch64"], cwd=ROOT, check=True)
    build = json.loads((tmp_path / "dbcensus-1.2.3-provenance.intoto.json").read_text())["predicate"]["buildDefinition"]
    used = (ROOT / ".build/arm64/packages.used").read_text()
    pinned = used == (ROOT / "packaging/arm64/packages.lock").read_text()
    assert build["internalParameters"]["arm64_packages"] == ("pinned" if pinned else "not pinned")
    assert build["internalParameters"]["toolchains"]["aarch64"].startswith("Swift version 6.2")
    digests = {dependency["digest"].get("sha256") for dependency in build["resolvedDependencies"] if "digest" in dependency}
    assert {line.split()[3] for line in used.splitlines() if line.startswith("arm64 ")} <= digests
    assert any(package.startswith("swiftlang ") for package in build["internalParameters"]["arm64_compiler_root"])
