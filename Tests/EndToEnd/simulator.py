"""The fleet simulator for tests, and clients of other people for it."""

import contextlib
import json
import pathlib
import subprocess
import time
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".build/debug/fleet-simulator"
REGION = "eu-west-1"
ROLE = "dbcensus-spoke"
FINAL = {"Success", "Failed", "TimedOut", "Cancelled"}


class Simulator:
    """A running simulator. Calls are not throttled unless `--rate` is given."""

    def __init__(self, *options, program=PROGRAM):
        options = [str(option) for option in options]
        if "--rate" not in options:
            options += ["--rate", "0"]
        self.process = subprocess.Popen([program, "--port", "0", "--host-seconds", "0.1", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.first = json.loads(line)
        self.url, self.hub = self.first["url"], self.first["hub_account"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            # Calls that hang keep it.
            self.process.kill()
            self.process.wait(10)

    @property
    def env(self):
        """What a user sets for the AWS CLI and for our client."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": self.first["access_key_id"],
                "AWS_SECRET_ACCESS_KEY": self.first["secret_access_key"], **self.first.get("environment", {})}

    def client(self, service, credentials=None, region=REGION, attempts=1, **options):
        keys = credentials or {"AccessKeyId": self.first["access_key_id"], "SecretAccessKey": self.first["secret_access_key"]}
        return boto3.client(
            service, region_name=region, endpoint_url=self.url, aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys.get("SessionToken"),
            config=Config(signature_version="s3v4" if service == "s3" else None, retries={"total_max_attempts": attempts}, s3={"addressing_style": "path"}), **options)

    def role(self, account, name=ROLE, external="fleet", **options):
        """The credentials of a role's session."""
        if external is not None:
            options["ExternalId"] = external
        arn = f"arn:aws:iam::{account}:role/{name}"
        return self.client("sts").assume_role(RoleArn=arn, RoleSessionName="tests", **options)["Credentials"]

    def get(self, path):
        return urllib.request.urlopen(self.url + path, timeout=30).read()

    def instances(self):
        """What each instance is."""
        return [json.loads(line) for line in self.get("/_simulator/instances").splitlines()]

    def calls(self):
        return json.loads(self.get("/_simulator"))["calls"]


@contextlib.contextmanager
def refused(*codes):
    with pytest.raises(ClientError) as caught:
        yield caught
    assert caught.value.response["Error"]["Code"] in codes
    assert caught.value.response["ResponseMetadata"]["RequestId"]


def command(simulator, credentials, ids, name="dbcensus", region=REGION, wait=True, **options):
    """Sends a document and waits for its invocations: `(command id, {instance id: invocation})`."""
    ssm = simulator.client("ssm", credentials, region)
    arn = f"arn:aws:ssm:{region}:{simulator.hub}:document/{name}" if name == "dbcensus" else name
    options.setdefault("MaxErrors", "100%")
    sent = ssm.send_command(DocumentName=arn, InstanceIds=ids, **options)["Command"]["CommandId"]
    for _ in range(600):
        pages = ssm.get_paginator("list_command_invocations").paginate(CommandId=sent, Details=True)
        found = {one["InstanceId"]: one for page in pages for one in page["CommandInvocations"]}
        if not wait or all(one["Status"] in FINAL for one in found.values()):
            return sent, found
        time.sleep(0.05)
    raise AssertionError(found)
