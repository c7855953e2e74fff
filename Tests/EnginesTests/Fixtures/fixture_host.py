"""A host as a directory tree: what the agent would find in /proc, /etc and the data directories."""

import pathlib
import shutil
import sqlite3
import struct
import zlib

BOOT = 1_790_000_000
HOST_NETWORK = 4026531840
MOUNTS = """\
22 28 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw
23 28 0:22 / /proc rw,nosuid shared:13 - proc proc rw{proc_options}
28 1 259:1 / / rw,noatime shared:1 - {type} /dev/nvme0n1p1 rw
35 28 259:4 / /var/lib rw,noatime shared:2 - xfs /dev/nvme1n1 rw
"""
SYSTEMS = {
    "debian": ("debian", "12", "Debian GNU/Linux 12 (bookworm)", "6.1.0-18-cloud-amd64", "ext4"),
    "ubuntu": ("ubuntu", "22.04", "Ubuntu 22.04.4 LTS", "6.5.0-1014-aws", "ext4"),
    "al2023": ("amzn", "2023", "Amazon Linux 2023.5.20240903", "6.1.106-116.188.amzn2023.x86_64", "xfs"),
    "alpine": ("alpine", "3.20.3", "Alpine Linux v3.20", "6.6.54-0-virt", "ext4"),
    "rhel": ("rhel", "9.4", "Red Hat Enterprise Linux 9.4 (Plow)", "5.14.0-427.13.1.el9_4.x86_64", "xfs"),
}


class Host:
    def __init__(self, directory, name, system, proc_options=""):
        self.root = pathlib.Path(directory) / name
        shutil.rmtree(self.root, ignore_errors=True)
        self.tcp, self.unix = {}, {}  # by network namespace
        self.inode = 20_000
        self.packages, self.networks = [], {}
        self.users = {"root": 0}
        id, version, title, kernel, type = SYSTEMS[system]
        quoted = {"ID": id, "VERSION_ID": version, "PRETTY_NAME": title}
        self.write("etc/os-release", "".join(f'{key}="{value}"\n' for key, value in quoted.items()))
        self.write("etc/hostname", name + "\n")
        # A number of this host's own, the same in every run.
        digest = "".join(f"{zlib.crc32(f'{name}{part}'.encode()):08x}" for part in range(4))
        self.machine = digest
        self.write("etc/machine-id", digest + "\n")
        self.write("proc/sys/kernel/hostname", name + "\n")
        self.write("proc/sys/kernel/osrelease", kernel + "\n")
        self.write("proc/sys/kernel/random/boot_id", "6f1c2d8e-0000-4000-8000-" + digest[:12] + "\n")
        self.write("proc/meminfo", "MemTotal:        7995392 kB\nMemFree:          512000 kB\n")
        self.write("proc/stat", f"cpu  1 2 3 4 5 6 7 0 0 0\nbtime {BOOT}\nprocesses 4242\n")
        self.write("sys/devices/system/cpu/online", "0-3\n")
        self.write("proc/net/fib_trie", "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.3.17\n        /32 host LOCAL\n"
                   "     |-- 127.0.0.1\n        /32 host LOCAL\n     |-- 10.0.3.255\n        /32 link BROADCAST\n")
        self.write("proc/net/if_inet6", "00000000000000000000000000000001 01 80 10 80       lo\n")
        self.mounts = MOUNTS.format(proc_options=proc_options, type=type)
        self.process(1, "/usr/lib/systemd/systemd", ["/sbin/init"], cwd="/")
        self.write("proc/2/stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n")
        self.write("proc/2/cmdline", b"")

    def write(self, path, content=""):
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def link(self, path, target):
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(target)

    def unlink(self, path):
        (self.root / path).unlink()

    def user(self, name, uid):
        self.users[name] = uid

    def package(self, name, version, *files, status="install ok installed"):
        self.packages.append(f"Package: {name}\nStatus: {status}\nPriority: optional\nVersion: {version}\n"
                             f"Description: {name}\n Version: 0.0.0 of the description\n")
        self.write(f"var/lib/dpkg/info/{name}.list", "/.\n/usr\n" + "".join(file + "\n" for file in files))
        for file in files:
            self.write(file, elf())

    def rpm(self, name, version, release, *files, vendor="the vendor"):
        """A package of an rpm database in SQLite; the files it owns are made when they are not there."""
        self.database(
            "var/lib/rpm/rpmdb.sqlite",
            "CREATE TABLE IF NOT EXISTS Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)",
            ("INSERT INTO Packages (blob) VALUES (?)", [rpm_header(name, version, release, files, vendor)]))
        for file in files:
            if not (self.root / file.lstrip("/")).exists():
                self.write(file, elf())

    def apk(self, name, version, *files):
        """A package of Alpine's database."""
        file = self.root / "lib/apk/db/installed"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = f"C:Q1x=\nP:{name}\nV:{version}\nA:x86_64\nT:{name}\n"
        for path in files:
            text += "F:{}\nM:0:0:755\nR:{}\na:0:0:755\n".format(*path.lstrip("/").rsplit("/", 1))
            self.write(path, elf())
        with file.open("a") as database:
            database.write(text + "\n")

    def database(self, path, *statements):
        """An SQLite database; a statement may come with its values."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(file) as connection:
            for statement in statements:
                connection.execute(*([statement] if isinstance(statement, str) else statement))
        connection.close()
        raw = file.read_bytes()  # how often it was written, and by which SQLite, is no matter
        file.write_bytes(raw[:24] + bytes(4) + raw[28:92] + bytes(8) + raw[100:])

    def process(self, pid, exe, argv, cwd="/", user="root", ppid=1, start=4200, rss=25_000, tcp=(), unix=(), open=(),
                environ=(), stat=True, root="/", mount_namespace=4026531841, net_namespace=HOST_NETWORK, cgroup=None, uid_map=None,
                mounts=None):
        """A process; `tcp` are (address, port) it listens on, `unix` paths, `open` paths of open files."""
        at = f"proc/{pid}"
        self.write(f"{at}/cmdline", b"\0".join(a if isinstance(a, bytes) else a.encode() for a in argv) + b"\0")
        self.link(f"{at}/exe", exe)
        name = exe.replace(" (deleted)", "").rsplit("/", 1)[-1][:15]
        uid = self.users[user]
        if stat:
            counters = " ".join("0" * 8)  # minflt to cstime
            self.write(f"{at}/stat", f"{pid} ({name}) S {ppid} {pid} {pid} 0 -1 4194560 {counters} 20 0 30 0 "
                       f"{start} 1900000000 {rss} 18446744073709551615\n")
            self.write(f"{at}/status", f"Name:\t{name}\nPid:\t{pid}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nNSpid:\t{pid}\n")
        self.link(f"{at}/cwd", cwd)
        self.link(f"{at}/root", root)
        self.link(f"{at}/ns/net", f"net:[{net_namespace}]")
        self.networks[pid] = net_namespace
        self.tcp.setdefault(net_namespace, {4: [], 6: []})
        self.unix.setdefault(net_namespace, [])
        if cgroup:
            self.write(f"{at}/cgroup", cgroup)
        if uid_map:
            self.write(f"{at}/uid_map", uid_map)
        if mounts:
            self.write(f"{at}/mountinfo", mounts)
        self.link(f"{at}/ns/mnt", f"mnt:[{mount_namespace}]")
        self.write(f"{at}/environ", "".join(f"{e}\0" for e in environ))
        number = 3
        for address, port in tcp:
            self.link(f"{at}/fd/{number}", f"socket:[{self.listen(address, port, uid, net_namespace)}]")
            number += 1
        for path in unix:
            self.inode += 1
            self.unix[net_namespace].append(f"0000000000000000: 00000002 00000000 00010000 0001 01 {self.inode} {path}")
            self.link(f"{at}/fd/{number}", f"socket:[{self.inode}]")
            number += 1
        for path in open:
            self.link(f"{at}/fd/{number}", path)
            number += 1

    def listen(self, address, port, uid, namespace):
        self.inode += 1
        if ":" in address:
            import socket

            raw = socket.inet_pton(socket.AF_INET6, address)
            text = "".join(f"{struct.unpack('<I', raw[i:i + 4])[0]:08X}" for i in range(0, 16, 4))
        else:
            text = f"{struct.unpack('<I', bytes(map(int, address.split('.'))))[0]:08X}"
        lines = self.tcp[namespace][6 if ":" in address else 4]
        remote = "0" * len(text)
        lines.append(f"{len(lines):4d}: {text}:{port:04X} {remote}:0000 0A 00000000:00000000 00:00000000 00000000 "
                     f"{uid:5d}        0 {self.inode} 1 0000000000000000 100 0 0 10 0")
        return self.inode

    def finish(self):
        header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        passwd = "".join(f"{name}:x:{uid}:{uid}::/home/{name}:/usr/sbin/nologin\n" for name, uid in self.users.items())
        self.write("etc/passwd", passwd)
        if self.packages:
            removed = "Package: mysql-server-core-5.7\nStatus: deinstall ok config-files\nVersion: 5.7.44-0\n"
            self.write("var/lib/dpkg/status", "\n".join([removed, *self.packages]))
        for namespace, tables in self.tcp.items():
            at = "proc/net" if namespace == HOST_NETWORK else f"proc/net-of-{namespace}"
            self.write(f"{at}/tcp", header + "".join(line + "\n" for line in tables[4]))
            self.write(f"{at}/tcp6", header + "".join(line + "\n" for line in tables[6]))
            unix = "".join(line + "\n" for line in self.unix[namespace])
            self.write(f"{at}/unix", "Num       RefCount Protocol Flags    Type St Inode Path\n" + unix)
            if namespace != HOST_NETWORK:
                self.write(f"{at}/dev", "Inter-|   Receive\n face |bytes\n    lo: 0 0\n  eth0: 0 0\n")
        self.write("proc/mounts-of-all", self.mounts)
        for directory in sorted((self.root / "proc").glob("[0-9]*")):
            if directory.name != "2":
                namespace = self.networks[int(directory.name)]
                self.link(f"proc/{directory.name}/net", "/proc/net" if namespace == HOST_NETWORK else f"/proc/net-of-{namespace}")
                if not (directory / "mountinfo").exists():
                    self.link(f"proc/{directory.name}/mountinfo", "/proc/mounts-of-all")


def rpm_header(name, version, release, files, vendor):
    """What rpm keeps of a package: an index of tags and their values, big-endian."""
    directories = sorted({file.rsplit("/", 1)[0] + "/" for file in files})
    text = lambda value: (6, 1, value.encode() + b"\0")
    texts = lambda values: (8, len(values), b"".join(value.encode() + b"\0" for value in values))
    places = b"".join(struct.pack(">I", directories.index(file.rsplit("/", 1)[0] + "/")) for file in files)
    tags = {1000: text(name), 1001: text(version), 1002: text(release), 1011: text(vendor), 1116: (4, len(files), places),
            1117: texts([file.rsplit("/", 1)[1] for file in files]), 1118: texts(directories)}
    index, values = b"", b""
    for tag, (type, count, value) in tags.items():
        values += bytes(-len(values) % 4) if type == 4 else b""
        index += struct.pack(">IIII", tag, type, len(values), count)
        values += value
    return struct.pack(">II", len(tags), len(values)) + index + values


def elf(*texts):
    """An ELF file whose read-only data holds the texts, each between NULs."""
    strings = b"\0" + b"".join(text.encode() + b"\0" for text in texts)
    names = b"\0.rodata\0.shstrtab\0"
    section = lambda name, offset, size: struct.pack("<IIQQQQIIQQ", name, 1, 2, 0, offset, size, 0, 0, 1, 0)
    table = bytes(64) + section(1, 64, len(strings)) + section(9, 64 + len(strings), len(names))
    place = 64 + len(strings) + len(names)
    return (b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, place, 0, 64, 56, 0, 64, 3, 2)
            + strings + names + table)


def redo(creator):
    """A redo log's header: 32 bytes at 16 name who made it."""
    return bytes(16) + creator.encode().ljust(32, b"\0") + bytes(464)


def dictionary(version):
    """Page 0 of mysql.ibd: bytes 8–11 are the server's version."""
    major, minor, patch = map(int, version.split("."))
    return bytes(8) + struct.pack(">I", major * 10_000 + minor * 100 + patch) + bytes(500)


def pg_control(system, control, catalog, state):
    return struct.pack("<QIIIIq", system, control, catalog, state, 0, BOOT) + bytes(480)
