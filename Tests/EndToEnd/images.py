"""Container images with a real server and little else: the binary, its libraries and its data files of this machine.

A distribution-less image has no package database, as many a vendor's image has none that owns the server.
"""

import pathlib
import re
import shutil
import subprocess

from folders import open_to_all

PASSWD = "root:x:0:0:root:/root:/bin/sh\nmysql:x:999:999::/var/lib/mysql:/bin/false\npostgres:x:998:998::/var/lib/postgresql:/bin/false\n" \
         "mongodb:x:997:997::/data/db:/bin/false\n"


def libraries(binary):
    """The shared libraries that the dynamic loader would take, and the loader itself."""
    listed = subprocess.run(["ldd", binary], capture_output=True, text=True).stdout
    return sorted(set(re.findall(r"(/\S+) \(0x", listed)))


def copy(source, root):
    """A file or a tree at the same place below `root`, links resolved."""
    source = pathlib.Path(source)
    target = root / str(source).lstrip("/")
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, symlinks=False, ignore_dangling_symlinks=True)
    elif not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def minimal(root, binaries, trees=()):
    """A root directory in which the binaries run."""
    root = pathlib.Path(root)
    for binary in binaries:
        for file in [binary, *libraries(binary)]:
            copy(file, root)
    for tree in trees:
        copy(tree, root)
    for name in ["etc", "tmp", "run/mysqld", "run/postgresql", "var/lib", "proc", "sys", "dev"]:
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    for name in ["run/mysqld", "run/postgresql"]:
        (root / name).chmod(0o777)
    (root / "etc/passwd").write_text(PASSWD)
    (root / "etc/group").write_text("root:x:0:\nmysql:x:999:\npostgres:x:998:\nmongodb:x:997:\n")
    (root / "etc/nsswitch.conf").write_text("passwd: files\nhosts: files\n")
    return root


def mariadb(root):
    minimal(root, ["/usr/sbin/mariadbd"], ["/usr/share/mysql"])
    data = root / "var/lib/mysql"
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root", "--auth-root-authentication-method=normal"],
        check=True, capture_output=True)
    own(data, 999)


def postgresql(root, bin):
    """With the package database's paragraph and list, as in a distribution's image."""
    name = f"postgresql-{bin.parent.name}"
    minimal(root, [bin / "postgres"], [bin.parent / "lib", f"/usr/share/postgresql/{bin.parent.name}", "/usr/share/zoneinfo/UTC"])
    status = subprocess.run(["dpkg-query", "-s", name], check=True, capture_output=True, text=True).stdout
    info = root / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text(status + "\n")
    shutil.copy(f"/var/lib/dpkg/info/{name}.list", info)
    data = root / "var/lib/postgresql/data"
    data.parent.mkdir(parents=True, exist_ok=True)
    data.mkdir()
    shutil.chown(data, "postgres", "postgres")
    open_to_all(data.parent)
    subprocess.run([bin / "initdb", "-D", data, "-A", "trust", "--no-sync", "--locale=C"], check=True, capture_output=True,
                   user="postgres", cwd="/", env={"TZ": "GMT"})
    own(data, 998)


def mongodb(root, binary):
    minimal(root, [])
    target = root / "usr/bin/mongod"
    target.parent.mkdir(parents=True)
    shutil.copy(binary, target)
    target.chmod(0o755)
    for file in libraries(binary):
        copy(file, root)
    (root / "data/db").mkdir(parents=True)
    own(root / "data/db", 997)


def own(directory, uid):
    subprocess.run(["chown", "-R", f"{uid}:{uid}", directory], check=True)
    directory.chmod(0o700)
