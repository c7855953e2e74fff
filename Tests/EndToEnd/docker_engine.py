"""A real Docker engine of our own: its own files, its own bridge, no packet filter rule touched; docker-proxy publishes ports."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

BRIDGE = "dbcensus0"
ADDRESS = "172.31.77.1/24"


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout.strip()


class Docker:
    """Started in a `with`; stopped, with all its containers, at its end."""

    process = None

    @staticmethod
    def missing():
        return next((name for name in ["dockerd", "docker", "containerd", "runc", "docker-proxy", "ip"] if not shutil.which(name)), None)

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="dbcensus-docker-"))
        self.environment = {**os.environ, "DOCKER_HOST": f"unix://{self.directory}/docker.sock"}
        self.remove_bridge()
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "address", "add", ADDRESS, "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        with open(self.directory / "log", "w") as log:
            self.process = subprocess.Popen(
                ["dockerd", "--data-root", self.directory / "data", "--exec-root", self.directory / "exec", "-H",
                 f"unix://{self.directory}/docker.sock", "--pidfile", self.directory / "pid", "--bridge", BRIDGE,
                 "--iptables=false", "--ip6tables=false", "--ip-masq=false"],
                stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 60
        while subprocess.run(["docker", "version"], env=self.environment, capture_output=True).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = (self.directory / "log").read_text()[-2000:]
                self.__exit__()
                raise AssertionError(f"dockerd did not come up: {log}")
            time.sleep(0.1)
        return self

    def __call__(self, *arguments):
        return run("docker", *arguments, env=self.environment)

    def image(self, name, root):
        """Imports a root directory."""
        archive = subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE)
        done = subprocess.run(["docker", "import", "-", name], stdin=archive.stdout, env=self.environment, capture_output=True, text=True)
        assert archive.wait() == 0 and done.returncode == 0, done.stderr

    def inspect(self, container):
        return json.loads(self("inspect", container))[0]

    def remove_bridge(self):
        subprocess.run(["ip", "link", "delete", BRIDGE], capture_output=True)

    def __exit__(self, *_):
        if self.process.poll() is None:
            for container in self("ps", "-aq").split():
                self("rm", "-f", "-v", container)
            self.process.terminate()
            self.process.wait(timeout=60)
        self.remove_bridge()
        for namespace in (self.directory / "exec/netns").glob("*"):
            subprocess.run(["umount", namespace], capture_output=True)
        shutil.rmtree(self.directory, ignore_errors=True)
