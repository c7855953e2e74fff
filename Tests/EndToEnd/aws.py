"""AWS for tests: the probe around AWSClient, moto as a server, and servers that misbehave."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "eu-west-1"
PROBE = ROOT / ".build/debug/AWSProbe"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Failure(Exception):
    """What the probe printed as its error: `kind`, `message`, `code`, `request`, `action`, `attempts`."""

    def __init__(self, fields):
        super().__init__(fields["message"])
        self.fields = fields
        self.kind = fields["kind"]


def probe(*arguments, env=None, input=None, timeout=60, prefix=()):
    """The result of one command of the probe; a `Failure` for its error. Only `env` reaches it."""
    with tempfile.TemporaryDirectory() as home:
        full = {"HOME": home, "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": REGION, **(env or {})}
        done = subprocess.run([*prefix, PROBE, *map(str, arguments)], env=full, input=input, capture_output=True, text=True, timeout=timeout)
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    if "error" in answer:
        assert done.returncode == 1
        raise Failure(answer["error"])
    return answer["result"]


# A busy machine is no reason to send a call twice: what was made the first time is then there already.
PATIENT = Config(read_timeout=600, connect_timeout=60, retries={"total_max_attempts": 1})


class Moto:
    """moto's server with a user of no rights but AssumeRole; from `enforce` on, signatures and policies are checked."""

    def __init__(self):
        self.url = f"http://127.0.0.1:{free_port()}"
        # The count of requests that are not checked: it is set anew by `enforce`.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", self.url.rsplit(":", 1)[1]],
            env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "1000000", "MOTO_ENABLE_ISO_REGIONS": "false"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                urllib.request.urlopen(self.url + "/moto-api/", timeout=5).read()
                break
            except OSError:
                time.sleep(0.1)

    def client(self, service, key="test", secret="test", region=REGION):
        return boto3.client(service, region_name=region, endpoint_url=self.url, aws_access_key_id=key, aws_secret_access_key=secret, config=PATIENT)

    def enforce(self, unchecked=0):
        """Checks signature, policy and trust policy of every request from now on, after so many that are not checked."""
        request = urllib.request.Request(
            self.url + "/moto-api/reset-auth", data=str(unchecked).encode(), headers={"Content-Type": "text/plain"}, method="POST")
        urllib.request.urlopen(request, timeout=10).read()

    def member(self, service, account, region=REGION):
        """A client in another account of the organisation."""
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        keys = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return boto3.client(service, region_name=region, endpoint_url=self.url, aws_access_key_id=keys["AccessKeyId"],
                            aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"], config=PATIENT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Misbehaving:
    """Answers each connection with these bytes, whatever it is asked, and closes it; `hold` keeps it open instead."""

    def __init__(self, answer, hold=False, context=None):
        self.answer, self.hold, self.context, self.connections = answer, hold, context, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.held = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            connection.settimeout(10)
            connection.recv(65536)
            connection.sendall(self.answer)
            if self.hold:
                self.held.append(connection)
                return
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65536)
            connection.close()
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for connection in self.held:
            connection.close()
