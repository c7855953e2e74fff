"""The CloudFormation templates of packaging/aws: linted, deployed into moto, and compared with what the client calls."""

import ast
import json
import pathlib
import subprocess
import sys

import pytest
from cfnlint.decode import cfn_yaml as decoder

from aws import REGION, Moto, probe

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
    return {entry["OutputKey"]: entry["OutputValue"] for entry in stack["Outputs"]}


def statements(moto, role):
    """What its policies allow."""
    iam = moto.client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        # moto's CloudFormation stores the policy as Python prints it.
        yield from (ast.literal_eval(document) if isinstance(document, str) else document)["Statement"]


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


SESSIONS = {"sts:TagSession", "sts:SetSourceIdentity"}  # parts of sts:AssumeRole


def test_the_hub_role_may_do_what_the_client_calls_and_cannot_change_what_it_runs(moto):
    deploy(moto, "hub", "hub", OrganizationId="o-abcde12345", BucketName="agents-of-acme", OutputBucketName="outputs-of-acme")
    found = list(statements(moto, "dbcensus-hub"))
    actions = {action for statement in found for action in listed(statement["Action"])}
    assert actions == permissions(moto, "hub") | SESSIONS
    assert not {action for action in actions if action.startswith("s3:") and action != "s3:GetObject"}
    assert not {action for action in actions if action.startswith("ssm:") and action != "ssm:DescribeDocument"}
    assert [statement["Resource"] for statement in found if "sts:AssumeRole" in listed(statement["Action"])] == ["arn:aws:iam::*:role/dbcensus-spoke"]
    (read,) = [statement["Resource"] for statement in found if statement["Action"] == "s3:GetObject"]
    assert read == ["arn:aws:s3:::agents-of-acme/*", "arn:aws:s3:::outputs-of-acme/*"]
    profile = moto.client("iam").get_instance_profile(InstanceProfileName="dbcensus-hub")["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == ["dbcensus-hub"]


def test_the_bucket_of_the_agents(moto):
    s3 = moto.client("s3")
    (rule,) = s3.get_bucket_encryption(Bucket="agents-of-acme")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert moto.client("logs").describe_log_groups(logGroupNamePrefix="/dbcensus-hub/")["logGroups"][0]["retentionInDays"] == 30
    assert [topic["TopicArn"] for topic in moto.client("sns").list_topics()["Topics"]] == [f"arn:aws:sns:{REGION}:{ACCOUNT}:dbcensus-hub-alerts"]


def test_the_policy_for_backups_and_a_key(moto):
    key = moto.client("kms").create_key()["KeyMetadata"]["Arn"]
    deploy(moto, "hub", "other", OrganizationId="o-abcde12345", BucketName="agents-of-other", RoleName="other", BackupBucketName="backups-of-acme",
           KmsKeyArn=key, SpokeRolePath="/service/", RolePath="/tools/", BackupKmsKeyArn=key, BackupRoleArn=f"arn:aws:iam::{HUB}:role/backup")
    found = list(statements(moto, "other"))
    actions = {action for statement in found for action in listed(statement["Action"])}
    assert actions == permissions(moto, "hub") | permissions(moto, "backup") | SESSIONS | {"kms:Decrypt", "kms:GenerateDataKey"}
    assumed = {resource for statement in found if "sts:AssumeRole" in listed(statement["Action"]) for resource in listed(statement["Resource"])}
    assert assumed == {"arn:aws:iam::*:role/service/dbcensus-spoke", f"arn:aws:iam::{HUB}:role/backup"}
    assert moto.client("iam").get_role(RoleName="other")["Role"]["Path"] == "/tools/"
    writing = [statement["Resource"] for statement in found if "s3:PutObject" in listed(statement["Action"])]
    assert writing == ["arn:aws:s3:::backups-of-acme/*"]
    (rule,) = moto.client("s3").get_bucket_encryption(Bucket="agents-of-other")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}


def test_what_moto_does_not_make():
    """moto ignores versions, bucket policies and the block of public access: they are read from the template."""
    resources = cfn_yaml(ROOT / "packaging/aws/hub.yaml")["Resources"]
    assert set(resources["Bucket"]["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert resources["Bucket"]["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    deny, read = resources["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert deny["Effect"] == "Deny" and deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert read["Resource"] == {"Fn::Sub": "${Bucket.Arn}/*dbcensus-agent-*"}
    assert read["Action"] == "s3:GetObject" and list(read["Condition"]["StringEquals"]) == ["aws:PrincipalOrgID"]
    assert resources["Bucket"]["DeletionPolicy"] == resources["Bucket"]["UpdateReplacePolicy"] == "Retain"
