"""Several collectors and workers on one store in PostgreSQL, as the tests see them."""

import contextlib
import os
import signal
import subprocess
import time

import pytest

from conftest import alone
from discovery import environment, flags
from postgres import BINARIES, StoreServer
from service import BINARY

needs_server = pytest.mark.skipif(BINARIES is None or os.geteuid() != 0, reason="no PostgreSQL server, or not root")
FAST = ("limits.requests_per_second=100000", "limits.request_burst=100000")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    alone()
    with StoreServer(tmp_path_factory.mktemp("postgres") / "primary", "max_connections=200") as server:
        yield server


class Worker:
    """`dbcensus-collector work`, until `stop`."""

    def __init__(self, folder, store, simulator, more=None, **settings):
        folder.mkdir()
        self.log = folder / "work.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([BINARY, "work", "--store", store, *flags(**settings)], stdout=subprocess.DEVNULL, stderr=log,
                                            env={**environment(simulator, folder), **(more or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


def several(count, tmp_path, store, make):
    """A stack of services on one store; they share the first one's token."""
    stack = contextlib.ExitStack()
    services = []
    for number in range(count):
        folder = tmp_path / f"collector{number}"
        folder.mkdir()
        services.append(stack.enter_context(make(folder, number)))
        services[-1].token = services[0].token
    # The first token ends when another one is made, and then it is everyone's.
    services[0].make_token("read")
    for service in services:
        service.token = services[0].token
    return stack, services


def at(store, service):
    """The service with that store."""
    service.named = service.store = store
    return service


def until(holds, seconds=120):
    """Waits until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def meet(service, kind, count):
    """Waits until so many collectors of a kind know of each other."""
    wanted = f'dbcensus_collectors{{kind="{kind}"}} {count}'
    end = time.monotonic() + 40
    while wanted not in service.get("/metrics").text:
        assert time.monotonic() < end, service.get("/metrics").text
        time.sleep(0.5)
