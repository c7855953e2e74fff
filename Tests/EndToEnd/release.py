"""Packages for tests, built by packaging/ from the programs that the other tests run."""

import os
import pathlib
import subprocess

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
        build("build-packages", "--programs", PROGRAMS, "--version", version, "--out", folder, "--fast")

    def deb(self, name="collector"):
        return self.folder / f"dbcensus-{name}_{self.version}_{DEBIAN}.deb"

    def rpm(self, name="collector"):
        return self.folder / f"dbcensus-{name}-{self.version}-1.{ARCHITECTURE}.rpm"

    def tar(self, name="collector"):
        return self.folder / f"dbcensus-{name}-{self.version}-linux-{ARCHITECTURE}.tar.gz"
