"""The SSM document for tests: made from agents of the test's choice, its shell run as root in a scratch root."""

import gzip
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = re.search(r'^let agentVersion = "(.*)"$', (ROOT / "Sources/Agent/AgentCommand.swift").read_text(), re.M)[1]
MACHINE = os.uname().machine
OTHER = {"x86_64": "aarch64", "aarch64": "x86_64"}[MACHINE]


def agent_name(machine=MACHINE):
    return f"dbcensus-agent-{VERSION}-linux-{machine}"


def build(dist, delivery="presigned", agents=None, **settings):
    """The document for these agents, `{architecture: bytes}`; without them for those that lie in `dist`."""
    dist.mkdir(exist_ok=True)
    for machine, content in (agents or {}).items():
        (dist / agent_name(machine)).write_bytes(content)
        (dist / (agent_name(machine) + ".gz")).write_bytes(gzip.compress(content, mtime=0))
    done = subprocess.run([ROOT / "packaging/build-document"], capture_output=True, text=True,
                          env={**os.environ, "DIST": str(dist), "DELIVERY": delivery, **settings})
    assert done.returncode == 0, done.stderr + done.stdout
    path = dist / f"dbcensus-document-{VERSION}-{delivery}.json"
    checksum = (dist / (path.name + ".sha256")).read_text().split()
    assert checksum == [hashlib.sha256(path.read_bytes()).hexdigest(), path.name]
    return path


def steps(path):
    """The shell of each step by its name, as the SSM agent writes it to a file."""
    return {step["name"]: "\n".join(step["inputs"]["runCommand"]) + "\n"
            for step in json.loads(path.read_text())["mainSteps"] if step["action"] == "aws:runShellScript"}


class Host:
    """A host with a /var/lib of its own, kept from run to run, and one folder for each command, as the SSM agent has it."""

    # sh is bash on Amazon Linux and RHEL, dash on Debian and Ubuntu. busybox stands for a host that has nothing else.
    SHELLS = {"dash": "exec dash", "bash": "exec -a sh bash", "busybox": "exec sh"}
    BUSYBOX = ("awk basename cat chmod cut date dd df dirname du echo env find grep gzip head id ionice kill ls mkdir mktemp "
               "mount mv nice printf pwd readlink rm rmdir sed sh sha256sum sleep sort stat tail test timeout touch tr true uname wc").split()

    def __init__(self, folder, document, shell="dash"):
        self.folder, self.shell, self.count = folder, shell, 0
        self.shells = steps(document)
        self.lib = folder / "lib"
        self.lib.mkdir(parents=True)
        self.kept = self.lib / "dbcensus-agent"

    def tools(self):
        if self.shell != "busybox":
            return ""
        applets = " ".join(self.BUSYBOX)
        return f"""
            mkdir -p {self.folder}/tools; cp -u "$(command -v busybox)" {self.folder}/tools/busybox
            for applet in $(busybox --list); do
                case " {applets} " in *" $applet "*) ln -sfn busybox {self.folder}/tools/$applet ;; esac
            done
            mount --bind {self.folder}/tools /usr/bin; mount --bind {self.folder}/tools /usr/sbin
            [ -h /bin ] || mount --bind {self.folder}/tools /bin; [ -h /sbin ] || mount --bind {self.folder}/tools /sbin
            hash -r"""

    def start(self, download=None, before="", prefix="", command=None, step="scan"):
        """Starts one step of a command: `download` is what aws:downloadContent brought, `before` changes the host."""
        if command is None:
            self.count += 1
            command = self.folder / f"command-{self.count}"
            command.mkdir(mode=0o700)
        if download is not None:
            (command / "downloads").mkdir(mode=0o700)
            (command / "downloads/dbcensus-agent.gz").write_bytes(download)
            (command / "awsdownloadContent").mkdir()
        script = command / step / "_script.sh"
        script.parent.mkdir(mode=0o700)
        script.write_text(self.shells[step])
        run = self.SHELLS[self.shell] if not prefix else f"exec {prefix} {self.SHELLS[self.shell].split()[-1]}"
        setup = f"set -e; mount --make-rprivate /; mount --bind {self.lib} /var/lib; RUN={shlex.quote(str(command))}\n{before}\n{self.tools()}\n{run} {script}"
        process = subprocess.Popen(["unshare", "--mount", "bash", "-c", setup], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.command = command
        return process

    def finish(self, process, timeout=60):
        """`(exit code, output, error)`; the folder of the command is as the SSM agent finds it."""
        output, error = process.communicate(timeout=timeout)
        self.command = process.command
        return process.returncode, output.decode(), error.decode()

    def scan(self, download=None, before="", **options):
        return self.finish(self.start(download, before, **options))

    def outputs(self):
        """What the steps after the scan print, in order."""
        for name in self.shells:
            if name != "scan":
                status, output, error = self.finish(self.start(command=self.command, step=name))
                assert (status, error) == (0, "")
                yield output

    def left(self):
        """Every file below /var/lib, and of the last command without its scripts."""
        command = {str(path.relative_to(self.command)) for path in self.command.rglob("*") if path.is_file() and path.name != "_script.sh"}
        return command | {str(path.relative_to(self.lib)) for path in self.lib.rglob("*") if not path.is_dir() or path.is_symlink()}
