"""Writes the fixture of a schema with the collector of its time: `write-store.py COLLECTOR NUMBER`.

It serves, gets reports of several hosts from two tokens and from the command line, and is backed up. The lists that the
collector itself then gives are written next to the store: a later collector must give the same rows after it migrated
the store. Run it before a schema is changed, with the collector that has that schema.
"""

import copy
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "EndToEnd"))

from service import Service  # noqa: E402

GOLDEN = HERE.parents[1] / "AgentTests/Golden"
LISTS = ["databases", "hosts", "changes", "clusters", "accounts", "dead-letters", "host-events", "tokens"]


def report(name, number, minute, change=None):
    """A golden report as one host's, `minute` minutes after a fixed time."""
    result = json.loads((GOLDEN / f"{name}.json").read_text())
    result["scan"]["started_at"] = f"2026-11-20T12:{minute:02}:00.000Z"
    result["host"]["machine_id"] = f"{number:032x}"
    result["host"]["hostname"] = f"db{number}"
    if number % 2:
        result["host"]["cloud"] = {"provider": "aws", "account_id": f"{111122223333 + number}", "region": "eu-west-1",
                                   "instance_id": f"i-{number:017x}", "availability_zone": None, "instance_type": None}
    result = copy.deepcopy(result)
    if change:
        change(result)
    return result


def upgrade(result):
    for database in result["databases"]:
        if database["version"]:
            database["version"] += ".9"


def remove(result):
    del result["databases"][0]


def main(collector, number):
    with tempfile.TemporaryDirectory() as folder, Service(folder, binary=collector) as service:
        names = ["debian-mysql", "debian-postgresql", "rhel-mongodb", "al2023-mariadb", "docker", "two-instances"]
        tokens = [service.make_token("ingest"), service.make_token("ingest")]
        service.token = service.make_token("admin")
        for index, name in enumerate(names):
            for minute, change in enumerate([None, upgrade, remove]):
                service.send(report(name, index, minute, change), token=tokens[index % 2])
        # The second token may not report for the first one's host; an operator may.
        service.send(report("debian-mysql", 0, 5), token=tokens[1])
        service.send({**report("debian-mysql", 9, 0), "databases": report("debian-mysql", 9, 0)["databases"] * 2}, token=tokens[0])
        (pathlib.Path(folder) / "report.json").write_text(json.dumps(report("stopped", 8, 0)))
        run = lambda *arguments: subprocess.run([collector, *arguments, "--store", str(service.store)], check=True)  # noqa: E731
        run("ingest", f"{folder}/report.json")
        service.ask("PATCH", f"/api/v1/hosts/i-{1:017x}/tags", json={"owner": "payments"})
        run("tag", f"{8:032x}", "env=prod")
        if "/api/v1/hosts/{id}/retire" in service.get("/openapi.json").json()["paths"]:
            service.ask("POST", f"/api/v1/hosts/{4:032x}/retire")
        lists = {}
        for name in LISTS:
            answer = service.get(f"/api/v1/{name}?limit=1000" if name not in ("accounts", "tokens") else f"/api/v1/{name}")
            if answer.status_code == 200:
                lists[name] = answer.json()["items"]
        for token in lists["tokens"]:
            token.pop("last_used_at")
        lists["stats"] = service.get("/api/v1/stats?group_by=engine,state,version").json()["items"]
        lists["as_of"] = service.get("/api/v1/databases?limit=1000&as_of=2026-11-20T12:00:30Z").json()["items"]
        service.stop()
        backup = pathlib.Path(folder) / "backup.sqlite"
        run("backup", str(backup))
        (HERE / f"store-{number}.sqlite.gz").write_bytes(gzip.compress(backup.read_bytes(), 9, mtime=0))
        (HERE / f"store-{number}.json").write_text(json.dumps(lists, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
