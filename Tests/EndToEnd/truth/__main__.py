"""Starts everything, scans once, prints the scoreboard; exit 1 when anything is missed, invented or wrong."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from truth import containers, lookalikes, plain, unusual
from truth.scoreboard import Scoreboard


def scan(agent):
    done = subprocess.run([agent, "scan", "--format", "json"], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def main(agent):
    if os.geteuid() != 0:
        sys.exit("starting servers of other users takes root: sudo make truth")
    directory = pathlib.Path(tempfile.mkdtemp(prefix="dbcensus-truth-"))
    directory.chmod(0o755)
    before = {database["key"] for database in scan(agent)["databases"]}
    skipped, truths = [], []
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        for case in [*plain.CASES, *unusual.CASES, *containers.CASES, *lookalikes.CASES]:
            place = directory / case.__name__
            place.mkdir()
            place.chmod(0o755)
            why = case.missing()
            if why:
                skipped.append((case.__name__, why))
                continue
            began = time.monotonic()
            made = case(place)
            try:
                truths.append(stack.enter_context(made))
            except Exception as error:
                with contextlib.suppress(Exception):
                    made.__exit__()  # what it had started already
                raise RuntimeError(f"{case.__name__} could not be made") from error
            print(f"    {case.__name__} up in {time.monotonic() - began:.1f} s", file=sys.stderr)
        for case in truths:
            case.settle()
        asked = [truth for case in truths for truth in case.truths()]
        report = scan(agent)
        board = Scoreboard(report, asked, before)
        # In CI every case must be had, but for mongod, whose wheel is x86_64's alone.
        strict = os.environ.get("CI") == "true" and os.uname().machine == "x86_64"
        count = sum(case.look_alikes for case in truths)
        board.show(skipped, count)
        if os.environ.get("DBCENSUS_TRUTH_REPORT"):
            pathlib.Path(os.environ["DBCENSUS_TRUTH_REPORT"]).write_text(json.dumps(report, indent=1))
        secrets = [text for text in ["canary"] if text in json.dumps(report)]
        if secrets:
            print("SECRET  a canary password is in the report")
    return 0 if board.is_right and not secrets and not (strict and skipped) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
