"""`doctor` and AWS: who am I, which roles can I assume, which call is denied, is the document the right one."""

import hashlib
import json
import os
import stat

import pytest

from discovery import scan
from service import report
from simulator import ROOT, Simulator

HASH = hashlib.sha256(b"").hexdigest()


@pytest.fixture(scope="module")
def simulator():
    with Simulator("--accounts", 30, "--share", "denied=0.2", "--share", "suspended=0.1", "--share", "denied_by_scp=0.2") as simulator:
        yield simulator


def doctor(collector, tmp_path, simulator, *arguments, env=None, **settings):
    """`({check: (ok|warning|bad, text)}, exit status)`."""
    settings = {"external_id": "fleet", "document_hash": HASH, **settings}
    flags = [part for name, value in settings.items() if value for part in ("--set", f"discovery.{name}={value}")]
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    env = {**clean, **(simulator.env if simulator else {}), **(env or {})}
    done = collector.run("doctor", "--store", tmp_path / "store.sqlite", *arguments, *flags, check=False, env=env)
    checks = {}
    for line in done.stdout.decode().splitlines():
        name, _, text = line[9:].partition(": ")
        checks[name] = (line[:9].strip(), text)
    return checks, done.returncode


def account(simulator, **wanted):
    return next(one["account"] for one in simulator.instances() if one["account"] != simulator.hub and all(one[key] == value for key, value in wanted.items()))


FREE = {"account_denied": False, "account_suspended": False, "region_denied": False}


def test_the_organisation(collector, tmp_path, simulator):
    checks, code = doctor(collector, tmp_path, simulator)
    truth = {one["account"]: one for one in simulator.instances()}
    suspended = sum(one["account_suspended"] for one in truth.values())
    denied = sorted(name for name, one in truth.items() if one["account_denied"] and not one["account_suspended"])
    assert denied and suspended
    assert checks["aws identity"] == ("ok", f"arn:aws:iam::{simulator.hub}:user/dbcensus in account {simulator.hub}, eu-west-1")
    assert checks["aws document"] == ("ok", "dbcensus, version 1 in eu-west-1, with the configured SHA-256")
    assert checks["aws organization"] == ("ok", f"30 accounts, {suspended} of them not active")
    active = 30 - suspended
    assert checks["aws roles"][0] == "bad" and f"can be assumed in {active - len(denied)} of {active} accounts" in checks["aws roles"][1]
    assert [name for name in checks if name.startswith("aws account ")] == [f"aws account {name}" for name in denied[:10]]
    assert code == 74


def test_one_account_step_by_step(collector, tmp_path, simulator):
    name = account(simulator, **FREE)
    checks, code = doctor(collector, tmp_path, simulator, "--account", name, "--region", "eu-west-1")
    assert code == 0 and [check for check, (state, _) in checks.items() if state != "ok"] == []
    assert list(checks)[2:-1] == ["sts:AssumeRole", "ec2:DescribeInstances", "ssm:DescribeInstanceInformation", "ssm:DescribeDocument",
                                "ssm:SendCommand", "ssm:ListCommandInvocations", "ssm:GetCommandInvocation", "ssm:CancelCommand"]
    assert checks["ec2:DescribeInstances"][1].startswith("10 instances in eu-west-1")
    assert checks["sts:TagSession"] == ("ok", "sessions name the run and who asked for it")
    assert "ssm:SendCommand ok" not in simulator.calls(), "no command was started"


def test_the_management_account_is_named(collector, tmp_path):
    """A StackSet never reaches it."""
    with Simulator("--without-management-role", "--accounts", 3) as simulator:
        checks, code = doctor(collector, tmp_path, simulator)
        assert code == 74 and "deploy packaging/aws/spoke.yaml there as a stack" in checks[f"aws account {simulator.hub}"][1]
        run = scan(collector, simulator, tmp_path)
        assert run.code == 3
        listed = json.loads(collector.run("coverage", "--store", tmp_path / "store.sqlite", "--format", "json").stdout)
        (scope,) = [scope for scope in listed["scopes"] if scope["account_id"] == simulator.hub]
        assert scope["code"] == "access_denied" and "the management account, which StackSets never reach" in scope["detail"]


def test_a_role_without_session_tags(collector, tmp_path):
    with Simulator("--without-session-tags") as simulator:
        checks, code = doctor(collector, tmp_path, simulator, "--account", account(simulator, **FREE))
        assert code == 0 and checks["sts:TagSession"][0] == "warning" and "packaging/aws/spoke.yaml" in checks["sts:TagSession"][1]
        checks, _ = doctor(collector, tmp_path, simulator, "--account", account(simulator, **FREE), tag_sessions="false")
        assert "sts:TagSession" not in checks


def test_what_is_wrong_has_its_name(collector, tmp_path, simulator):
    name = account(simulator, **FREE)
    checks, code = doctor(collector, tmp_path, simulator, "--account", name, external_id=None)
    assert code == 74 and "an external id, which discovery.external_id does not set" in checks["sts:AssumeRole"][1]
    assert checks["other actions"][0] == "warning"
    (tmp_path / "id").write_text("fleet\n")
    assert doctor(collector, tmp_path, simulator, "--account", name, external_id=None, external_id_file=tmp_path / "id")[1] == 0
    checks, _ = doctor(collector, tmp_path, simulator, "--account", name, external_id=None, external_id_file=tmp_path / "none")
    assert "cannot read" in checks["aws external id"][1]
    assert "another external id" in doctor(collector, tmp_path, simulator, "--account", name, external_id="x2")[0]["sts:AssumeRole"][1]

    checks, _ = doctor(collector, tmp_path, simulator, document_hash="0" * 64)
    assert checks["aws document"][0] == "bad" and f"SHA-256 {HASH} instead of {'0' * 64}" in checks["aws document"][1]
    assert doctor(collector, tmp_path, simulator, document_hash=None)[0]["aws document"][0] == "warning"
    assert "deploy apply` does both" in doctor(collector, tmp_path, simulator, document="other")[0]["aws document"][1]

    checks, _ = doctor(collector, tmp_path, simulator, "--account", name, document="other")
    assert checks["ssm:SendCommand"][0] == "bad" and "InvalidDocument" in checks["ssm:SendCommand"][1]

    checks, _ = doctor(collector, tmp_path, simulator, "--account", account(simulator, **{**FREE, "region_denied": True}))
    assert checks["sts:AssumeRole"][0] == "ok"
    for action in ("ec2:DescribeInstances", "ssm:SendCommand"):
        assert checks[action][0] == "bad" and "service control policy" in checks[action][1]


def test_the_denied_calls_are_named(collector, tmp_path):
    with Simulator("--deny", "ssm:SendCommand", "--deny", "ec2:DescribeInstances") as simulator:
        checks, code = doctor(collector, tmp_path, simulator, "--account", account(simulator, **FREE))
        assert code == 74
        assert [name for name, (state, _) in checks.items() if state == "bad"] == ["ec2:DescribeInstances", "ssm:SendCommand"]


def test_the_documentation_shows_what_comes_out(collector, tmp_path):
    with Simulator() as simulator:
        checks, _ = doctor(collector, tmp_path, simulator, "--account", account(simulator))
    shown = "".join(f"    {state:9}{name}: {text}\n" for name, (state, text) in checks.items())
    assert shown in (ROOT / "docs/operate/aws.md").read_text()


def test_credentials(collector, tmp_path, simulator):
    checks, code = doctor(collector, tmp_path, None)
    assert code == 0 and checks["aws credentials"] == ("ok", "there are none: discovery of AWS accounts is off")
    checks, code = doctor(collector, tmp_path, None, "--account", "111122223333")
    assert code == 74 and checks["aws credentials"][0] == "bad"
    checks, _ = doctor(collector, tmp_path, simulator, env={"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert "SignatureDoesNotMatch" in checks["aws credentials"][1]
    checks, _ = doctor(collector, tmp_path, None, env={"AWS_PROFILE": "missing"})
    assert checks["aws credentials"][0] == "bad" and "missing" in checks["aws credentials"][1]


@pytest.mark.parametrize("arguments, message", [
    (["--account", "12"], "12 digits"), (["--region", "here/"], "such as eu-west-1"),
    (["--set", "discovery.document_hash=1"], "not a SHA-256"), (["--set", "discovery.external_id=ab", "--set", "discovery.external_id_file=f"], "not both")])
def test_wrong_arguments(collector, arguments, message):
    done = collector.run("doctor", *arguments, check=False)
    assert done.returncode in (64, 78) and message in (done.stderr + done.stdout).decode()


CANARIES = ["dbc_" + "c" * 12 + "_" + "a" * 64, "canary-external-id", "canary-tag-value", "AKIACANARYCANARY0001", "canary-signature", "canary-hostname", "canary-password"]


def test_a_bundle_has_what_helps_and_no_secret(collector, tmp_path):
    token, external, tag, key, signature, hostname, password = CANARIES
    store, bundle = tmp_path / "store.sqlite", tmp_path / "bundle.txt"
    frame = tmp_path / "report.json"
    frame.write_text(json.dumps(report(1, host={"hostname": hostname})))
    with Simulator("--accounts", 3, "--external-id", external) as simulator:
        run = scan(collector, simulator, tmp_path, external_id=external)
        collector.run("ingest", "--store", store, frame)
        log = "\n".join(f'{{"level":"info","message":"line {number}","x":"{{}}"}}' for number in range(1_500))
        log += f"""
{{"error":"\x1b]0;owned\x07 \x9b31m"}}
The first token, for this machine only: {token}
{{"target":"/api/v1/databases?tag=team={tag} with blanks, {tag}&limit=1","message":"audit"}}
{{"target":"/api/v1/databases?account_tag%3Dteam={tag}&tag:team={tag}","url":"https://s3/agent?X-Amz-Credential={key}%2F1&X-Amz-Signature={signature}"}}
{{"error":"postgresql://dbcensus:{password}@store/dbcensus, Authorization: Bearer {token}, external id {external}"}}
"""
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", **simulator.env}
        flags = [part for setting in (f"external_id={external}", f"instances.tags={{team: [{tag}]}}", f"canary.tags={{team: [{tag}]}}",
                                      f"maintenance_windows=[{{cron: '0 1 * * *', duration: 1h, tags: {{team: [{tag}]}}}}]")
                 for part in ("--set", f"discovery.{setting}")]
        command = ("doctor", "--store", store, "--bundle", bundle, "--log", "-", *flags)
        collector.run(*command, check=False, env=env, input=log.encode())
        text = bundle.read_text()
        assert [canary for canary in CANARIES if canary in text] == []
        assert not set(text) & {"\x1b", "\x07", "\x9b"}, "a terminal shows it"
        for wanted in ("## Configuration", "## Checks", "ok       store:", "## Metrics", "dbcensus_hosts", "## Runs", run.id, '"hosts":30', "## Log", "line 1499", "discovery:"):
            assert wanted in text, wanted
        assert "line 400" not in text, "only the last lines"
        assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
        again = collector.run(*command, check=False, env=env, input=b"")
        assert b"exists already" in again.stderr and bundle.read_text() == text
    assert collector.run("doctor", "--log", "-", check=False).returncode == 64
