"""Makes the real agent try what it must not: its system calls are replaced under ptrace(2), after it has confined itself.

A debugger's change of a call comes before the kernel's filter sees it (ptrace(2), "Seccomp"), so what is tested is the released file and the
kernel, with nothing in the agent for the sake of the test. x86_64 alone: the registers are its.
"""

import ctypes
import errno
import os
import signal
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
TRACEME, PEEK, POKE, GETREGS, SETREGS, SYSCALL, SETOPTIONS = 0, 2, 5, 12, 13, 24, 0x4200
TRACESYSGOOD, TRACEEXEC, EXITKILL = 1, 0x10, 0x100000
WRITE = 1


class Registers(ctypes.Structure):
    """struct user_regs_struct of sys/user.h."""
    _fields_ = [(name, ctypes.c_uint64) for name in (
        "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs").split()]


class Killed(Exception):
    """The kernel ended the process, by this signal."""


class Tracee:
    """An agent that is stopped at its first system call that `matches`."""

    def __init__(self, command, matches, **options):
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            preexec_fn=lambda: libc.ptrace(TRACEME, 0, None, None), **options)
        self.pid = self.process.pid
        try:
            os.waitpid(self.pid, 0)
            self.request(SETOPTIONS, TRACESYSGOOD | TRACEEXEC | EXITKILL)
            while not matches(self.enter()):
                self.leave()
        except BaseException:
            self.close()
            raise

    def request(self, request, data):
        if libc.ptrace(request, self.pid, None, data) < 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def registers(self):
        registers = Registers()
        self.request(GETREGS, ctypes.addressof(registers))
        return registers

    def enter(self):
        """Goes on to the beginning of the next call."""
        passed = 0
        while True:
            self.request(SYSCALL, passed)
            _, status = os.waitpid(self.pid, 0)
            if os.WIFSIGNALED(status):
                self.process.returncode = -os.WTERMSIG(status)
                raise Killed(signal.Signals(os.WTERMSIG(status)))
            if os.WIFEXITED(status):
                self.process.returncode = os.WEXITSTATUS(status)
                raise EOFError(f"the agent ended with {self.process.returncode} before the call came")
            if os.WSTOPSIG(status) == signal.SIGTRAP | 0x80:
                return self.registers()
            passed = 0 if status >> 16 else os.WSTOPSIG(status)  # an event of the trace is no signal

    leave = enter

    def poke(self, address, data):
        for offset in range(0, len(data), 8):
            word = int.from_bytes(data[offset:offset + 8].ljust(8, b"\0"), "little")
            if libc.ptrace(POKE, self.pid, address + offset, word) < 0:
                raise OSError(ctypes.get_errno(), "ptrace poke")

    def attempt(self, number, *arguments):
        """Makes the stopped call another one; what the kernel answered, errors as their negative number. Bytes go below the stack."""
        registers = self.registers()
        place = registers.rsp - 16384
        values = []
        for argument in arguments:
            if isinstance(argument, bytes):
                self.poke(place, argument + b"\0")
                values.append(place)
                place += (len(argument) + 16) & ~15
            else:
                values.append(argument % (1 << 64))
        registers.orig_rax = registers.rax = number
        for name, value in zip(["rdi", "rsi", "rdx", "r10", "r8", "r9"], values + [0] * 6):
            setattr(registers, name, value)
        self.request(SETREGS, ctypes.addressof(registers))
        result = ctypes.c_int64(self.leave().rax).value
        if result == number:  # the kernel put the registers back: it is about to end the process
            self.enter()
        return result

    def close(self):
        if self.process.returncode is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.process.returncode = -signal.SIGKILL
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def writes_report(registers):
    """The call that writes the report: everything before it is confined."""
    return registers.orig_rax == WRITE and registers.rdi == 1


def outcome(tracee, number, *arguments):
    """What an attempt came to: `killed`, an error's name, or `allowed`."""
    try:
        result = tracee.attempt(number, *arguments)
    except Killed:
        return "killed"
    return errno.errorcode.get(-result, str(result)) if result < 0 else "allowed"
