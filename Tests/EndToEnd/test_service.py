"""A collector as a service: it drains, reloads, backs up, and says what is wrong."""

import gzip
import json
import os
import pty
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

import stores
from service import BINARY, Service, report
from stores import file_store


def rows(store, table="databases"):
    return stores.query(store, f"SELECT * FROM {table} ORDER BY 1")


def test_sigterm_drains_and_loses_nothing(tmp_path):
    acknowledged, statuses = [], []
    with Service(tmp_path, "limits.requests_per_second=100000", "limits.request_burst=100000") as service:
        url, token = service.url, service.token

        def send(worker):
            import requests
            session = requests.Session()
            for number in range(worker * 1000, worker * 1000 + 1000):
                try:
                    answer = session.post(url + "/api/v1/reports", data=json.dumps(report(number)),
                                          headers={"Authorization": f"Bearer {token}"}, timeout=30)
                except requests.ConnectionError:
                    return
                statuses.append(answer.status_code)
                if answer.status_code == 200:
                    acknowledged.append(f"{number:032x}")
        threads = [threading.Thread(target=send, args=[n]) for n in range(8)]
        for thread in threads:
            thread.start()
        while len(acknowledged) <= 50 and any(thread.is_alive() for thread in threads):
            time.sleep(0.1)
        assert service.stop() == 0
        for thread in threads:
            thread.join()
    hosts = {row[1] for row in rows(service.store, "hosts")}
    assert len(acknowledged) > 50 and set(acknowledged) <= hosts
    assert set(statuses) <= {200, 503}


@file_store
def test_a_second_collector_says_which_process_holds_the_store(tmp_path, collector):
    with Service(tmp_path) as service:
        for command in [["serve"], ["rebuild"]]:
            done = collector.run(*command, "--store", service.store, check=False)
            assert done.returncode == 74 and f"in use by process {service.process.pid}" in done.stderr.decode()
        backup = tmp_path / "copy"
        collector.run("backup", backup, "--store", service.store)
        done = collector.run("restore", backup, "--store", service.store, check=False)
        assert done.returncode == 74 and f"process {service.process.pid}" in done.stderr.decode()
        service.kill()
    with Service(tmp_path):
        pass


def test_a_port_that_is_taken_ends_it_with_a_reason(tmp_path, collector):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = collector.run("serve", "--store", tmp_path / "x.sqlite", "--set", f"server.port={port}", check=False, timeout=30)
        assert done.returncode == 69 and f"port {port}: Address already in use".encode() in done.stderr


@file_store
def test_backup_while_serving_restore_and_rebuild(tmp_path, collector):
    with Service(tmp_path, "limits.requests_per_second=100000", "limits.request_burst=100000") as service:
        stop = threading.Event()

        def load():
            number = 0
            while not stop.is_set():
                service.send(*[report(number + n, databases=2) for n in range(20)])
                number += 20
        thread = threading.Thread(target=load)
        thread.start()
        time.sleep(0.5)
        backup = tmp_path / "backup.sqlite"
        collector.run("backup", backup, "--store", service.store)
        stop.set()
        thread.join()
        assert service.stop() == 0
    assert os.stat(backup).st_mode & 0o777 == 0o600
    done = collector.run("backup", backup, "--store", service.store, check=False)
    assert done.returncode == 74 and b"already" in done.stderr
    with sqlite3.connect(backup) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        hosts, databases, reports = [copy.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0] for t in ["hosts", "databases", "reports"]]
        assert databases == 2 * hosts and reports == hosts > 0
    before = collector.run("databases", "--store", backup, "--format", "json").stdout
    collector.run("restore", backup, "--store", service.store)
    assert collector.run("databases", "--store", service.store, "--format", "json").stdout == before
    assert (tmp_path / "inventory.sqlite.before-restore").exists()
    tables = {t: rows(service.store, t) for t in ["hosts", "databases", "changes", "observations", "accounts", "database_history"]}
    collector.run("rebuild", "--store", service.store)
    assert tables == {t: rows(service.store, t) for t in tables}
    noise = tmp_path / "noise"
    noise.write_bytes(backup.read_bytes()[:8192])
    done = collector.run("restore", noise, "--store", service.store, check=False)
    assert done.returncode == 74 and collector.run("databases", "--store", service.store, "--format", "json").stdout == before


@file_store
def test_a_restore_does_not_meet_the_old_log(tmp_path, collector):
    """A killed collector leaves its newest commits in the write-ahead log; under another store it would bring them back."""
    with Service(tmp_path) as service:
        service.send(report(1))
        backup = tmp_path / "backup.sqlite"
        collector.run("backup", backup, "--store", service.store)
        service.send(*[report(n) for n in range(2, 30)])
        service.kill()
    for _ in range(2):
        collector.run("restore", backup, "--store", service.store)
        assert [h["hostname"] for h in collector.json("hosts", "--store", service.store, "--format", "json")["items"]] == ["db1"]
    with Service(tmp_path) as service:
        service.kill()
    service.store.unlink()
    done = collector.run("serve", "--store", service.store, check=False)
    if (tmp_path / "inventory.sqlite-wal").stat().st_size:
        assert done.returncode == 74 and b"without its store" in done.stderr
    collector.run("restore", backup, "--store", service.store)
    assert len(collector.json("hosts", "--store", service.store, "--format", "json")["items"]) == 1
    collector.run("doctor", "--store", service.store)


@file_store
def test_a_store_is_not_exchanged_below_a_writer(tmp_path, collector):
    store, backup, pipe = tmp_path / "inventory.sqlite", tmp_path / "backup.sqlite", tmp_path / "pipe"
    collector.run("ingest", "--store", store, "-", input=json.dumps(report(1)).encode())
    collector.run("backup", backup, "--store", store)
    os.mkfifo(pipe)
    writer = subprocess.Popen([BINARY, "ingest", "--store", store, pipe], stdout=subprocess.DEVNULL)
    with pipe.open("wb") as file:
        for _ in range(100):
            done = collector.run("restore", backup, "--store", store, check=False)
            if done.returncode != 0:
                break
            time.sleep(0.05)
        assert done.returncode == 74 and b"in use" in done.stderr
        file.write(json.dumps(report(2)).encode())
    assert writer.wait(30) == 0
    assert len(collector.json("hosts", "--store", store, "--format", "json")["items"]) == 2


@file_store
def test_a_store_is_one_by_whatever_name(tmp_path, collector):
    with Service(tmp_path) as service:
        other = tmp_path / "other.sqlite"
        other.symlink_to(service.store)
        done = collector.run("serve", "--store", other, check=False)
        assert done.returncode == 74 and f"process {service.process.pid}" in done.stderr.decode()


@file_store
def test_the_doctor_names_what_is_wrong(tmp_path, collector):
    store = tmp_path / "inventory.sqlite"
    collector.run("ingest", "--store", store, "-", input=json.dumps(report()).encode())
    said = collector.run("doctor", "--store", store).stdout.decode()
    for word in ["ok       configuration", "ok       store", "ok       disk", "clock:", "warning  tokens: none is valid", "credentials"]:
        assert word in said, said
    done = collector.run("doctor", "--store", store, "--set", "server.address=0.0.0.0", check=False)
    assert done.returncode == 78 and b"bad      configuration" in done.stdout
    damaged = tmp_path / "damaged.sqlite"
    content = bytearray(store.read_bytes())
    content[8192:40960] = os.urandom(32768)
    damaged.write_bytes(content)
    done = collector.run("doctor", "--store", damaged, check=False)
    assert done.returncode == 74 and b"bad      store" in done.stdout and b"restore" in done.stdout
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-out", "c", "-days", "3", "-subj", "/CN=x"],
                   cwd=tmp_path, check=True, capture_output=True)
    said = collector.run("doctor", "--store", store, "--set", f"server.certificate={tmp_path / 'c'}", "--set",
                         f"server.private_key={tmp_path / 'k'}").stdout.decode()
    assert "warning  certificate: the certificate expires in 2 days" in said


def test_every_list_is_the_same_from_the_store_and_from_a_server(tmp_path, collector):
    with Service(tmp_path, "limits.requests_per_second=100000", "limits.request_burst=100000") as service:
        service.send(*[report(n, databases=3, identity={"system_identifier": str(n // 2)}) for n in range(40)])
        service.send(*[report(n, 1, version="8.0.37") for n in range(40)])
        token = tmp_path / "token"
        token.write_text(service.token)
        item = service.items("/api/v1/databases")[0]
        remote = ["--server", service.url, "--token-file", token]
        for command in [
            ["databases"], ["databases", "--where", "version>=8.0.37,<9", "--limit", "7", "--sort", "-bytes"], ["databases", "--state", "missing"],
            ["databases", "--search", "db1 mysql0"], ["databases", "--as-of", "2026-05-28T20:26:45Z", "--limit", "3"], ["hosts"], ["changes"],
            ["hosts", "--where", "last_seen>2026-01-01"], ["changes", "--kind", "version_changed", "--since", "2026-01-01"], ["stats"],
            ["stats", "--by", "version", "--where", "state!=missing"], ["clusters"], ["accounts"], ["show", item["id"]], ["show", item["host_id"]]]:
            for form in ["json", "csv", "table"] if command[0] != "show" else [None]:
                format = ["--format", form] if form else []
                local = collector.run(*command, *format, "--store", service.store)
                asked = collector.run(*command, *format, *remote)
                assert local.stdout == asked.stdout and local.stdout, command
                assert local.stderr == asked.stderr
        wrong = tmp_path / "wrong"
        wrong.write_text("dbc_x")
        statuses = {
            77: ["--server", service.url, "--token-file", wrong], 69: ["--server", "http://127.0.0.1:1", "--token-file", token],
            66: ["--server", service.url, "--token-file", tmp_path / "none"], 64: ["--server", service.url]}
        for status, arguments in statuses.items():
            assert collector.run("hosts", *arguments, check=False).returncode == status
        assert collector.run("databases", *remote, "--where", "nope=1", check=False).returncode == 64
        assert collector.run("show", "nope", *remote, check=False).returncode == 64
        assert collector.run("databases", "--store", service.store, "--where", "nope", check=False).returncode == 64


def test_pages_of_the_command_line_go_on(tmp_path, collector):
    store = tmp_path / "inventory.sqlite"
    collector.run("ingest", "--store", store, "-", input=b"\n".join(json.dumps(report(n, databases=4)).encode() for n in range(30)))
    seen, cursor = [], []
    while True:
        done = collector.run("databases", "--store", store, "--format", "csv", "--limit", "50", *cursor)
        seen += done.stdout.decode().splitlines()[1:]
        found = re.search(r"--cursor (\S+)", done.stderr.decode())
        if not found:
            break
        cursor = ["--cursor", found[1]]
    assert len(seen) == 120 == len(set(seen))


def test_tokens_tags_and_dead_letters_by_command(tmp_path, collector):
    store = tmp_path / "inventory.sqlite"
    token = collector.run("token", "create", "--store", store, "--name", "ci", "--scopes", "read,ingest", "--days", "7").stdout.decode().strip()
    assert re.fullmatch(r"dbc_[0-9a-f]{12}_[0-9a-f]{64}", token)
    (row,) = collector.json("token", "list", "--store", store, "--format", "json")["items"]
    assert row["scopes"] == "ingest read" and row["id"] == token.split("_")[1] and row["expires_at"]
    with Service(tmp_path) as service:
        assert service.token is None, "a store that has a token offers no other"
        assert service.get("/api/v1/hosts", token=token).status_code == 200
        collector.run("token", "revoke", row["id"], "--store", store)
        assert service.get("/api/v1/hosts", token=token).status_code == 401
    assert collector.run("token", "revoke", row["id"], "--store", store, check=False).returncode == 64
    assert collector.run("token", "create", "--store", store, "--name", "x", "--scopes", "all", check=False).returncode == 64
    nameless = report(0, host={"hostname": None, "machine_id": None})
    done = collector.run("ingest", "--store", store, "-", input=json.dumps(nameless).encode() + b"\n" + json.dumps(report(1)).encode(), check=False)
    assert done.returncode == 65
    assert b"no_identity" in collector.run("dead-letters", "--store", store).stdout
    assert collector.json("dead-letters", "show", "1", "--store", store) == nameless
    done = collector.run("dead-letters", "retry", "1", "--store", store, check=False)
    assert done.returncode == 65 and done.stdout.startswith(b"1 rejected")
    stores.change(store, "UPDATE dead_letters SET body = ?", gzip.compress(json.dumps(report(2)).encode()))
    assert collector.run("dead-letters", "retry", "1", "--store", store).stdout == b"1 stored\n"
    assert b"No report was rejected" in collector.run("dead-letters", "--store", store).stdout
    host = f"{1:032x}"
    collector.run("tag", host, "owner=payments", "stage=prod", "--store", store)
    collector.run("tag", host, "stage=", "--store", store)
    assert collector.json("show", host, "--store", store)["tags"] == {"owner": "payments"}
    assert collector.json("hosts", "--store", store, "--where", "tag=owner=payments", "--format", "json")["items"][0]["id"] == host
    said = collector.run("audit", "--store", store).stdout.decode()
    assert "token create" in said and "token revoke" in said and "dead-letters retry" in said and "cli" in said and "uid" in said


def test_the_log_is_text_on_a_terminal_and_json_otherwise(tmp_path):
    with Service(tmp_path, "log.level=debug") as service:
        service.get("/api/v1/hosts?nope=1", headers={"X-Request-Id": "from-the-test"})
        service.send(report(5), report(6, host={"hostname": None, "machine_id": None}), headers={"X-Request-Id": "reports"})
        service.stop()
    lines = service.log()
    taken, refused = [line for line in lines if line.get("request_id") == "reports" and "outcome" in line]
    assert taken["host"] == f"{5:032x}" and taken["outcome"] == "stored" and refused["level"] == "info" and "no instance id" in refused["reason"]
    assert all({"time", "level", "message"} <= set(line) for line in lines)
    (line,) = [line for line in lines if line.get("request_id") == "from-the-test" and line.get("kind") != "audit"]
    assert line["route"] == "/api/v1/hosts" and line["status"] == 400 and line["token"] == service.token.split("_")[1]
    leader, follower = pty.openpty()
    process = subprocess.Popen([BINARY, "serve", "--store", service.store, "--set", "server.port=0"], stderr=follower, stdout=subprocess.DEVNULL)
    text = b""
    while b"serving" not in text:
        text += os.read(leader, 4096)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert re.search(rb"Z NOTICE +serving store=\S+ url=http://127.0.0.1:\d+", text), text


def test_sighup_takes_what_needs_no_restart_and_refuses_nonsense(tmp_path):
    file = tmp_path / "collector.yaml"
    file.write_text("metrics:\n  token: true\n")
    service = Service(tmp_path)
    service.prefix = ["env", f"DBCENSUS_STORE_PATH={service.store}"]
    service.extra = ["--config", str(file)]

    def reload(text, word):
        mark = len(service.log_path.read_text())
        file.write_text(text)
        service.process.send_signal(signal.SIGHUP)
        for _ in range(100):
            if word in service.log_path.read_text()[mark:]:
                return
            time.sleep(0.05)
        raise AssertionError(service.log_path.read_text()[mark:])
    with service:
        assert service.get("/metrics", token=None).status_code == 401
        reload("metrics:\n  token: false\n", '"message":"reloaded"')
        assert service.get("/metrics", token=None).status_code == 200
        reload("metrics:\n  tokn: true\n", "line 2: there is no setting")
        assert service.get("/metrics", token=None).status_code == 200
        reload("server:\n  trust_proxy: true\n", "need a restart")
        assert service.get("/metrics", token=None).status_code == 401


def test_embedded_metrics_are_what_cloudwatch_reads(tmp_path):
    with Service(tmp_path, "metrics.embedded=true", "metrics.embedded_seconds=1", "metrics.embedded_labels=true") as service:
        service.send(report(1), report(2))
        assert service.get("/api/v1/hosts", token="dbc_x").status_code == 401
        time.sleep(3.5)
        # Counters that do not grow, and gauges without a value, are left out: no run of discovery took place.
        families = {family.name: family.type for family in text_string_to_metric_families(service.get("/metrics").text)
                    if any(sample.value or family.type == "gauge" for sample in family.samples)}
        service.stop()
    lines = [line for line in service.log() if "_aws" in line]
    units = {metric["Name"]: metric["Unit"] for line in lines for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    wanted = {name + suffix for name, kind in families.items()
              for suffix in {"counter": ["_total"], "histogram": ["_count", "_sum"]}.get(kind, [""])}
    assert set(units) == wanted
    assert units["dbcensus_store_bytes"] == "Bytes" and units["dbcensus_http_request_duration_seconds_sum"] == "Seconds"
    assert units["dbcensus_http_request_duration_seconds_count"] == "Count"
    assert sum(line.get("dbcensus_reports_total", 0) for line in lines) == 2, "differences, which CloudWatch adds up"
    assert sum(line.get("dbcensus_batch_reports_sum", 0) for line in lines) == 2
    for line in lines:
        assert line["_aws"]["Timestamp"] > 1_700_000_000_000
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "dbcensus"
        for metric in directive["Metrics"]:
            assert isinstance(line[metric["Name"]], (int, float))
        for dimension in directive["Dimensions"][0]:
            assert isinstance(line[dimension], str)
    assert any(line.get("engine") == "mysql" and line.get("dbcensus_databases") == 2 for line in lines)


def test_metrics_may_be_open(tmp_path):
    with Service(tmp_path, "metrics.token=false") as service:
        assert service.get("/metrics", token=None).status_code == 200
        assert service.get("/openapi.json", token=None).status_code == 401


def test_the_reference_says_what_the_programs_say(tmp_path, agent, collector):
    from service import ROOT
    subprocess.run([ROOT / "scripts/reference", agent.path, collector.path, tmp_path], check=True)
    for name in ["cli.md", "engines.md", "openapi.json"]:
        assert (tmp_path / name).read_text() == (ROOT / "docs" / name).read_text(), "`make reference` writes it anew"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_name_every_command(collector, shell):
    script = collector.run("--generate-completion-script", shell).stdout.decode()
    assert all(command in script for command in ["serve", "dead-letters", "databases", "--as-of" if shell != "fish" else "as-of"])
