"""A Linux machine of a test's own: a root directory, booted with its own systemd in namespaces (systemd-nspawn).

The root is an overlay over one that is built once, so each machine begins as new. It has a loopback interface and no
other network.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOTS = ROOT / ".build/roots"


def run(*command, check=True, timeout=180, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, errors="replace", **options)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


class Root:
    """A root directory over `base`, in which commands run without any service manager; `size` bounds what it may write."""

    def __init__(self, base, size="2g"):
        self.base = base
        self.size = size

    def __enter__(self):
        # Not below a folder of pytest's, which only its owner may enter.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dbcensus-root-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.path = self.folder / "root"
        self.upper = self.folder / "upper"
        for folder in (self.path, self.upper):
            folder.mkdir()
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, self.folder)
            self.mount(stack, self.upper, "-t", "tmpfs", "-o", f"size={self.size},mode=0755", "tmpfs")
            for folder in ("files", "work"):
                (self.upper / folder).mkdir()
            self.mount(stack, self.path, "-t", "overlay", "-o",
                       f"lowerdir={self.base},upperdir={self.upper}/files,workdir={self.upper}/work", "overlay")
            self.stack = stack.pop_all()
        return self

    @staticmethod
    def mount(stack, target, *options):
        run("mount", *options, target)
        stack.callback(run, "umount", "-l", target)

    def __exit__(self, *_):
        self.stack.close()

    def resize(self, size):
        run("mount", "-o", f"remount,size={size}", self.upper)

    def __call__(self, *command, check=True, **options):
        """Runs a command in it; returns the finished process with text output."""
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
                       "DEBIAN_FRONTEND": "noninteractive"}
        return run(*self.enter(), *command, check=check, env=environment, **options)

    def enter(self):
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--root={self.path}", "--mount-proc=/proc"]

    def file(self, path):
        return self.path / str(path).lstrip("/")

    def copy(self, source, folder="/root"):
        """Copies a file into a folder of it; returns its path there."""
        shutil.copy(source, self.file(folder))
        return f"{folder}/{pathlib.Path(source).name}"


class Machine(Root):
    """A root that is booted, until the end of its `with`."""

    def __enter__(self):
        super().__enter__()
        try:
            self.boot()
        except BaseException:
            self.stack.close()
            raise
        return self

    def boot(self):
        # Units that reach for the network, and a second look at every package, only take time.
        for unit in ("apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "dpkg-db-backup.timer", "console-getty.service"):
            link = self.file(f"/etc/systemd/system/{unit}")
            if not link.is_symlink():
                link.symlink_to("/dev/null")
        self.log = self.folder / "boot.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "--quiet", f"--directory={self.path}", "--register=no", "--keep-unit", "--private-network",
                 "--console=pipe", "--boot"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.stack.callback(self.shut_down)
        self.pid = self.wait(self.find_init, "its init")
        self.wait(lambda: self("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded"), "systemd")

    def wait(self, condition, what, seconds=90):
        end = time.monotonic() + seconds
        while True:
            if found := condition():
                return found
            assert self.process.poll() is None and time.monotonic() < end, f"{what}: {self.log.read_text(errors='replace')[-3000:]}"
            time.sleep(0.1)

    def find_init(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = children.read_text().split() if children.exists() else []
        return next((int(pid) for pid in found if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() in ("systemd", "init")), None)

    def enter(self):
        return ["nsenter", f"--target={self.pid}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
                f"--root=/proc/{self.pid}/root", f"--wd=/proc/{self.pid}/root"]

    def shut_down(self):
        if self.process.poll() is None:
            # SIGRTMIN+3 to its init, and to nothing else: systemd halts.
            os.kill(self.pid if hasattr(self, "pid") else self.process.pid, signal.SIGRTMIN + 3)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    # What tests ask of a service.
    def show(self, *properties, unit="dbcensus-collector"):
        lines = self("systemctl", "show", unit, "--property", ",".join(properties)).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines)

    def journal(self, unit="dbcensus-collector"):
        return self("journalctl", "--no-pager", "--output=cat", "--unit", unit).stdout

    def active(self, unit="dbcensus-collector", **options):
        self.wait(lambda: self.show("ActiveState", unit=unit)["ActiveState"] == "active", f"{unit}: {self.journal(unit)[-2000:]}", **options)
