"""The API of a collector that serves, asked by third-party clients."""

import base64
import csv
import gzip
import io
import json
import shlex
import subprocess
import time
import zlib

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service import ROOT, Service, report


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("service"), "discovery.agent_bucket=agents", "limits.requests_per_second=100000", "limits.request_burst=100000") as running:
        yield running


@pytest.fixture(scope="module")
def frames(agent, fixtures):
    names = ["debian-mysql", "debian-postgresql", "al2023-mysql", "stopped"]
    return [agent.run("scan", "--format", "frame", "--recorded-proc", "--root", fixtures / name).stdout for name in names]


def outcomes(answer):
    return [item["outcome"] for item in answer.json()["items"]]


def test_what_frames_inflate_to_is_bounded_together_and_each(tmp_path):
    text = json.dumps(report(1, host={"addresses": ["a" * 50_000]})).encode()
    body = gzip.compress(text)
    frame = b"-----BEGIN DBCENSUS REPORT 1 %d %08x-----\n%s\n-----END DBCENSUS REPORT-----\n" % (
        len(body), zlib.crc32(body), base64.b64encode(body))
    with Service(tmp_path, "limits.inflated_bytes=120000", "limits.report_bytes=60000") as service:
        items = service.send(frame * 3).json()["items"]
        assert [(item["outcome"], item["code"]) for item in items] == [
            ("stored", None), ("duplicate", None), ("rejected", "inflated_too_large")], items
        large = json.dumps(report(2, host={"addresses": ["a" * 60_000]})).encode()
        for form in [large, gzip.compress(large)]:
            answer = service.post("/api/v1/reports", form)
            assert answer.status_code == 400 and "60000 bytes of JSON" in answer.text, answer.text


def test_reports_in_every_form(service, agent, frames, tmp_path):
    decoded = [json.loads(agent.run("decode", input=frame).stdout) for frame in frames]
    assert outcomes(service.send(frames[0])) == ["stored"]
    assert outcomes(service.send(frames[0], decoded[1])) == ["duplicate", "stored"]
    assert outcomes(service.post("/api/v1/reports", gzip.compress(json.dumps(decoded[2]).encode()))) == ["stored"]
    again = service.post("/api/v1/reports", gzip.compress(b"".join(json.dumps(d).encode() + b"\n" for d in decoded)),
                         headers={"Content-Encoding": "gzip", "Content-Type": "application/x-ndjson"})
    assert again.status_code == 200 and outcomes(again) == ["duplicate", "duplicate", "duplicate", "stored"]
    assert len(service.items("/api/v1/hosts")) == 4
    older = decoded[0] | {"scan": decoded[0]["scan"] | {"started_at": "2026-01-01T00:00:00.000Z"}}
    assert outcomes(service.send(older)) == ["older"]


def curls():
    """The lines with curl in the documentation, but for those that only set a token."""
    for page in ["README.md", "docs/api.md"]:
        for line in (ROOT / page).read_text().splitlines():
            if line.startswith("    ") and "curl " in line:
                yield line.strip().removeprefix("$ ")


@pytest.mark.parametrize("line", curls())
def test_a_documented_line_with_curl(service, agent, fixtures, line):
    for program in ["sudo dist/dbcensus-agent-0.1.0-linux-x86_64 scan", "sudo dbcensus-agent scan"]:
        line = line.replace(program, f"{shlex.quote(agent.path)} scan --root {shlex.quote(str(fixtures / 'al2023-postgresql'))}")
    for address in ["https://dbcensus.example.com:8629", "http://127.0.0.1:8629"]:
        line = line.replace(address, service.url)
    if "JOB" in line:
        job = service.post("/api/v1/scans", "{}").json()["id"]
        # Without credentials a run fails at once.
        while service.get(f"/api/v1/jobs/{job}").json()["progress"]["state"] != "failed":
            time.sleep(0.1)
        line = line.replace("JOB", job)
    done = subprocess.run(["bash", "-c", "set -o pipefail; " + line.replace("$TOKEN", service.token)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if "/scans" in line or "/events" in line:
        assert '"id":"job-' in done.stdout
        return
    items = json.loads(done.stdout)["items"]
    assert items[0]["outcome"] in ("stored", "older") if "--data-binary" in line else "JOB" in line or all("engine" in item for item in items)


def test_senseless_reports_are_kept_and_can_be_tried_again(service):
    nameless = report(900, host={"hostname": None, "machine_id": None})
    future = report(901, scan={"started_at": "2099-01-01T00:00:00.000Z"})
    twins = report(902, databases=2)
    twins["databases"][1]["key"] = twins["databases"][0]["key"]
    many = report(903, databases=10_001)
    newer = report(904) | {"schema": "dbcensus.report/2"}
    answer = service.send(nameless, future, twins, many, newer)
    assert answer.status_code == 422 and answer.headers["Content-Type"] == "application/problem+json"
    assert [i["code"] for i in answer.json()["items"]] == ["no_identity", "future", "invalid", "invalid", "unknown_schema"]
    letters = service.items("/api/v1/dead-letters")
    assert [letter["code"] for letter in letters[:5]] == ["unknown_schema", "invalid", "invalid", "future", "no_identity"]
    assert service.get(f"/api/v1/dead-letters/{letters[3]['id']}").json() == future
    tried = service.post(f"/api/v1/dead-letters/{letters[3]['id']}/retry", b"")
    assert tried.json()["outcome"] == "rejected" and service.items("/api/v1/dead-letters")[3]["attempts"] == 2
    assert service.get("/api/v1/dead-letters/999999").status_code == 404
    good = service.send(report(905), nameless)
    assert good.status_code == 200 and outcomes(good) == ["stored", "rejected"]


def test_bodies_have_bounds(service):
    assert service.post("/api/v1/reports", b"x" * (17 << 20)).status_code == 413
    bomb = service.post("/api/v1/reports", gzip.compress(b" " * (200 << 20)))
    assert bomb.status_code == 400 and bomb.json()["items"][0]["code"] == "inflated_too_large"
    for deep in [b'{"schema":' + b"[" * 100_000, b'{"a":' * 20_000, b"[" * 400 + b"]" * 400]:
        assert service.post("/api/v1/reports", deep).status_code == 400
    for many in [b"{}" * 1_000_000, gzip.compress(b"{}") * 5_000, b'{"schema":"z"}' * 5_000]:
        answer = service.post("/api/v1/reports", many)
        assert answer.status_code == 413 and len(answer.content) < 1000
    assert service.get("/api/v1/databases?" + "&".join(["tag=a"] * 60)).status_code == 400
    nul = report(901)
    nul["host"]["hostname"] = "a\0b"
    assert service.send(nul).json()["items"][0]["code"] == "invalid"
    assert service.post("/api/v1/reports", b"{}", headers={"Content-Encoding": "br"}).status_code == 415

    def chunks():
        for _ in range(20):
            yield b"x" * (1 << 20)
    assert service.post("/api/v1/reports", chunks()).status_code == 413


def test_filters_orders_and_pages(service):
    for number in range(1000, 1012):
        service.send(report(number, databases=3, version=f"8.0.{number - 990}", host={"cloud": {
            "provider": "aws", "account_id": f"{number % 2 + 111111111111}", "region": "eu-west-1", "availability_zone": None,
            "instance_id": f"i-{number:017x}", "instance_type": None}}))
    mine = "account=111111111111,111111111112"
    path = "/api/v1/databases?" + mine
    assert len(service.items(path)) == 36
    assert {i["version"] for i in service.items(path + "&version<8.0.12")} == {"8.0.10", "8.0.11"}
    assert {i["version"] for i in service.items(path + "&version=>=8.0.12,<8.0.14")} == {"8.0.12", "8.0.13"}
    assert len(service.items(path + "&state=running&exposure=all&role=primary&engine=mysql&vendor=oracle&region=eu-west-1")) == 36
    assert len(service.items(path + "&account=111111111111")) == 18
    assert len(service.items(path + "&bytes>1000&bytes<=1001")) == 12
    assert len(service.items(path + "&engine!=mysql")) == 0
    assert len(service.items(path + "&first_seen>=2026-01-01&last_seen<2030-01-01")) == 36
    assert len(service.items("/api/v1/databases?q=db1003+mysql1")) == 1
    assert [i["bytes"] for i in service.items(path + "&sort=-bytes&limit=12")] == [1002] * 12
    host = f"i-{1000:017x}"
    assert service.ask("PATCH", f"/api/v1/hosts/{host}/tags", json={"owner": "payments", "a=b": "c"}).json()["owner"] == "payments"
    assert {i["host_id"] for i in service.items("/api/v1/databases?tag=owner%3Dpayments")} == {host}
    assert service.items("/api/v1/hosts?tag=owner")[0]["id"] == host
    assert service.ask("PATCH", f"/api/v1/hosts/{host}/tags", json={"owner": None}).json() == {"a=b": "c"}
    seen, query = [], "&limit=5&sort=-version"
    while True:
        page = service.get(path + query).json()
        seen += [i["id"] for i in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"&limit=5&sort=-version&cursor={page['next_cursor']}"
    assert len(seen) == 36 == len(set(seen))
    stats = service.get("/api/v1/stats?group_by=account,engine&" + mine.replace(",", "&account=")).json()
    assert stats["databases"] == 0, "two conditions on one field must both hold"
    stats = service.get("/api/v1/stats?group_by=account,engine&" + mine).json()
    assert [(i["group"], i["databases"]) for i in stats["items"]] == [
        ({"account": "111111111111", "engine": "mysql"}, 18), ({"account": "111111111112", "engine": "mysql"}, 18)]
    assert [(a["id"], a["hosts"], a["databases"]) for a in service.items("/api/v1/accounts")][:2] == [
        ("111111111111", 6, 18), ("111111111112", 6, 18)]


def test_history_and_the_inventory_of_a_date(service):
    service.send(report(2000, 0, databases=2))
    service.send(report(2000, 60, version="8.0.37"))
    item = service.items("/api/v1/databases?host=db2000&sort=bytes")[0]
    one = f"/api/v1/databases/{item['id'].replace('/', '%2F')}"
    assert [(c["kind"], c["before"], c["after"]) for c in service.items(one + "/history")] == [
        ("version_changed", "8.0.36", "8.0.37"), ("appeared", None, "8.0.36")]
    detail = service.get(one).json()
    assert detail["database"] == item and detail["report"]["config_files"] == ["/etc/my.cnf"]
    then = service.items("/api/v1/databases?host=db2000&as_of=2026-05-28T20:30:00Z")
    assert [(i["version"], i["missing_since"]) for i in then] == [("8.0.36", None)] * 2
    assert [i["missing_since"] is None for i in service.items("/api/v1/databases?host=db2000")] == [True, False]
    changes = service.items("/api/v1/changes?host=db2000&kind=missing,version_changed")
    assert {c["kind"] for c in changes} == {"missing", "version_changed"}
    assert [s["bytes"] for s in service.items(one + "/sizes")] == [1000]
    host = service.get(f"/api/v1/hosts/{item['host_id']}").json()
    assert len(host["databases"]) == 2 and host["report"]["addresses"] == ["10.0.0.1"]
    for path in ["/api/v1/databases/x", "/api/v1/databases/x%2Fy", "/api/v1/hosts/x", "/api/v1/databases/x%2Fy/sizes", "/api/v1/databases/x%2Fy/history"]:
        assert service.get(path).status_code == 404


def test_representations(service):
    path = "/api/v1/databases?host=db2000"
    plain = service.get(path, headers={"Accept-Encoding": "identity"})
    tag = plain.headers["ETag"]
    assert service.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert service.get(path, headers={"If-None-Match": f'"other", {tag}'}).content == b""
    assert service.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    packed = service.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and packed.json() == plain.json()
    head = service.ask("HEAD", path, headers={"Accept-Encoding": "identity"})
    assert head.content == b"" and head.headers["Content-Length"] == str(len(plain.content))
    table = service.get(path + "&limit=1", headers={"Accept": "text/csv"})
    assert table.headers["Content-Type"].startswith("text/csv") and 'rel="next"' in table.headers["Link"]
    (row,) = csv.DictReader(io.StringIO(table.text, newline=""))
    assert row["id"] == plain.json()["items"][0]["id"] and set(row) == set(plain.json()["items"][0])


def test_errors_are_problem_details_with_the_request_id(service):
    for method, path, status in [
        ("GET", "/nope", 404), ("GET", "/api/v1/hosts?nope=1", 400), ("GET", "/api/v1/hosts?limit=0", 400),
        ("GET", "/api/v1/hosts?limit=5&limit=6", 400), ("GET", "/api/v1/hosts?cursor=x", 400), ("GET", "/api/v1/hosts?sort=x", 400),
        ("GET", "/api/v1/databases?version<x", 400), ("GET", "/api/v1/databases?as_of=x", 400),
        ("GET", "/api/v1/databases?q=%25%25", 400), ("GET", "/api/v1/databases?q=%C3", 400), ("PUT", "/api/v1/hosts", 405),
        ("POST", "/api/v1/tokens", 400), ("DELETE", "/api/v1/tokens/x", 404)]:
        answer = service.ask(method, path, headers={"X-Request-Id": "mine-1"})
        assert answer.status_code == status, (path, answer.text)
        body = answer.json()
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert body["status"] == status and body["request_id"] == "mine-1" == answer.headers["X-Request-Id"]
    assert service.ask("PUT", "/api/v1/hosts").headers["Allow"] == "GET, HEAD"
    assert service.get("/healthz", headers={"X-Request-Id": "a b"}).headers["X-Request-Id"] != "a b"


def test_security_headers(service):
    for path in ["/healthz", "/api/v1/hosts", "/nope"]:
        headers = service.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff" and "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] in ("private, no-cache", "no-store")


def test_a_path_traversal_in_every_parameter_finds_nothing(service):
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    evil = ["..%2F..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "..%5c..%5cwindows", "%00", "%2e%2e%2f", "file:%2F%2F%2Fetc%2Fpasswd",
            "'%20OR%201=1--", "%27;DROP%20TABLE%20hosts;--"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation["parameters"]:
                for value in evil:
                    if parameter["in"] == "path":
                        url = path.replace("{" + parameter["name"] + "}", value)
                    else:
                        url = f"{path.replace('{id}', 'x')}?{parameter['name']}={value}"
                    answer = service.ask(method.upper(), url)
                    assert answer.status_code < 500 and b"root:" not in answer.content, url
    assert len(service.items("/api/v1/hosts")) > 10


def test_metrics_are_what_prometheus_reads(service):
    families = {f.name: f for f in text_string_to_metric_families(service.get("/metrics").text)}
    for name in ["dbcensus_reports", "dbcensus_http_requests", "dbcensus_http_request_duration_seconds", "dbcensus_store_bytes",
                 "dbcensus_queue_reports", "dbcensus_hosts", "dbcensus_databases", "dbcensus_oldest_host_seconds",
                 "dbcensus_commit_duration_seconds"]:
        assert families[name].samples, name
    stored = [s.value for s in families["dbcensus_reports"].samples if s.labels == {"outcome": "stored"}]
    hosts = len(service.items("/api/v1/hosts?limit=1000"))
    assert hosts < stored[0] < hosts + 10, "some hosts reported more than once"
    routes = {s.labels["route"] for s in families["dbcensus_http_requests"].samples}
    assert "/api/v1/databases/{id}" in routes and not any("db2000" in route for route in routes)


def test_the_audit_log_says_who_asked_for_and_changed_what(service):
    reader = service.make_token("read")
    service.get("/api/v1/hosts?limit=7", token=reader)
    service.ask("DELETE", f"/api/v1/tokens/{reader.split('_')[1]}")
    service.get("/api/v1/hosts?limit=8", token=reader)
    service.ask("DELETE", f"/api/v1/tokens/{reader}")
    mine, asked = service.token.split("_")[1], (reader.split("_")[1], "GET /api/v1/hosts", "/api/v1/hosts?limit=7", 200)
    said, end = [], time.monotonic() + 30
    # Lines are written in the background, behind those of the tests before.
    while asked not in said or ("-", "GET /api/v1/hosts", None, 401) not in said:
        assert time.monotonic() < end, said
        time.sleep(0.5)
        lines = service.items("/api/v1/audit?limit=1000")
        said = [(line["actor"], line["action"], line["target"], line["status"]) for line in lines]
    assert (mine, "DELETE /api/v1/tokens/{id}", f"/api/v1/tokens/{reader.split('_')[1]}", 204) in said
    assert ("-", "GET /api/v1/hosts", None, 401) in said
    assert all(reader not in json.dumps(line) for line in lines)
    (row,) = [t for t in service.items("/api/v1/tokens") if t["id"] == reader.split("_")[1]]
    assert row["last_used_at"] and row["revoked_at"] and "hash" not in row
