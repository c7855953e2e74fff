"""docs/deploy.md, typed as it stands: its commands, in their order, against moto and the fleet simulator."""

import os
import re
import subprocess

from aws import REGION, Moto
from deployment import release
from discovery import environment
from simulator import ROOT, Simulator, refused

PAGE = ROOT / "docs/deploy.md"
# Steps that need a machine of one's own, or a release that comes later.
LEFT_OUT = ("aws ssm start-session", "--release dist/new-release")
# What moto lacks: its CloudFormation gives no outputs after a change set, and it knows no `wait` for a stack set.
PREFIX = """
set -euo pipefail
sudo() { "$@"; }
systemctl() { echo "systemctl $*"; }
"""


def commands():
    """The blocks of the page: `(heading, text)`."""
    heading = ""
    for part in re.split(r"(?m)^(## .*)$", PAGE.read_text()):
        if part.startswith("## "):
            heading = part[3:]
            continue
        for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", part, re.M):
            text = "\n".join(line[4:] for line in block.strip("\n").split("\n"))
            if not any(word in text for word in LEFT_OUT):
                yield heading, text


def test_the_page(collector, tmp_path):
    release(tmp_path / "release", "0.1.0")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/dbcensus-collector").symlink_to(collector.path)
    with Moto() as moto, Simulator("--without-document", "--accounts", 4, "--regions", f"{REGION},us-east-1", "--instances", 5, "--external-id", "an-id") as simulator:
        organizations = moto.client("organizations")
        organizations.create_organization(FeatureSet="ALL")
        root = organizations.list_roots()["Roots"][0]["Id"]
        # In moto a StackSet reaches the management account, if it is in the unit.
        unit = organizations.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]["Id"]
        account = organizations.create_account(Email="a@example.com", AccountName="a")["CreateAccountStatus"]["AccountId"]
        organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
        values = {"HUB": "123456789012", "ORGANIZATION": "o-abcde12345", "UNIT": unit, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "BUCKET": "acme-dbcensus",
                  "PIPELINE": "arn:aws:iam::123456789012:role/pipeline", "EXTERNAL_ID": "an-id"}
        script = [PREFIX]
        for heading, text in commands():
            if heading == "Choose names":
                # The reader's own values.
                assert {name for name in re.findall(r"export (\w+)=", text)} == set(values)
                text = "\n".join(f"export {name}={value}" for name, value in values.items())
            # A here-document ends at the margin of the page, as it is typed.
            script.append(f"echo '## {heading}'\n{text}")
        (tmp_path / "var").mkdir()
        body = "\n".join(script).replace("/etc/dbcensus", str(tmp_path / "etc")).replace("/var/lib/dbcensus", str(tmp_path / "var")).replace("dist/release", str(tmp_path / "release"))
        env = {**environment(simulator, tmp_path), "PATH": f"{tmp_path / 'bin'}:{ROOT / '.build/python/bin'}:{os.environ['PATH']}", "AWS_PAGER": "",
               "AWS_ENDPOINT_URL_CLOUDFORMATION": moto.url, "AWS_ENDPOINT_URL_S3": moto.url, "DBCENSUS_STORE_PATH": str(tmp_path / "var/dbcensus.sqlite")}
        done = subprocess.run(["bash", "-c", body], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        output = done.stdout
        # Two accounts answered, and there are databases.
        assert re.search(r"(?m)^[1-9]\d* databases on 20 hosts that answered, in 2 accounts", output), output
        assert "bad      aws document" not in output and "ok       aws roles" in output and "with the configured SHA-256" in output
        # And nothing is left.
        for region in (REGION, "us-east-1"):
            with refused("InvalidDocument"):
                simulator.client("ssm", region=region).describe_document(Name="dbcensus")
        assert {one["Status"] for one in moto.client("cloudformation").list_stack_sets()["Summaries"]} <= {"DELETED"}
        assert {stack["StackStatus"] for stack in moto.client("cloudformation").list_stacks()["StackSummaries"]} == {"DELETE_COMPLETE"}
        assert "acme-dbcensus" not in [bucket["Name"] for bucket in moto.client("s3").list_buckets()["Buckets"]]
        names = [role["RoleName"] for role in moto.client("iam").list_roles()["Roles"]]
        assert not [name for name in names if name.startswith("dbcensus")]
