"""The collector for arm64, from its package and its image, started under qemu-user. `make test-arm64-collector`."""

import os
import re
import shutil
import subprocess

import pytest

import release
from docker_engine import Docker, run
from service import Service, report

ROOT = release.ROOT
PROGRAMS = ROOT / ".build/collector-aarch64/bin"
EMULATOR = "/usr/bin/qemu-aarch64-static"

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="on arm64 every other test runs the collector for arm64")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The packages, archives and image for arm64."""
    assert (PROGRAMS / "dbcensus-collector").exists(), "run packaging/build-collector --arch arm64 first"
    folder = tmp_path_factory.mktemp("built")
    options = ["--programs", PROGRAMS, "--arch", "arm64", "--out", folder]
    release.build("build-packages", *options, "--native", release.PROGRAMS, "--fast")
    release.build("build-image", *options)
    return folder


@pytest.fixture(scope="module")
def tree(built, tmp_path_factory):
    """What the package of Debian installs."""
    tree = tmp_path_factory.mktemp("tree")
    (deb,) = built.glob("dbcensus-collector_*_arm64.deb")
    run("dpkg-deb", "--extract", deb, tree)
    return tree


def test_the_programs_bring_their_own_glibc(tree):
    for name in ("bin/dbcensus-collector", "libexec/dbcensus/fleet-simulator"):
        header = run("readelf", "--wide", "--program-headers", "--dynamic", tree / "usr" / name)
        assert "interpreter: /usr/lib/dbcensus/ld-linux-aarch64.so.1]" in header and re.search(r"RUNPATH.*[:\[]/usr/lib/dbcensus\]", header)
        wanted = set(re.findall(r"\(NEEDED\).*\[(.*)\]", header))
        assert wanted <= {path.name for path in (tree / "usr/lib/dbcensus").iterdir()}, wanted


def test_the_packages_name_their_architecture_and_need_no_glibc(built):
    (deb,) = built.glob("dbcensus-collector_*_arm64.deb")
    (rpm,) = built.glob("dbcensus-collector-[0-9]*.aarch64.rpm")
    assert run("dpkg-deb", "--field", deb, "Architecture") == "arm64"
    assert "libc6" not in run("dpkg-deb", "--field", deb, "Depends")
    assert run("rpm", "--query", "--package", "--queryformat", "%{arch}", rpm) == "aarch64"
    assert not re.search(r"GLIBC|ld-linux", run("rpm", "--query", "--package", "--requires", "--provides", rpm))


def test_the_package_serves(tree, tmp_path):
    """A report is stored and listed, and the simulator starts."""
    prefix = [EMULATOR, "-L", str(tree)]
    assert run(*prefix, tree / "usr/bin/dbcensus-collector", "--version") in run(ROOT / ".build/debug/dbcensus-collector", "--version")
    assert "USAGE" in run(*prefix, tree / "usr/libexec/dbcensus/fleet-simulator", "--help")
    service = Service(tmp_path, prefix=prefix, binary=tree / "usr/bin/dbcensus-collector")
    service.start(timeout=120)
    try:
        assert service.send(report(databases=2)).status_code == 200
        assert len(service.items("/api/v1/databases")) == 2
        assert service.stop(60) == 0
    finally:
        if service.process.poll() is None:
            service.kill()


@pytest.mark.skipif(Docker.missing() is not None, reason=f"no {Docker.missing()} on this machine")
def test_the_image_serves(built, tmp_path):
    """The engine has no emulator of its own: it starts ours, which runs the image's program."""
    (archive,) = built.glob("*-image-arm64.tar")
    emulator = tmp_path / "qemu"
    shutil.copy(EMULATOR, emulator)
    with Docker() as docker:
        docker("load", "--input", archive)
        assert docker.inspect("dbcensus")["Architecture"] == "arm64"
        options = ["--platform=linux/arm64", "--read-only", "--cap-drop=ALL", f"--volume={emulator}:/qemu:ro", "--entrypoint=/qemu",
                   "--volume=/var/lib/dbcensus"]
        shown = docker("run", "--rm", *options, "dbcensus", "/usr/bin/dbcensus-collector", "token", "create", "--name", "operator", "--scopes", "admin")
        assert re.search(r"dbc_[0-9a-f]{12}_[0-9a-f]{64}", shown)
        done = subprocess.run(["docker", "run", "--rm", *options, "dbcensus", "/usr/bin/dbcensus-collector", "serve"], env=docker.environment,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 78 and "server.trust_proxy" in done.stderr
        container = docker("run", "--detach", "--env=DBCENSUS_SERVER_TRUST_PROXY=true", *options, "dbcensus", "/usr/bin/dbcensus-collector", "serve")
        try:
            logs = subprocess.Popen(["docker", "logs", "--follow", container], env=docker.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            assert any('"message":"serving"' in line for line in logs.stderr)
            logs.kill()
        finally:
            docker("rm", "--force", "--volumes", container)
