"""Releases for tests, built by packaging/ from the programs that the other tests run."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / ".build/collector/bin-debug"
ARCHITECTURE = os.uname().machine
DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}[ARCHITECTURE]


def build(script, *arguments, **environment):
    done = subprocess.run([f"packaging/{script}", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, **environment}, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done


class Packages:
    """The packages of one version in a folder."""

    def __init__(self, folder, version):
        self.folder = folder
        self.version = version

    @classmethod
    def built(cls, folder, version):
        build("build-packages", "--programs", PROGRAMS, "--version", version, "--out", folder, "--fast")
        return cls(folder, version)

    def deb(self, name="collector"):
        return self.folder / f"dbcensus-{name}_{self.version}_{DEBIAN}.deb"

    def rpm(self, name="collector"):
        return self.folder / f"dbcensus-{name}-{self.version}-1.{ARCHITECTURE}.rpm"

    def tar(self, name="collector"):
        return self.folder / f"dbcensus-{name}-{self.version}-linux-{ARCHITECTURE}.tar.gz"


def build_release(folder, secret, **environment):
    build("build-release", "--programs", PROGRAMS, "--out", folder, "--fast", DIRTY="yes", ARCHITECTURES=ARCHITECTURE,
          MINISIGN_KEY=str(secret), **environment)
    return folder


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    """A test key of minisign: the paths of its public and secret parts."""
    assert shutil.which("minisign"), "install minisign"
    folder = tmp_path_factory.mktemp("key")
    subprocess.run(["minisign", "-G", "-W", "-p", folder / "public", "-s", folder / "secret"], check=True, capture_output=True)
    return folder / "public", folder / "secret"


@pytest.fixture(scope="session")
def released(tmp_path_factory, key):
    """The folder of a release."""
    return build_release(tmp_path_factory.mktemp("release") / "first", key[1])


@pytest.fixture(scope="session")
def packages(released):
    """Its packages."""
    (agent,) = released.glob("dbcensus-agent_*.deb")
    return Packages(released, re.search(r"_(\d+\.\d+\.\d+)_", agent.name)[1])
