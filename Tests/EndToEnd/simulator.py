"""The fleet simulator for tests, and clients of other people for it."""

import json
import pathlib
import subprocess
import urllib.request

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".build/debug/fleet-simulator"
REGION = "eu-west-1"
ROLE = "dbcensus-spoke"


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
        self.process.wait(30)

    @property
    def env(self):
        """What a user sets for the AWS CLI and for our client."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": self.first["access_key_id"],
                "AWS_SECRET_ACCESS_KEY": self.first["secret_access_key"]}

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
