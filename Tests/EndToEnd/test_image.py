"""The image, in a real engine: what the README's first command shows, and a service on a read-only root."""

import gzip
import json
import re
import subprocess
import time

import pytest

import release
from docker_engine import Docker, run
from postgres import StoreServer

pytestmark = pytest.mark.skipif(Docker.missing() is not None, reason=f"no {Docker.missing()} on this machine")


@pytest.fixture(scope="module")
def archive(released):
    (archive,) = released.glob("*-image-*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def docker(archive):
    with Docker() as docker:
        assert "Loaded image: dbcensus:latest" in docker("load", "--input", archive)
        yield docker


@pytest.fixture(autouse=True)
def no_containers(docker):
    yield
    for container in docker("ps", "--all", "--quiet").split():
        docker("rm", "--force", "--volumes", container)


def follow(docker, container, pattern, seconds=120):
    """The match of `pattern` in what the container printed, once it is there."""
    end = time.monotonic() + seconds
    while True:
        done = subprocess.run(["docker", "logs", container], env=docker.environment, capture_output=True, text=True)
        if found := re.search(pattern, done.stdout + done.stderr, re.S):
            return found
        assert docker.inspect(container)["State"]["Running"] and time.monotonic() < end, done.stdout + done.stderr
        time.sleep(0.2)


def curl(url, *options):
    return run("curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "20", "--noproxy", "*", *options, url)


def test_what_the_image_has(docker):
    image = docker.inspect("dbcensus")
    config = image["Config"]
    assert config["User"] == "65532:65532" and config["Entrypoint"] == ["/usr/bin/dbcensus-collector"]
    assert list(config["Volumes"]) == ["/var/lib/dbcensus"] and list(config["ExposedPorts"]) == ["8629/tcp"]
    assert image["Architecture"] == release.DEBIAN
    container = docker("create", "dbcensus")
    names = subprocess.run(f"docker export {container} | tar -t", shell=True, env=docker.environment, capture_output=True, text=True).stdout.split()
    docker("rm", container)
    programs = {name for name in names if re.search(r"(^|/)s?bin/.", name)}
    assert programs == {"usr/bin/dbcensus-collector", "usr/bin/fleet-simulator"}
    assert not [name for name in names if re.search(r"(^|/)(sh|bash|dash|busybox|apt|dpkg)$", name)]


def test_the_first_command_of_the_readme(docker):
    (command,) = re.findall(r"^    \$ docker (run .* dbcensus demo)$", (release.ROOT / "README.md").read_text(), re.M)
    assert "127.0.0.1:8629:8629" in command
    container = docker(*command.replace("run --rm", "run --detach").split())
    shown = follow(docker, container, r"What runs, in which version\?.*TOKEN=(dbc_\w+)\n.*?(curl .*?)\n")
    secret, words = shown[1], shown[2]
    url = re.search(r"'(http://127\.0\.0\.1:8629\S+)'", words)[1]
    items = json.loads(curl(url, "-H", f"Authorization: Bearer {secret}"))["items"]
    assert len(items) == 5 and {item["exposure"] for item in items} == {"all"}
    started = time.monotonic()
    docker("stop", "--time", "60", container)
    assert time.monotonic() - started < 50


def test_the_service_on_a_read_only_root_keeps_its_store(docker, tmp_path):
    volume = docker("volume", "create")
    options = ["--detach", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--env=DBCENSUS_SERVER_TRUST_PROXY=true",
               f"--volume={volume}:/var/lib/dbcensus", "--publish=127.0.0.1:8629:8629"]
    container = docker("run", *options, "dbcensus")
    follow(docker, container, r'"message":"serving"')
    made = run("docker", "exec", container, "dbcensus-collector", "token", "create", "--name", "operator", "--scopes", "admin",
               env=docker.environment)
    secret = re.search(r"dbc_\w+", made)[0]
    created = json.loads(curl("http://127.0.0.1:8629/api/v1/tokens", "-H", f"Authorization: Bearer {secret}", "--json", '{"name": "x", "scopes": ["read"]}'))
    docker("stop", container)
    assert docker.inspect(container)["State"]["ExitCode"] == 0
    again = docker("run", *[option for option in options if "publish" not in option], "--publish=127.0.0.1:8630:8629", "dbcensus")
    follow(docker, again, r'"message":"serving"')
    tokens = json.loads(curl("http://127.0.0.1:8630/api/v1/tokens", "-H", f"Authorization: Bearer {secret}"))["items"]
    assert created["id"] in {token["id"] for token in tokens}


def test_without_tls_the_image_says_what_to_set(docker):
    done = subprocess.run(["docker", "run", "--rm", "dbcensus"], env=docker.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 78 and "server.certificate" in done.stderr and "server.trust_proxy" in done.stderr


def test_the_image_has_libpq_for_a_store_in_postgresql(docker, tmp_path):
    with StoreServer(tmp_path / "server") as server:
        address = server.database("stored")
        options = ["--rm", "--network=host", "--read-only", "--cap-drop=ALL", f"--env=DBCENSUS_STORE_PATH={address}",
                   "--env=DBCENSUS_SERVER_TRUST_PROXY=true", "dbcensus"]
        made = docker("run", *options, "token", "create", "--name", "x", "--scopes", "read")
        assert re.search(r"dbc_\w+", made)
        assert server.sql("SELECT name FROM tokens", "stored") == "x"
        assert "server: PostgreSQL" in docker("run", *options, "doctor")


def test_another_engine_reads_the_layout(archive, tmp_path):
    """skopeo, from another project, finds the same in the archive."""
    (tmp_path / "image.tar").write_bytes(gzip.decompress(archive.read_bytes()))
    found = json.loads(run("skopeo", "inspect", f"docker-archive:{tmp_path}/image.tar"))
    assert (found["Os"], found["Architecture"]) == ("linux", release.DEBIAN)
    assert found["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
