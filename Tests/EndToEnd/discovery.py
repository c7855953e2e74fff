"""Discovery over a simulated organisation, as the tests see it."""

import collections
import json
import os

import stores
from service import BINARY, Service
from stores import query  # noqa: F401, tests import it from here

SETTINGS = {"external_id": "fleet", "organization.enabled": "true", "agent_bucket": "agents", "canary.percent": "0",
            "stop_at.at_least": "1000000"}


def environment(simulator, home):
    """What a process of a collector needs to reach the simulator, and nothing else of this machine's."""
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", "USER": "tester"}
    return {**clean, **simulator.env}


def flags(**settings):
    """`--set` for settings of discovery; `__` stands for a dot."""
    values = {**SETTINGS, **{name.replace("__", "."): value for name, value in settings.items()}}
    return [part for name, value in values.items() if value is not None for part in ("--set", f"discovery.{name}={value}")]


class Run:
    """What one `scan` did."""

    def __init__(self, done, store):
        self.code, self.text, self.messages = done.returncode, done.stdout.decode(), done.stderr.decode()
        self.store = store
        self.progress = json.loads(self.text) if self.text.startswith("{") else None
        self.id = self.progress and self.progress.get("id")

    def results(self):
        """`{instance id: row}` of the run."""
        return rows(self.store, self.id)


def scan(collector, simulator, tmp_path, *arguments, timeout=300, store="store.sqlite", env=None, **settings):
    """One run in this process; its result is JSON."""
    store = tmp_path / store
    done = collector.run("scan", "--store", store, "--format", "json", *flags(**settings), *arguments, check=False, timeout=timeout,
                         env={**environment(simulator, tmp_path), **(env or {})})
    return Run(done, store)


def rows(store, job):
    """What became of each host of a run, by the store itself."""
    found = stores.rows(store, "SELECT r.* FROM results r JOIN jobs j ON j.row_id = r.job_row_id WHERE j.id = ?", job)
    assert len({row["instance_id"] for row in found}) == len(found), "an instance has two rows"
    return {row["instance_id"]: row for row in found}


REASONS = {"undeliverable": "undeliverable", "timed_out": "timed_out", "failed": "failed", "truncated": "truncated", "garbage": "bad_report",
           "terminated": "undeliverable", "hostile": "agent_mismatch"}
KINDS = {"unmanaged": "not_managed", "offline": "offline", "stopped": "stopped", "windows": "unsupported_platform"}


def truth(simulator):
    """`{instance id: the reason that it must end with}`, of the scopes that can be listed."""
    wanted = {}
    for one in simulator.instances():
        if one["account_denied"] or one["account_suspended"] or one["region_denied"]:
            continue
        answered = "ok" if one["databases"] else "no_database"
        wanted[one["instance"]] = KINDS.get(one["kind"]) or REASONS.get(one["outcome"], answered)
    return wanted


def check(found, wanted):
    """Every instance has its one reason; shows what differs."""
    assert set(found) == set(wanted), (sorted(set(wanted) - set(found))[:3], sorted(set(found) - set(wanted))[:3])
    wrong = {name: (row["reason"], row["detail"], wanted[name]) for name, row in found.items() if row["reason"] != wanted[name]}
    assert not wrong, dict(list(wrong.items())[:5])


def counts(wanted):
    return dict(collections.Counter(wanted.values()))


def serving(tmp_path, simulator, *settings, **discovery):
    """A collector that serves and discovers."""
    values = {**SETTINGS, **{name.replace("__", "."): value for name, value in discovery.items()}}
    own = [f"discovery.{name}={value}" for name, value in values.items() if value is not None]
    return Service(tmp_path, *own, *settings, environment={**simulator.env, "HOME": str(tmp_path)}, binary=BINARY)
