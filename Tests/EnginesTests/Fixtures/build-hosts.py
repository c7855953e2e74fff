#!/usr/bin/env python3
"""Writes the fixture hosts: python Tests/EnginesTests/Fixtures/build-hosts.py [DIRECTORY]

Needs PyMongo's `bson` for mongod's diagnostics. What it writes is committed, and a test compares.
"""

import pathlib
import sys

from fixture_host import Host
from scenarios.caches import caches
from scenarios.containers import containers
from scenarios.distributions import debian, rpm_layouts
from scenarios.java import java
from scenarios.others import others
from scenarios.situations import situations

TO = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "hosts"


def scenario(name, system, **options):
    return Host(TO, name, system, **options)


if __name__ == "__main__":
    for make in [debian, rpm_layouts, situations, containers, caches, others, java]:
        make(scenario)
