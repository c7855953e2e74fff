"""Spoils fixture hosts and asks the released agent for a report, which must come: fuzz.py AGENT [SECONDS] [SEED].

Every file and link of every fixture host is a seed: package databases, BSON, control files, redo logs, unit files, runtimes' JSON, /proc. One to
three of a host's are changed at a time. An input is known by its number: SEED and number give the same bytes, with any number of processes.
"""

import json
import multiprocessing
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "EnginesTests/Fixtures/hosts"
SECONDS_LIMIT = 10  # of a scan that takes some 10 ms
MEMORY_LIMIT = 200 << 20
HUGE = 1 << 36
NUMBERS = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
TOKENS = [
    b"!include /etc/mysql/my.cnf\n", b"!includedir /etc/mysql\n", b"include_dir '.'\n", b"include = '../postgresql.conf'\n", b"[mysqld]\n", b"datadir=/\n",
    b"data_directory = '/proc/self/fd'\n", b"../" * 40, b"/proc/self/root" * 8, b"\0", b"\n" * 64, b"\x1b[2J", b"\xff\xfe\xc0\x80", b'"' * 9, b"\\",
    b"%", b"{" * 300, b"[" * 300, b"9" * 40, b"-1", b"=", b"'", b"\t", b" " * 70, b"A" * 5000, b"\xe2\x80\xae", b"/opt/*/*/*/*", b"$(id)", b"@" * 30,
]


def mutated(data, pick):
    """`data` after a few changes of the kinds that parsers get wrong."""
    data = bytearray(data)
    for _ in range(pick.choice([1, 1, 1, 2, 4, 16])):
        at = pick.randrange(len(data) + 1)
        kind = pick.randrange(10)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << pick.randrange(8)
        elif kind == 1 and data:
            data[at % len(data)] = pick.choice([0, 1, 0x0A, 0x20, 0x7F, 0x80, 0xFF, pick.randrange(256)])
        elif kind in (2, 3):
            width = pick.choice([1, 2, 4, 8])
            value = (pick.choice(NUMBERS) + pick.randint(-2, 2)) % (1 << 8 * width)
            data[at:at + width] = value.to_bytes(width, pick.choice(["little", "big"]))
        elif kind == 4:
            del data[at:at + pick.choice([1, 2, 4, 8, 64, 4096])]
        elif kind == 5:
            length = pick.choice([1, 4, 16, 512])
            data[at:at] = data[at:at + length] * pick.choice([1, 2, 50])
        elif kind in (6, 7):
            data[at:at] = pick.choice(TOKENS)
        elif kind == 8:
            del data[at:]
        elif data:
            start, length = pick.randrange(len(data)), pick.choice([1, 4, 8, 32, 512])
            data[at:at + length] = data[start:start + length]
        if len(data) > 4 << 20:
            del data[4 << 20:]
    return bytes(data)


class Host:
    """A copy of a fixture host that is spoiled and mended."""

    def __init__(self, fixture, directory):
        self.path = pathlib.Path(directory) / fixture.name
        shutil.copytree(fixture, self.path, symlinks=True)
        self.slots = {}
        for at in sorted(self.path.rglob("*")):
            if at.is_symlink() or at.is_file():
                # Not every one of forty processes' links is as interesting as the one pg_control.
                name = "".join("0" if c.isdigit() else c for c in str(at.relative_to(self.path)))
                self.slots.setdefault(name, []).append(at)
        self.kinds = sorted(self.slots)

    def spoil(self, pick):
        """Spoils some files; what was done, and how to mend it."""
        done = []
        for kind in pick.sample(self.kinds, pick.choice([1, 1, 1, 2, 3])):
            at = pick.choice(self.slots[kind])
            original = os.fsencode(os.readlink(at)) if at.is_symlink() else at.read_bytes()
            done.append((at, at.is_symlink(), original))
            at.unlink()
            way = pick.randrange(40)
            if done[-1][1]:
                target = mutated(original, pick).replace(b"\0", b"")[:4000]
                os.symlink(target or b"x", at)
            elif way == 0:
                os.mkfifo(at)
            elif way == 1:
                at.mkdir()
            elif way == 2:
                at.symlink_to(pick.choice([at.name, "/", ".", "/proc/self/fd/0", "/dev/zero", str(at.parent)]))
            elif way == 3:
                with at.open("wb") as file:
                    file.write(original)
                    file.truncate(HUGE)
            else:
                at.write_bytes(mutated(original, pick))
        return done

    @staticmethod
    def mend(done):
        for at, is_link, original in done:
            if not at.is_symlink() and at.is_dir():
                at.rmdir()
            else:
                at.unlink()
            if is_link:
                os.symlink(original, at)
            else:
                at.write_bytes(original)


def run(command, **options):
    """One run within its limits: output, complaint or None."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    timer = signal.signal(signal.SIGALRM, lambda *_: process.kill())
    signal.alarm(SECONDS_LIMIT)
    out, err = process.communicate()
    signal.alarm(0)
    signal.signal(signal.SIGALRM, timer)
    if process.returncode not in (0, 1):
        return out, f"ended with {process.returncode}: {err[-500:]!r}"
    return out, None if process.returncode == 1 or not err else f"said {err[-500:]!r}"


def try_host(agent, host, pick):
    done = host.spoil(pick)
    try:
        out, complaint = run([agent, "scan", "--format", "json", "--recorded-proc", "--root", str(host.path), "--deadline", "8s"])
        if not complaint:
            try:
                json.loads(out)
            except ValueError as error:
                complaint = f"no report: {error}"
        if complaint:
            kept = pathlib.Path(tempfile.mkdtemp(prefix="dbcensus-fuzz-")) / host.path.name
            subprocess.run(["cp", "-a", "--sparse=always", host.path, kept], check=True)
            return f"{complaint}\n  spoiled {[str(at.relative_to(host.path)) for at, *_ in done]}\n  {agent} scan --root {kept}"
        return None
    finally:
        host.mend(done)


def try_decode(agent, frame, pick):
    """What the agent's and the collector's reader of frames makes of a spoiled one; exit 1 with a word is an answer."""
    data = mutated(frame, pick)
    _, complaint = run([agent, "decode", "/dev/stdin"], stdin=stdin_of(data))
    return complaint and f"{complaint}\n  decode of {data[:200]!r}"


def stdin_of(data):
    file = tempfile.TemporaryFile()
    file.write(data)
    file.seek(0)
    return file


def work(agent, seed, first, step, count, until, found):
    """Every `step`th input from `first`, `count` of them or until the clock says so."""
    with tempfile.TemporaryDirectory(prefix="dbcensus-fuzz-hosts-") as directory:
        hosts = [Host(fixture, directory) for fixture in sorted(FIXTURES.iterdir()) if fixture.is_dir()]
        frames = [subprocess.run([agent, "scan", "--format", form, "--recorded-proc", "--root", str(host.path)], capture_output=True, check=True).stdout
                  for host in hosts[:3] for form in ("frame", "json")]
        number = first
        while number < count and time.monotonic() < until:
            pick = random.Random(f"{seed}/{number}")
            trouble = (try_decode(agent, pick.choice(frames), pick) if number % 10 == 0 else try_host(agent, pick.choice(hosts), pick))
            if trouble:
                found.put(f"seed {seed}, input {number}: {trouble}")
            number += step
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
    if peak > MEMORY_LIMIT:
        found.put(f"one of every {step} inputs from {first} took {peak >> 20} MiB")
    found.put(number // step)


def fuzz(agent, seed, count=1 << 62, seconds=1e9, processes=2):
    """What went wrong, and how many inputs there were."""
    found = multiprocessing.Queue()
    until = time.monotonic() + seconds
    workers = [multiprocessing.Process(target=work, args=(agent, seed, first, processes, count, until, found)) for first in range(processes)]
    for worker in workers:
        worker.start()
    troubles, inputs, over = [], 0, 0
    while over < len(workers):
        word = found.get()
        if isinstance(word, int):
            inputs, over = inputs + word, over + 1
        else:
            troubles.append(word)
            print(word, file=sys.stderr, flush=True)
    for worker in workers:
        worker.join()
    return troubles, inputs


if __name__ == "__main__":
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    seed = sys.argv[3] if len(sys.argv) > 3 else str(time.time_ns())
    print(f"seed {seed}, {seconds:.0f} seconds", flush=True)
    troubles, inputs = fuzz(os.path.abspath(sys.argv[1]), seed, seconds=seconds, processes=os.cpu_count())
    print(f"{inputs} inputs, {len(troubles)} of them trouble")
    sys.exit(bool(troubles))
