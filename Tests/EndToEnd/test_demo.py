"""`demo`: what a newcomer sees first."""

import os
import re

import pytest

import document


@pytest.mark.skipif(os.geteuid() != 0, reason="one of its hosts is this machine")
def test_the_demo_scans_an_organisation_and_this_machine(collector, agent, mariadb, tmp_path):
    path = document.build(tmp_path / "dist", agents={document.MACHINE: open(agent.path, "rb").read()})
    done = collector.run("demo", "--once", "--accounts", 2, "--regions", "eu-west-1", "--instances", 30, "--store", tmp_path / "demo.sqlite", "--document", path,
                         "--agents", tmp_path / "dist", timeout=240)
    text = done.stdout.decode()
    host = re.search(r"Real too: the host (i-[0-9a-f]{17}) is this machine", text)[1]
    assert "Simulated: the AWS APIs of 2 accounts with 60 instances" in text
    for question in ("What runs, in which version?", "What can be reached from other machines?", "Which hosts do we not know, and why?", "And this machine?"):
        assert question in text
    # The commands that it shows answer what it shows.
    command = re.search(rf"dbcensus-collector (databases --host {host} --store \S+)", text)[1]
    again = collector.run(*command.split()).stdout.decode()
    assert "mariadb" in again and again.splitlines()[1].split()[0] in text
    assert re.search(r"hosts \d+/60", done.stderr.decode())


def test_without_the_simulator_the_demo_says_what_to_do(collector, tmp_path):
    done = collector.run("demo", "--simulator", tmp_path / "none", check=False)
    assert done.returncode == 66 and "swift build --product fleet-simulator" in done.stderr.decode()
