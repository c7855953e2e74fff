"""SSM Run Command of the fleet simulator with boto3: reports, limits, and hosts that do not answer well."""

import hashlib
import json
import os
import shutil
import subprocess

import jsonschema
import pytest

import document
from simulator import REGION, ROOT, Simulator, command, refused


@pytest.fixture(scope="module")
def simulator():
    with Simulator("--accounts", 3, "--instances", 60, "--regions", f"{REGION},us-east-1", "--share", "unmanaged=0.1",
                   "--share", "offline=0.1", "--share", "stopped=0.1", "--share", "windows=0.1") as simulator:
        yield simulator


def report(agent, text):
    return json.loads(subprocess.run([agent.path, "decode"], input=text, capture_output=True, text=True, check=True).stdout)


def test_reports_come_back(simulator, agent, collector, tmp_path):
    schema = json.loads((ROOT / "docs/report.schema.json").read_text())
    truth = {one["instance"]: one for one in simulator.instances() if one["account"] == simulator.hub and one["region"] == REGION and one["kind"] == "managed"}
    ids = list(truth)[:50]
    _, invocations = command(simulator, None, ids, Parameters={"fetch": ["yes"]})
    assert sorted(invocations) == sorted(ids)
    short = 0
    for name in ids:
        assert (invocations[name]["Status"], invocations[name]["StatusDetails"]) == ("Success", "Success")
        output = invocations[name]["CommandPlugins"][0]["Output"]
        assert len(output) <= 2500
        if truth[name]["databases"] <= 3:
            content = report(agent, output)
            jsonschema.validate(content, schema)
            assert len(content["databases"]) == truth[name]["databases"]
            assert content["host"]["cloud"]["instance_id"] == name and content["host"]["cloud"]["account_id"] == simulator.hub
            short += 1
            (tmp_path / "frame").write_text(output)
    assert short > 20
    rows = collector.json("ingest", tmp_path / "frame", "--store", tmp_path / "store.sqlite", "--format", "json")
    assert [row["outcome"] for row in rows["items"]] == ["stored"]


def test_a_long_report_takes_several_steps(agent):
    with Simulator("--instances", 1, "--accounts", 1, "--databases", "300=1") as simulator:
        name = simulator.instances()[0]["instance"]
        ssm = simulator.client("ssm")
        sent, invocations = command(simulator, None, [name], Parameters={"fetch": ["yes"]})
        output = invocations[name]["CommandPlugins"][0]["Output"]
        assert len(output) == 2500 and output.endswith("---Output truncated---")
        steps = [step["Name"] for step in invocations[name]["CommandPlugins"]]
        assert steps == ["scan", *(f"output-{number}" for number in range(2, 11))]
        got = [ssm.get_command_invocation(CommandId=sent, InstanceId=name, PluginName=step) for step in steps]
        assert {one["Status"] for one in got} == {"Success"}
        assert len(report(agent, "".join(one["StandardOutputContent"] for one in got))["databases"]) == 300
        # Without a step's name there is no output of a document of several steps.
        assert ssm.get_command_invocation(CommandId=sent, InstanceId=name)["StandardOutputContent"] == ""
        with refused("InvalidPluginName"):
            ssm.get_command_invocation(CommandId=sent, InstanceId=name, PluginName="other")


def test_limits_of_run_command(simulator):
    truth = [one for one in simulator.instances() if one["account"] == simulator.hub and one["region"] == REGION]
    ids = [one["instance"] for one in truth if one["kind"] in ("managed", "windows", "offline")]
    ssm = simulator.client("ssm")

    def send(**options):
        return ssm.send_command(**{"DocumentName": "dbcensus", "InstanceIds": ids[:1], **options})["Command"]

    with refused("ThrottlingException"):
        send(InstanceIds=(ids + ["i-1"] * 51)[:51])
    with refused("InvalidInstanceId"):
        send(InstanceIds=[next(one["instance"] for one in truth if one["kind"] == "unmanaged")])
    with refused("InvalidInstanceId"):
        send(InstanceIds=[next(one["instance"] for one in truth if one["kind"] == "stopped")])
    with refused("ValidationException"):
        send(TimeoutSeconds=31_000_000)
    with refused("InvalidDocument"):
        send(DocumentName="other")
    with refused("InvalidDocument"):
        send(DocumentHash="0" * 64, DocumentHashType="Sha256")
    with refused("InvalidDocumentVersion"):
        send(DocumentVersion="7")
    sent = send()["CommandId"]
    with refused("InvocationDoesNotExist"):
        ssm.get_command_invocation(CommandId=sent, InstanceId=ids[0])
    with refused("InvalidCommandId"):
        ssm.list_command_invocations(CommandId="00000000-0000-0000-0000-000000000000")
    # A spoke names a shared document by its ARN.
    spoke = simulator.role(simulator.instances()[-1]["account"])
    with refused("InvalidDocument"):
        simulator.client("ssm", spoke).describe_document(Name="dbcensus")
    shared = simulator.client("ssm", spoke).describe_document(Name=f"arn:aws:ssm:{REGION}:{simulator.hub}:document/dbcensus")
    assert shared["Document"]["HashType"] == "Sha256"
    # Another account's command is not seen.
    with refused("InvalidCommandId"):
        simulator.client("ssm", spoke).list_command_invocations(CommandId=sent)


def test_a_host_keeps_the_agent_that_it_fetched(simulator):
    ids = [one["instance"] for one in simulator.instances() if one["account"] == simulator.hub and one["region"] == "us-east-1" and one["kind"] == "managed"][:2]
    _, found = command(simulator, None, ids[:1], region="us-east-1", Parameters={"fetch": ["no"]})
    step = found[ids[0]]["CommandPlugins"][0]
    assert (found[ids[0]]["Status"], step["ResponseCode"]) == ("Failed", 50) and "agent_missing" in step["Output"]
    for fetch in ("yes", "no"):
        _, found = command(simulator, None, ids[:1], region="us-east-1", Parameters={"fetch": [fetch]})
        assert found[ids[0]]["Status"] == "Success"


@pytest.mark.parametrize("share, status, details", [
    ("undeliverable", "Failed", {"Undeliverable"}), ("timed_out", "TimedOut", {"Execution Timed Out", "ExecutionTimedOut"}),
    ("offline", "TimedOut", {"Delivery Timed Out", "DeliveryTimedOut"}), ("failed", "Failed", {"Failed"}),
    ("truncated", "Success", {"Success"}), ("garbage", "Success", {"Success"}), ("terminated", "Failed", {"Undeliverable"})])
def test_hosts_that_do_not_answer_well(share, status, details, agent):
    with Simulator("--accounts", 1, "--instances", 20, "--speed", 100, "--share", f"{share}=1", "--databases", "1=1") as simulator:
        ids = [one["instance"] for one in simulator.instances()]
        _, found = command(simulator, None, ids, TimeoutSeconds=30, Parameters={"fetch": ["yes"]})
        assert {one["Status"] for one in found.values()} == {status}
        assert {one["StatusDetails"] for one in found.values()} == details
        if share in ("truncated", "garbage"):
            for one in found.values():
                done = subprocess.run([agent.path, "decode"], input=one["CommandPlugins"][0]["Output"], capture_output=True, text=True)
                assert done.returncode != 0
        if share == "failed":
            assert {one["CommandPlugins"][0]["ResponseCode"] for one in found.values()} <= {48, 53, 54, 57}
        left = simulator.client("ec2").describe_instances()["Reservations"]
        assert len(left) == (0 if share == "terminated" else 20)


def test_too_many_errors_terminate_the_rest():
    with Simulator("--accounts", 1, "--instances", 5, "--speed", 100, "--share", "failed=1") as simulator:
        ids = [one["instance"] for one in simulator.instances()]
        _, found = command(simulator, None, ids, MaxErrors="0", MaxConcurrency="1", Parameters={"fetch": ["yes"]})
        assert [found[name]["StatusDetails"] for name in ids] == ["Failed", *["Terminated"] * 4]
        _, found = command(simulator, None, ids, MaxConcurrency="1", Parameters={"fetch": ["yes"]})
        assert [found[name]["StatusDetails"] for name in ids] == ["Failed"] * 5


def test_a_command_is_cancelled():
    with Simulator("--accounts", 1, "--instances", 2, "--host-seconds", 60) as simulator:
        ids = [one["instance"] for one in simulator.instances()]
        sent, _ = command(simulator, None, ids, wait=False, Parameters={"fetch": ["yes"]})
        simulator.client("ssm").cancel_command(CommandId=sent, InstanceIds=ids[:1])
        seen = set()
        while "Cancelled" not in seen:
            found = simulator.client("ssm").list_command_invocations(CommandId=sent)["CommandInvocations"]
            seen.add(next(one["Status"] for one in found if one["InstanceId"] == ids[0]))
        assert next(one["Status"] for one in found if one["InstanceId"] == ids[1]) in ("Pending", "InProgress")


@pytest.mark.skipif(os.geteuid() != 0, reason="the document's shell runs as root")
def test_real_hosts_run_the_documents_shell(agent, tmp_path):
    (tmp_path / "dist").mkdir()
    for suffix in ("", ".gz"):
        shutil.copy(ROOT / "dist" / (document.agent_name() + suffix), tmp_path / "dist")
    path = document.build(tmp_path / "dist")
    with Simulator("--accounts", 1, "--instances", 2, "--document", f"dbcensus={path}", "--agents", tmp_path / "dist", "--real-hosts", 1) as simulator:
        real, made = (one["instance"] for one in simulator.instances())
        described = simulator.client("ssm").describe_document(Name="dbcensus")["Document"]
        assert described["Hash"] == hashlib.sha256(path.read_bytes()).hexdigest()
        with refused("InvalidParameters"):
            simulator.client("ssm").send_command(DocumentName="dbcensus", InstanceIds=[real], Parameters={"url": ["https://h/$(id)"]})
        with refused("InvalidParameters"):
            simulator.client("ssm").send_command(DocumentName="dbcensus", InstanceIds=[real], Parameters={"command": ["id"]})
        pinned = {"DocumentHash": described["Hash"], "DocumentHashType": "Sha256", "DocumentVersion": "1"}
        _, found = command(simulator, None, [real, made], Parameters={"fetch": ["no"]}, **pinned)
        assert [found[name]["CommandPlugins"][0]["ResponseCode"] for name in (real, made)] == [50, 50]
        for fetch in ("yes", "no"):
            sent, found = command(simulator, None, [real, made], Parameters={"fetch": [fetch]}, **pinned)
            assert {one["Status"] for one in found.values()} == {"Success"}, found
            steps = [step["Name"] for step in found[real]["CommandPlugins"]]
            text = "".join(simulator.client("ssm").get_command_invocation(CommandId=sent, InstanceId=real, PluginName=step)["StandardOutputContent"] for step in steps)
            assert report(agent, text)["host"]["hostname"] == os.uname().nodename
