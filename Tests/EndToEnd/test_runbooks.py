"""docs/operate/runbooks.md: each runbook's commands, as they stand, on a collector that serves; the full disk is a full one."""

import json
import os
import re
import socket
import sqlite3
import subprocess

import pytest

from deployment import deploy, release
from discovery import environment, scan
from service import BINARY, report
from simulator import ROOT, Simulator

PAGE = ROOT / "docs/operate/runbooks.md"
PARTS = ["When", "Before you start", "Steps", "Undo", "Afterwards"]
# What stands for systemd and sudo: the service is a process of the test's own.
PREFIX = """
set -euo pipefail
sudo() { if [ "$1" = -u ]; then shift 2; fi; "$@"; }
systemctl() {
    case $1 in
    stop) kill -TERM "$(cat pid)"; while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.1; done ;;
    start)
        setsid dbcensus-collector serve --config etc/collector.yaml >/dev/null 2>>log </dev/null &
        echo $! >pid
        for _ in $(seq 150); do if curl -fs --noproxy '*' -o /dev/null "http://127.0.0.1:$PORT/healthz"; then return; fi; sleep 0.1; done
        tail -5 log >&2; return 1 ;;
    esac
}
"""


def sections():
    return dict(part.split("\n", 1) for part in PAGE.read_text().split("\n## ")[1:])


def blocks(name):
    """The commands of a runbook, also those below a step of a list."""
    return [re.sub(r"(?m)^ {4,7}", "", block).strip() for block in re.findall(r"(?m)(?:^ {4,}\S.*\n)+", sections()[name])]


@pytest.fixture
def place(tmp_path, collector, request):
    """A folder with a configuration, and `run(text)`, which types commands there."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    for name in ("bin", "etc", "var", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin/dbcensus-collector").symlink_to(BINARY)
    (tmp_path / "etc/collector.yaml").write_text(f"store:\n  path: {tmp_path / 'var/dbcensus.sqlite'}\nserver:\n  port: {port}\n")

    def run(text, check=True, env=None, **names):
        for name, value in {"/var/lib/dbcensus": tmp_path / "var", "/etc/dbcensus": tmp_path / "etc", "/mnt/other-disk": tmp_path / "other",
                            "STORE": tmp_path / "var/dbcensus.sqlite", **names}.items():
            text = re.sub(rf"\b{name}\b" if name.isalpha() else re.escape(name), str(value), text)
        done = subprocess.run(["bash", "-c", PREFIX + text], cwd=tmp_path, capture_output=True, text=True, timeout=200, env={
            **(env or {}), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path), "PORT": str(port), "AWS_EC2_METADATA_DISABLED": "true"})
        assert not check or done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done

    run.folder, run.store = tmp_path, tmp_path / "var/dbcensus.sqlite"
    yield run
    run("if [ -e pid ]; then systemctl stop; fi", check=False)


def hosts(collector, store):
    return len(json.loads(collector.run("hosts", "--store", store, "--format", "json").stdout)["items"])


def ingest(collector, place, number):
    path = place.folder / f"report-{number}.json"
    path.write_text(json.dumps(report(number)))
    collector.run("ingest", "--store", place.store, path)


def test_each_has_the_same_form():
    for name, text in sections().items():
        assert [part for part in re.findall(r"(?m)^\*\*([A-Za-z ]+)\.\*\*", text)] == PARTS, name
    assert len(sections()) == 5


def test_a_backup_and_a_restore(collector, place):
    ingest(collector, place, 1)
    place("systemctl start")
    for block in blocks("Take a backup now"):
        place(block)
    made = place.folder / "var/before-change.sqlite"
    assert hosts(collector, made) == 1
    made.rename(place.folder / "var/backup.sqlite")
    place("systemctl stop")
    ingest(collector, place, 2)
    place("systemctl start")
    assert hosts(collector, place.store) == 2
    (steps,) = blocks("Restore a backup")
    assert "ok       store" in place(steps).stdout
    assert hosts(collector, place.store) == 1 and hosts(collector, f"{place.store}.before-restore") == 2


def test_a_leaked_token(collector, place):
    place("systemctl start")
    token = place("dbcensus-collector token create --store STORE --name leaked --scopes read").stdout.split()[-1]
    asked = f"curl -s --noproxy '*' -o /dev/null -w '%{{http_code}}' -H 'Authorization: Bearer {token}' http://127.0.0.1:$PORT/api/v1/hosts"
    assert place(asked).stdout == "200"
    place("for _ in $(seq 100); do if dbcensus-collector audit --store STORE | grep -q 'GET /api/v1/hosts'; then break; fi; sleep 0.2; done")
    (steps,) = blocks("A token leaked")
    id = re.search("dbc_([0-9a-f]{12})", token)[1]
    assert "GET /api/v1/hosts" in place(steps, ID=id).stdout
    assert place(asked).stdout == "401"


def test_a_changed_release_object(collector, place):
    release(place.folder / "release", "0.1.0")
    with Simulator("--without-document", "--accounts", 2, "--instances", 10, "--share", "failed=0.3") as simulator:
        deploy(collector, simulator, place.folder, "apply", "--release", place.folder / "release")
        run = scan(collector, simulator, place.folder, store="var/dbcensus.sqlite")
        (place.folder / "etc/collector.yaml").write_text(
            f"store: {{path: {place.store}}}\ndiscovery: {{external_id: fleet, agent_bucket: agents, organization: {{enabled: true}}}}\n")
        agent = {"Bucket": "agents", "Key": "dbcensus-agent-0.1.0-linux-x86_64.gz"}
        simulator.client("s3").put_object(Body=b"something else", **agent)
        (steps,) = blocks("A release object was deleted or changed")
        done = place(steps.replace("dist/release", str(place.folder / "release")), JOB=run.id, env=environment(simulator, place.folder))
        assert done.stdout.count("upload") >= 2
        assert simulator.client("s3").get_object(**agent)["Body"].read() == (place.folder / "release" / agent["Key"]).read_bytes()


@pytest.mark.skipif(os.geteuid() != 0, reason="a full disk is a mount of its own")
def test_a_full_disk(collector, place):
    var = place.folder / "var"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", var], check=True)
    try:
        for number in range(30):
            ingest(collector, place, number)
        # A store with pages that are free, as after a retention.
        connection = sqlite3.connect(place.store)
        connection.execute("CREATE TABLE filling (value BLOB)")
        connection.executemany("INSERT INTO filling VALUES (?)", [[bytes(1 << 20)]] * 24)
        connection.commit()
        connection.execute("DROP TABLE filling")
        connection.commit()
        connection.close()
        place("systemctl start")
        (var / "dbcensus.sqlite.before-0005").write_bytes(bytes(18 << 20))
        place("head -c 100M /dev/zero >/var/lib/dbcensus/filling", check=False)
        ready = "curl -s --noproxy '*' -o /dev/null -w '%{http_code}' http://127.0.0.1:$PORT/readyz"
        assert place(ready).stdout == "507"
        before, move, compact = blocks("The store's disk is full")
        looked = place(before, check=False)
        assert "bad      disk" in looked.stdout and "dbcensus.sqlite.before-0005" not in looked.stderr
        place(move)
        assert (place.folder / "other/dbcensus.sqlite.before-0005").exists() and place(ready).stdout == "200"
        # Full again, and nothing that can be moved.
        place("head -c 100M /dev/zero >/var/lib/dbcensus/filling-2", check=False)
        assert place(ready).stdout == "507"
        place(compact)
        assert place(ready).stdout == "200"
        assert hosts(collector, place.store) == 30
    finally:
        place("if [ -e pid ]; then systemctl stop; rm pid; fi", check=False)
        subprocess.run(["umount", "-l", var], check=True)
