"""Compares what servers say of themselves with what a report says of them."""

import dataclasses
import sys


@dataclasses.dataclass
class Truth:
    """One database as it is. `fields` are compared one by one; `pid` or `place` tells which database of the report is meant."""

    name: str
    fields: dict
    pid: int | None = None
    place: str | None = None
    problems: frozenset = frozenset()


def flat(database):
    """A database of a report as the names that truths use."""
    process = database["process"] or {}
    data = database["data_directories"][0] if database["data_directories"] else {}
    container = database["container"] or {}
    own = [l for l in database["listeners"] if l["container_port"] is None]
    published = [l for l in database["listeners"] if l["container_port"] is not None]
    fields = {
        "engine": database["engine"], "vendor": database["vendor"], "state": database["state"], "version": database["version"],
        "version_precision": database["version_precision"], "role": database["role"], "user": process.get("user"),
        "executable": process.get("executable"), "executable_deleted": process.get("executable_deleted"),
        "data": data.get("path"), "host_path": data.get("host_path"),
        "directories": [(d["purpose"], d["path"]) for d in database["data_directories"][1:]],
        "listeners": sorted((l["address"], l["port"], l["exposure"]) for l in own),
        "published": sorted((l["address"], l["port"], l["container_port"], l["exposure"]) for l in published),
        "unix_sockets": database["unix_sockets"], "config_files": database["config_files"],
        "package": (database["package"] or {}).get("name"), "package_version": (database["package"] or {}).get("version"),
        "container": bool(container),
    }
    fields |= {f"container.{name}": value for name, value in container.items()}
    fields |= {f"identity.{name}": value for name, value in database["identity"].items()}
    fields |= {f"settings.{name}": value for name, value in database["settings"].items()}
    return fields


class Scoreboard:
    """What was found, missed, invented, and which fields were right."""

    def __init__(self, report, truths, known_before):
        self.report, self.truths = report, truths
        self.rows, self.wrong, self.missed = [], [], []
        seen = set()
        for truth in truths:
            database = self.find(truth)
            if database is None:
                self.missed.append(truth.name)
                self.rows.append((truth.name, "MISSED", "", 0, len(truth.fields)))
                continue
            seen.add(database["key"])
            actual = flat(database)
            actual["problems"] = frozenset(p["code"] for p in report["scan"]["problems"] if p["subject"] == database["key"])
            expected = {**truth.fields, "problems": truth.problems}
            # What the servers were not asked about may not be claimed either.
            expected |= {name: None for name in actual if name.startswith(("identity.", "container.")) and name not in expected}
            wrong = {name: (actual.get(name), value) for name, value in expected.items() if actual.get(name) != value}
            self.wrong += [(truth.name, name, *values) for name, values in wrong.items()]
            version = f"{database['engine']} {database['version']}"
            self.rows.append((truth.name, "found", version, len(expected) - len(wrong), len(expected)))
        self.false = [d["key"] for d in report["databases"] if d["key"] not in seen | known_before]

    def find(self, truth):
        found = [
            d for d in self.report["databases"]
            if (truth.pid is not None and (d["process"] or {}).get("pid") == truth.pid)
            or (truth.place is not None and truth.place in d["key"])]
        return found[0] if len(found) == 1 else None

    @property
    def is_right(self):
        return not (self.wrong or self.missed or self.false) and self.report["scan"]["status"] == "complete"

    def show(self, skipped, look_alikes, out=sys.stdout):
        width = max(len(row[0]) for row in self.rows)
        print(f"{'CASE':{width}}  {'':6}  {'SAYS':20}  FIELDS RIGHT", file=out)
        for name, found, version, right, all in self.rows:
            print(f"{name:{width}}  {found:6}  {version:20}  {right}/{all}", file=out)
        for name, field, actual, expected in self.wrong:
            print(f"WRONG   {name}: {field} is {actual!r}, the truth is {expected!r}", file=out)
        if self.report["scan"]["status"] != "complete":
            print("PARTIAL the scan: " + "; ".join(f"{p['code']} {p['subject']}" for p in self.report["scan"]["problems"]), file=out)
        for key in self.false:
            print(f"FALSE   {key}", file=out)
        for name, why in skipped:
            print(f"not to be had here: {name}: {why}", file=out)
        right, all = sum(row[3] for row in self.rows), sum(row[4] for row in self.rows)
        print(f"{len(self.rows) - len(self.missed)} of {len(self.rows)} found, {len(self.missed)} missed, {len(self.false)} false beside "
              f"{look_alikes} look-alikes; {right} of {all} fields right; the scan took {self.report['scan']['duration_ms']} ms", file=out)
