"""The kernel's sandbox, both ways: what the agent is made to try is refused, and without the sandbox the same attempt is not."""

import os
import pathlib
import signal
import struct
import subprocess
import sys

import pytest

from tracer import Tracee, outcome, writes_report

HERE = pathlib.Path(__file__).parent
AT_FDCWD, O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_TMPFILE = -100, 1, 2, 0o100, 0o1000, 0o20200000
WITHOUT = [sys.executable, str(HERE / "without.py")]

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the tracer knows the registers of x86_64")


def forbidden(place):
    """Attempts by name: call number and arguments. Those that take a path take one below `place`, which the test may lose."""
    file, made = os.fsencode(place / "file"), os.fsencode(place / "made")
    how = struct.pack("QQQ", O_WRONLY | O_CREAT, 0o600, 0)
    anonymous = 0x22  # MAP_PRIVATE | MAP_ANONYMOUS
    return {
        "execve": (59, 0, 0, 0), "execveat": (322, AT_FDCWD, 0, 0, 0, 0),
        "connect": (42, -1, 0, 0), "bind": (49, -1, 0, 0), "listen": (50, -1, 0), "accept": (43, -1, 0, 0), "accept4": (288, -1, 0, 0, 0),
        "ptrace": (101, 16, 0, 0, 0), "process_vm_writev": (311, 1, 0, 0, 0, 0, 7), "process_vm_readv": (310, 1, 0, 0, 0, 0, 7),
        "kill": (62, os.getpid(), 0), "tkill": (200, os.getpid(), 0), "tgkill": (234, os.getpid(), os.getpid(), 0),
        "pidfd_open": (434, os.getpid(), 0), "rt_sigqueueinfo": (129, os.getpid(), 0, 0),
        "mount": (165, 0, 0, 0, 0, 0), "umount2": (166, 0, 0), "move_mount": (429, -1, 0, -1, 0, 0), "fsopen": (430, 0, 0),
        "open_tree": (428, -1, 0, 0), "pivot_root": (155, 0, 0), "chroot": (161, 0), "setns": (308, -1, 0), "unshare": (272, 0),
        "init_module": (175, 0, 0, 0), "finit_module": (313, -1, 0, 0), "delete_module": (176, 0, 0), "kexec_load": (246, 0, 0, 0, 1 << 63),
        "reboot": (169, 0, 0, 0, 0), "bpf": (321, 99, 0, 0), "perf_event_open": (298, 0, 0, 0, 0, 0), "io_uring_setup": (425, 0, 0),
        "userfaultfd": (323, -1), "setuid": (105, 0), "setgid": (106, 0), "sethostname": (170, 0, -1), "settimeofday": (164, 0, 0),
        "swapon": (167, 0, 0), "syslog": (103, 10, 0, 0), "open": (2, file, O_WRONLY), "creat": (85, made, 0o600),
        "openat to write": (257, AT_FDCWD, file, O_WRONLY), "openat to read and write": (257, AT_FDCWD, file, O_RDWR),
        "openat to make": (257, AT_FDCWD, made, O_CREAT, 0o600), "openat to empty": (257, AT_FDCWD, file, O_TRUNC),
        "openat without a name": (257, AT_FDCWD, os.fsencode(place), O_TMPFILE | O_WRONLY, 0o600),
        "openat2 to make": (437, AT_FDCWD, made, how, len(how)),
        "unlinkat": (263, AT_FDCWD, file, 0), "unlink": (87, file), "rename": (82, file, made), "renameat2": (316, AT_FDCWD, file, AT_FDCWD, made, 0),
        "mkdirat": (258, AT_FDCWD, made, 0o700), "mkdir": (83, made, 0o700), "linkat": (265, AT_FDCWD, file, AT_FDCWD, made, 0),
        "symlinkat": (266, b"x", AT_FDCWD, made), "mknodat": (259, AT_FDCWD, made, 0o010600, 0),
        "fchmodat": (268, AT_FDCWD, file, 0o777), "fchownat": (260, AT_FDCWD, file, 1, 1, 0), "chmod": (90, file, 0o777),
        "truncate": (76, file, 0), "ftruncate": (77, -1, 0), "fallocate": (285, -1, 0, 0, 1), "utimensat": (280, AT_FDCWD, file, 0, 0),
        "setxattr": (188, file, b"user.x", b"y", 1, 0), "write elsewhere": (1, 0, b"x", 1), "pwrite64": (18, 1, b"x", 1, 0),
        "writev": (20, 1, 0, 0), "sendto somebody": (44, 1, b"x", 1, 0, b"\x02\x00\x00\x50\x7f\x00\x00\x01", 16), "sendmsg": (46, -1, 0, 0),
        "an internet socket": (41, 2, 1, 0), "a unix socket": (41, 1, 1, 0), "a routing socket": (41, 16, 3, 0),
        "a socket pair": (53, 1, 1, 0, b"12345678"), "pipe": (22, b"12345678"), "fork by clone": (56, 0x800, 0), "fork by clone3": (435, 0, 0),
        "code by mmap": (9, 0, 4096, 7, anonymous, -1, 0), "code by mprotect": (10, 0, 0, 4), "memfd_create": (319, b"x", 0),
        "another priority": (141, 0, 0, -5), "another's priority": (141, 0, 1, 19), "another's disk class": (251, 1, 1, 3 << 13),
        "a better disk class": (251, 1, 0, 1 << 13), "a keystroke": (16, 0, 0x5412, b"x"), "raising a limit": (302, 0, 7, struct.pack("QQ", 64, 64), 0),
        "x32": (59 | 0x40000000, 0, 0, 0),
    }


NAMES = sorted(forbidden(pathlib.Path("/")))


@pytest.fixture
def place(tmp_path):
    (tmp_path / "file").write_text("kept")
    return tmp_path


def attempt(agent, name, place, *options, prefix=()):
    command = [*prefix, agent.path, "scan", "--no-sizes", "--format", "json", "--recorded-proc", "--root", str(place), *options]
    with Tracee(command, writes_report) as tracee:
        return outcome(tracee, *forbidden(place)[name])


@pytest.mark.parametrize("name", NAMES)
def test_what_is_forbidden_is_refused_or_ends_the_agent(agent, name, place):
    result = attempt(agent, name, place)
    assert result in {"killed", "EPERM", "EACCES"} or (name == "fork by clone3" and result == "ENOSYS"), result
    assert (place / "file").read_text() == "kept" and (place / "file").stat().st_mode & 0o777 != 0o777
    assert sorted(os.listdir(place)) == ["file"]


# clone3 without a size and a forbidden number of x32 fail of themselves, and a process forked here would not be ours to end.
PROOF = [name for name in NAMES if not name.startswith(("fork", "x32"))]


@pytest.mark.parametrize("name", PROOF)
def test_without_the_sandbox_the_same_attempt_is_not_refused(agent, name, place):
    """Otherwise the test above would show nothing: some other check of the kernel, or a mistake in the attempt, might refuse it."""
    if os.geteuid() != 0:
        pytest.skip("an ordinary user is refused most of it anyway")
    assert attempt(agent, name, place, "--no-sandbox") not in {"killed", "EPERM", "EACCES"}


@pytest.mark.parametrize("name", ["openat to write", "openat2 to make", "openat to empty", "unlinkat", "mkdirat", "truncate", "execve"])
def test_landlock_alone_denies_writing(agent, name, place):
    """A kernel built without seccomp: what is left is Landlock."""
    if name == "execve":
        result = None
        with Tracee([*WITHOUT, "seccomp", "--", agent.path, "scan", "--no-sizes", "--format", "json", "--recorded-proc", "--root", str(place)], writes_report) as tracee:
            result = outcome(tracee, 59, b"/bin/true", 0, 0)
        assert result == "EACCES"
        return
    assert attempt(agent, name, place, prefix=[*WITHOUT, "seccomp", "--"]) == "EACCES"
    assert (place / "file").read_text() == "kept" and sorted(os.listdir(place)) == ["file"]


@pytest.mark.parametrize("name", ["openat to write", "openat2 to make", "openat to empty", "unlinkat", "execve", "connect"])
def test_seccomp_alone_denies_writing(agent, name, place):
    """A kernel without Landlock: openat2, whose flags a filter cannot see, is not there at all."""
    result = attempt(agent, name, place, prefix=[*WITHOUT, "landlock", "--"])
    assert result in {"killed", "EPERM"} or (name == "openat2 to make" and result == "ENOSYS"), result
    assert (place / "file").read_text() == "kept" and sorted(os.listdir(place)) == ["file"]


def test_every_thread_is_confined(agent, tmp_path):
    """What docs/security-agent.md tells a reader to look at, for every thread: the one that waits, the one that works and those that measure."""
    with Tracee([agent.path, "scan", "--format", "json"], writes_report) as tracee:
        for task in pathlib.Path(f"/proc/{tracee.pid}/task").iterdir():
            status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
            assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"
            assert int(status["CapEff"], 16) | int(status["CapPrm"], 16) in {0, 1 << 2}, "no more than CAP_DAC_READ_SEARCH"
            assert int(status["CapInh"], 16) == 0
            crashes = [signal.SIGQUIT, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGTRAP]
            assert not [number for number in crashes if int(status["SigCgt"], 16) >> (number - 1) & 1], "a crash runs nothing"
        limits = pathlib.Path(f"/proc/{tracee.pid}/limits").read_text()
        assert str(512 << 20) in next(line for line in limits.splitlines() if line.startswith("Max data size"))


@pytest.mark.parametrize("missing, held", [
    ([], (True, True)), (["landlock"], (True, False)), (["landlock-off"], (True, False)), (["seccomp"], (False, True)),
    (["openat2"], (True, True)), (["seccomp", "landlock", "openat2", "close_range", "statx"], (False, False)),
])
def test_an_older_kernel_gives_the_same_databases(agent, fixtures, missing, held):
    """Each feature forced off, with a live host and with a fixture; the report says what held."""
    prefix = [*WITHOUT, *missing, "--"] if missing else []
    for options in [["--no-sizes"], ["--recorded-proc", "--root", fixtures / "hostile"], ["--recorded-proc", "--root", fixtures / "docker"]]:
        whole = agent.json("scan", "--format", "json", *options)
        report = agent.json("scan", "--format", "json", *options, prefix=prefix)
        assert (report["scan"]["sandbox"]["seccomp"], report["scan"]["sandbox"]["landlock"]) == held
        for each in (whole, report):
            for database in each["databases"]:
                for directory in database["data_directories"]:
                    directory["filesystem"] = None  # what is free changes
        assert report["databases"] == whole["databases"]
    assert agent.json("scan", "--format", "json", "--no-sandbox")["scan"]["sandbox"] == {"seccomp": False, "landlock": False}
