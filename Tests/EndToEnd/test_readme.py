"""The README's commands on the fixture host give the output that stands there."""

import pathlib
import platform
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def examples():
    """Commands that begin with dist/, and the lines below each."""
    blocks = re.findall(r"(?:^    .*\n|^\n)+", (ROOT / "README.md").read_text(), re.M)
    for block in blocks:
        lines = [line[4:] for line in block.rstrip("\n").split("\n")]
        lines = lines[next((i for i, line in enumerate(lines) if line), 0):]
        if lines and lines[0].startswith("$ dist/"):
            yield lines[0][2:], lines[1:]


def test_there_is_an_example():
    assert list(examples())


@pytest.mark.parametrize("command, expected", examples())
def test_an_example(agent, command, expected):
    command = command.replace("x86_64", platform.machine())
    done = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True, check=True)

    def lines(text):
        return [line.rstrip() for line in re.sub(r"\d+ ms", "N ms", text).rstrip("\n").split("\n")]

    assert lines(done.stdout) == lines("\n".join(expected))


def test_every_link_leads_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
