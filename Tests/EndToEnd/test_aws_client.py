"""AWSClient next to other people's code: moto with signatures enforced, botocore's endpoints, servers that misbehave."""

import json
import os
import pathlib
import ssl
import subprocess
import sys

import botocore.session
import pytest
from botocore.exceptions import EndpointProviderError

from aws import REGION, Failure, Misbehaving, Moto, probe

ACCOUNTS = 45
INSTANCES = 60
ROLE = "arn:aws:iam::123456789012:role/dbcensus-spoke"
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/hub"},
         "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "the-secret"}}}]}


def allow(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]})


@pytest.fixture(scope="module")
def moto():
    server = Moto()
    try:
        iam, organizations, ec2 = server.client("iam"), server.client("organizations"), server.client("ec2")
        iam.create_user(UserName="hub")
        iam.put_user_policy(UserName="hub", PolicyName="p", PolicyDocument=allow(
            "sts:AssumeRole", "sts:GetCallerIdentity", "organizations:*", "s3:GetObject", "s3:PutObject", "sns:Publish"))
        key = iam.create_access_key(UserName="hub")["AccessKey"]
        server.env = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"], "AWS_ENDPOINT_URL": server.url}
        iam.create_role(RoleName="dbcensus-spoke", AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(RoleName="dbcensus-spoke", PolicyName="p", PolicyDocument=allow("ec2:Describe*", "sts:GetCallerIdentity"))
        organizations.create_organization(FeatureSet="ALL")
        server.root = organizations.list_roots()["Roots"][0]["Id"]
        server.units = [organizations.create_organizational_unit(ParentId=server.root, Name=f"unit-{n}")["OrganizationalUnit"]["Id"] for n in range(3)]
        for number in range(ACCOUNTS):
            made = organizations.create_account(Email=f"a{number}@example.com", AccountName=f"account-{number}")["CreateAccountStatus"]
            if number < 23:
                organizations.move_account(AccountId=made["AccountId"], SourceParentId=server.root, DestinationParentId=server.units[0])
        image = ec2.describe_images()["Images"][0]["ImageId"]
        for number in range(INSTANCES // 20):
            tags = [{"Key": "Name", "Value": f"db <{number}> & \"co\""}, {"Key": "env", "Value": "prod" if number else "test"}]
            ec2.run_instances(ImageId=image, MinCount=20, MaxCount=20, TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
        server.client("s3").create_bucket(Bucket="dbcensus-agents", CreateBucketConfiguration={"LocationConstraint": REGION})
        server.topic = server.client("sns").create_topic(Name="alerts")["TopicArn"]
        server.queue = server.client("sqs").create_queue(QueueName="alerts")["QueueUrl"]
        server.client("sns").subscribe(TopicArn=server.topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:123456789012:alerts")
        server.enforce()
        yield server
    finally:
        server.stop()


def test_the_identity_and_a_wrong_secret(moto):
    found = probe("whoami", env=moto.env)
    assert found["account"] == "123456789012" and found["arn"].endswith(":user/hub")
    with pytest.raises(Failure) as caught:
        probe("whoami", env={**moto.env, "AWS_SECRET_ACCESS_KEY": "wrong"})
    assert caught.value.fields["code"] == "SignatureDoesNotMatch" and caught.value.fields["action"] == "sts:GetCallerIdentity"
    with pytest.raises(Failure) as caught:
        probe("whoami", env={**moto.env, "AWS_ACCESS_KEY_ID": "AKIAUNKNOWN0000000000"})
    assert caught.value.kind == "unrecognized_credentials"


def test_a_role_needs_its_external_id_and_gives_its_own_rights(moto):
    role = {**moto.env, "PROBE_ROLE": ROLE, "PROBE_EXTERNAL_ID": "the-secret"}
    assert ":assumed-role/dbcensus-spoke/probe" in probe("whoami", env=role)["arn"]
    assert len(probe("instances", env=role)) == INSTANCES
    # moto lets an absent id pass; AWS does not, and neither does the fleet simulator.
    with pytest.raises(Failure) as caught:
        probe("whoami", env={**moto.env, "PROBE_ROLE": ROLE, "PROBE_EXTERNAL_ID": "guess"})
    assert caught.value.kind == "denied" and caught.value.fields["action"] == "sts:AssumeRole"
    # The role may not list the organisation, and the user may not list instances.
    with pytest.raises(Failure) as caught:
        probe("accounts", env=role)
    assert caught.value.kind == "denied"
    with pytest.raises(Failure) as caught:
        probe("instances", env=moto.env)
    assert caught.value.kind == "denied" and caught.value.fields["action"] == "ec2:DescribeInstances"


def test_a_profile_with_a_role_as_the_aws_cli_reads_it(moto, tmp_path):
    """The same files, the same answer."""
    config = tmp_path / "config"
    config.write_bytes(f"[profile spoke]\r\nrole_arn = {ROLE}\r\nsource_profile = hub\r\nexternal_id = the-secret\r\nregion = {REGION}\r\n".encode())
    keys = tmp_path / "credentials"
    keys.write_text(f"[hub]\naws_access_key_id = {moto.env['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {moto.env['AWS_SECRET_ACCESS_KEY']}\n")
    env = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(keys), "AWS_PROFILE": "spoke", "AWS_ENDPOINT_URL": moto.url}
    ours = probe("whoami", env=env)
    theirs = json.loads(subprocess.run(
        [pathlib.Path(sys.executable).parent / "aws", "sts", "get-caller-identity"], capture_output=True, check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **env}).stdout)
    assert ours["account"] == theirs["Account"] and ours["arn"].split("/")[:2] == theirs["Arn"].split("/")[:2]


def test_organizations_pages_units_and_states(moto):
    accounts = probe("accounts", env=moto.env)
    assert len(accounts) == ACCOUNTS + 1 and {state for _, state in accounts} == {"ACTIVE"}
    assert probe("roots", env=moto.env) == [moto.root]
    assert sorted(probe("units", moto.root, env=moto.env)) == sorted(moto.units)
    assert len(probe("accounts-of", moto.units[0], env=moto.env)) == 23


def test_regions_and_instances(moto):
    role = {**moto.env, "PROBE_ROLE": ROLE, "PROBE_EXTERNAL_ID": "the-secret"}
    regions = dict(probe("regions", env=role))
    assert regions[REGION] == "true" and len(regions) > 15
    found = probe("instances", "tag:env", "prod", env=role)
    assert len(found) == INSTANCES - 20
    assert {name for _, _, name, _ in found} == {'db <1> & "co"', 'db <2> & "co"'}
    assert {(state, launched) for _, state, _, launched in found} == {("running", "launched")}


# moto itself miscounts a plus sign and letters beyond ASCII, in boto3 too: the test after the next one has them.
@pytest.mark.parametrize("key", ["agents/0.1.0/dbcensus agent_x86_64.gz", "a//b/../c/./d", "plain"])
def test_objects_of_s3(moto, key):
    etag = probe("put", "dbcensus-agents", key, "the bytes", env=moto.env)[0]
    assert probe("head", "dbcensus-agents", key, env=moto.env) == ["9", etag]
    assert probe("get", "dbcensus-agents", key, env=moto.env) == ["the bytes", etag]
    url = probe("presign", "dbcensus-agents", key, 60, env=moto.env)[0]
    assert moto.env["AWS_SECRET_ACCESS_KEY"] not in url and "X-Amz-Signature=" in url
    with pytest.raises(Failure) as caught:
        probe("get", "dbcensus-agents", "missing", env=moto.env)
    assert caught.value.kind == "not_found" and caught.value.fields["code"] == "NoSuchKey"


def test_a_presigned_url_is_the_one_that_botocore_makes():
    """Same key, same second, same URL: S3 takes the one if it takes the other."""
    import datetime
    from urllib.parse import parse_qs, urlsplit
    from unittest import mock
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "to/ke+n=="}
    ours = probe("presign", "dbcensus-agents", "a b/c+d/ü", 3600, env=env)[0]
    parts = parse_qs(urlsplit(ours).query)
    moment = datetime.datetime.strptime(parts["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ")
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret", "to/ke+n==")
    client = session.create_client("s3", region_name=REGION, endpoint_url=f"https://s3.{REGION}.amazonaws.com",
                                   config=botocore.config.Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        theirs = client.generate_presigned_url("get_object", Params={"Bucket": "dbcensus-agents", "Key": "a b/c+d/ü"}, ExpiresIn=3600)
    assert urlsplit(ours)[:3] == urlsplit(theirs)[:3]
    assert parts == parse_qs(urlsplit(theirs).query)


def test_a_message_reaches_the_topics_subscriber(moto):
    text = "a \"quoted\" & <b>bold</b> line\nünd +%"
    assert probe("publish", moto.topic, text, env=moto.env)
    moto.enforce(unchecked=1_000)
    try:
        got = moto.client("sqs").receive_message(QueueUrl=moto.queue)["Messages"][0]
    finally:
        moto.enforce()
    body = json.loads(got["Body"])
    assert body["Message"] == text and body["MessageAttributes"]["severity"]["Value"] == "high"


SERVICES = {"STS": "sts", "ORGANIZATIONS": "organizations", "EC2": "ec2", "SSM": "ssm", "S3": "s3", "SNS": "sns"}


@pytest.mark.parametrize("fips", [False, True])
@pytest.mark.parametrize("dual", [False, True])
def test_endpoints_are_botocores(fips, dual):
    """Each service in each region of the three partitions, as botocore resolves it; where it refuses, we are not held to anything."""
    session = botocore.session.Session()
    loader = session.get_component("data_loader")
    wanted = {}
    for ours, name in SERVICES.items():
        model = loader.load_service_model(name, "endpoint-rule-set-1")
        from botocore.regions import EndpointRulesetResolver  # noqa: F401
        from botocore.endpoint_provider import EndpointProvider
        provider = EndpointProvider(model, loader.load_data("partitions"))
        for partition in "aws", "aws-cn", "aws-us-gov":
            for region in session.get_available_regions("ec2", partition):
                try:
                    parameters = {"Region": region, "UseFIPS": fips, "UseDualStack": dual}
                    if name == "s3":
                        parameters.update(Accelerate=False, ForcePathStyle=False, UseGlobalEndpoint=False, DisableMultiRegionAccessPoints=False)
                    if name == "sts":
                        parameters.update(UseGlobalEndpoint=False)
                    wanted[f"{ours} {region}"] = provider.resolve_endpoint(**parameters).url
                except EndpointProviderError:
                    continue
    lines = list(wanted)
    env = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_USE_FIPS_ENDPOINT": str(fips).lower(),
           "AWS_USE_DUALSTACK_ENDPOINT": str(dual).lower()}
    found = dict(zip(lines, probe("endpoints", env=env, input="\n".join(lines) + "\n")))
    assert len(lines) > 150
    assert {line: (found[line], wanted[line]) for line in lines if found[line] != wanted[line]} == {}


def answer(status, body, kind="application/x-amz-json-1.1", length=None, extra=""):
    length = len(body) if length is None else length
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{extra}\r\n{body}".encode()


BAD = {
    "html": (answer(200, "<html>hello", "text/html"), "malformed", 'text/html, begins with "<html>hello"'),
    "half a body": (answer(200, '{"Document', length=500), "malformed", "shorter than announced"),
    "500": (answer(500, "<h1>boom</h1>", "text/html"), "unavailable", "status 500"),
    "301": (answer(301, "", extra="Location: https://example.com/\r\n"), "redirected", "sends the request to"),
    "no http": (b"220 mail.example.com ESMTP\r\n", "malformed", "did not answer in HTTP"),
    "nothing": (b"", "network", "closed the connection"),
    "404 without words": (answer(404, ""), "not_found", "status 404"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_endpoint_that_misbehaves_is_named(name):
    data, kind, words = BAD[name]
    with Misbehaving(data) as server:
        env = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_ENDPOINT_URL_SSM": f"http://127.0.0.1:{server.port}", "AWS_MAX_ATTEMPTS": "2"}
        with pytest.raises(Failure) as caught:
            probe("document", "dbcensus", env=env)
        assert caught.value.kind == kind and words in str(caught.value), caught.value.fields
        # What may pass is tried again; what will not is not.
        assert server.connections == (1 if kind in ("redirected", "not_found") or name == "html" else 2)


def test_nothing_listens_and_no_such_name():
    env = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_MAX_ATTEMPTS": "1"}
    with pytest.raises(Failure) as caught:
        probe("whoami", env={**env, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert caught.value.kind == "network" and "Connection refused" in str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=other.example",
                    "-addext", "subjectAltName=DNS:other.example", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, folder / "cert.pem"


def test_a_certificate_that_is_not_trusted_and_one_for_another_name(certificate):
    context, path = certificate
    with Misbehaving(answer(200, "{}"), context=context) as server:
        env = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_ENDPOINT_URL": f"https://127.0.0.1:{server.port}", "AWS_MAX_ATTEMPTS": "1"}
        with pytest.raises(Failure) as caught:
            probe("whoami", env=env)
        assert caught.value.kind == "certificate" and "AWS_CA_BUNDLE" in str(caught.value)
        with pytest.raises(Failure) as caught:
            probe("whoami", env={**env, "AWS_CA_BUNDLE": str(path)})
        assert caught.value.kind == "certificate" and "for another name" in str(caught.value)
    with pytest.raises(Failure) as caught:
        probe("whoami", env={**env, "AWS_CA_BUNDLE": "/dev/null"})
    assert caught.value.kind == "configuration"


def test_a_clock_that_is_twenty_minutes_off(moto):
    with Misbehaving(answer(400, json.dumps({"__type": "InvalidSignatureException", "message": "Signature expired: 20261126T120000Z is now earlier"}),
                            extra="Date: Thu, 26 Nov 2020 12:20:00 GMT\r\n")) as server:
        env = {**moto.env, "AWS_ENDPOINT_URL_SSM": f"http://127.0.0.1:{server.port}"}
        with pytest.raises(Failure) as caught:
            probe("document", "dbcensus", env=env, prefix=["faketime", "2020-11-26 12:00:00"])
        assert caught.value.kind == "skewed_clock" and "20 minutes behind AWS's: run an NTP client" in str(caught.value)


def test_a_proxy_carries_the_call_and_no_proxy_spares_it(moto):
    """A CONNECT or an absolute URI reaches the proxy; NO_PROXY goes around it."""
    with Misbehaving(answer(502, "proxy says no", "text/plain")) as proxy:
        env = {**moto.env, "http_proxy": f"http://user:pass@127.0.0.1:{proxy.port}", "AWS_MAX_ATTEMPTS": "1"}
        with pytest.raises(Failure):
            probe("whoami", env=env)
        assert proxy.connections >= 1
        before = proxy.connections
        assert probe("whoami", env={**env, "NO_PROXY": "127.0.0.0/8"})["account"] == "123456789012"
        assert proxy.connections == before


def test_no_log_line_holds_a_secret(moto, tmp_path):
    from aws import PROBE
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_REGION": REGION, "PROBE_LOG": "1", **moto.env, "PROBE_ROLE": ROLE,
           "PROBE_EXTERNAL_ID": "the-secret"}
    done = subprocess.run([PROBE, "whoami"], env=env, capture_output=True, text=True)
    assert done.returncode == 0 and "action=sts:AssumeRole" in done.stderr and "aws_request_id=" in done.stderr
    for secret in moto.env["AWS_SECRET_ACCESS_KEY"], "the-secret", "FQoGZXIvYXdz":
        assert secret not in done.stderr


def test_a_database_password_is_botocores(moto, monkeypatch):
    """Signing in to RDS: the same signature as botocore makes at the same second."""
    import datetime
    import re

    import botocore.auth
    import botocore.session
    made = probe("database-password", "db.abc.eu-central-1.rds.amazonaws.com", "5433", "db census", env={**moto.env, "AWS_REGION": "eu-central-1"})
    at = datetime.datetime.strptime(re.search(r"X-Amz-Date=(\w+)", made)[1], "%Y%m%dT%H%M%SZ")
    if hasattr(botocore.auth, "get_current_datetime"):
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: at)
    else:
        class Clock(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return at
        monkeypatch.setattr(botocore.auth.datetime, "datetime", Clock)
    session = botocore.session.Session()
    session.set_credentials(moto.env["AWS_ACCESS_KEY_ID"], moto.env["AWS_SECRET_ACCESS_KEY"], moto.env.get("AWS_SESSION_TOKEN"))
    client = session.create_client("rds", region_name="eu-central-1")
    theirs = client.generate_db_auth_token("db.abc.eu-central-1.rds.amazonaws.com", 5433, "db census", Region="eu-central-1")
    assert dict(part.split("=", 1) for part in made.split("?")[1].split("&")) == dict(part.split("=", 1) for part in theirs.replace("+", "%20").split("?")[1].split("&"))
    assert made.split("?")[0] == theirs.split("?")[0]
