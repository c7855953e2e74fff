"""Real kernels in a virtual machine: the agent is confined as far as each can, and its reports are right. `make test-kernels`."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KERNELS = ROOT / ".build/kernels"
HOSTS = ROOT / "Tests/EnginesTests/Fixtures/hosts"
SCANNED = ["debian-postgresql", "debian-mysql", "debian-mongodb", "rhel-mariadb", "stopped"]
EMULATORS = {
    "amd64": ["qemu-system-x86_64", "-machine", "pc", "-cpu", "max", "-append", "console=ttyS0 quiet panic=-1 lsm=landlock"],
    "arm64": ["qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72", "-append", "console=ttyAMA0 quiet panic=-1 lsm=landlock"],
}
NAMES = {"amd64": "x86_64", "arm64": "aarch64"}
# Landlock came with Linux 5.13; seccomp is older than every kernel here.
LANDLOCK = {"5.10": False, "6.1": True}


def boot(version, architecture, agent, folder):
    """What the machine printed, by mark."""
    tree = folder / "initramfs"
    (tree / "bin").mkdir(parents=True)
    (tree / "dev").mkdir()
    shutil.copy(KERNELS / f"busybox-{architecture}/bin/busybox", tree / "bin/busybox")
    shutil.copy(agent.path.replace(os.uname().machine, NAMES[architecture]), tree / "agent")
    shutil.copy(KERNELS / f"inject-{architecture}", tree / "inject")
    shutil.copy(ROOT / "Tests/EndToEnd/kernel/init", tree / "init")
    for host in SCANNED:
        shutil.copytree(HOSTS / host, tree / "hosts" / host, symlinks=True)
    subprocess.run("find . | cpio --create --format=newc --quiet | gzip -1 >../initramfs.gz", shell=True, cwd=tree, check=True)
    (kernel,) = (KERNELS / f"{version}-{architecture}/boot").glob("vmlinuz-*")
    done = subprocess.run(
        [*EMULATORS[architecture], "-m", "1024", "-nographic", "-no-reboot", "-nic", "none", "-kernel", kernel, "-initrd", folder / "initramfs.gz"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    text = done.stdout.decode(errors="replace").replace("\r\n", "\n")
    assert "@@@ end" in text, text[-3000:] + done.stderr.decode()
    return {part.split("\n", 1)[0]: part.split("\n", 1)[1] for part in text.split("@@@ ")[1:]}


@pytest.fixture(scope="module", params=[(v, a) for a in ("amd64", "arm64") for v in ("5.10", "6.1")], ids=lambda p: f"{p[1]}-{p[0]}")
def machine(request, agent, tmp_path_factory):
    version, architecture = request.param
    printed = boot(version, architecture, agent, tmp_path_factory.mktemp("machine"))
    assert printed["kernel"].startswith(version + ".")
    return version, architecture, printed


def comparable(report):
    report["agent"].pop("architecture")
    for name in ("started_at", "duration_ms", "sandbox"):
        report["scan"].pop(name)
    for engine in report["scan"]["engines"]:
        engine.pop("duration_ms")
    # An emulated machine is slow.
    report["scan"]["problems"] = [problem for problem in report["scan"]["problems"] if problem["code"] != "processor_time"]
    return report


def test_the_sandbox_is_what_the_kernel_has(machine):
    version, _, printed = machine
    report = json.loads(printed["here"])
    assert report["scan"]["sandbox"] == {"seccomp": True, "landlock": LANDLOCK[version]}
    assert report["scan"]["status"] == "complete" and report["host"]["kernel"].startswith(version)


@pytest.mark.parametrize("host", SCANNED)
def test_a_fixture_host(machine, agent, host):
    """The same report as on this machine's kernel."""
    wanted = agent.json("scan", "--no-sizes", "--recorded-proc", "--root", HOSTS / host, "--format", "json")
    assert comparable(json.loads(machine[2][f"host {host}"])) == comparable(wanted)


def test_sizes(machine):
    """What find and stat of busybox say, in the same machine."""
    report = json.loads(machine[2]["sizes"])
    found = {d["path"]: d["bytes"] for database in report["databases"] for d in database["data_directories"]}
    assert found["/var/lib/postgresql/13/old"] == sum(map(int, machine[2]["truth"].split())) > 0


def test_what_is_forbidden_is_refused(machine):
    outcomes = dict(line.rsplit(": ", 1) for line in machine[2]["forbidden"].splitlines() if ": " in line)
    assert len(outcomes) >= 34
    assert {name: said for name, said in outcomes.items() if said not in ("killed", "EPERM", "EACCES")} == {}


def test_without_the_sandbox_the_same_calls_are_not(machine):
    """Otherwise the test above would prove nothing."""
    outcomes = dict(line.rsplit(": ", 1) for line in machine[2]["free"].splitlines() if ": " in line)
    for name in ("execve", "socket", "kill", "openat to write", "openat to make", "unlinkat", "mkdirat", "fchmodat", "truncate", "code by mmap"):
        assert outcomes[name] == "allowed", name
