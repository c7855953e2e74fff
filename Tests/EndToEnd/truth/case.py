"""What every case of the scoreboard has: it is made in a directory of its own, asked, and taken away."""

import subprocess

from truth.scoreboard import Truth


class Case:
    """`missing` tells why it cannot be made here; entered, it runs; `truths` are the databases that it holds."""

    look_alikes = 0

    def __init__(self, directory):
        self.directory = directory

    @staticmethod
    def missing():
        return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def settle(self):
        """Waits for what a server says of itself only after a while."""

    def truths(self):
        return []


def listeners(pid, isolated=False, separate=False):
    """The TCP sockets that the process itself listens on, as ss sees them in its namespace, with who can reach them."""
    def exposure(address):
        if isolated or address.startswith("127.") or address == "::1":
            return "loopback"
        return ("private" if separate else "all") if address in ("0.0.0.0", "::") else "private"

    return sorted((address, port, exposure(address)) for address, port in sockets(pid))


def sockets(pid):
    """Addresses and ports by ss inside the process's network namespace: psutil knows its own alone."""
    listed = subprocess.run(
        ["nsenter", "--net", f"--target={pid}", "ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        fields = line.split()
        if f"pid={pid}," in line:
            address, port = fields[3].rsplit(":", 1)
            address = address.strip("[]")
            yield ("::" if address == "*" else address).split("%")[0], int(port)


def owner(path):
    """The package that owns a file of this machine, by dpkg; nothing where none does."""
    found = subprocess.run(["dpkg", "-S", str(path)], capture_output=True, text=True).stdout.split(":")[0]
    if not found:
        return {"package": None, "package_version": None}
    version = subprocess.check_output(["dpkg-query", "-W", "-f", "${Version}", found], text=True)
    return {"package": found, "package_version": version}


__all__ = ["Case", "Truth", "listeners", "owner"]
