"""The CloudFormation templates of packaging/aws: linted, deployed into moto, and compared with what the client calls."""

import ast
import json
import pathlib
import subprocess
import sys

import boto3
import pytest
from botocore.exceptions import ClientError
from cfnlint.decode import cfn_yaml as decoder

from aws import PATIENT, REGION, Moto, probe

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "packaging/aws").glob("*.yaml"))
HUB = "999988887777"  # of the collector
ACCOUNT = "123456789012"  # moto's own
EXTERNAL_ID = "the-external-id"


@pytest.fixture(scope="module")
def moto():
    moto = Moto()
    yield moto
    moto.stop()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_cfn_lint_finds_nothing(template):
    done = subprocess.run([pathlib.Path(sys.executable).with_name("cfn-lint"), "--include-checks", "I", "--", template], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def cfn_yaml(path):
    return decoder.load(str(path))


def deploy(moto, template, name, **parameters):
    cloudformation = moto.client("cloudformation")
    cloudformation.create_stack(
        StackName=name, TemplateBody=(ROOT / f"packaging/aws/{template}.yaml").read_text(), Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()])
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    return {entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])}


def statements(moto, role):
    """What its policies allow."""
    iam = moto.client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield from policy(iam, role, name)["Statement"]


def policy(iam, role, name):
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    # moto's CloudFormation stores the policy as Python prints it.
    document = ast.literal_eval(document) if isinstance(document, str) else document
    # It leaves a null where NoValue is.
    document["Statement"] = [statement for statement in document["Statement"] if statement]
    return document


def listed(value):
    return value if isinstance(value, list) else [value]


def test_the_spoke_role_may_do_what_the_client_calls_and_nothing_else(moto):
    deploy(moto, "spoke", "spoke", HubAccountId=HUB, ExternalId=EXTERNAL_ID, OrganizationId="o-abcde12345", RolePath="/service/", HubRolePath="/tools/")
    wanted = permissions(moto, "spoke")
    assert "ssm:SendCommand" in wanted
    found = list(statements(moto, "dbcensus-spoke"))
    assert {action for statement in found for action in listed(statement["Action"])} == wanted
    assert all(statement["Effect"] == "Allow" for statement in found)
    # What starts something is bound to the document of the hub, and to instances of this account.
    resources = {resource for statement in found if "ssm:SendCommand" in listed(statement["Action"]) for resource in listed(statement["Resource"])}
    assert resources == {f"arn:aws:ssm:*:{HUB}:document/dbcensus", f"arn:aws:ec2:*:{ACCOUNT}:instance/*", f"arn:aws:ssm:*:{ACCOUNT}:managed-instance/*"}
    role = moto.client("iam").get_role(RoleName="dbcensus-spoke")["Role"]
    assert role["Path"] == "/service/" and role["MaxSessionDuration"] == 3600


def test_the_spoke_role_trusts_the_hub_role_with_the_external_id(moto):
    (assume, session) = moto.client("iam").get_role(RoleName="dbcensus-spoke")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert assume["Principal"] == {"AWS": f"arn:aws:iam::{HUB}:root"} and assume["Action"] == "sts:AssumeRole"
    assert assume["Condition"] == {
        "StringEquals": {"sts:ExternalId": EXTERNAL_ID, "aws:PrincipalOrgID": "o-abcde12345"},
        "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{HUB}:role/tools/dbcensus-hub"}}
    assert session["Action"] == ["sts:TagSession", "sts:SetSourceIdentity"]
    assert session["Condition"] == {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{HUB}:role/tools/dbcensus-hub"}}


def test_a_trial_without_an_organisation_and_a_boundary(moto):
    boundary = moto.client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))["Policy"]["Arn"]
    outputs = deploy(moto, "spoke", "trial", HubAccountId=HUB, ExternalId=EXTERNAL_ID, RoleName="trial-role", PermissionsBoundary=boundary)
    role = moto.client("iam").get_role(RoleName="trial-role")["Role"]
    assert outputs["RoleArn"] == role["Arn"] and role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"] == {"sts:ExternalId": EXTERNAL_ID}


def test_a_stack_set_brings_the_role_to_every_account_of_a_unit(moto):
    """As docs/operate/aws.md deploys it, from the management account."""
    organizations, cloudformation = moto.client("organizations"), moto.client("cloudformation")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]["Id"]
    account = organizations.create_account(Email="a@example.com", AccountName="a")["CreateAccountStatus"]["AccountId"]
    organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    cloudformation.create_stack_set(
        StackSetName="dbcensus-spoke", TemplateBody=(ROOT / "packaging/aws/spoke.yaml").read_text(), Capabilities=["CAPABILITY_NAMED_IAM"],
        PermissionModel="SERVICE_MANAGED", AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False},
        Parameters=[{"ParameterKey": "HubAccountId", "ParameterValue": HUB}, {"ParameterKey": "ExternalId", "ParameterValue": EXTERNAL_ID},
                    {"ParameterKey": "RoleName", "ParameterValue": "organisation-role"}])
    cloudformation.create_stack_instances(StackSetName="dbcensus-spoke", DeploymentTargets={"OrganizationalUnitIds": [unit]}, Regions=[REGION])
    iam = moto.member("iam", account)
    assert iam.get_role(RoleName="organisation-role")["Role"]["Arn"] == f"arn:aws:iam::{account}:role/organisation-role"


def permissions(moto, role):
    """What the client calls in that role, but for what needs no permission."""
    env = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": moto.url}
    free = {"sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity"}
    return {permission for permission, *roles in probe("actions", env=env) if role in roles} - free


def as_moto_enforces_it(moto, role):
    """Writes a role's policies again, as JSON; moto compares resources of S3 and STS only, all others with `*`."""
    iam = moto.client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = policy(iam, role, name)
        for statement in document["Statement"]:
            if not any(action.startswith(("s3:", "sts:")) for action in listed(statement["Action"])):
                statement["Resource"] = "*"
            statement["Resource"] = [arn for arn in listed(statement["Resource"]) if arn]
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


CLOUDWATCH_AGENT = {"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}  # not called by the collector
SESSIONS = {"sts:TagSession", "sts:SetSourceIdentity"}  # parts of sts:AssumeRole


def test_the_hub_role_may_do_what_the_client_calls_and_cannot_change_what_it_runs(moto):
    deploy(moto, "hub", "hub", OrganizationId="o-abcde12345", BucketName="agents-of-acme", OutputBucketName="outputs-of-acme")
    found = list(statements(moto, "dbcensus-hub"))
    actions = {action for statement in found for action in listed(statement["Action"])}
    assert actions == permissions(moto, "hub") | SESSIONS | CLOUDWATCH_AGENT
    assert not {action for action in actions if action.startswith("s3:") and action != "s3:GetObject"}
    assert not {action for action in actions if action.startswith("ssm:") and action != "ssm:DescribeDocument"}
    assert [statement["Resource"] for statement in found if "sts:AssumeRole" in listed(statement["Action"])] == ["arn:aws:iam::*:role/dbcensus-spoke"]
    (read,) = [statement["Resource"] for statement in found if statement["Action"] == "s3:GetObject"]
    assert [arn for arn in read if arn] == ["arn:aws:s3:::agents-of-acme/*", "arn:aws:s3:::outputs-of-acme/*"]
    profile = moto.client("iam").get_instance_profile(InstanceProfileName="dbcensus-hub")["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == ["dbcensus-hub"]


def test_the_bucket_of_the_agents(moto):
    s3 = moto.client("s3")
    (rule,) = s3.get_bucket_encryption(Bucket="agents-of-acme")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert moto.client("logs").describe_log_groups(logGroupNamePrefix="/dbcensus/")["logGroups"][0]["retentionInDays"] == 30
    assert [topic["TopicArn"] for topic in moto.client("sns").list_topics()["Topics"]] == [f"arn:aws:sns:{REGION}:{ACCOUNT}:dbcensus-alerts"]


STORE_USER = f"arn:aws:rds-db:{REGION}:{HUB}:dbuser:cluster-ABCDEFGHIJKLMNOP/dbcensus"


def test_the_policy_for_backups_a_key_and_a_store(moto):
    key = moto.client("kms").create_key()["KeyMetadata"]["Arn"]
    deploy(moto, "hub", "other", OrganizationId="o-abcde12345", BucketName="agents-of-other", NamePrefix="other", BackupBucketName="backups-of-acme",
           KmsKeyArn=key, SpokeRolePath="/service/", RolePath="/tools/", BackupKmsKeyArn=key, BackupRoleArn=f"arn:aws:iam::{HUB}:role/backup",
           StoreUserArn=STORE_USER)
    found = list(statements(moto, "other-hub"))
    actions = {action for statement in found for action in listed(statement["Action"])}
    more = {"kms:Decrypt", "kms:GenerateDataKey", "rds-db:connect"}
    assert actions == permissions(moto, "hub") | permissions(moto, "backup") | SESSIONS | CLOUDWATCH_AGENT | more
    assert [statement["Resource"] for statement in found if statement["Action"] == "rds-db:connect"] == [STORE_USER]
    assumed = {resource for statement in found if "sts:AssumeRole" in listed(statement["Action"]) for resource in listed(statement["Resource"])}
    assert assumed == {"arn:aws:iam::*:role/service/dbcensus-spoke", f"arn:aws:iam::{HUB}:role/backup"}
    assert moto.client("iam").get_role(RoleName="other-hub")["Role"]["Path"] == "/tools/"
    writing = [statement["Resource"] for statement in found if "s3:PutObject" in listed(statement["Action"])]
    assert writing == ["arn:aws:s3:::backups-of-acme/*"]
    (rule,) = moto.client("s3").get_bucket_encryption(Bucket="agents-of-other")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}


def test_the_role_that_deploys(moto):
    boundary = moto.client("iam").create_policy(PolicyName="for-deploy", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))["Policy"]["Arn"]
    principal = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
    outputs = deploy(moto, "hub", "with-deploy", OrganizationId="o-abcde12345", BucketName="agents-of-team", NamePrefix="team", DeployPrincipalArn=principal,
                     RolePath="/tools/", PermissionsBoundary=boundary)
    role = moto.client("iam").get_role(RoleName="team-deploy")["Role"]
    assert outputs["DeployRoleArn"] == role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/tools/team-deploy"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary and role["MaxSessionDuration"] == 3600
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": principal}
    found = list(statements(moto, "team-deploy"))
    tags = {"ssm:AddTagsToResource"}  # a part of ssm:CreateDocument with tags
    assert {action for statement in found for action in listed(statement["Action"])} == permissions(moto, "deploy") | tags
    resources = {resource for statement in found for resource in listed(statement["Resource"]) if resource}
    assert resources == {f"arn:aws:ssm:*:{ACCOUNT}:document/dbcensus", "arn:aws:s3:::agents-of-team/*dbcensus-agent-*", "*"}
    assert [statement["Sid"] for statement in found if statement["Resource"] == "*"] == ["FindAccountsAndRegions"]


def test_a_bucket_in_each_region(moto):
    """The names of the others begin alike: both roles may use the agents in them, and nothing else."""
    deploy(moto, "hub", "regions", OrganizationId="o-abcde12345", BucketName="many-eu-west-1", OtherBucketsPrefix="many-", NamePrefix="many", DeployPrincipalArn=f"arn:aws:iam::{ACCOUNT}:root")
    others = "arn:aws:s3:::many-*/*dbcensus-agent-*"
    for role, own in (("hub", "arn:aws:s3:::many-eu-west-1/*"), ("deploy", "arn:aws:s3:::many-eu-west-1/*dbcensus-agent-*")):
        mine, theirs = [statement for statement in statements(moto, f"many-{role}") if "s3:GetObject" in listed(statement["Action"])]
        assert [arn for arn in listed(mine["Resource"]) if arn] == [own] and theirs["Resource"] == others
        # A bucket of that name could be another account's.
        assert theirs["Condition"] == {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
    outputs = deploy(moto, "bucket", "bucket", BucketName="many-us-east-1", OrganizationId="o-abcde12345")
    assert outputs["BucketName"] == "many-us-east-1" and moto.client("s3").get_bucket_encryption(Bucket="many-us-east-1")
    # The same bucket as the hub's, but for the key.
    mine, hubs = (cfn_yaml(ROOT / f"packaging/aws/{name}.yaml")["Resources"] for name in ("bucket", "hub"))
    assert mine["BucketPolicy"]["Properties"] == hubs["BucketPolicy"]["Properties"]
    for name in ("VersioningConfiguration", "OwnershipControls", "PublicAccessBlockConfiguration", "LifecycleConfiguration", "LoggingConfiguration"):
        assert mine["Bucket"]["Properties"][name] == hubs["Bucket"]["Properties"][name]


def test_an_existing_bucket_a_key_of_its_own_and_a_trial(moto):
    s3 = moto.client("s3")
    s3.create_bucket(Bucket="of-another-team", CreateBucketConfiguration={"LocationConstraint": REGION})
    outputs = deploy(moto, "hub", "existing", BucketName="of-another-team", ExistingBucket="true", NamePrefix="acme", CreateKey="true", AlertEmail="dba@example.com")
    assert outputs["BucketName"] == "of-another-team" and "DeployRoleArn" not in outputs
    kms = moto.client("kms")
    assert outputs["KeyArn"] in [key["KeyArn"] for key in kms.list_keys()["Keys"]]
    assert kms.get_key_rotation_status(KeyId=outputs["KeyArn"])["KeyRotationEnabled"]
    assert moto.client("sns").get_topic_attributes(TopicArn=outputs["TopicArn"])["Attributes"]["KmsMasterKeyId"] == outputs["KeyArn"]
    used = [statement for statement in statements(moto, "acme-hub") if "kms:Decrypt" in listed(statement["Action"])]
    # moto leaves a null where NoValue is.
    assert [[arn for arn in listed(statement["Resource"]) if arn] for statement in used] == [[outputs["KeyArn"]]]


def test_what_changes_an_agent_is_told(moto):
    events = moto.client("events")
    assert not events.list_rules(NamePrefix="seen-changed")["Rules"]
    deploy(moto, "hub", "seen", OrganizationId="o-abcde12345", BucketName="agents-of-seen", NamePrefix="seen")
    trail = deploy(moto, "hub", "trail", OrganizationId="o-abcde12345", BucketName="agents-of-trail", NamePrefix="trail", CloudTrailDataEvents="true",
                   DeployPrincipalArn=f"arn:aws:iam::{ACCOUNT}:role/pipeline")
    pattern = json.loads(events.describe_rule(Name="seen-changed-agent")["EventPattern"])
    assert pattern == {"source": ["aws.s3"], "detail-type": ["Object Created", "Object Deleted"], "detail": {"bucket": {"name": ["agents-of-seen"]}}}
    pattern = json.loads(events.describe_rule(Name="trail-changed-agent")["EventPattern"])
    assert pattern["detail-type"] == ["AWS API Call via CloudTrail"] and pattern["detail"]["requestParameters"] == {"bucketName": ["agents-of-trail"]}
    assert pattern["detail"]["$or"][0]["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == [{"anything-but": [trail["DeployRoleArn"]]}]
    (target,) = events.list_targets_by_rule(Rule="trail-changed-agent")["Targets"]
    assert target["Arn"] == trail["TopicArn"]


def test_changes_in_other_regions_are_told_in_the_hubs(moto):
    """Their buckets send their events to the hub's region, whose rule selects them by the beginning of their names."""
    deploy(moto, "hub", "told", BucketName="told-eu-west-1", OtherBucketsPrefix="told-", NamePrefix="told")
    pattern = json.loads(moto.client("events").describe_rule(Name="told-changed-agent")["EventPattern"])
    assert pattern["detail"] == {"bucket": {"name": ["told-eu-west-1", {"prefix": "told-"}]}}
    outputs = deploy(moto, "bucket", "told-bucket", BucketName="told-us-east-1", AlertRegion=REGION)
    assert moto.client("s3").get_bucket_encryption(Bucket=outputs["BucketName"])
    resources = {item["LogicalResourceId"]: item["PhysicalResourceId"]
                 for item in moto.client("cloudformation").list_stack_resources(StackName="told-bucket")["StackResourceSummaries"]}
    assert {"Forward", "ForwardRole"} <= set(resources)
    rule = cfn_yaml(ROOT / "packaging/aws/bucket.yaml")["Resources"]["Forward"]["Properties"]
    assert rule["EventPattern"]["source"] == ["aws.s3"]
    name = resources["Forward"].split("/")[-1]
    (target,) = moto.client("events").list_targets_by_rule(Rule=name)["Targets"]
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    assert target["Arn"] == bus
    assert list(statements(moto, resources["ForwardRole"])) == [{"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus}]
    assert json.loads(moto.client("events").describe_rule(Name=name)["EventPattern"])["$or"][0]["detail"] == {"bucket": {"name": ["told-us-east-1"]}}


@pytest.fixture(scope="module")
def guarded():
    """moto with the hub and the spoke deployed; `guarded(role)` is a session that may do what that role's policies say."""
    moto = Moto()
    iam, sts = moto.client("iam"), moto.client("sts")
    deploy(moto, "hub", "hub", OrganizationId="o-abcde12345", BucketName="agents-of-acme", DeployPrincipalArn=f"arn:aws:iam::{ACCOUNT}:root")
    deploy(moto, "spoke", "spoke", HubAccountId=ACCOUNT, ExternalId=EXTERNAL_ID)
    moto.client("s3").put_object(Bucket="agents-of-acme", Key="dbcensus-agent-0.1.0-linux-x86_64.gz", Body=b"agent")
    moto.client("ssm").create_document(Name="dbcensus", DocumentType="Command", Content=json.dumps({"schemaVersion": "2.2", "mainSteps": []}))
    sessions = {}
    for role in ("hub", "deploy", "spoke"):
        as_moto_enforces_it(moto, f"dbcensus-{role}")
        sessions[role] = sts.assume_role(RoleArn=iam.get_role(RoleName=f"dbcensus-{role}")["Role"]["Arn"], RoleSessionName="test", ExternalId=EXTERNAL_ID)["Credentials"]
    # moto knows no account as a principal, and few conditions.
    trust = iam.get_role(RoleName="dbcensus-spoke")["Role"]["AssumeRolePolicyDocument"]
    trust["Statement"] = trust["Statement"][:1]
    trust["Statement"][0].update(Principal={"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/dbcensus-hub/test"}, Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})
    iam.update_assume_role_policy(RoleName="dbcensus-spoke", PolicyDocument=json.dumps(trust))
    moto.enforce()

    def client(role, service):
        keys = sessions[role]
        return boto3.client(service, region_name=REGION, endpoint_url=moto.url, aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                            aws_session_token=keys["SessionToken"], config=PATIENT)

    yield client
    moto.stop()


def denied(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"), caught.value


def test_the_hub_role_cannot_change_what_it_runs(guarded):
    s3, ssm, iam = guarded("hub", "s3"), guarded("hub", "ssm"), guarded("hub", "iam")
    agent = {"Bucket": "agents-of-acme", "Key": "dbcensus-agent-0.1.0-linux-x86_64.gz"}
    assert s3.get_object(**agent)["Body"].read() == b"agent"
    denied(s3.put_object, Body=b"evil", **agent)
    denied(s3.delete_object, **agent)
    denied(s3.put_bucket_policy, Bucket="agents-of-acme", Policy="{}")
    content = json.dumps({"schemaVersion": "2.2", "mainSteps": [], "description": "evil"})
    denied(ssm.create_document, Name="another", Content=content, DocumentType="Command")
    denied(ssm.update_document, Name="dbcensus", Content=content, DocumentVersion="$LATEST")
    denied(ssm.update_document_default_version, Name="dbcensus", DocumentVersion="1")
    denied(ssm.modify_document_permission, Name="dbcensus", PermissionType="Share", AccountIdsToAdd=["111122223333"])
    denied(ssm.send_command, DocumentName="dbcensus", InstanceIds=["i-0123456789abcdef0"])
    denied(iam.put_role_policy, RoleName="dbcensus-hub", PolicyName="more", PolicyDocument="{}")
    denied(guarded("hub", "sts").assume_role, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/dbcensus-deploy", RoleSessionName="test")
    denied(guarded("hub", "sts").assume_role, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/Administrator", RoleSessionName="test")
    spoke = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/dbcensus-spoke", "RoleSessionName": "test"}
    assert guarded("hub", "sts").assume_role(ExternalId=EXTERNAL_ID, **spoke)
    denied(guarded("hub", "sts").assume_role, ExternalId="another", **spoke)


def test_the_role_that_deploys_runs_nothing(guarded):
    s3, ssm = guarded("deploy", "s3"), guarded("deploy", "ssm")
    s3.put_object(Bucket="agents-of-acme", Key="dbcensus-agent-0.2.0-linux-x86_64.gz", Body=b"new")
    ssm.update_document(Name="dbcensus", DocumentVersion="$LATEST", Content=json.dumps({"schemaVersion": "2.2", "mainSteps": [], "description": "new"}))
    denied(s3.put_object, Bucket="agents-of-acme", Key="something-else", Body=b"x")
    denied(s3.delete_object, Bucket="agents-of-acme", Key="dbcensus-agent-0.1.0-linux-x86_64.gz")
    denied(ssm.send_command, DocumentName="dbcensus", InstanceIds=["i-0123456789abcdef0"])
    denied(ssm.delete_document, Name="dbcensus")
    denied(guarded("deploy", "sts").assume_role, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/dbcensus-spoke", RoleSessionName="test", ExternalId=EXTERNAL_ID)


def test_the_spoke_role_starts_nothing_else(guarded):
    ssm, ec2 = guarded("spoke", "ssm"), guarded("spoke", "ec2")
    assert ec2.describe_instances(MaxResults=5)["Reservations"] == []
    denied(ssm.start_automation_execution, DocumentName="AWS-StopEC2Instance")
    denied(ssm.get_parameters_by_path, Path="/")
    denied(ec2.terminate_instances, InstanceIds=["i-0123456789abcdef0"])
    denied(guarded("spoke", "s3").list_buckets)


def test_checkov_finds_nothing():
    done = subprocess.run([ROOT / ".build/checkov/bin/checkov", "--framework", "cloudformation", "--directory", ROOT / "packaging/aws", "--compact", "--quiet",
                           "--skip-download", "--output", "json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["summary"]["passed"] > 50


def test_what_moto_does_not_make():
    """moto ignores versions, bucket policies and the block of public access: they are read from the template."""
    resources = cfn_yaml(ROOT / "packaging/aws/hub.yaml")["Resources"]
    assert set(resources["Bucket"]["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert resources["Bucket"]["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    deny, condition = resources["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert deny["Effect"] == "Deny" and deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (name, read, _) = condition["Fn::If"]
    assert name == "HasOrganization"
    assert read["Resource"] == {"Fn::Sub": "${Bucket.Arn}/*dbcensus-agent-*"}
    assert read["Action"] == "s3:GetObject" and list(read["Condition"]["StringEquals"]) == ["aws:PrincipalOrgID"]
    # A first deployment that fails leaves nothing behind, so that it can be repeated.
    for name in ("Bucket", "Key", "LogGroup"):
        assert (resources[name]["DeletionPolicy"], resources[name]["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    rules = {rule["Id"]: rule for rule in resources["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]}
    # What a document names is the newest version of its object, which no rule lets expire.
    assert rules["replaced-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30} and not any("ExpirationInDays" in rule for rule in rules.values())
    alarms, events, tls = resources["TopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"} and tls["Effect"] == "Deny"
    # EventBridge delivers to no topic whose policy has a condition for it.
    assert events["Principal"] == {"Service": "events.amazonaws.com"} and "Condition" not in events


def test_workers_are_scaled_by_metrics_that_the_collector_has():
    """Target tracking, and a rule of its own for the first worker."""
    resources = cfn_yaml(ROOT / "packaging/aws/workers.yaml")["Resources"]
    known = (ROOT / "Sources/Web/Telemetry/DiscoveryMetrics.swift").read_text()
    tracking = resources["ByTheQueue"]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    metrics = [entry["MetricStat"]["Metric"] for entry in resources["WorkWaits"]["Properties"]["Metrics"] if "MetricStat" in entry]
    for metric in [tracking["CustomizedMetricSpecification"], *metrics]:
        # Without labels: those of CloudWatch are billed one by one.
        assert metric["Namespace"] == "dbcensus" and f'"{metric["MetricName"]}"' in known and "Dimensions" not in metric
    assert (tracking["ScaleOutCooldown"], tracking["ScaleInCooldown"]) == (60, 300)
    assert cfn_yaml(ROOT / "packaging/aws/workers.yaml")["Parameters"]["TasksPerWorker"]["Default"] == 5
    assert resources["Target"]["Properties"]["MinCapacity"] == 0 and "DesiredCount" not in resources["Service"]["Properties"]
    container = resources["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]
    assert container["Command"] == ["work"] and container["StopTimeout"] >= 30
