"""The Terraform modules against moto: applied, planned empty, destroyed; the same parameters and permissions as the templates."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from aws import REGION, Moto
from test_templates import ACCOUNT, CLOUDWATCH_AGENT, EXTERNAL_ID, HUB, ROOT, SESSIONS, cfn_yaml, listed, permissions, statements

SERVICES = ["cloudformation", "cloudwatch", "events", "iam", "kms", "logs", "s3", "sns", "ssm", "sts", "ec2"]


def mirror():
    """A folder with the provider, so that nothing is downloaded; None when there is none."""
    places = [os.environ.get("TF_PLUGIN_DIR"), "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins", pathlib.Path.home() / ".terraform.d/plugins", *pathlib.Path("/opt").glob("*")]
    return next((str(place) for place in places if place and (pathlib.Path(place) / "registry.terraform.io/hashicorp/aws").is_dir()), None)


pytestmark = pytest.mark.skipif(not shutil.which("terraform") or not mirror(), reason="terraform or its provider for AWS is not on this machine")


class Terraform:
    """A folder with one configuration."""

    def __init__(self, folder, moto, body):
        self.folder = folder
        (folder / "cli.tfrc").write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror()}"\n  }}\n}}\n')
        endpoints = "\n".join(f'    {name} = "{moto.url}"' for name in SERVICES)
        (folder / "main.tf").write_text(f'''
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
}}
provider "aws" {{
  region                      = "{REGION}"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
  endpoints {{
{endpoints}
  }}
}}
{body}
''')
        self("init", "-input=false")

    def __call__(self, *arguments, check=True):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TF_CLI_CONFIG_FILE": str(self.folder / "cli.tfrc"), "CHECKPOINT_DISABLE": "1"}
        done = subprocess.run(["terraform", arguments[0], "-no-color", *arguments[1:]], cwd=self.folder, env=env, capture_output=True, text=True, timeout=500)
        assert not check or done.returncode == 0, done.stderr
        return done

    def outputs(self):
        return {name: output["value"] for name, output in json.loads(self("output", "-json").stdout).items()}


def source(folder, name):
    """A relative path: of an absolute one terraform makes a copy, without the templates."""
    return os.path.relpath(ROOT / "packaging/terraform" / name, folder)


def module(folder, name, **values):
    # Names of modules stand without quotes.
    lines = "\n".join(f"  {key} = {json.dumps(value) if key != 'depends_on' else '[' + ', '.join(value) + ']'}" for key, value in values.items())
    return f'module "{name}" {{\n  source = "{source(folder, name)}"\n{lines}\n}}\noutput "{name}" {{\n  value = module.{name}\n}}\n'


@pytest.fixture(scope="module")
def moto():
    with Moto() as moto:
        yield moto


@pytest.fixture(scope="module")
def applied(moto, tmp_path_factory):
    folder = tmp_path_factory.mktemp("terraform")
    body = module(folder, "hub", organization_id="o-abcde12345", bucket_name="agents-of-acme", output_bucket_name="outputs-of-acme", deploy_principal_arn=f"arn:aws:iam::{ACCOUNT}:role/pipeline",
                  create_key=True, cloud_trail_data_events=True, other_buckets_prefix="agents-of-", alert_email="dba@example.com", tags={"team": "dba"})
    body += module(folder, "spoke", hub_account_id=HUB, external_id=EXTERNAL_ID, organization_id="o-abcde12345", role_path="/service/")
    body += module(folder, "stack", depends_on=["module.hub", "module.spoke"], template="monitoring", parameters={"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:dbcensus-alerts"})
    terraform = Terraform(folder, moto, body)
    terraform("apply", "-auto-approve", "-input=false")
    return terraform


def test_a_second_plan_is_empty(applied):
    done = applied("plan", "-detailed-exitcode", "-input=false", check=False)
    assert done.returncode in (0, 2), done.stderr
    # moto forgets that a bucket sends events to EventBridge: nothing else may differ.
    assert set(re.findall(r"(?m)^  # (\S+) (?:will|must) be", done.stdout)) <= {"module.hub.aws_s3_bucket_notification.agents[0]"}
    assert "eventbridge = false -> true" in done.stdout or done.returncode == 0


def test_the_permissions_are_those_of_the_templates(applied, moto):
    def actions(role):
        return {action for statement in statements(moto, role) for action in listed(statement["Action"])}

    assert actions("dbcensus-hub") == permissions(moto, "hub") | SESSIONS | CLOUDWATCH_AGENT | {"kms:Decrypt", "kms:GenerateDataKey"}
    assert actions("dbcensus-deploy") == permissions(moto, "deploy") | {"ssm:AddTagsToResource", "kms:Decrypt", "kms:GenerateDataKey"}
    assert actions("dbcensus-spoke") == permissions(moto, "spoke")
    role = moto.client("iam").get_role(RoleName="dbcensus-spoke")["Role"]
    assume, session = role["AssumeRolePolicyDocument"]["Statement"]
    assert role["Path"] == "/service/" and assume["Condition"]["StringEquals"] == {"sts:ExternalId": EXTERNAL_ID, "aws:PrincipalOrgID": "o-abcde12345"}
    assert session["Action"] == ["sts:TagSession", "sts:SetSourceIdentity"]


def test_the_bucket_by_its_own_api(applied, moto):
    s3, bucket = moto.client("s3"), {"Bucket": "agents-of-acme"}
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    key = applied.outputs()["hub"]["key_arn"]
    (rule,) = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    deny, read = json.loads(s3.get_bucket_policy(**bucket)["Policy"])["Statement"]
    assert deny["Effect"] == "Deny" and deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert read["Action"] == "s3:GetObject" and read["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-abcde12345"}}
    rules = {one["ID"]: one for one in s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]}
    assert rules["replaced-versions"]["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30 and not any("Expiration" in one for one in rules.values())
    assert {"Key": "team", "Value": "dba"} in s3.get_bucket_tagging(**bucket)["TagSet"]


def test_log_topic_and_rule(applied, moto):
    outputs = applied.outputs()["hub"]
    group = moto.client("logs").describe_log_groups(logGroupNamePrefix=outputs["log_group"])["logGroups"][0]
    assert group["retentionInDays"] == 30 and group["kmsKeyId"] == outputs["key_arn"]
    attributes = moto.client("sns").get_topic_attributes(TopicArn=outputs["topic_arn"])["Attributes"]
    assert attributes["KmsMasterKeyId"] == outputs["key_arn"] and "DenyWithoutTLS" in attributes["Policy"]
    assert moto.client("sns").list_subscriptions_by_topic(TopicArn=outputs["topic_arn"])["Subscriptions"][0]["Endpoint"] == "dba@example.com"
    pattern = json.loads(moto.client("events").describe_rule(Name="dbcensus-changed-agent")["EventPattern"])
    assert pattern["detail"]["$or"][0]["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == [{"anything-but": [outputs["deploy_role_arn"]]}]
    assert pattern["detail"]["requestParameters"] == {"bucketName": ["agents-of-acme", {"prefix": "agents-of-"}]}
    assert moto.client("cloudwatch").get_dashboard(DashboardName="dbcensus")


def snake(name):
    return re.sub("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@pytest.mark.parametrize("name", ["hub", "spoke"])
def test_the_parameters_are_the_same(name):
    parameters = {snake(key): value.get("Default") for key, value in cfn_yaml(ROOT / f"packaging/aws/{name}.yaml")["Parameters"].items()}
    text = (ROOT / f"packaging/terraform/{name}/variables.tf").read_text()
    found = {}
    for block in re.findall(r'(?s)variable "(\w+)" \{\n(.*?)\n\}', text):
        default = re.search(r"(?m)^  default +=\s*(.+)$", block[1])
        found[block[0]] = json.loads(default[1]) if default else None
    found.pop("tags")
    assert {key: str(value).lower() for key, value in found.items()} == {key: str(value).lower() for key, value in parameters.items()}


def test_a_malformed_parameter_says_what_to_write(moto, tmp_path):
    names = ["bucket_name", "output_bucket_name", "organization_id", "create_key", "kms_key_arn"]
    passed = "\n".join(f"  {name} = var.{name}" for name in names)
    declared = "\n".join(f'variable "{name}" {{\n  default = {"false" if name == "create_key" else json.dumps("")}\n}}' for name in names)
    terraform = Terraform(tmp_path, moto, f'module "hub" {{\n  source = "{source(tmp_path, "hub")}"\n{passed}\n}}\n{declared}\n')
    wrong = {"bucket_name": "Agents", "output_bucket_name": "Agents", "organization_id": "acme", "create_key": "true", "kms_key_arn": "arn:aws:kms:eu-west-1:1:key/a"}
    done = terraform("plan", "-input=false", *[f"-var={name}={value}" for name, value in wrong.items()], check=False)
    text = " ".join(done.stderr.replace("│", " ").split())
    assert done.returncode == 1
    for message in ("small letters", "must not be that of", "organisation's id", "Leave kms_key_arn empty"):
        assert message in text


def test_the_format_and_that_nothing_is_left(applied, moto):
    done = subprocess.run(["terraform", "fmt", "-check", "-recursive", "-diff", ROOT / "packaging/terraform"], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "TF_CLI_CONFIG_FILE": str(applied.folder / "cli.tfrc")})
    assert done.returncode == 0, done.stdout
    applied("destroy", "-auto-approve", "-input=false")
    assert moto.client("s3").list_buckets()["Buckets"] == [] and moto.client("sns").list_topics()["Topics"] == []
    assert moto.client("iam").list_roles()["Roles"] == [] and moto.client("events").list_rules()["Rules"] == []
    # The log stays, with its audit lines.
    assert [group["logGroupName"] for group in moto.client("logs").describe_log_groups()["logGroups"]] == ["/dbcensus/collector"]
