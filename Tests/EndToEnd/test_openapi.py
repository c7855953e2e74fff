"""The API's description, held to the API by clients that know nothing else of it."""

import json
import os
import subprocess
import sys
import time

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from service import ROOT, Service, report


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("openapi"), "discovery.agent_bucket=agents", "limits.requests_per_second=100000", "limits.request_burst=100000") as running:
        running.send(*[report(n, databases=3, identity={"system_identifier": str(n // 2)}) for n in range(30)])
        running.send(*[report(n, 1, version="8.0.37") for n in range(30)])
        running.send(report(99, host={"hostname": None, "machine_id": None}))
        yield running


def test_the_description_is_valid_served_and_in_the_repository(service):
    document = service.get("/openapi.json").json()
    validate(document)
    assert document == json.loads((ROOT / "docs/openapi.json").read_text()), "make reference writes it anew"


def test_every_answer_is_what_its_schema_says(service):
    document = service.get("/openapi.json").json()
    item = service.items("/api/v1/databases")[0]
    # Without credentials a run fails at once.
    job = service.post("/api/v1/scans", "{}").json()["id"]
    for _ in range(100):
        if service.get(f"/api/v1/jobs/{job}").json()["progress"]["state"] == "failed":
            break
        time.sleep(0.1)
    ids = {"databases": item["id"].replace("/", "%2F"), "hosts": item["host_id"], "dead-letters": "1", "jobs": job}
    queries = {"stats": {"group_by": "engine,state"}, "results": {"job_id": job}}
    checked = 0
    for path, operations in document["paths"].items():
        if "get" not in operations:
            continue
        answer = service.get(path.replace("{id}", ids.get(path.split("/")[3] if path.count("/") > 2 else "", "x")), params=queries.get(path.split("/")[-1]))
        content = operations["get"]["responses"][str(answer.status_code)]["content"]
        kind = answer.headers["Content-Type"].split(";")[0]
        assert answer.status_code == 200 and kind in content, path
        if kind == "application/json":
            schema = {**content[kind]["schema"], "components": document["components"]}
            Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(answer.json())
            checked += 1
    assert checked > 12


def test_schemathesis_finds_no_fault(service, tmp_path):
    # The first token ends with the next one, which is among the requests.
    service.make_token("read")
    command = [
        os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", service.url + "/openapi.json",
        "-H", f"Authorization: Bearer {service.token}", "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--max-examples", os.environ.get("DBCENSUS_EXAMPLES", "15"), "--seed", "7", "--workers", "2", "--exclude-operation-id", "deleteTokensId",
        # On a busy machine; it is about schemathesis, not about the API.
        "--suppress-health-check", "too_slow", "--no-color"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=540)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    # Otherwise it looked at little else than refusals.
    assert "Rate limited" not in done.stdout and "Unmatched filters" not in done.stdout, done.stdout
