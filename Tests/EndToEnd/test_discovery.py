"""Discovery: every instance of an organisation ends a run with one reason, and it is the true one."""

import json
import shlex
import signal
import subprocess
import time

import pytest

import stores
from discovery import check, counts, environment, flags, query, scan, truth
from service import BINARY
from stores import file_store
from simulator import Simulator

MIXED = ("--accounts", 24, "--instances", 25, "--regions", "eu-west-1,eu-central-1", "--share", "mixed", "--share", "denied=0.1",
         "--share", "suspended=0.1", "--share", "denied_by_scp=0.05", "--share", "expired=0", "--share", "hostile=0.03", "--share", "skewed=0.03",
         "--share", "hybrid=0.04")


@pytest.fixture(scope="module")
def mixed():
    with Simulator(*MIXED) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def run(collector, mixed, tmp_path_factory):
    """One run over a fleet with every trouble."""
    return scan(collector, mixed, tmp_path_factory.mktemp("mixed"))


def test_every_instance_has_its_true_reason(run, mixed):
    wanted = truth(mixed)
    check(run.results(), wanted)
    assert run.progress["reasons"] == counts(wanted) and run.progress["state"] == "completed" and run.code == 3
    assert run.progress["hosts"] == run.progress["hosts_done"] == len(wanted)


def test_scopes_have_their_codes(run, mixed):
    codes = {}
    for one in mixed.instances():
        scope = (one["account"], "*" if one["account_denied"] or one["account_suspended"] else one["region"])
        codes[scope] = ("suspended" if one["account_suspended"] else "access_denied" if one["account_denied"]
                        else "denied_by_scp" if one["region_denied"] else "ok")
    # Where a policy denies the region that is asked for the regions, the whole account is denied.
    found = {(account, region): code for account, region, code in query(run.store, "SELECT account_id, region, code FROM scopes")}
    for (account, region), code in codes.items():
        assert found.get((account, region), found.get((account, "*"))) == code, (account, region)


def test_a_hostile_host_changes_nothing_for_anybody(run, collector, mixed):
    hostile = [name for name, row in run.results().items() if row["reason"] == "agent_mismatch"]
    assert hostile
    known = {row[0] for row in query(run.store, "SELECT instance_id FROM hosts")}
    answered = {name for name, row in run.results().items() if row["reason"] in ("ok", "no_database")}
    assert known == answered
    letters = collector.json("dead-letters", "list", "--store", run.store, "--format", "json")["items"]
    mismatches = [letter for letter in letters if letter["code"] == "agent_mismatch"]
    assert len(mismatches) == len(hostile) and all(letter["source"] == "ssm" for letter in mismatches)
    assert any(name in letter["message"] for letter in mismatches for name in hostile)
    # A retry, even one that takes over, keeps it what it is.
    before = query(run.store, "SELECT id, last_seen, digest FROM hosts ORDER BY id")
    collector.run("dead-letters", "retry", "--store", run.store, "--take-over", mismatches[0]["id"], check=False)
    assert query(run.store, "SELECT id, last_seen, digest FROM hosts ORDER BY id") == before


def test_times_outside_of_the_run_are_the_collectors(run, mixed):
    skewed = [one["instance"] for one in mixed.instances() if one["outcome"] == "skewed"]
    began = run.progress["started_at"]
    seen = dict(query(run.store, "SELECT instance_id, last_seen FROM hosts"))
    found = [seen[name] for name in skewed if name in seen]
    assert found and all(time >= began for time in found)


def test_nodes_outside_ec2_are_hosts_like_others(run, mixed):
    nodes = [row for name, row in run.results().items() if name.startswith("mi-")]
    assert nodes and {row["reason"] for row in nodes} <= {"ok", "no_database", "failed", "timed_out", "undeliverable", "truncated", "bad_report", "agent_mismatch"}
    hosts = query(run.store, "SELECT id, account_id, region FROM hosts WHERE id LIKE 'mi-%'")
    assert hosts and all(account and region for _, account, region in hosts)


def test_a_session_names_the_run_and_who_asked_for_it(run, mixed):
    sessions = [one for one in json.loads(mixed.get("/_simulator/sessions")) if one["name"] == run.id]
    assert sessions and len({one["account"] for one in sessions}) == len(sessions), "one session an account"
    assert {one["source_identity"] for one in sessions} == {sessions[0]["tags"]["dbcensus-requester"]}
    assert all(one["tags"]["dbcensus-job"] == run.id for one in sessions)


@file_store
def test_a_rebuild_keeps_what_aws_said(run, collector, tmp_path):
    store = tmp_path / "copy.sqlite"
    collector.run("backup", "--store", run.store, store)
    sql = "SELECT id, account_id, region, last_seen, sender FROM hosts ORDER BY id"
    before = query(store, sql)
    collector.run("rebuild", "--store", store)
    assert query(store, sql) == before


def test_a_second_run_downloads_no_agent_and_finds_the_same(run, collector, mixed, tmp_path):
    again = scan(collector, mixed, run.store.parent)
    wanted = {name: reason for name, reason in truth(mixed).items()}
    gone = {one["instance"] for one in mixed.instances() if one["gone"]}
    check(again.results(), {**wanted, **{name: "terminated" for name in gone if name in wanted}})
    fetches = query(run.store, """SELECT b.fetches, COUNT(*) FROM results r JOIN batches b ON b.row_id = r.batch_row_id JOIN jobs j ON j.row_id = r.job_row_id
                                  WHERE j.id = ? AND r.reason IN ('ok', 'no_database') GROUP BY 1""", again.id)
    assert dict(fetches).keys() == {0}


def test_an_instance_that_is_gone_is_terminated_and_nothing_is_deleted(collector, tmp_path):
    with Simulator("--accounts", 2, "--instances", 20, "--databases", "2=1") as simulator:
        first = scan(collector, simulator, tmp_path)
        assert first.code == 0
        # They go when their next command is sent.
        victims = [one["instance"] for one in simulator.instances()][:3]
        for victim in victims:
            simulator.get(f"/_simulator/terminate/{victim}")
        # One instance alone is no complete listing: no instance is gone.
        one = scan(collector, simulator, tmp_path, "--instance", simulator.instances()[5]["instance"])
        assert one.progress["hosts"] == 1 and query(first.store, "SELECT COUNT(*) FROM hosts WHERE retired_at IS NOT NULL") == [(0,)]
        second = scan(collector, simulator, tmp_path)
        assert {name for name, row in second.results().items() if row["reason"] == "terminated"} == set(victims)
        retired = {row[0] for row in query(first.store, "SELECT id FROM hosts WHERE retired_at IS NOT NULL")}
        assert retired == set(victims)
        missing = query(first.store, "SELECT COUNT(*) FROM databases WHERE missing_since IS NOT NULL")
        assert missing == [(6,)] and query(first.store, "SELECT COUNT(*) FROM databases") == [(80,)]
        third = scan(collector, simulator, tmp_path)
        assert "terminated" not in third.progress["reasons"] and third.code == 0


def test_what_a_run_covers(collector, tmp_path):
    with Simulator("--accounts", 4, "--instances", 60, "--regions", "eu-west-1,eu-central-1,us-east-1") as simulator:
        accounts = sorted({one["account"] for one in simulator.instances()})
        one = scan(collector, simulator, tmp_path, "--account", accounts[1], "--region", "eu-*", organization__skip_accounts=accounts[2])
        assert {(row["account_id"], row["region"]) for row in one.results().values()} == {(accounts[1], "eu-west-1"), (accounts[1], "eu-central-1")}
        unit = scan(collector, simulator, tmp_path, regions="eu-west-1", organization__organizational_units="ou-f1ee-workload",
                    organization__skip_accounts=accounts[3])
        assert {row["account_id"] for row in unit.results().values()} == {accounts[1]}
        assert query(unit.store, "SELECT t.detail FROM tasks t JOIN jobs j ON j.row_id = t.job_row_id WHERE j.id = ? AND account_id = ?", unit.id, accounts[3]) == [("skip_accounts",)]
        tags = scan(collector, simulator, tmp_path, "--tag", "env=prod", "--region", "eu-west-1")
        assert 0 < len(tags.results()) < 240 and tags.code == 0
        chosen = scan(collector, simulator, tmp_path, "--region", "eu-west-1", instances__tags="{env: [prod, stage]}", instances__exclude_tags="{team: payments}")
        reasons = {(row["reason"], row["detail"]) for row in chosen.results().values()}
        assert {("skipped", "not_selected"), ("skipped", "exclude_tags")} <= reasons and len(chosen.results()) == 240
        disabled = scan(collector, simulator, tmp_path, regions="eu-west-1,ap-south-2")
        assert disabled.progress["scopes"]["region_disabled"] == 4 and disabled.code == 0
        unknown = scan(collector, simulator, tmp_path, "--account", "999999999999")
        assert unknown.progress["scopes"] == {"skipped": 1} and unknown.progress["hosts"] == 0


def test_no_command_in_a_maintenance_window(collector, tmp_path):
    with Simulator("--accounts", 2, "--instances", 30) as simulator:
        windows = '[{cron: "* * * * *", duration: 1h, tags: {env: prod}}, {cron: "0 0 29 2 *", duration: 1h}]'
        run = scan(collector, simulator, tmp_path, maintenance_windows=windows)
        skipped = {name for name, row in run.results().items() if (row["reason"], row["detail"]) == ("skipped", "maintenance_window")}
        tags = {one["InstanceId"]: {tag["Key"]: tag["Value"] for tag in one["Tags"]}
                for account in {one["account"] for one in simulator.instances()}
                for reservation in simulator.client("ec2", simulator.role(account)).describe_instances()["Reservations"]
                for one in reservation["Instances"]}
        assert skipped == {name for name in tags if tags[name]["env"] == "prod"} and skipped
        assert sum(run.progress["reasons"].get(reason, 0) for reason in ("ok", "no_database")) == 60 - len(skipped)


def test_long_outputs_come_from_s3_or_by_calls_of_their_own(collector, tmp_path):
    with Simulator("--accounts", 1, "--instances", 10, "--databases", "40=1") as simulator:
        first = scan(collector, simulator, tmp_path)
        assert first.code == 0 and first.progress["databases"] == 400
        gets = sum(count for name, count in simulator.calls().items() if name.startswith("ssm:GetCommandInvocation"))
        assert gets == 10
        second = scan(collector, simulator, tmp_path, output_bucket="outputs", output_prefix="runs")
        calls = simulator.calls()
        assert second.code == 0 and second.progress["databases"] == 400 and calls["s3:GetObject ok"] == 10
        assert sum(count for name, count in calls.items() if name.startswith("ssm:GetCommandInvocation")) == gets


def test_an_output_in_s3_that_another_host_wrote_is_not_taken(collector, tmp_path):
    with Simulator("--accounts", 1, "--instances", 20, "--databases", "40=1", "--share", "hostile=0.1") as simulator:
        run = scan(collector, simulator, tmp_path, output_bucket="outputs")
        check(run.results(), truth(simulator))
        hostile = run.progress["reasons"]["agent_mismatch"]
        assert hostile > 0 and run.progress["databases"] == 40 * (20 - hostile)
        assert simulator.calls()["s3:GetObject ok"] == 20


def test_a_list_serves_fifty_hosts_and_no_get_is_needed(collector, tmp_path):
    with Simulator("--accounts", 1, "--instances", 200, "--databases", "0=0.5,1=0.4,3=0.1") as simulator:
        run = scan(collector, simulator, tmp_path)
        calls = simulator.calls()
        assert run.code == 0 and not [name for name in calls if "GetCommandInvocation" in name]
        assert calls["ssm:SendCommand ok"] == 5, "four of 50 hosts, and one more for the second architecture"


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(collector, mixed, tmp_path):
    before = mixed.calls().get("ssm:SendCommand ok", 0)
    preview = scan(collector, mixed, tmp_path, "--dry-run").progress
    assert mixed.calls().get("ssm:SendCommand ok", 0) == before and not (tmp_path / "store.sqlite").exists()
    gone = {one["instance"] for one in mixed.instances() if one["gone"]}
    asked = {name for scope in preview["scopes"] for name in scope["instances"]}
    cannot = {"not_managed", "offline", "stopped", "unsupported_platform"}
    assert asked == {name for name, reason in truth(mixed).items() if reason not in cannot and name not in gone}
    assert preview["permissions"]["ssm:SendCommand"] == ["spoke"] and preview["role"] == "dbcensus-spoke"
    document = next(scope["document"] for scope in preview["scopes"] if scope["instances"] and scope["account_id"] != mixed.hub)
    assert document.startswith("arn:aws:ssm:") and document.endswith(f":{mixed.hub}:document/dbcensus")
    text = collector.run("scan", "--dry-run", "--store", tmp_path / "x", *flags(), env=environment(mixed, tmp_path)).stdout.decode()
    assert f"commands to {len(asked)} hosts. Nothing was sent." in text


def test_with_a_profile_alone_the_callers_own_account_is_scanned(collector, tmp_path):
    with Simulator("--accounts", 3, "--instances", 12, "--databases", "1=1") as simulator:
        (tmp_path / ".aws").mkdir()
        (tmp_path / ".aws/config").write_text("[profile dba]\nregion = eu-west-1\n")
        keys = simulator.env
        (tmp_path / ".aws/credentials").write_text(
            f"[dba]\naws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n")
        env = {name: value for name, value in environment(simulator, tmp_path).items() if not name.startswith(("AWS_ACCESS", "AWS_SECRET", "AWS_REGION"))}
        refused = collector.run("scan", "--profile", "dba", "--store", tmp_path / "dba.sqlite", env=env, check=False)
        assert refused.returncode == 64 and "DBCENSUS_DISCOVERY_AGENT_BUCKET" in refused.stderr.decode()
        env["DBCENSUS_DISCOVERY_AGENT_BUCKET"] = "agents"
        done = collector.run("scan", "--profile", "dba", "--region", "eu-west-1", "--store", tmp_path / "dba.sqlite", env=env, timeout=120)
        assert "12 databases on 12 hosts that answered, in 1 accounts." in done.stdout.decode()
        assert not any(name.startswith(("sts:AssumeRole", "organizations:")) for name in simulator.calls())


def test_no_credentials_is_no_run(collector, tmp_path):
    with Simulator() as simulator:
        run = scan(collector, simulator, tmp_path, env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})
        assert run.code == 1 and run.progress["state"] == "failed" and "credentials" in run.progress["detail"]
    assert scan(collector, simulator, tmp_path, "--region", "Frankfurt").code == 64


def test_ctrl_c_detaches_and_attach_goes_on(collector, tmp_path):
    with Simulator("--accounts", 3, "--instances", 50, "--host-seconds", 4) as simulator:
        store = tmp_path / "store.sqlite"
        command = [str(BINARY), "scan", "--store", str(stores.place(store)), *flags()]
        process = subprocess.Popen(command, env=environment(simulator, tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 60
        while not simulator.calls().get("ssm:SendCommand ok"):
            assert time.monotonic() < end
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=30)
        assert process.returncode == 0 and "Stopped watching. The run pauses." in messages and "scan --attach job-" in messages
        # The command has all of the options, but no secret.
        words = shlex.split(messages.split("Continue with: ")[1].replace("external_id=…", "external_id=fleet"))
        done = collector.run(*words[1:], "--format", "json", env=environment(simulator, tmp_path), timeout=120)
        progress = json.loads(done.stdout)
        assert progress["id"] == words[3] and progress["state"] == "completed" and progress["hosts"] == 150
        assert simulator.calls()["ssm:SendCommand ok"] == len(query(store, "SELECT 1 FROM batches WHERE command_id IS NOT NULL"))
