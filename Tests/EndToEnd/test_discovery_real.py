"""One run for real: account, role, send, fetch, verify, scan, frame, poll, store, API; it finds the MariaDB that runs here."""

import json
import os
import pathlib
import shlex
import shutil
import subprocess

import pytest

import document
from deployment import deploy
from discovery import scan, serving
from simulator import Simulator
from test_discovery_api import begin, results, wait
from test_ssm_agent import BUCKET, REGION, TOOL

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the document runs as root")

RUNNER = """#!/bin/bash
# Amazon's own SSM agent on a host of its own: DOCUMENT PARAMETERS.
set -e
mkdir -p {state}
for place in etc var/lib var/log; do
    mkdir -p {state}/$place/u {state}/$place/w
    mount -t overlay overlay -o lowerdir=/$place,upperdir={state}/$place/u,workdir={state}/$place/w /$place
done
exec {tool} "$1" --parameters "$2" --region {region} --bucket {bucket} --keep-root {root} --timeout 90
"""


@pytest.fixture(params=["shell", "amazon"])
def runner(request, tmp_path):
    """How the document runs: its shell alone, or Amazon's SSM agent."""
    if request.param == "shell":
        yield []
        return
    if not TOOL.exists() or document.MACHINE != "x86_64":
        pytest.skip("Amazon's SSM agent is not on this machine")
    memory = pathlib.Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else tmp_path
    folder = memory / f"dbcensus-real-{os.getpid()}"
    (folder / "bucket").mkdir(parents=True)
    (folder / "amazon").mkdir()
    shutil.copy(document.ROOT / "dist" / (document.agent_name() + ".gz"), folder / "bucket")
    inner = folder / "inner"
    inner.write_text(RUNNER.format(state=folder / "state", tool=shlex.quote(str(TOOL)), region=REGION, bucket=f"{BUCKET}={folder / 'bucket'}", root=folder / "amazon"))
    program = folder / "runner"
    program.write_text(f"#!/bin/bash\nexec unshare --mount bash {inner} \"$@\"\n")
    program.chmod(0o755)
    yield ["--runner", program]
    shutil.rmtree(folder)


def test_a_run_finds_the_mariadb_of_this_machine(tmp_path, agent, mariadb, runner):
    (tmp_path / "dist").mkdir()
    for name in (document.agent_name(), document.agent_name() + ".gz"):
        shutil.copy(document.ROOT / "dist" / name, tmp_path / "dist" / name)
    path = document.build(tmp_path / "dist")
    hash = (tmp_path / "dist" / (path.name + ".sha256")).read_text().split()[0]
    options = ["--accounts", 2, "--instances", 3, "--regions", REGION, "--document", f"dbcensus={path}", "--agents", tmp_path / "dist", "--real-hosts", 1, *runner]
    (tmp_path / "serve").mkdir()
    with Simulator(*options) as simulator:
        # A presigned URL is made without a call: hosts fetch from where AWS has its buckets.
        simulator.first["environment"] = {"AWS_REGION": REGION, "AWS_ENDPOINT_URL_S3": f"https://s3.{REGION}.amazonaws.com"}
        with serving(tmp_path / "serve", simulator, document_hash=hash, agent_bucket=BUCKET, delivery="presigned") as service:
            job = wait(service, begin(service), timeout=200)["job"]["id"]
            real = simulator.instances()[0]["instance"]
            rows = {row["instance_id"]: row for row in results(service, job)[0]}
            assert {row["reason"] for row in rows.values()} <= {"ok", "no_database"} and len(rows) == 6
            assert rows[real]["reason"] == "ok", rows[real]
            by_hand = agent.json("scan", "--format", "json")
            # The host has a /var/lib of its own: what is stopped there is not this machine's.
            wanted = {(one["key"], one["engine"], one["version"], one["state"]) for one in by_hand["databases"] if one["state"] == "running"}
            found = service.items("/api/v1/databases", params={"host": real, "limit": 1000})
            assert {(one["key"], one["engine"], one["version"], one["state"]) for one in found if one["state"] == "running"} == wanted
            server = next(one for one in found if one["engine"] == "mariadb" and one["state"] == "running" and str(mariadb.port) == str(one["port"]))
            assert server["account_id"] == simulator.hub and server["region"] == REGION and server["host_id"] == real
            host = service.get(f"/api/v1/hosts/{real}").json()
            assert host["host"]["sender"] == "ssm" and host["report"]["hostname"] == by_hand["host"]["hostname"]
            # The second run uses the agent that the host kept.
            again = wait(service, begin(service), timeout=200)["job"]["id"]
            assert {row["instance_id"]: row["reason"] for row in results(service, again)[0]}[real] == "ok"


def test_a_real_host_is_cleaned(tmp_path, agent, collector, monkeypatch):
    """The release puts the agent on a host; the document that removes it leaves nothing, and takes no other folder."""
    (tmp_path / "dist").mkdir()
    for name in (document.agent_name(), document.agent_name() + ".gz"):
        shutil.copy(document.ROOT / "dist" / name, tmp_path / "dist" / name)
    path = document.build(tmp_path / "dist")
    (tmp_path / "hosts").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "hosts"))
    with Simulator("--accounts", 1, "--instances", 2, "--regions", REGION, "--document", f"dbcensus={path}", "--agents", tmp_path / "dist", "--real-hosts", 1) as simulator:
        simulator.first["environment"] = {"AWS_REGION": REGION, "AWS_ENDPOINT_URL_S3": f"https://s3.{REGION}.amazonaws.com"}
        settings = {"agent_bucket": BUCKET, "organization__enabled": "false"}
        run = scan(collector, simulator, tmp_path, **settings)
        assert run.code == 0, run.messages
        (library,) = (tmp_path / "hosts").glob("fleet-simulator-*/*/lib")
        assert list(library.rglob("agent-*")), run.results()
        (library / "mysql").mkdir()
        deploy(collector, simulator, tmp_path, "apply", "--cleaning", "--single-account", **settings)
        deploy(collector, simulator, tmp_path, "clean-hosts", **settings)
        assert [entry.name for entry in library.iterdir()] == ["mysql"]
        # A link in the folder's place is removed, and what it names stays.
        (library / "dbcensus-agent").symlink_to(library / "mysql")
        (library / "mysql/data").touch()
        deploy(collector, simulator, tmp_path, "clean-hosts", **settings)
        assert [entry.name for entry in library.iterdir()] == ["mysql"] and (library / "mysql/data").exists()
