"""The CloudFormation templates of packaging/aws: linted, deployed into moto, and compared with what the client calls."""

import ast
import json
import pathlib
import subprocess
import sys

import boto3
import pytest

from aws import REGION, Moto, probe

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "packaging/aws").glob("*.yaml"))
HUB = "123456789012"
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
    deploy(moto, "spoke", "spoke", HubAccountId=HUB, ExternalId=EXTERNAL_ID, OrganizationId="o-abcde12345", RolePath="/service/")
    env = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": moto.url}
    wanted = {permission for permission, *roles in probe("actions", env=env) if "spoke" in roles} - {"sts:GetCallerIdentity"}
    assert "ssm:SendCommand" in wanted
    found = list(statements(moto, "dbcensus-spoke"))
    assert {action for statement in found for action in listed(statement["Action"])} == wanted
    assert all(statement["Effect"] == "Allow" for statement in found)
    # What starts something is bound to the document of the hub, and to instances of this account.
    resources = {resource for statement in found if "ssm:SendCommand" in listed(statement["Action"]) for resource in listed(statement["Resource"])}
    assert resources == {f"arn:aws:ssm:*:{HUB}:document/dbcensus", f"arn:aws:ec2:*:{HUB}:instance/*", f"arn:aws:ssm:*:{HUB}:managed-instance/*"}
    role = moto.client("iam").get_role(RoleName="dbcensus-spoke")["Role"]
    assert role["Path"] == "/service/" and role["MaxSessionDuration"] == 3600


def test_the_spoke_role_trusts_the_hub_role_with_the_external_id(moto):
    (assume, session) = moto.client("iam").get_role(RoleName="dbcensus-spoke")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert assume["Principal"] == {"AWS": f"arn:aws:iam::{HUB}:root"} and assume["Action"] == "sts:AssumeRole"
    assert assume["Condition"] == {
        "StringEquals": {"sts:ExternalId": EXTERNAL_ID, "aws:PrincipalOrgID": "o-abcde12345"},
        "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{HUB}:role/dbcensus-hub"}}
    assert session["Action"] == ["sts:TagSession", "sts:SetSourceIdentity"]
    assert session["Condition"] == {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{HUB}:role/dbcensus-hub"}}


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
    session = moto.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole", RoleSessionName="test")["Credentials"]
    iam = boto3.client("iam", region_name=REGION, endpoint_url=moto.url, aws_access_key_id=session["AccessKeyId"],
                       aws_secret_access_key=session["SecretAccessKey"], aws_session_token=session["SessionToken"])
    assert iam.get_role(RoleName="organisation-role")["Role"]["Arn"] == f"arn:aws:iam::{account}:role/organisation-role"
