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

from truth import containers, lookalikes, more, plain, unusual
from truth.scoreboard import Scoreboard


def scan(agent, *options):
    done = subprocess.run([agent, "scan", "--format", "json", *options], capture_output=True, timeout=120)
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
        for case in [*plain.CASES, *unusual.CASES, *containers.CASES, *more.CASES, *lookalikes.CASES]:
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
        previews = [case for case in truths if type(case) in more.CASES]
        asked = [truth for case in truths if case not in previews for truth in case.truths()]
        report = scan(agent)
        board = Scoreboard(report, asked, before)
        # Engines in preview are looked for only when they are asked for.
        new = Scoreboard(scan(agent, "--also", "all"), [truth for case in previews for truth in case.truths()],
                         before | {database["key"] for database in report["databases"]})
        # In CI every case must be had, but for mongod, whose wheel is x86_64's alone.
        strict = os.environ.get("CI") == "true" and os.uname().machine == "x86_64"
        count = sum(case.look_alikes for case in truths)
        board.show(skipped, count)
        print("\nin preview")
        new.show([], 0)
        if os.environ.get("DBCENSUS_TRUTH_REPORT"):
            pathlib.Path(os.environ["DBCENSUS_TRUTH_REPORT"]).write_text(json.dumps(report, indent=1))
        secrets = [text for text in ["canary"] if text in json.dumps([report, new.report])]
        if secrets:
            print("SECRET  a canary password is in the report")
    return 0 if board.is_right and new.is_right and not secrets and not (strict and skipped) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
