"""A slow link to a server on this host, which can be cut: a TCP proxy in a process of its own.

`python links.py HOST PORT MILLISECONDS` is that process. It reads commands from standard input, and ends with it.
"""

import asyncio
import json
import os
import pathlib
import random
import select
import socket
import subprocess
import sys

# What a link holds in each direction of a connection, until it reads no more: 700 MB/s at a round trip of 180 ms.
HELD = 64 << 20
CHUNK = 1 << 16
# A smaller chunk counts as this much.
SMALLEST = 1 << 10
# How often a link looks whether its target still listens, in seconds.
GLANCE = 0.05


def steady_port():
    """A free port that the kernel gives no client as its own, so that a server that ended gets it again."""
    first_of_clients = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(1000):
        port = random.randrange(10000, min(first_of_clients, 32768))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("no free port below those of clients")


class SlowLink:
    """A way to a server on this host that adds `milliseconds` to each round trip, and limits no throughput.

    Clients use `port` on 127.0.0.1. While the server does not listen, the link refuses connections, as the server itself would.
    """

    def __init__(self, target_host, target_port, milliseconds):
        self.process = subprocess.Popen([sys.executable, __file__, target_host, str(target_port), str(milliseconds)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self.answer()["port"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def answer(self):
        ready, _, _ = select.select([self.process.stdout], [], [], 30)
        line = self.process.stdout.readline() if ready else ""
        assert line, f"the link does not answer: {self.process.poll()}"
        return json.loads(line)

    def say(self, command):
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return self.answer()

    def cut(self, refuse=False):
        """Nothing passes in either direction, and neither end is told. New connections hang, or are refused."""
        self.say("cut refuse" if refuse else "cut hang")

    def mend(self):
        """What was held passes now, and connections that hung are made: TCP would have sent all of it again."""
        self.say("mend")

    def counts(self):
        """Connections that are open, and bytes that passed to and from the server."""
        return self.say("counts")

    def close(self):
        """Ends the link and all its connections."""
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


class Proxy:
    """The process behind a SlowLink."""

    def __init__(self, host, port, milliseconds):
        self.target, self.delay = (host, port), milliseconds / 2000
        self.port, self.server, self.refuses = steady_port(), None, False
        self.passes, self.changing = asyncio.Event(), asyncio.Lock()
        self.passes.set()
        self.connections, self.counts = set(), {"to": 0, "from": 0}

    async def run(self):
        await self.open_or_close()
        print(json.dumps({"port": self.port}), flush=True)
        watching = asyncio.create_task(self.watch())
        commands = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        while line := (await commands.readline()).decode().split():
            if line[0] == "cut":
                self.refuses = line[1] == "refuse"
                self.passes.clear()
            elif line[0] == "mend":
                self.refuses = False
                self.passes.set()
            await self.open_or_close()
            print(json.dumps({"open": len(self.connections), **self.counts}), flush=True)
            assert not watching.done(), watching.exception()
        os._exit(0)  # the kernel ends the connections

    def target_listens(self):
        """By proc_pid_net(5), not by a connection, which would be one more for the server."""
        wanted = f":{self.target[1]:04X}"
        for table in ["tcp", "tcp6"]:
            with open(f"/proc/net/{table}") as lines:
                next(lines)
                for line in lines:
                    fields = line.split()
                    if fields[3] != "0A":  # those that listen come first
                        break
                    if fields[1].endswith(wanted):
                        return True
        return False

    async def watch(self):
        while True:
            await asyncio.sleep(GLANCE)
            await self.open_or_close()

    async def open_or_close(self):
        """A client of a link that hangs cannot know whether the server listens."""
        async with self.changing:
            opens = not self.refuses and (self.target_listens() or not self.passes.is_set())
            if opens and not self.server:
                self.server = await asyncio.start_server(self.connection, "127.0.0.1", self.port, limit=CHUNK, backlog=1024)
            elif not opens and self.server:
                self.server.close()
                self.server = None

    async def connection(self, client_reader, client_writer):
        task = asyncio.current_task()
        self.connections.add(task)
        writers = [client_writer]
        try:
            # The client is connected at once; what it sends waits for the round trip that a handshake takes.
            await asyncio.sleep(2 * self.delay)
            await self.passes.wait()
            server_reader, server_writer = await asyncio.open_connection(*self.target, limit=CHUNK)
            writers.append(server_writer)
            async with asyncio.TaskGroup() as group:
                group.create_task(self.direction(client_reader, server_writer, "to"))
                group.create_task(self.direction(server_reader, client_writer, "from"))
        except* OSError:
            # One end was reset: so is the other one.
            for writer in writers:
                writer.transport.abort()
        finally:
            self.connections.discard(task)
            for writer in writers:
                writer.close()

    async def direction(self, reader, writer, name):
        """Each chunk passes when its time has come: those on the way wait side by side, not one after the other."""
        clock, on_the_way, room = asyncio.get_running_loop().time, asyncio.Queue(), asyncio.Event()
        held = 0

        async def take():
            nonlocal held
            while True:
                await self.passes.wait()
                try:
                    chunk = await reader.read(CHUNK)
                except OSError as reset:
                    on_the_way.put_nowait((clock() + self.delay, reset))
                    return
                on_the_way.put_nowait((clock() + self.delay, chunk))
                if not chunk:
                    return
                held += max(len(chunk), SMALLEST)
                while held > HELD:
                    room.clear()
                    await room.wait()

        async def give():
            nonlocal held
            while True:
                due, chunk = await on_the_way.get()
                await asyncio.sleep(due - clock())
                await self.passes.wait()
                if isinstance(chunk, OSError):
                    raise chunk
                if not chunk:
                    writer.write_eof()
                    return
                writer.write(chunk)
                await writer.drain()
                held -= max(len(chunk), SMALLEST)
                self.counts[name] += len(chunk)
                room.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(take())
            group.create_task(give())


if __name__ == "__main__":
    asyncio.run(Proxy(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])).run())
