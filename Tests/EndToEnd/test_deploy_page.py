"""docs/deploy.md, typed as it stands: its commands, in their order, against moto and the fleet simulator."""

import os
import re
import subprocess

from aws import REGION, Moto
from deployment import release
from discovery import environment
from simulator import ROOT, Simulator, refused

PAGE = ROOT / "docs/deploy.md"
# What needs a machine, an organisation or a network of one's own, and what is no command.
LEFT_OUT = ("aws ssm ", "VpcId=VPC", "[profile ", "enable-aws-service-access", "register-delegated-administrator", "CREATE ROLE", "SECRET ", "DBCENSUS_DISCOVERY_ORGANIZATION_ENABLED=", "aws ecs ")
# What stands for sudo, systemd and the user dbcensus.
PREFIX = """
set -euo pipefail
sudo() { while [[ $1 == -* ]]; do if [ "$1" = -u ]; then shift; fi; shift; done; "$@"; }
aws() { command aws --cli-read-timeout 600 "$@"; }
systemctl() { echo "systemctl $*"; }
install() {
    local words=()
    while [ $# -gt 0 ]; do case $1 in -o | -g) shift ;; *) words+=("$1") ;; esac; shift; done
    command install "${words[@]}"
}
"""


def commands():
    """The blocks of the page: `(heading, text)`."""
    heading = ""
    for part in re.split(r"(?m)^(## .*)$", PAGE.read_text()):
        if part.startswith("## "):
            heading = part[3:]
            continue
        for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", part, re.M):
            lines = block.strip("\n").split("\n")
            margin = min(len(line) - len(line.lstrip()) for line in lines if line)
            text = "\n".join(line[margin:] for line in lines)
            if not any(word in text for word in LEFT_OUT):
                yield heading, text


def test_the_page(collector, tmp_path):
    (tmp_path / "dist").mkdir()
    release(tmp_path / "dist/release", "0.1.0")
    for name in ("bin", "etc", "var"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin/dbcensus-collector").symlink_to(collector.path)
    (tmp_path / "packaging").symlink_to(ROOT / "packaging")
    with Moto() as moto, Simulator("--without-document", "--accounts", 4, "--regions", f"{REGION},us-east-1", "--instances", 5, "--external-id", "an-id") as simulator:
        organizations = moto.client("organizations")
        organizations.create_organization(FeatureSet="ALL")
        root = organizations.list_roots()["Roots"][0]["Id"]
        # In moto a StackSet reaches the management account, if it is in the unit.
        unit = organizations.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]["Id"]
        account = organizations.create_account(Email="a@example.com", AccountName="a")["CreateAccountStatus"]["AccountId"]
        organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
        there = simulator.client("organizations")
        units = there.list_organizational_units_for_parent(ParentId=there.list_roots()["Roots"][0]["Id"])["OrganizationalUnits"]
        scanned = max(units, key=lambda unit: len(there.list_accounts_for_parent(ParentId=unit["Id"])["Accounts"]))["Id"]
        values = {"HUB": "123456789012", "ORGANIZATION": "o-abcde12345", "UNIT": scanned, "REGIONS": f"{REGION},us-east-1", "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
                  "BUCKET": "acme-dbcensus", "PIPELINE": "arn:aws:iam::123456789012:role/pipeline", "EXTERNAL_ID": "an-id"}
        script = [PREFIX]
        for heading, text in commands():
            if heading == "Choose names":
                # The reader's own values.
                assert {name for name in re.findall(r"export (\w+)=", text)} == set(values)
                text = "\n".join(f"export {name}={value}" for name, value in values.items())
            # A here-document ends at the margin of the page, as it is typed. moto and the simulator have organisations of their own.
            script.append(f"echo '## {heading}'\n{text.replace('OrganizationalUnitIds=$UNIT', f'OrganizationalUnitIds={unit}')}")
        body = "\n".join(script).replace("/etc/dbcensus", str(tmp_path / "etc")).replace("/var/lib/dbcensus", str(tmp_path / "var"))
        (tmp_path / ".aws").mkdir()
        (tmp_path / ".aws/credentials").write_text(f"[dba]\naws_access_key_id = {simulator.first['access_key_id']}\naws_secret_access_key = {simulator.first['secret_access_key']}\n")
        env = {**environment(simulator, tmp_path), "PATH": f"{tmp_path / 'bin'}:{ROOT / '.build/python/bin'}:{os.environ['PATH']}", "AWS_PAGER": "",
               "AWS_ENDPOINT_URL_CLOUDFORMATION": moto.url, "AWS_ENDPOINT_URL_S3": moto.url, "DBCENSUS_STORE_PATH": str(tmp_path / "var/dbcensus.sqlite")}
        done = subprocess.run(["bash", "-c", body], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        output = done.stdout
        # Two accounts answered, with the databases of their hosts in two regions.
        assert re.search(r"(?m)^[1-9]\d* databases on 20 hosts that answered, in 2 accounts", output), output
        assert "bad  " not in output and "ok       aws roles" in output and "with the configured SHA-256" in output
        # And nothing is left.
        for region in (REGION, "us-east-1"):
            with refused("InvalidDocument"):
                simulator.client("ssm", region=region).describe_document(Name="dbcensus")
        assert {one["Status"] for one in moto.client("cloudformation").list_stack_sets()["Summaries"]} <= {"DELETED"}
        assert {stack["StackStatus"] for stack in moto.client("cloudformation").list_stacks()["StackSummaries"]} == {"DELETE_COMPLETE"}
        assert "acme-dbcensus" not in [bucket["Name"] for bucket in moto.client("s3").list_buckets()["Buckets"]]
        names = [role["RoleName"] for role in moto.client("iam").list_roles()["Roles"]]
        assert not [name for name in names if name.startswith("dbcensus")]
