"""The static agent, the collector and real servers, as the tests see them."""

import json
import os
import pathlib
import re
import subprocess

import pytest

import servers
import stores
from release import key, packages, released  # noqa: F401, fixtures

# Nothing here looks for EC2's metadata service.
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests/EnginesTests/Fixtures/hosts"


def pytest_configure(config):
    config.addinivalue_line("markers", "file_store: about stores in files alone; not a test where stores are on a server")


def pytest_collection_modifyitems(config, items):
    """Tests of files are none of those that run on a server: they are left out, not skipped."""
    if stores.SERVER:
        left = [item for item in items if item.get_closest_marker("file_store")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


class Program:
    """A program under test; `run` returns the finished process with text output."""

    def __init__(self, path):
        self.path = str(path)

    def run(self, *arguments, check=True, timeout=60, prefix=(), **options):
        command = [*prefix, self.path, *map(str, stores.arguments(arguments))]
        done = subprocess.run(command, capture_output=True, timeout=timeout, **options)
        if check:
            assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stderr.decode()}"
        return done

    def json(self, *arguments, **options):
        return json.loads(self.run(*arguments, **options).stdout)


@pytest.fixture(scope="session")
def agent():
    """The artifact of `make agent`: the very file that is released."""
    source = (ROOT / "Sources/Agent/AgentCommand.swift").read_text()
    version = re.search(r'^let agentVersion = "(.*)"$', source, re.M)[1]
    path = ROOT / f"dist/dbcensus-agent-{version}-linux-{os.uname().machine}"
    assert path.exists(), "run `make agent` first"
    return Program(path)


@pytest.fixture(scope="session")
def collector():
    return Program(ROOT / ".build/debug/dbcensus-collector")


@pytest.fixture(scope="session")
def fixtures():
    return FIXTURES


def alone():
    """Servers are on the whole host: what sees all of it cannot run beside other tests that start some. scripts/test says
    when nothing else looks."""
    if "PYTEST_XDIST_WORKER" in os.environ and "DBCENSUS_SERVERS_MAY_RUN" not in os.environ:
        pytest.fail("a file whose tests start database servers belongs into whole_host of scripts/test")


def started(server):
    """A fixture: one server of the class, in a directory of its own, for the whole run."""

    @pytest.fixture(scope="session")
    def start(tmp_path_factory):
        alone()
        with server(tmp_path_factory.mktemp(server.__name__.lower())) as running:
            yield running

    return start


mariadb = started(servers.MariaDB)
namespaced_mariadb = started(servers.NamespacedMariaDB)
postgresql = started(servers.PostgreSQL)
mongodb = started(servers.MongoDB)


@pytest.fixture(scope="session")
def stopped_postgresql():
    alone()
    with servers.StoppedPostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def scan(agent, mariadb, namespaced_mariadb, postgresql, stopped_postgresql, mongodb):
    """One report of this host while every server runs."""
    return agent.json("scan", "--format", "json")
