"""Programs that listen and are no servers, under the names of servers; each is ended by its own pid."""

import pathlib
import shutil
import subprocess

from folders import open_to_all

HERE = pathlib.Path(__file__).parent
NOBODY = 65534


def build(directory):
    """The program of listener.c, where every user can run it."""
    subprocess.run(["cc", "-static", "-O1", "-o", directory / "listener", HERE / "listener.c"], check=True)
    open_to_all(directory)
    return directory / "listener"


class Impostor:
    """One such process: called `name`, in `directory`, of `uid`, with arguments that a server would have."""

    def __init__(self, program, name, *arguments, directory="/", uid=0, prefix=(), environment=None):
        self.program = program.parent / name
        if not self.program.exists():
            shutil.copy(program, self.program)
        self.command = [*prefix, "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", self.program, directory, *arguments]
        self.environment = environment or {}

    def __enter__(self):
        self.process = subprocess.Popen(
            [str(word) for word in self.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/", env=self.environment,
            start_new_session=True)
        self.pid, self.port = self.process.pid, int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
