"""The task of packaging/aws/scheduled-scan.yaml: its command and environment, as ECS would give them, over a simulated organisation."""

import re
import signal
import subprocess

import pytest

import stores
from aws import Moto
from collectors import needs_server, server, until  # noqa: F401, a fixture
from discovery import SETTINGS, check, counts, environment, rows, truth
from service import BINARY, ROOT
from simulator import Simulator
from test_discovery_faults import once
from test_templates import deploy

pytestmark = needs_server

# What ECS takes from Parameter Store and Secrets Manager, and from the environment file.
SECRETS = {"DBCENSUS_DISCOVERY_EXTERNAL_ID": SETTINGS["external_id"], "PGPASSWORD": "not asked for"}
FILE = {"DBCENSUS_DISCOVERY_" + name.upper().replace(".", "_"): value for name, value in SETTINGS.items() if name != "external_id"}


@pytest.fixture(scope="module")
def task():
    """The container of the template, as it is deployed, by the address of the store."""
    with Moto() as moto:
        def container(store):
            name = "scan" + store.rpartition("/")[2]
            deploy(moto, "scheduled-scan", name, NamePrefix=name, SubnetIds="subnet-1", SecurityGroupId="sg-12345678", StoreUrl=store,
                   Image="111122223333.dkr.ecr.eu-west-1.amazonaws.com/dbcensus:0.1.0", StorePasswordSecretArn="arn:aws:secretsmanager:eu-west-1:123456789012:secret:store",
                   TaskRoleArn="arn:aws:iam::123456789012:role/dbcensus-hub", ExecutionRoleArn="arn:aws:iam::123456789012:role/dbcensus-start")
            (found,) = moto.client("ecs").describe_task_definition(taskDefinition=f"{name}-scan")["taskDefinition"]["containerDefinitions"]
            return found
        yield container


class Task:
    """A task that ECS started, with the environment of the container and of the role alone."""

    def __init__(self, container, simulator, home):
        given = {one["name"]: one["value"] for one in container["environment"] if one}
        secret = {one["name"]: SECRETS[one["name"]] for one in container["secrets"] if one}
        assert set(secret) == set(SECRETS)
        self.process = subprocess.Popen([BINARY, *container["command"]], cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env={**environment(simulator, home), **FILE, **secret, **given})

    def end(self, timeout=300):
        """Its exit status and what its log has."""
        output, messages = self.process.communicate(timeout=timeout)
        return self.process.returncode, output + messages


@pytest.mark.parametrize("name, options, status", [("complete", (), 0), ("failures", ("--share", "failed=0.3", "--share", "offline=0.2"), 3)])
def test_a_scan_ends_with_its_exit_status(server, task, tmp_path, collector, name, options, status):
    store = server.database(name)
    # No `serve` works on the store: the scan removes what is too old.
    collector.run("token", "create", "--store", store, "--name", "x", "--scopes", "read")
    stores.change(store, "INSERT INTO audit (at, actor, action, count) VALUES ('2020-01-01T00:00:00.000Z', 'cli', 'old', 1)")
    with Simulator("--accounts", 4, "--instances", 12, *options) as simulator:
        code, log = Task(task(store), simulator, tmp_path).end()
        assert code == status, log
        ((job, state),) = stores.query(store, "SELECT id, state FROM jobs")
        assert state == "completed" and f"Run {job}: completed" in log
        wanted = truth(simulator)
        assert ("failed" in counts(wanted)) == (status == 3)
        check(rows(store, job), wanted)
        for reason, count in counts(wanted).items():
            assert re.search(rf"^{reason} +{count}\b", log, re.M), log
        once(simulator)
        assert stores.query(store, "SELECT 1 FROM audit WHERE action = 'old'") == []
        # It has ended: nothing is left that takes tasks.
        assert stores.query(store, "SELECT 1 FROM tasks WHERE state IN ('ready', 'running')") == []


def test_a_scan_that_finds_no_document_or_no_store(server, task, tmp_path):
    container = task(server.database("nothing"))
    with Simulator("--accounts", 2, "--instances", 3, "--without-document") as simulator:
        code, log = Task(container, simulator, tmp_path).end()
        assert code == 1 and "no host answered" in log, log
        server.stop()
        try:
            code, log = Task(container, simulator, tmp_path).end()
            assert code == 74, log
        finally:
            server.start()


def test_the_next_scan_goes_on_with_one_that_was_stopped(server, task, tmp_path):
    """ECS stops a task with SIGTERM, which the container's init passes on."""
    store = server.database("stopped")
    container = task(store)
    assert container["linuxParameters"]["initProcessEnabled"]
    with Simulator("--accounts", 3, "--instances", 10, "--host-seconds", 6) as simulator:
        first = Task(container, simulator, tmp_path)
        until(lambda: server.sql("SELECT to_regclass('tasks')", "stopped") and stores.query(store, "SELECT 1 FROM tasks WHERE state = 'running' AND phase = 'send'"))
        first.process.send_signal(signal.SIGTERM)
        assert first.end(40)[0] == -signal.SIGTERM, "a shell shows 143"
        code, log = Task(container, simulator, tmp_path).end()
        assert code == 0, log
        jobs = stores.query(store, "SELECT id, state FROM jobs ORDER BY row_id")
        assert [state for _, state in jobs] == ["completed", "completed"]
        for job, _ in jobs:
            check(rows(store, job), truth(simulator))
        # One command of each run.
        assert {one["commands"] for one in simulator.instances()} == {2}


def test_the_page_has_the_statuses_of_the_command():
    """docs/operate/scheduled-scan.md has what `scan` ends with, as docs/operate/discover.md has it."""
    table = r"(?m)^\| (\d+) \|"
    pages = [set(re.findall(table, (ROOT / f"docs/operate/{name}.md").read_text())) for name in ("discover", "scheduled-scan")]
    assert pages[0] >= {"0", "1", "3", "4", "64"} and pages[0] <= pages[1]
