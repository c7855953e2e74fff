"""The SSM document on Amazon's own SSM agent, in every way of delivery: what it returns is what a scan by hand finds."""

import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess

import pytest

import document

TOOL = document.ROOT.parent / "shared/ssm-agent/run-document"
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="Amazon's agent runs as root"),
    pytest.mark.skipif(not TOOL.exists() or document.MACHINE != "x86_64", reason="Amazon's SSM agent is not on this machine"),
]
# Amazon's agent ends what it takes for its own workers: each has processes of its own.
UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
REGION, BUCKET = "us-east-1", "artifacts-1"
HOST = f"s3.{REGION}.amazonaws.com"
SIGNED = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20261101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Security-Token=IQoJb3%2B%2F%3D%3D&X-Amz-Signature=0f"
FAKE = b"#!/bin/sh\necho frame\n"


class Machine:
    """A host with /etc, /var/lib and /var/log of its own, on which Amazon's agent runs documents."""

    def __init__(self, folder, agent):
        self.folder, self.agent = folder, agent
        self.bucket = folder / "bucket"
        self.bucket.mkdir(parents=True)
        (folder / "amazon").mkdir()

    def run(self, path, parameters, *options, before="", after=""):
        state = self.folder / "state"
        layers = "".join(f"mkdir -p {state}/{name}/u {state}/{name}/w; mount -t overlay overlay -o lowerdir=/{place},upperdir={state}/{name}/u,workdir={state}/{name}/w /{place}\n"
                         for name, place in (("etc", "etc"), ("lib", "var/lib"), ("log", "var/log")))
        command = shlex.join([str(TOOL), str(path), "--region", REGION, "--bucket", f"{BUCKET}={self.bucket}", "--keep-root", str(self.folder / "amazon"),
                              "--parameters", json.dumps(parameters), "--timeout", "90", *options])
        # The overlays' upper layers are kept from run to run; they lie on a tmpfs, because a container's disk may be an overlay.
        script = f"set -e; mkdir -p {state}\n{layers}{before}\n{command}\n{after}"
        done = subprocess.run([*UNSHARE, "bash", "-c", script], capture_output=True, text=True, timeout=150)
        assert done.returncode == 0, done.stderr + done.stdout
        answer, _, rest = done.stdout.partition("\n}\n")
        result = json.loads(answer + "}")
        result["after"] = rest.splitlines()
        return result

    def amazon(self):
        """What Amazon's agent's folder has of ours."""
        return [str(path.relative_to(self.folder)) for path in (self.folder / "amazon").rglob("*") if "dbcensus" in path.name]

    KEPT = "ls -A /var/lib/dbcensus-agent 2>/dev/null || :"


SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


@pytest.fixture(scope="module")
def runs(request, agent, tmp_path_factory):
    """The scenarios that were asked for, several at once: Amazon's agent waits most of the time."""
    folder = pathlib.Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else pathlib.Path("/tmp")
    folder = folder / f"dbcensus-ssm-{os.getpid()}"
    wanted = [item.callspec.params["name"] for item in request.session.items if item.module is request.module]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        yield {name: pool.submit(SCENARIOS[name], Machine(folder / name, agent), tmp_path_factory.mktemp(name)) for name in wanted}
    shutil.rmtree(folder)


def url(name):
    return f"https://{HOST}/{BUCKET}/{name}?{SIGNED}"


def scan_of(result):
    return result["steps"]["scan"]


def fake(machine, tmp_path, content=FAKE, **settings):
    """The document of a small agent, and the agent in the machine's bucket."""
    path = document.build(tmp_path / "dist", agents={document.MACHINE: content}, **settings)
    packed = (tmp_path / "dist" / (document.agent_name() + ".gz")).read_bytes()
    (machine.bucket / (document.agent_name() + ".gz")).write_bytes(packed)
    return path, packed


def databases(report):
    return sorted((database["engine"], database["state"], json.dumps(database.get("versions")), str(database.get("data_directory"))) for database in report["databases"])


@scenario
def presigned_first_run_and_later_runs(machine, tmp_path):
    name = document.agent_name() + ".gz"
    (tmp_path / "dist").mkdir()
    for file in (name, document.agent_name()):
        shutil.copy(document.ROOT / "dist" / file, tmp_path / "dist" / file)
    path = document.build(tmp_path / "dist")
    shutil.copy(tmp_path / "dist" / name, machine.bucket / name)

    first = machine.run(path, {"fetch": "yes", "url": url(name)}, after=machine.KEPT)
    assert first["status"] == "Success", first
    # A presigned address arrives whole: token, slashes and signature.
    assert [request.split(" ")[1] for request in first["s3"]] == [f"{BUCKET}/{name}?{SIGNED}"]
    assert [line[:6] for line in first["after"]] == ["agent-"]
    later = machine.run(path, {"fetch": "no"}, after=f"{machine.KEPT}; {machine.agent.path} scan --format json >{tmp_path}/by_hand")
    assert (later["status"], later["s3"], later["after"]) == ("Success", [], first["after"])
    assert later["steps"]["download"]["status"] == "Skipped"
    assert machine.amazon() == [], "the frame and the download are removed"

    by_hand = json.loads((tmp_path / "by_hand").read_text())
    for result in (first, later):
        frame = scan_of(result)["stdout"] + "".join(result["steps"][f"output-{part}"]["stdout"] for part in range(2, 11))
        (tmp_path / "frame").write_text(frame)
        report = json.loads(subprocess.run([machine.agent.path, "decode", tmp_path / "frame"], capture_output=True, check=True).stdout)
        assert databases(report) == databases(by_hand)
        assert report["agent"] == by_hand["agent"]


@scenario
def what_is_not_the_agent_is_not_run(machine, tmp_path):
    path, packed = fake(machine, tmp_path)
    name = document.agent_name() + ".gz"
    for content in (packed[:-1], packed[:9] + b"!" + packed[10:]):
        (machine.bucket / name).write_bytes(content)
        result = machine.run(path, {"fetch": "yes", "url": url(name)}, after=machine.KEPT)
        step = scan_of(result)
        assert (result["status"], step["status"], step["code"]) == ("Failed", "Failed", 53), result
        assert "hash_mismatch" in step["stdout"]
        assert result["after"] == [] and machine.amazon() == []


@scenario
def denied(machine, tmp_path):
    path, _ = fake(machine, tmp_path)
    result = machine.run(path, {"fetch": "yes", "url": url(document.agent_name() + ".gz")}, "--deny-s3")
    assert (result["status"], scan_of(result)["code"]) == ("Failed", 52)
    assert "download_failed: the agent was not downloaded: see the output of the step download" in scan_of(result)["stdout"]
    assert "403 Forbidden" in result["steps"]["download"]["output"]


@scenario
def the_kept_agent_is_hashed_before_each_run(machine, tmp_path):
    path, _ = fake(machine, tmp_path)
    parameters = {"url": url(document.agent_name() + ".gz")}
    assert machine.run(path, {"fetch": "yes", **parameters})["status"] == "Success"
    result = machine.run(path, {"fetch": "no"}, before="echo evil >>/var/lib/dbcensus-agent/agent-*", after=machine.KEPT)
    assert (scan_of(result)["code"], result["after"]) == (51, [])
    assert machine.run(path, {"fetch": "yes", **parameters})["status"] == "Success"


@scenario
def s3_with_the_instances_role(machine, tmp_path):
    path, _ = fake(machine, tmp_path, delivery="s3", BUCKET=BUCKET, REGION=REGION, PREFIX="agents/")
    (machine.bucket / "agents").mkdir()
    name = document.agent_name() + ".gz"
    (machine.bucket / name).rename(machine.bucket / "agents" / name)
    result = machine.run(path, {"fetch": "yes", "architecture": "x86_64"}, after=machine.KEPT)
    assert (result["status"], scan_of(result)["stdout"]) == ("Success", "frame\n"), result
    assert len(result["after"]) == 1
    denied = machine.run(path, {"fetch": "yes", "architecture": "aarch64"})
    assert (denied["status"], scan_of(denied)["stdout"]) == ("Failed", "frame\n"), "the kept agent runs although the download failed"


@scenario
def https_mirror_that_keeps_no_agent(machine, tmp_path):
    path, _ = fake(machine, tmp_path, delivery="https", URL=f"https://{HOST}/{BUCKET}", KEEP="false")
    for _ in range(2):
        result = machine.run(path, {"fetch": "yes", "architecture": "x86_64"}, after=machine.KEPT)
        assert (result["status"], scan_of(result)["stdout"], result["after"]) == ("Success", "frame\n", []), result
        assert machine.amazon() == []


@scenario
def cancelled_in_mid_scan(machine, tmp_path):
    path, _ = fake(machine, tmp_path, b"#!/bin/sh\necho $$ >/var/lib/pid\nsleep 61\n")
    result = machine.run(path, {"fetch": "yes", "url": url(document.agent_name() + ".gz")}, "--cancel-after", "4",
                         after='[ -e "/proc/$(cat /var/lib/pid)" ] && echo running || echo ended')
    assert result["status"] == "Cancelled"
    assert result["after"] == ["ended"]


@scenario
def several_steps_of_output(machine, tmp_path):
    path, _ = fake(machine, tmp_path, b"#!/bin/sh\ni=0; while [ $i -lt 4000 ]; do echo part-of-the-frame-$i; i=$((i + 1)); done\n")
    result = machine.run(path, {"fetch": "yes", "url": url(document.agent_name() + ".gz")})
    parts = [scan_of(result)["stdout"], *(result["steps"][f"output-{part}"]["stdout"] for part in range(2, 11))]
    assert "".join(parts) == "".join(f"part-of-the-frame-{number}\n" for number in range(4000))
    assert result["status"] == "Success" and parts[4:] == [""] * 6


@pytest.mark.parametrize("name", SCENARIOS)
def test_amazons_agent(runs, name):
    runs[name].result()
