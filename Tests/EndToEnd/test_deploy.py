"""`deploy`: a release in every region, again without a change, one region first, and back; boto3 looks at what came of it."""

import hashlib
import json
import re
import threading
import time

import pytest
from botocore.exceptions import ClientError

from aws import Moto
from deployment import deploy, release
from discovery import check, scan, truth
from simulator import REGION, ROOT, Simulator

OTHER = "us-east-1"
REGIONS = f"{REGION},{OTHER}"


@pytest.fixture
def simulator():
    with Simulator("--without-document", "--accounts", 25, "--regions", REGIONS, "--instances", 2, "--share", "suspended=0.1") as simulator:
        yield simulator


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """`{version: (folder, SHA-256 of its document)}`"""
    root = tmp_path_factory.mktemp("releases")
    return {version: (root / version, release(root / version, version)) for version in ("0.1.0", "0.2.0")}


def changes(simulator):
    """Calls that change something."""
    return {name: count for name, count in simulator.calls().items() if re.search(":(Create|Update|Modify|Delete|Put)", name)}


def state(simulator, region=REGION):
    """The default version's hash, the versions, and the accounts that share them."""
    ssm = simulator.client("ssm", region=region)
    document = ssm.describe_document(Name="dbcensus")["Document"]
    shared = ssm.describe_document_permission(Name="dbcensus", PermissionType="Share")["AccountSharingInfoList"]
    assert {one["SharedDocumentVersion"] for one in shared} <= {"$ALL"}
    return document["Hash"], int(document["LatestVersion"]), sorted(one["AccountId"] for one in shared)


def active(simulator):
    """The accounts of the organisation but for the hub."""
    return sorted({one["account"] for one in simulator.instances() if not one["account_suspended"]} - {simulator.hub})


def test_a_plan_changes_nothing_and_apply_does_what_it_says(collector, tmp_path, simulator, releases):
    folder, sha256 = releases["0.1.0"]
    planned = deploy(collector, simulator, tmp_path, "plan", "--release", folder)
    assert not changes(simulator)
    accounts = active(simulator)
    assert len(accounts) > 20, "more than one call shares a document with"
    sharing = -(-len(accounts) // 20)
    assert planned.steps == [("upload", REGION)] * 2 + [
        step for region in (REGION, OTHER) for step in [("create_document", region), *[("share", region)] * sharing]]
    assert any("suspended" in note for note in planned.plan["notes"])
    again = deploy(collector, simulator, tmp_path, "plan", "--release", folder)
    assert again.plan == planned.plan and again.digest == planned.digest
    dry = deploy(collector, simulator, tmp_path, "apply", "--dry-run", "--release", folder)
    assert dry.digest == planned.digest and not dry.is_applied and not changes(simulator)

    applied = deploy(collector, simulator, tmp_path, "apply", "--release", folder, "--plan-digest", planned.digest)
    assert applied.is_applied and applied.plan == planned.plan
    for region in (REGION, OTHER):
        assert state(simulator, region) == (sha256, 1, accounts)
        document = simulator.client("ssm", region=region).get_document(Name="dbcensus")
        assert document["Content"] == (folder / "dbcensus-document-0.1.0-presigned.json").read_text()
    for agent in folder.glob("*.gz"):
        assert simulator.client("s3").get_object(Bucket="agents", Key=agent.name)["Body"].read() == agent.read_bytes()

    # A second time nothing has to change.
    before = changes(simulator)
    for command in ("plan", "apply"):
        assert deploy(collector, simulator, tmp_path, command, "--release", folder).steps == []
    assert changes(simulator) == before

    # And the collector finds the databases with it.
    run = scan(collector, simulator, tmp_path, document_hash=sha256)
    check(run.results(), truth(simulator))


def test_a_plan_that_was_not_reviewed_is_not_applied(collector, tmp_path, simulator, releases):
    folder, _ = releases["0.1.0"]
    planned = deploy(collector, simulator, tmp_path, "plan", "--release", folder)
    simulator.client("ssm").create_document(
        Name="dbcensus", DocumentType="Command", Content=(releases["0.2.0"][0] / "dbcensus-document-0.2.0-presigned.json").read_text())
    before = changes(simulator)
    refused = deploy(collector, simulator, tmp_path, "apply", "--release", folder, "--plan-digest", planned.digest, check=False)
    assert refused.code == 1 and "Nothing was changed" in refused.messages and changes(simulator) == before
    assert deploy(collector, simulator, tmp_path, "apply", "--release", folder, "--plan-digest", "abc", check=False).code == 64


def test_one_region_first_then_the_others_and_back(collector, tmp_path, simulator, releases):
    (old, before), (new, after) = releases["0.1.0"], releases["0.2.0"]
    deploy(collector, simulator, tmp_path, "apply", "--release", old)
    first = deploy(collector, simulator, tmp_path, "apply", "--release", new, "--region", REGION)
    assert first.steps == [("upload", REGION)] * 2 + [("update_document", REGION), ("set_default", REGION)]
    assert (state(simulator)[:2], state(simulator, OTHER)[:2]) == ((after, 2), (before, 1))

    # A collector that knows both runs each region's own; one that knows the new one alone says what is wrong.
    run = scan(collector, simulator, tmp_path, document_hash=after, previous_document_hash=before)
    check(run.results(), truth(simulator))
    run = scan(collector, simulator, tmp_path, store="b.sqlite", document_hash=after)
    reasons = {row["reason"] for row in run.results().values()}
    assert run.code == 3 and "skipped" in reasons and reasons & {"ok", "no_database"}
    listed = collector.run("coverage", "--store", tmp_path / "b.sqlite", "--format", "json").stdout.decode()
    assert "deploy apply" in listed and before in listed

    others = deploy(collector, simulator, tmp_path, "apply", "--release", new)
    assert others.steps == [("update_document", OTHER), ("set_default", OTHER)]
    # Back: the old version is still there.
    back = deploy(collector, simulator, tmp_path, "apply", "--release", old)
    assert back.steps == [("set_default", REGION), ("set_default", OTHER)]
    assert {state(simulator, region)[:2] for region in (REGION, OTHER)} == {(before, 2)}
    assert all(step["replaces"] == after for step in back.plan["steps"])


def test_a_run_that_has_begun_keeps_its_document(collector, tmp_path, releases):
    """The default version changes in mid-run: the hosts of the run still get the one that it began with."""
    (old, before), (new, _) = releases["0.1.0"], releases["0.2.0"]
    with Simulator("--without-document", "--accounts", 2, "--instances", 60, "--host-seconds", "1") as simulator:
        deploy(collector, simulator, tmp_path, "apply", "--release", old)
        def change():
            while not simulator.calls().get("ssm:SendCommand ok"):
                time.sleep(0.05)
            deploy(collector, simulator, tmp_path, "apply", "--release", new)

        thread = threading.Thread(target=change)
        thread.start()
        run = scan(collector, simulator, tmp_path, document_hash=before, concurrency__batches="1")
        thread.join()
        check(run.results(), truth(simulator))
        assert simulator.calls()["ssm:SendCommand ok"] >= 4 and state(simulator)[1] == 2


def test_what_was_changed_by_hand_is_put_right(collector, tmp_path, simulator, releases):
    folder, sha256 = releases["0.1.0"]
    deploy(collector, simulator, tmp_path, "apply", "--release", folder)
    ssm, accounts = simulator.client("ssm"), active(simulator)
    ssm.modify_document_permission(Name="dbcensus", PermissionType="Share", AccountIdsToAdd=["999999999999"], AccountIdsToRemove=accounts[:2])
    ssm.modify_document_permission(Name="dbcensus", PermissionType="Share", AccountIdsToAdd=accounts[5:6], SharedDocumentVersion="$DEFAULT")
    simulator.client("s3").put_object(Bucket="agents", Key="dbcensus-agent-0.1.0-linux-x86_64.gz", Body=b"something else")
    mended = deploy(collector, simulator, tmp_path, "apply", "--release", folder)
    assert mended.steps == [("upload", REGION), ("unshare", REGION), ("share", REGION)]
    assert mended.plan["steps"][1]["accounts"] == ["999999999999"] and mended.plan["steps"][2]["accounts"] == sorted(accounts[:2] + accounts[5:6])
    assert state(simulator) == (sha256, 1, accounts)


def test_it_goes_on_where_it_failed(collector, tmp_path, releases):
    """Calls that change something fail now and then; each attempt of the user goes on from where the last one ended."""
    folder, sha256 = releases["0.1.0"]
    faults = [part for name in ("CreateDocument", "ModifyDocumentPermission") for part in ("--fault", f"lost:ssm:{name}=0.75")]
    with Simulator("--without-document", "--accounts", 25, "--regions", REGIONS, *faults) as simulator:
        for attempt in range(40):
            done = deploy(collector, simulator, tmp_path, "apply", "--release", folder, check=False)
            if done.code == 0:
                break
            assert done.code == 1 and done.messages
        assert {state(simulator, region)[:2] for region in (REGION, OTHER)} == {(sha256, 1)}
        assert deploy(collector, simulator, tmp_path, "plan", "--release", folder).steps == []


def test_a_single_account_and_a_bucket_for_each_region(collector, tmp_path, releases):
    folder, _ = releases["0.1.0"]
    with Simulator("--without-document", "--accounts", 1, "--regions", REGIONS) as simulator:
        done = deploy(collector, simulator, tmp_path, "apply", "--single-account", "--release", folder, "--tag", "team=dba", organization__enabled="false", agent_bucket="acme-{region}")
        assert done.steps == [("upload", REGION)] * 2 + [("upload", OTHER)] * 2 + [("create_document", REGION), ("create_document", OTHER)]
        assert not [name for name in simulator.calls() if name.startswith("organizations") or "Permission ok" in name and "Modify" in name]
        for region in (REGION, OTHER):
            assert simulator.client("s3", region=region).head_object(Bucket=f"acme-{region}", Key="dbcensus-agent-0.1.0-linux-x86_64.gz")
        run = scan(collector, simulator, tmp_path, organization__enabled="false", agent_bucket="acme-{region}")
        check(run.results(), truth(simulator))


def test_a_region_that_a_policy_denies_is_left_out(collector, tmp_path, releases):
    folder, _ = releases["0.1.0"]
    with Simulator("--without-document", "--accounts", 2, "--regions", REGIONS, "--denied-region", OTHER) as simulator:
        done = deploy(collector, simulator, tmp_path, "apply", "--release", folder)
        assert {region for _, region in done.steps} == {REGION} == set(done.plan["regions"])
        assert any(OTHER in note and "service control policy" in note for note in done.plan["notes"])
        named = deploy(collector, simulator, tmp_path, "plan", "--release", folder, "--region", OTHER, check=False)
        assert named.code == 1 and "service control policy" in named.messages


def test_the_plan_as_text(collector, tmp_path, simulator, releases):
    folder, sha256 = releases["0.1.0"]
    text = deploy(collector, simulator, tmp_path, "plan", "--release", folder, text=True).text
    assert f"document_hash: {sha256}" in text and "Nothing was changed." in text
    (digest,) = re.findall("Plan digest: ([0-9a-f]{64})", text)
    assert digest == deploy(collector, simulator, tmp_path, "plan", "--release", folder).digest
    new = deploy(collector, simulator, tmp_path, "apply", "--release", folder, text=True)
    assert "steps are done." in new.text and "1/" in new.messages
    text = deploy(collector, simulator, tmp_path, "plan", "--release", releases["0.2.0"][0], text=True).text
    assert f"previous_document_hash: {sha256}" in text


def test_hosts_are_cleaned_and_everything_is_removed(collector, tmp_path, releases):
    folder, sha256 = releases["0.1.0"]
    with Simulator("--without-document", "--accounts", 3, "--regions", REGIONS, "--instances", 60, "--share", "offline=0.05", "--share", "failed=0.05",
                   "--share", "windows=0.05") as simulator:
        deploy(collector, simulator, tmp_path, "apply", "--release", folder)
        # The document of a release removes nothing from hosts.
        early = deploy(collector, simulator, tmp_path, "clean-hosts", check=False)
        assert early.code == 3 and early.text.count("deploy apply --cleaning") == 6
        before = deploy(collector, simulator, tmp_path, "apply", "--cleaning")
        assert [kind for kind, _ in before.steps] == ["update_document", "set_default"] * 2
        done = deploy(collector, simulator, tmp_path, "clean-hosts", check=False)
        scopes = json.loads(done.text)["scopes"]
        wanted = simulator.instances()
        assert done.code == 3 and len(scopes) == 6 and all(scope["code"] == "ok" for scope in scopes)
        assert sum(scope["removed"] for scope in scopes) == sum(one["kind"] == "managed" and one["outcome"] == "success" for one in wanted)
        assert {host for scope in scopes for host in scope["offline"]} == {one["instance"] for one in wanted if one["kind"] == "offline"}
        assert {host for scope in scopes for host in scope["failed"]} == {one["instance"] for one in wanted if one["kind"] == "managed" and one["outcome"] == "failed"}
        text = deploy(collector, simulator, tmp_path, "clean-hosts", check=False, text=True)
        assert "offline" in text.text and "run it again" in text.messages

        with Moto() as moto:
            env = {"AWS_ENDPOINT_URL_S3": moto.url, "AWS_ENDPOINT_URL_CLOUDFORMATION": moto.url}
            s3, cloudformation, iam = moto.client("s3"), moto.client("cloudformation"), moto.client("iam")
            s3.create_bucket(Bucket="agents", CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_versioning(Bucket="agents", VersioningConfiguration={"Status": "Enabled"})
            for number in range(3):
                s3.put_object(Bucket="agents", Key=f"dbcensus-agent-0.{number}.0-linux-x86_64.gz", Body=b"x")
                s3.put_object(Bucket="agents", Key="dbcensus-agent-0.1.0-linux-x86_64.gz", Body=b"y")
            s3.delete_object(Bucket="agents", Key="dbcensus-agent-0.1.0-linux-x86_64.gz")
            s3.put_object(Bucket="agents", Key="of-another-team", Body=b"z")
            account = stack_set(moto, cloudformation)
            spoke = moto.member("iam", account)
            assert spoke.get_role(RoleName="dbcensus-spoke")
            cloudformation.create_stack(StackName="dbcensus-hub", TemplateBody=template("hub"), Capabilities=["CAPABILITY_NAMED_IAM"], Parameters=parameters(
                OrganizationId="o-abcde12345", BucketName="a-bucket-of-the-stack"))
            remove = ("remove", "--bucket", "--stack-set", "dbcensus-spoke", "--stack", "dbcensus-hub", "--stack", "none")
            plan = deploy(collector, simulator, tmp_path, *remove, env=env)
            assert not plan.is_applied and state(simulator)[0] != sha256 and iam.get_role(RoleName="dbcensus-hub")
            kinds = [kind for kind, _ in plan.steps]
            assert kinds == ["unshare", "delete_document"] * 2 + ["delete_object"] * 7 + ["delete_stack_instances", "delete_stack_set", "delete_stack"]
            assert any("the bucket agents stays: it has 1 other" in note for note in plan.plan["notes"]) and any("no stack none" in note for note in plan.plan["notes"])
            wrong = deploy(collector, simulator, tmp_path, *remove, "--plan-digest", "0" * 64, env=env, check=False)
            assert wrong.code == 1 and "Nothing was changed" in wrong.messages and state(simulator)
            assert deploy(collector, simulator, tmp_path, *remove, "--plan-digest", plan.digest, env=env).is_applied
            for region in (REGION, OTHER):
                with pytest.raises(ClientError, match="InvalidDocument"):
                    simulator.client("ssm", region=region).describe_document(Name="dbcensus")
            left = s3.list_object_versions(Bucket="agents")
            assert [one["Key"] for one in left["Versions"]] == ["of-another-team"] and "DeleteMarkers" not in left
            with pytest.raises(ClientError, match="StackSetNotFound"):
                cloudformation.describe_stack_set(StackSetName="dbcensus-spoke")
            for client, role in ((spoke, "dbcensus-spoke"), (iam, "dbcensus-hub")):
                with pytest.raises(ClientError, match="NoSuchEntity"):
                    client.get_role(RoleName=role)
            s3.delete_object(Bucket="agents", Key="of-another-team", VersionId=left["Versions"][0]["VersionId"])
            last = deploy(collector, simulator, tmp_path, *remove, env=env)
            assert last.steps == [("delete_bucket", REGION)]
            deploy(collector, simulator, tmp_path, *remove, "--plan-digest", last.digest, env=env)
            assert "agents" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
            assert deploy(collector, simulator, tmp_path, *remove, env=env).steps == []


def template(name):
    return (ROOT / f"packaging/aws/{name}.yaml").read_text()


def parameters(**values):
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def stack_set(moto, cloudformation):
    """The spokes' StackSet, with one account, whose id is the answer."""
    organizations = moto.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    account = organizations.create_account(Email="a@example.com", AccountName="a")["CreateAccountStatus"]["AccountId"]
    cloudformation.create_stack_set(
        StackSetName="dbcensus-spoke", TemplateBody=template("spoke"), Capabilities=["CAPABILITY_NAMED_IAM"], PermissionModel="SERVICE_MANAGED",
        AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False}, Parameters=parameters(HubAccountId="999988887777", ExternalId="the-id"))
    cloudformation.create_stack_instances(StackSetName="dbcensus-spoke", DeploymentTargets={"OrganizationalUnitIds": [root]}, Regions=[REGION])
    return account


def test_the_errors_say_what_to_do(collector, tmp_path, simulator, releases):
    folder, _ = releases["0.1.0"]

    def refused(*arguments, **settings):
        done = deploy(collector, simulator, tmp_path, *arguments, check=False, **settings)
        assert done.code == 1 and not changes(simulator), done.messages
        return done.messages

    assert "Name the collector's file with --config" in refused("plan", "--release", folder, organization__enabled="false")
    assert "has 0 documents" in refused("plan", "--release", tmp_path)
    assert "cannot read the folder" in refused("plan", "--release", tmp_path / "none")
    assert "is not enabled for the account" in refused("plan", "--release", folder, "--region", "ap-east-1")
    assert "matches ap-*" in refused("plan", "--release", folder, "--region", "ap-*")
    assert "discovery.agent_bucket is not set" in refused("plan", "--release", folder, agent_bucket=None)
    assert "write its name" in refused("plan", "--release", folder, document="arn:aws:ssm:eu-west-1:111122223333:document/dbcensus")
    spoiled = tmp_path / "spoiled"
    release(spoiled, "0.3.0")
    (spoiled / "dbcensus-agent-0.3.0-linux-aarch64.gz").write_bytes(b"another")
    assert "made for other agents than dbcensus-agent-0.3.0-linux-aarch64.gz" in refused("plan", "--release", spoiled)
    document = spoiled / "dbcensus-document-0.3.0-presigned.json"
    document.write_text(document.read_text().replace("# ", f"# {hashlib.sha256(b'another').hexdigest()} "))
    assert "not the file that SHA256SUMS names" in refused("plan", "--release", spoiled)
    done = deploy(collector, simulator, tmp_path, "plan", check=False)
    assert done.code == 64 and "--release" in done.messages
    done = deploy(collector, simulator, tmp_path, "plan", "--release", folder, env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, check=False)
    assert done.code == 1 and "credentials" in done.messages
