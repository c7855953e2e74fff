"""Runs a program on a kernel without something, by a filter that answers its calls as such a kernel does: without.py FEATURE… -- COMMAND…

Features: openat2 (before Linux 5.6), landlock (before 5.13), landlock-off (built in, not chosen at boot), seccomp (before 3.5, or built without),
statx (before 4.11), close_range (before 5.9). x86_64 and aarch64.
"""

import ctypes
import errno
import os
import struct
import sys

NUMBERS = {"x86_64": {"prctl": 157, "seccomp": 317, "statx": 332}, "aarch64": {"prctl": 167, "seccomp": 277, "statx": 291}}[os.uname().machine]
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER = 22, 38, 2
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
REFUSED = {
    "openat2": (437, errno.ENOSYS), "landlock": (444, errno.ENOSYS), "landlock-off": (444, errno.EOPNOTSUPP),
    "seccomp": (NUMBERS["seccomp"], errno.ENOSYS), "statx": (NUMBERS["statx"], errno.ENOSYS), "close_range": (436, errno.ENOSYS),
}


def program(features):
    load, jump, end = 0x20, 0x15, 0x06
    lines = [(load, 0, 0, 0)]
    for feature in features:
        number, error = REFUSED[feature]
        lines += [(jump, 0, 1, number), (end, 0, 0, ERRNO | error)]
    if "seccomp" in features:  # prctl(2) with this option is the older way
        lines += [(jump, 0, 3, NUMBERS["prctl"]), (load, 0, 0, 16), (jump, 0, 1, PR_SET_SECCOMP), (end, 0, 0, ERRNO | errno.EINVAL)]
    return b"".join(struct.pack("HBBI", code, yes, no, value) for code, yes, no, value in [*lines, (end, 0, 0, ALLOW)])


def confine(features):
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(program(features))
    filter_ = struct.pack("HxxxxxxP", (len(code) - 1) // 8, ctypes.addressof(code))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, FILTER, ctypes.create_string_buffer(filter_), 0, 0) != 0:
        sys.exit(f"no filter: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    split = sys.argv.index("--")
    confine(sys.argv[1:split])
    os.execv(sys.argv[split + 1], sys.argv[split + 1:])
