"""`make release`: what it has, what it says of itself, and that the same commit gives the same bytes."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import release
from aws import Moto, free_port
from docker_engine import run

COMMIT = run("git", "-C", release.ROOT, "rev-parse", "HEAD").strip()
# What a second build of the same commit may change, and why: docs/contributing/release.md.
CLEAN = {name: value for name, value in os.environ.items() if name not in ("MINISIGN_KEY", "GPG_KEY", "UNSIGNED", "DIRTY")}
SIGNATURE = "SHA256SUMS.minisig"


def named(folder, pattern):
    (path,) = folder.glob(pattern)
    return path


def test_what_a_release_has(released):
    version, machine, debian = "*", release.ARCHITECTURE, release.DEBIAN
    for pattern in (
        f"dbcensus-agent-{version}-linux-{machine}", f"dbcensus-agent-{version}-linux-{machine}.gz",
        f"dbcensus-agent_{version}_{debian}.deb", f"dbcensus-collector_{version}_{debian}.deb",
        f"dbcensus-collector-dbgsym_{version}_{debian}.deb", f"dbcensus-agent-{version}.{machine}.rpm",
        f"dbcensus-collector-[0-9]{version}.{machine}.rpm", f"dbcensus-collector-debuginfo-{version}.{machine}.rpm",
        f"dbcensus-agent-{version}-linux-{machine}.tar.gz", f"dbcensus-collector-{version}-linux-{machine}.tar.gz",
        f"dbcensus-{version}-image-{debian}.tar.gz", f"dbcensus-document-{version}-presigned.json", f"dbcensus-{version}-templates.tar.gz",
        f"dbcensus-{version}-sbom.cdx.json", f"dbcensus-{version}-provenance.intoto.json", "SHA256SUMS", SIGNATURE,
    ):
        named(released, pattern)
    assert len(list(released.iterdir())) == 17


def test_the_templates_are_those_of_the_sources(released, tmp_path):
    run("tar", "-xzf", named(released, "*-templates.tar.gz"), "-C", tmp_path)
    for folder in ("aws", "kubernetes", "terraform"):
        run("diff", "-r", tmp_path / "packaging" / folder, release.ROOT / "packaging" / folder)


def test_the_checksums_and_their_signature(released, key, tmp_path):
    sums = (released / "SHA256SUMS").read_text()
    assert {line.split("  ")[1] for line in sums.splitlines()} == {path.name for path in released.iterdir()} - {"SHA256SUMS", SIGNATURE}
    run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=released)
    said = run("minisign", "-V", "-p", key[0], "-m", released / "SHA256SUMS")
    assert "Signature and comment signature verified" in said and "dbcensus 0." in said
    shutil.copy(released / SIGNATURE, tmp_path)
    (tmp_path / "SHA256SUMS").write_text(sums.replace("a", "b", 1))
    done = subprocess.run(["minisign", "-V", "-p", key[0], "-m", tmp_path / "SHA256SUMS"], capture_output=True, text=True)
    assert done.returncode != 0 and "verification failed" in done.stderr


def test_a_signature_of_gnupg(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    environment = {"GNUPGHOME": str(home)}
    run("gpg", "--batch", "--passphrase", "", "--quick-generate-key", "Test <test@example.com>", "ed25519", "sign", env={**os.environ, **environment})
    files = tmp_path / "files"
    files.mkdir()
    (files / "a file").write_text("contents")
    release.build("sign-release", files, GPG_KEY="test@example.com", **environment)
    assert (files / "SHA256SUMS").read_text() == f"{hashlib.sha256(b'contents').hexdigest()}  a file\n"
    run("gpg", "--batch", "--verify", files / "SHA256SUMS.asc", files / "SHA256SUMS", env={**os.environ, **environment})
    subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, **environment})


@pytest.mark.parametrize(("environment", "message"), [
    ({}, "Set MINISIGN_KEY or GPG_KEY, or UNSIGNED=yes"),
    ({"MINISIGN_KEY": "/no/such/key"}, "cannot read MINISIGN_KEY, /no/such/key"),
    ({"GPG_KEY": "nobody@example.com"}, "GnuPG has no secret key nobody@example.com"),
])
def test_without_a_key_it_stops(environment, message, tmp_path):
    done = subprocess.run(["packaging/build-release", "--out", tmp_path / "release"], cwd=release.ROOT, capture_output=True, text=True,
                          env={**CLEAN, "DIRTY": "yes", "GNUPGHOME": str(tmp_path), **environment}, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and message in done.stderr
    assert not (tmp_path / "release").exists()


def test_a_changed_work_tree_stops_it(tmp_path):
    run("git", "clone", "--quiet", "--no-hardlinks", release.ROOT, tmp_path / "clone")
    shutil.copytree(release.ROOT / "packaging", tmp_path / "clone/packaging", dirs_exist_ok=True)
    run("git", "-C", tmp_path / "clone", "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--all",
        "--allow-empty", "--message", "what is here")
    (tmp_path / "clone/new file").touch()
    done = subprocess.run(["packaging/build-release"], cwd=tmp_path / "clone", capture_output=True, text=True, env={**CLEAN, "UNSIGNED": "yes"})
    assert done.returncode == 1 and "uncommitted changes" in done.stderr and "new file" in done.stderr


def resolved():
    """Each Swift package that this build resolved: its version and revision."""
    state = json.loads((release.ROOT / ".build/workspace-state.json").read_text())
    for entry in state["object"]["dependencies"]:
        checkout = entry["state"]["checkoutState"]
        yield entry["packageRef"]["location"].removesuffix(".git").removeprefix("https://"), checkout["version"], checkout["revision"]


def test_a_third_party_accepts_the_bill_of_materials(released):
    text = named(released, "*.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    wrong = text.replace('"type": "library"', '"type": "database"', 1)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(wrong) is not None


def test_the_bill_of_materials_has_every_package_in_the_version_that_was_resolved(released):
    bill = json.loads(named(released, "*.cdx.json").read_text())
    components = {component["purl"]: component for component in bill["components"] if "purl" in component}
    packages = list(resolved())
    assert len(packages) > 20
    for name, version, revision in packages:
        assert components[f"pkg:swift/{name}@{version}"]["properties"] == [{"name": "dbcensus:revision", "value": revision}]
    for name in ("libsqlite3-dev", "libexpat1-dev", "zlib1g-dev", "libc6", "ca-certificates"):
        version = run("dpkg-query", "-W", "-f", "${Version}", name)
        assert [component["version"] for component in bill["components"] if component["name"] == name] == [version]
    assert bill["metadata"]["component"]["externalReferences"][0]["comment"].startswith(f"commit {COMMIT}")


def test_the_provenance(released):
    statement = json.loads(named(released, "*.intoto.json").read_text())
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in released.iterdir()
             if not re.search("provenance|SHA256SUMS", path.name)}
    assert subjects == files
    build = statement["predicate"]["buildDefinition"]
    assert build["resolvedDependencies"][0]["digest"] == {"gitCommit": COMMIT}
    assert build["externalParameters"]["uncommitted_changes"] == bool(run("git", "-C", release.ROOT, "status", "--porcelain"))
    internal = build["internalParameters"]
    assert "-static-executable" in internal["flags"][f"agent-{release.ARCHITECTURE}"]
    assert internal["toolchains"][release.ARCHITECTURE] in run("swift", "--version")
    assert internal["programs"].startswith("not built by this release")
    revisions = {dependency["digest"].get("gitCommit") for dependency in build["resolvedDependencies"] if "digest" in dependency}
    assert {revision for _, _, revision in resolved()} <= revisions


def test_the_same_commit_gives_the_same_bytes(released, key, tmp_path):
    """At another time, in another place, by a user with other settings."""
    time.sleep(1.1)
    second = release.build_release(tmp_path / "elsewhere/second", key[1], TZ="Asia/Kathmandu", LANG="C", LC_ALL="C", TMPDIR=str(tmp_path))
    names = sorted(path.name for path in released.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    differing = [name for name in names if (released / name).read_bytes() != (second / name).read_bytes()]
    assert [name for name in differing if name != SIGNATURE] == []


# The image in registries.

AWS = release.ROOT / ".build/python/bin/aws"
REGION = "eu-central-1"
# The user AWS with the password that moto's ECR gives: 123456789012-auth-token.
LOGIN = "AWS:$2b$04$dCwmr7/yXF3Sd7USm8x1yuH4bH9S/fEkNrajSCYJejD8OkKhFsd8e"


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """The address of a real registry, which asks for the password that ECR gives."""
    assert shutil.which("docker-registry"), "install docker-registry"
    folder = tmp_path_factory.mktemp("registry")
    address = f"127.0.0.1:{free_port()}"
    (folder / "users").write_text(LOGIN + "\n")
    (folder / "registry.yml").write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}}}\nhttp: {{addr: '{address}'}}\n"
        f"auth: {{htpasswd: {{realm: test, path: {folder}/users}}}}\n")
    process = subprocess.Popen(["docker-registry", "serve", folder / "registry.yml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while subprocess.run(["curl", "--silent", "--noproxy", "*", f"http://{address}/v2/"], stdout=subprocess.DEVNULL).returncode:
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def account():
    """The environment of an AWS account in moto."""
    moto = Moto()
    yield {**os.environ, "AWS_ENDPOINT_URL": moto.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
           "PATH": f"{AWS.parent}:{os.environ['PATH']}"}
    moto.stop()


def push(account, registry, folder, repository="dbcensus"):
    return subprocess.run(["packaging/push-image", REGION, repository, folder], cwd=release.ROOT, capture_output=True, text=True,
                          env={**account, "TEST_REGISTRY": registry}, stdin=subprocess.DEVNULL)


def ecr(account, *arguments):
    return json.loads(run(AWS, "ecr", *arguments, "--region", REGION, "--output", "json", env=account))


def test_the_image_goes_to_a_registry_with_fixed_tags_and_scans(released, registry, account):
    done = push(account, registry, released)
    assert done.returncode == 0 and f"creating the repository dbcensus in {REGION}" in done.stderr, done.stderr
    (made,) = ecr(account, "describe-repositories")["repositories"]
    assert made["imageTagMutability"] == "IMMUTABLE" and made["imageScanningConfiguration"] == {"scanOnPush": True}
    version = re.search(r"dbcensus-(\d+\.\d+\.\d+)-image", named(released, "*-image-*").name)[1]
    options = ["--tls-verify=false", "--creds", "AWS:123456789012-auth-token"]
    place = f"docker://{registry}/dbcensus:{version}"
    index = json.loads(run("skopeo", "inspect", *options, "--raw", place))
    assert index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    assert [entry["platform"]["architecture"] for entry in index["manifests"]] == [release.DEBIAN]
    found = json.loads(run("skopeo", f"--override-arch={release.DEBIAN}", "inspect", *options, "--config", place))
    assert found["architecture"] == release.DEBIAN and found["config"]["User"] == "65532:65532"

    again = push(account, registry, released)
    assert again.returncode == 0 and "creating" not in again.stderr, again.stderr


def test_a_repository_with_tags_that_change_is_refused(released, registry, account):
    ecr(account, "create-repository", "--repository-name", "loose")
    done = push(account, registry, released, "loose")
    assert done.returncode == 1 and "put-image-tag-mutability" in done.stderr and "put-image-scanning-configuration" in done.stderr


def test_what_the_account_refuses_is_shown(released, registry, account):
    done = push({**account, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}, registry, released)
    assert done.returncode == 1 and "Could not connect" in done.stderr


def test_images_that_are_not_those_of_the_release_are_not_pushed(released, registry, account, tmp_path):
    image = named(released, "*-image-*")
    shutil.copy(released / "SHA256SUMS", tmp_path)
    (tmp_path / image.name).write_bytes(image.read_bytes()[:-1] + b"x")
    done = push(account, registry, tmp_path)
    assert done.returncode == 1 and "are not those of its SHA256SUMS" in done.stderr
    done = push(account, registry, tmp_path / "empty")
    assert done.returncode == 1 and "has no image. Run make release." in done.stderr
