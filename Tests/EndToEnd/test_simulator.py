"""The fleet simulator with boto3 and the AWS CLI: its protocol is theirs, its limits are AWS's."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

import aws
from simulator import PROGRAM, REGION, ROLE, ROOT, Simulator, refused


@pytest.fixture(scope="module")
def simulator():
    with Simulator("--accounts", 45, "--instances", 60, "--regions", f"{REGION},us-east-1", "--share", "unmanaged=0.1",
                   "--share", "offline=0.1", "--share", "stopped=0.1", "--share", "windows=0.1") as simulator:
        yield simulator


def test_who_am_i_and_which_roles(simulator):
    me = simulator.client("sts").get_caller_identity()
    assert (me["Account"], me["Arn"]) == (simulator.hub, f"arn:aws:iam::{simulator.hub}:user/dbcensus")
    spoke = simulator.instances()[-1]["account"]
    session = simulator.role(spoke)
    assert simulator.client("sts", session).get_caller_identity()["Arn"] == f"arn:aws:sts::{spoke}:assumed-role/{ROLE}/tests"
    for wrong in ({"external": None}, {"external": "another"}, {"name": "Admin"}):
        with refused("AccessDenied"):
            simulator.role(spoke, **wrong)
    with refused("AccessDenied"):
        simulator.role("123456789012")
    with refused("ValidationError"):
        simulator.client("sts", session).assume_role(
            RoleArn=f"arn:aws:iam::{spoke}:role/{ROLE}", RoleSessionName="x1", ExternalId="fleet", DurationSeconds=7200)


def test_the_organisation(simulator):
    client = simulator.client("organizations")
    accounts = [one for page in client.get_paginator("list_accounts").paginate() for one in page["Accounts"]]
    assert len({one["Id"] for one in accounts}) == 45 and all(one["State"] == one["Status"] == "ACTIVE" for one in accounts)
    with refused("InvalidInputException"):
        client.list_accounts(MaxResults=21)
    root = client.list_roots()["Roots"][0]["Id"]
    units = client.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    below = [one["Id"] for unit in units
             for page in client.get_paginator("list_accounts_for_parent").paginate(ParentId=unit["Id"]) for one in page["Accounts"]]
    assert sorted(below) == sorted(one["Id"] for one in accounts)
    with refused("AccessDeniedException"):
        simulator.client("organizations", simulator.role(accounts[1]["Id"])).list_accounts()


def test_instances(simulator):
    truth = [one for one in simulator.instances() if one["account"] == simulator.hub and one["region"] == REGION]
    ec2 = simulator.client("ec2")
    assert [one["RegionName"] for one in ec2.describe_regions()["Regions"]] == [REGION, "us-east-1"]
    pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 7}))
    found = {one["InstanceId"]: one for page in pages for r in page["Reservations"] for one in r["Instances"]}
    assert len(pages) == 9 and sorted(found) == sorted(one["instance"] for one in truth)
    for one in truth:
        assert found[one["instance"]]["State"]["Name"] == ("stopped" if one["kind"] == "stopped" else "running")
    first = truth[0]["instance"]
    assert ec2.describe_instances(InstanceIds=[first])["Reservations"][0]["Instances"][0]["Tags"][0]["Key"] == "Name"
    running = ec2.describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["stopped"]}])["Reservations"]
    assert len(running) == sum(one["kind"] == "stopped" for one in truth)
    with refused("InvalidInstanceID.NotFound"):
        ec2.describe_instances(InstanceIds=["i-00000000000000000"])
    with refused("InvalidParameterCombination"):
        ec2.describe_instances(InstanceIds=[first], MaxResults=5)
    with refused("InvalidParameterValue"):
        ec2.describe_instances(Filters=[{"Name": "colour", "Values": ["red"]}])


def test_managed_nodes(simulator):
    truth = {one["instance"]: one for one in simulator.instances() if one["account"] == simulator.hub and one["region"] == REGION}
    ssm = simulator.client("ssm")
    nodes = {one["InstanceId"]: one for page in ssm.get_paginator("describe_instance_information").paginate(PaginationConfig={"PageSize": 50})
             for one in page["InstanceInformationList"]}
    assert sorted(nodes) == sorted(name for name, one in truth.items() if one["kind"] != "unmanaged")
    for name, node in nodes.items():
        assert node["PingStatus"] == ("Online" if truth[name]["kind"] in ("managed", "windows") else "ConnectionLost")
        assert node["PlatformType"] == ("Windows" if truth[name]["kind"] == "windows" else "Linux")
    with refused("ValidationException"):
        ssm.describe_instance_information(MaxResults=51)
    offline = ssm.describe_instance_information(Filters=[{"Key": "PingStatus", "Values": ["ConnectionLost"]}], MaxResults=50)
    assert len(offline["InstanceInformationList"]) == sum(one["kind"] in ("offline", "stopped") for one in truth.values())


def test_throttling_is_for_an_account_region_and_action():
    with Simulator("--rate", 1, "--burst", 5, "--accounts", 2, "--regions", f"{REGION},us-east-1") as simulator:
        codes = []
        for _ in range(12):
            try:
                simulator.client("ssm").describe_instance_information()
                codes.append("ok")
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])
        assert set(codes) == {"ok", "ThrottlingException"} and codes[:5] == ["ok"] * 5
        simulator.client("ssm", region="us-east-1").describe_instance_information()
        simulator.client("ec2").describe_instances()
        with refused("RequestLimitExceeded"):
            for _ in range(20):
                simulator.client("ec2").describe_instances()
        with refused("TooManyRequestsException"):
            for _ in range(20):
                simulator.client("organizations").list_roots()
        # Clients that retry get their answer.
        simulator.client("ssm", attempts=8).describe_instance_information()
        assert aws.probe("nodes", env=simulator.env) is not None


def test_denials(tmp_path):
    with Simulator("--accounts", 60, "--regions", f"{REGION},us-east-1", "--share", "denied=0.2", "--share", "suspended=0.2", "--share", "denied_by_scp=0.3") as simulator:
        truth = {(one["account"], one["region"]): one for one in simulator.instances()}
        accounts = {one["Id"]: one for page in simulator.client("organizations").get_paginator("list_accounts").paginate() for one in page["Accounts"]}
        seen = set()
        for (account, region), one in truth.items():
            assert accounts[account]["Status"] == ("SUSPENDED" if one["account_suspended"] else "ACTIVE")
            if one["account_denied"] or one["account_suspended"]:
                with refused("AccessDenied"):
                    simulator.role(account)
                seen.add("role")
            elif one["region_denied"]:
                with refused("UnauthorizedOperation") as caught:
                    simulator.client("ec2", simulator.role(account) if account != simulator.hub else None, region).describe_instances()
                assert "explicit deny in a service control policy" in str(caught.value)
                with refused("AccessDeniedException"):
                    simulator.client("ssm", simulator.role(account), region).describe_instance_information()
                seen.add("scp")
        assert seen == {"role", "scp"}
        with refused("AuthFailure"):
            simulator.client("ec2", region="ap-east-1").describe_instances()


def test_a_session_that_ends_in_mid_run():
    with Simulator("--accounts", 2, "--share", "expired=1") as simulator:
        spoke = simulator.instances()[-1]["account"]
        session = simulator.role(spoke)
        client = simulator.client("ec2", session)
        with refused("RequestExpired"):
            for _ in range(25):
                client.describe_regions()
        with refused("ExpiredTokenException"):
            simulator.client("ssm", session).describe_instance_information()
        again = simulator.client("ec2", simulator.role(spoke))
        for _ in range(25):
            again.describe_regions()


def test_signatures(simulator):
    wrong = {"AccessKeyId": simulator.first["access_key_id"], "SecretAccessKey": "wrong"}
    for service, call, code in (("sts", "get_caller_identity", "SignatureDoesNotMatch"), ("ssm", "describe_instance_information", "InvalidSignatureException"),
                                ("ec2", "describe_instances", "AuthFailure")):
        with refused(code):
            getattr(simulator.client(service, wrong), call)()
        with refused("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"):
            getattr(simulator.client(service, {"AccessKeyId": "AKIAOTHER", "SecretAccessKey": "x"}), call)()
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(simulator.url, data=b"Action=GetCallerIdentity", method="POST"), timeout=10)
    assert b"MissingAuthenticationToken" in caught.value.read()
    late = cli(simulator, "sts", "get-caller-identity", prefix=["faketime", "-f", "-20m"], check=False)
    assert "SignatureDoesNotMatch" in late.stderr and "Signature expired" in late.stderr


def test_objects_and_messages(simulator):
    s3 = simulator.client("s3")
    s3.put_object(Bucket="artifacts", Key="agents/a b.gz", Body=b"agent")
    assert s3.get_object(Bucket="artifacts", Key="agents/a b.gz")["Body"].read() == b"agent"
    assert s3.head_object(Bucket="artifacts", Key="agents/a b.gz")["ContentLength"] == 5
    with refused("NoSuchKey"):
        s3.get_object(Bucket="artifacts", Key="other")
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": "artifacts", "Key": "agents/a b.gz"}, ExpiresIn=60)
    assert urllib.request.urlopen(signed, timeout=10).read() == b"agent"
    for bad in (signed[:-1] + ("0" if signed[-1] != "0" else "1"), signed.replace("a%20b", "a%20c")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(bad, timeout=10)
        assert caught.value.code == 403
    sns = simulator.client("sns")
    assert sns.publish(TopicArn=f"arn:aws:sns:{REGION}:{simulator.hub}:alerts", Message="hello")["MessageId"]
    with refused("InvalidParameter"):
        sns.publish(TopicArn="alerts", Message="hello")


def cli(simulator, *arguments, prefix=(), check=True):
    env = {**os.environ, **simulator.env, "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}
    done = subprocess.run([*prefix, sys.executable, "-m", "awscli", *arguments, "--output", "json"], env=env, capture_output=True, text=True, timeout=60)
    assert not check or done.returncode == 0, done.stderr
    return json.loads(done.stdout) if check else done


def test_the_aws_cli(simulator):
    assert cli(simulator, "sts", "get-caller-identity")["Account"] == simulator.hub
    assert len(cli(simulator, "organizations", "list-accounts")["Accounts"]) == 45
    truth = [one for one in simulator.instances() if one["account"] == simulator.hub and one["region"] == REGION and one["kind"] == "managed"]
    name = truth[0]["instance"]
    sent = cli(simulator, "ssm", "send-command", "--document-name", "AWS-RunShellScript", "--instance-ids", name, "--parameters", "commands=uptime")["Command"]
    deadline = time.time() + 30
    while cli(simulator, "ssm", "list-command-invocations", "--command-id", sent["CommandId"])["CommandInvocations"][0]["Status"] != "Success":
        assert time.time() < deadline
    got = cli(simulator, "ssm", "get-command-invocation", "--command-id", sent["CommandId"], "--instance-id", name)
    assert got["StandardOutputContent"] == f"fleet-simulator: AWS-RunShellScript on {name}\n"


def test_our_client_sees_what_boto3_sees(simulator):
    env = simulator.env
    assert aws.probe("whoami", env=env)["account"] == simulator.hub
    accounts = aws.probe("accounts", env=env)
    assert len(accounts) == 45
    nodes = {one["InstanceId"] for page in simulator.client("ssm").get_paginator("describe_instance_information").paginate() for one in page["InstanceInformationList"]}
    assert {one[0] for one in aws.probe("nodes", env=env)} == nodes


def test_beside_moto(simulator):
    moto = aws.Moto()
    try:
        moto.client("ec2").run_instances(ImageId="ami-12345678", MinCount=2, MaxCount=2)
        env = {**simulator.env, "AWS_ENDPOINT_URL": moto.url, "AWS_ENDPOINT_URL_SSM": simulator.url}
        assert aws.probe("whoami", env=env)["account"] == "123456789012"
        assert len(aws.probe("instances", env=env)) == 2
        assert len(aws.probe("nodes", env=env)) > 2
    finally:
        moto.stop()


def test_the_seed_makes_the_fleet():
    def fleet(*options):
        with Simulator("--instances", 30, "--share", "mixed", *options) as simulator:
            return simulator.instances()

    assert fleet("--seed", 7) == fleet("--seed", 7) != fleet("--seed", 8)


@pytest.mark.parametrize("options, message", [
    (["--share", "lost=0.5"], "a name of denied, suspended"), (["--share", "denied=2"], "NAME=FRACTION"), (["--databases", "many"], "NUMBER=WEIGHT"),
    (["--accounts", "0"], "--accounts is 1 to"), (["--real-hosts", "1"], "--real-hosts needs"), (["--document", "x"], "NAME=FILE"), (["--frame", "3"], "--frame 1 or 2"),
    (["--document", "x=/etc/hostname"], "x=|hostname|JSON")])
def test_wrong_options(options, message):
    done = subprocess.run([PROGRAM, *options], capture_output=True, text=True, timeout=30)
    assert done.returncode == 64 and re.search(message, done.stderr), done.stderr


def test_help_explains_itself():
    text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True).stdout
    for word in ("AWS_ENDPOINT_URL", "--share", "denied_by_scp", "_simulator/instances", "--real-hosts"):
        assert word in text


def test_the_documentation_shows_what_comes_out():
    text = (ROOT / "docs/fleet-simulator.md").read_text()
    with Simulator("--accounts", 40, "--instances", 75, "--share", "mixed") as simulator:
        assert f"    {simulator.get('/_simulator/instances').splitlines()[0].decode()}\n" in text
        shown = {**simulator.first, "url": "http://127.0.0.1:4566"}
        assert f"    {json.dumps(shown, separators=(',', ':'))}\n" in text
    listed = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True).stdout
    for name in re.findall(r"^\| `(\w+)` \| \w+ ", text, re.M):
        assert f"  {name} " in listed


def content(text):
    steps = [{"action": "aws:runShellScript", "name": "scan", "inputs": {"runCommand": [text]}}]
    return json.dumps({"schemaVersion": "2.2", "description": f"dbcensus {text}: a test", "mainSteps": steps})


def versions(ssm, name="dbcensus"):
    return {one["DocumentVersion"]: one for page in ssm.get_paginator("list_document_versions").paginate(Name=name, PaginationConfig={"PageSize": 1})
            for one in page["DocumentVersions"]}


def test_documents_and_their_versions():
    with Simulator("--without-document", "--regions", f"{REGION},us-east-1") as simulator:
        ssm = simulator.client("ssm")
        with refused("InvalidDocument"):
            ssm.describe_document(Name="dbcensus")
        made = ssm.create_document(Name="dbcensus", Content=content("1"), DocumentType="Command", DocumentFormat="JSON", VersionName="one")["DocumentDescription"]
        assert made["Status"] == "Creating" and made["Hash"] == hashlib.sha256(content("1").encode()).hexdigest() and made["Owner"] == simulator.hub
        time.sleep(0.4)
        assert ssm.describe_document(Name="dbcensus")["Document"]["Status"] == "Active"
        with refused("DocumentAlreadyExists"):
            ssm.create_document(Name="dbcensus", Content=content("1"), DocumentType="Command")
        with refused("InvalidDocumentContent"):
            ssm.create_document(Name="another", Content="no JSON", DocumentType="Command")
        with refused("InvalidDocumentSchemaVersion"):
            ssm.create_document(Name="another", Content="{}", DocumentType="Command")
        with refused("MaxDocumentSizeExceeded"):
            ssm.create_document(Name="another", Content=content("x" * 70_000), DocumentType="Command")
        with refused("DuplicateDocumentContent"):
            ssm.update_document(Name="dbcensus", Content=content("1"), DocumentVersion="$LATEST")
        with refused("DuplicateDocumentVersionName"):
            ssm.update_document(Name="dbcensus", Content=content("2"), DocumentVersion="$LATEST", VersionName="one")
        with refused("InvalidDocumentVersion"):
            ssm.update_document(Name="dbcensus", Content=content("2"), DocumentVersion="7")
        assert ssm.update_document(Name="dbcensus", Content=content("2"), DocumentVersion="1", VersionName="two")["DocumentDescription"]["DocumentVersion"] == "2"
        assert [(one["VersionName"], one["IsDefaultVersion"]) for one in versions(ssm).values()] == [("one", True), ("two", False)]
        assert ssm.get_document(Name="dbcensus")["Content"] == content("1")
        assert ssm.get_document(Name="dbcensus", VersionName="two")["Content"] == content("2")
        with refused("InvalidDocumentVersion"):
            ssm.update_document_default_version(Name="dbcensus", DocumentVersion="3")
        ssm.update_document_default_version(Name="dbcensus", DocumentVersion="2")
        described = ssm.describe_document(Name="dbcensus")["Document"]
        assert (described["DocumentVersion"], described["DefaultVersion"], described["Description"]) == ("2", "2", "dbcensus 2: a test")
        # Each region has its own documents.
        with refused("InvalidDocument"):
            simulator.client("ssm", region="us-east-1").describe_document(Name="dbcensus")
        with refused("InvalidDocumentOperation"):
            ssm.delete_document(Name="dbcensus", DocumentVersion="2")
        ssm.delete_document(Name="dbcensus")
        with refused("InvalidDocument"):
            ssm.get_document(Name="dbcensus")


def test_a_document_is_shared_with_twenty_accounts_a_call():
    with Simulator("--without-document", "--accounts", 45) as simulator:
        ssm, spoke = simulator.client("ssm"), simulator.instances()[-1]["account"]
        ssm.create_document(Name="dbcensus", Content=content("1"), DocumentType="Command")
        ssm.update_document(Name="dbcensus", Content=content("2"), DocumentVersion="$LATEST")
        ids = [f"{100_000_000_000 + number}" for number in range(21)]
        share = {"Name": "dbcensus", "PermissionType": "Share"}
        with refused("ValidationException"):
            ssm.modify_document_permission(**share, AccountIdsToAdd=ids)
        ssm.modify_document_permission(**share, AccountIdsToAdd=ids[:19] + [spoke])
        found = [one["AccountId"] for page in iter_pages(ssm.describe_document_permission, MaxResults=7, **share) for one in page["AccountSharingInfoList"]]
        assert sorted(found) == sorted(ids[:19] + [spoke])
        # Without more, the default version is shared and no other.
        theirs = simulator.client("ssm", simulator.role(spoke))
        arn = f"arn:aws:ssm:{REGION}:{simulator.hub}:document/dbcensus"
        assert theirs.describe_document(Name=arn)["Document"]["DocumentVersion"] == "1"
        with refused("InvalidDocumentVersion"):
            theirs.describe_document(Name=arn, DocumentVersion="2")
        with refused("InvalidDocument"):
            theirs.describe_document(Name="dbcensus")
        with refused("InvalidDocument"):
            theirs.update_document(Name="dbcensus", Content=content("3"), DocumentVersion="$LATEST")
        ssm.modify_document_permission(**share, AccountIdsToAdd=[spoke], SharedDocumentVersion="$ALL")
        assert theirs.describe_document(Name=arn, DocumentVersion="2")["Document"]["DocumentVersion"] == "2"
        # A document that is shared cannot be deleted; one of another hash is not run.
        with refused("InvalidDocumentOperation"):
            ssm.delete_document(Name="dbcensus")
        instance = next(one["instance"] for one in simulator.instances() if one["account"] == spoke)
        with refused("InvalidDocument"):
            theirs.send_command(DocumentName=arn, InstanceIds=[instance], DocumentVersion="2", DocumentHashType="Sha256",
                                DocumentHash=hashlib.sha256(content("1").encode()).hexdigest())
        ssm.modify_document_permission(**share, AccountIdsToRemove=[spoke])
        with refused("InvalidDocument"):
            theirs.describe_document(Name=arn)


def iter_pages(call, **arguments):
    """boto3 has no paginator for it."""
    token = {}
    while token is not None:
        page = call(**arguments, **token)
        yield page
        token = {"NextToken": page["NextToken"]} if page.get("NextToken") else None


def test_an_object_keeps_its_sha256():
    with Simulator() as simulator:
        s3, sum = simulator.client("s3"), base64.b64encode(hashlib.sha256(b"agent").digest()).decode()
        s3.put_object(Bucket="agents", Key="a", Body=b"agent", ChecksumSHA256=sum)
        assert s3.head_object(Bucket="agents", Key="a", ChecksumMode="ENABLED")["ChecksumSHA256"] == sum
        assert "ChecksumSHA256" not in s3.head_object(Bucket="agents", Key="a")
        with refused("BadDigest"):
            s3.put_object(Bucket="agents", Key="a", Body=b"another", ChecksumSHA256=sum)
