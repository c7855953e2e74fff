"""Discovery in a service: the API, coverage, the canary, the brake, cancel, retry, and the schedule."""

import hashlib
import json
import time

import pytest

from discovery import counts, query, scan, serving, truth
from simulator import Simulator


def wait(service, job, state=("completed", "halted", "cancelled", "failed"), timeout=120):
    """The run when it is in one of the states."""
    end = time.monotonic() + timeout
    while True:
        detail = service.get(f"/api/v1/jobs/{job}").json()
        if detail["progress"]["state"] in state:
            return detail
        assert time.monotonic() < end, detail
        time.sleep(0.1)


def begin(service, body=None, **headers):
    answer = service.post("/api/v1/scans", json.dumps(body or {}), headers=headers)
    assert answer.status_code in (200, 202), answer.text
    assert answer.headers["Location"] == f"/api/v1/jobs/{answer.json()['id']}"
    return answer.json()["id"]


def results(service, job, **options):
    """Every row of a run, page by page."""
    rows, cursor = [], None
    while True:
        query = {"job_id": job, "limit": 100, **options, **({"cursor": cursor} if cursor else {})}
        page = service.get("/api/v1/results", params=query).json()
        rows += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return rows, page["state"]


@pytest.fixture(scope="module")
def fleet():
    with Simulator("--accounts", 6, "--instances", 20, "--regions", "eu-west-1,eu-central-1", "--share", "unmanaged=0.1", "--share", "offline=0.1",
                   "--share", "stopped=0.05", "--share", "denied=0.3") as simulator:
        yield simulator


@pytest.fixture(scope="module")
def service(tmp_path_factory, fleet):
    with serving(tmp_path_factory.mktemp("discovery"), fleet, "limits.requests_per_second=10000", "limits.request_burst=10000") as running:
        yield running


def test_a_run_by_the_api(service, fleet):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    job = begin(service, **{"Idempotency-Key": "monday", "traceparent": trace})
    first = service.get("/api/v1/results", params={"job_id": job})
    assert first.status_code == 200 and first.json()["state"] in ("queued", "running")
    detail = wait(service, job)
    wanted = truth(fleet)
    assert detail["progress"]["reasons"] == counts(wanted) and detail["job"]["traceparent"] == trace
    rows, state = results(service, job)
    assert state == "completed" and {row["instance_id"]: row["reason"] for row in rows} == wanted
    assert all(row["remedy"] for row in rows if row["reason"] in ("offline", "not_managed"))
    answered = next(row for row in rows if row["reason"] == "ok")
    assert answered["attempt"] == 1 and answered["report_id"] and answered["duration_ms"] > 0
    # The same key gives the same run, and for another request it is refused.
    again = service.post("/api/v1/scans", "{}", headers={"Idempotency-Key": "monday"})
    assert (again.status_code, again.json()["id"]) == (200, job)
    assert service.post("/api/v1/scans", '{"regions": ["eu-west-1"]}', headers={"Idempotency-Key": "monday"}).status_code == 409
    # Also after a later run, with the databases of the reports of this one.
    later = wait(service, begin(service))
    assert later["job"]["id"] != job
    page = service.get("/api/v1/results", params={"job_id": job, "include": "databases", "reason": "ok", "limit": 5}).json()
    assert all(len(row["database_rows"]) == row["databases"] > 0 for row in page["items"])
    assert page["items"][0]["database_rows"][0]["engine"]
    text = service.get("/api/v1/results", params={"job_id": job, "limit": 1000}, headers={"Accept": "text/csv"}).text
    assert text.count("\r\n") == len(wanted) + 1


def test_tasks_jobs_and_errors(service):
    job = service.items("/api/v1/jobs")[0]["id"]
    tasks = service.items(f"/api/v1/jobs/{job}/tasks", params={"limit": 1000})
    assert {task["state"] for task in tasks} == {"done", "dead"}
    denied = [task for task in tasks if task["code"] == "access_denied"]
    assert denied and all(task["state"] == "dead" and task["remedy"] for task in denied)
    assert service.items(f"/api/v1/jobs/{job}/tasks", params={"state": "dead"}) == denied
    for path in ("/api/v1/jobs/job-x", "/api/v1/jobs/job-x/events", "/api/v1/results?job_id=job-x"):
        assert service.get(path).status_code == 404, path
    for path in ("/api/v1/jobs/job-x/cancel", "/api/v1/jobs/job-x/retry"):
        assert service.post(path, "").status_code == 404, path
    assert service.get("/api/v1/results").status_code == 400
    assert service.post(f"/api/v1/jobs/{job}/cancel", "").status_code == 409
    for body in ('{"accounts": ["1"]}', '{"regions": ["EU"]}', '{"instances": ["x"]}', '{"tags": [""]}', '{"hosts": []}', "[]", "{", '{"accounts": [1]}'):
        assert service.post("/api/v1/scans", body).status_code == 400, body
    reader = service.make_token("read")
    assert service.post("/api/v1/scans", "{}", token=reader).status_code == 403
    assert service.get(f"/api/v1/jobs/{job}", token=reader).status_code == 200


def test_progress_as_events(service):
    job = begin(service, {"regions": ["eu-west-1"]})
    events = []
    with service.get(f"/api/v1/jobs/{job}/events", stream=True) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream" and "ETag" not in answer.headers
        for line in answer.iter_lines(decode_unicode=True):
            if line.startswith("event: "):
                events.append([line[7:]])
            elif line.startswith("data: "):
                events[-1].append(json.loads(line[6:]))
    assert events[-1][0] == "end" and events[-1][1]["state"] == "completed"
    assert all(kind == "progress" for kind, _ in events[:-1])
    assert events[-1][1] == service.get(f"/api/v1/jobs/{job}").json()["progress"]


def test_coverage_shows_both_levels(service, fleet):
    wanted = truth(fleet)
    coverage = service.get("/api/v1/coverage", params={"group_by": "reason"}).json()
    assert {item["group"]["reason"]: item["hosts"] for item in coverage["items"]} == counts(wanted)
    denied = {one["account"] for one in fleet.instances() if one["account_denied"]}
    assert {(scope["account_id"], scope["region"], scope["code"]) for scope in coverage["scopes"]} == {(name, "*", "access_denied") for name in denied}
    assert all(scope["remedy"] and scope["account_name"].startswith("workload-") for scope in coverage["scopes"])
    teams = service.get("/api/v1/coverage", params={"group_by": "tag:team,reason", "reason": "ok"}).json()["items"]
    assert {item["group"]["tag:team"] for item in teams} == {"payments", "search", "platform"}
    assert sum(item["hosts"] for item in teams) == counts(wanted)["ok"]
    centers = service.get("/api/v1/coverage", params={"group_by": "account_tag:cost-center"}).json()["items"]
    assert len(centers) == 6 - len(denied)
    offline = service.items("/api/v1/instances", params={"reason": "offline", "limit": 1000})
    assert {row["id"] for row in offline} == {name for name, reason in wanted.items() if reason == "offline"}
    assert all(row["account_name"] and row["organizational_unit"] and row["instance_type"] and row["vpc_id"] and row["remedy"] for row in offline)
    history = service.items("/api/v1/coverage/history")
    assert len(history) == len(service.items("/api/v1/jobs")) and history[-1]["reasons"] == counts(wanted)
    assert service.get("/api/v1/coverage", params={"group_by": "nonsense"}).status_code == 400


def test_what_ec2_and_organizations_know_is_with_hosts_and_accounts(service, fleet):
    host = service.items("/api/v1/hosts", params={"limit": 1})[0]
    assert host["instance_type"] and host["availability_zone"].startswith(host["region"]) and host["image_id"].startswith("ami-")
    assert host["vpc_id"] and host["private_address"] and host["launched_at"] and host["instance_state"] == "running"
    assert host["account_email"].endswith("@example.com") and host["organizational_unit"].startswith("Root/") and host["sender"] == "ssm"
    detail = service.get(f"/api/v1/hosts/{host['id']}").json()
    team = detail["instance_tags"]["team"]
    # Tags of EC2 are filtered like our own.
    tagged = service.items("/api/v1/hosts", params={"tag": f"team={team}", "limit": 1000})
    everybody = service.items("/api/v1/hosts", params={"limit": 1000})
    assert host["id"] in {row["id"] for row in tagged} and len(tagged) < len(everybody)
    stats = service.get("/api/v1/stats", params={"group_by": "tag:team"}).json()
    found = service.items("/api/v1/databases", params={"tag": f"team={team}", "limit": 1000})
    assert {item["group"]["tag:team"]: item["databases"] for item in stats["items"]}[team] == len(found)
    accounts = {row["id"]: row for row in service.items("/api/v1/accounts")}
    assert len(accounts) == 6 and all(row["name"] and row["email"] and row["state"] == "ACTIVE" and "cost-center=" in row["tags"] for row in accounts.values())
    email = host["account_email"]
    assert {row["account_id"] for row in service.items("/api/v1/databases", params={"account_email": email, "limit": 1000})} <= {host["account_id"]}
    groups = service.get("/api/v1/stats", params={"group_by": "account_email"}).json()["items"]
    assert email in {item["group"]["account_email"] for item in groups} or not found
    # An own tag comes before the one of EC2.
    service.ask("PATCH", f"/api/v1/hosts/{host['id']}/tags", json={"team": "mine"})
    again = service.get("/api/v1/coverage", params={"group_by": "tag:team"}).json()["items"]
    assert {"group": {"tag:team": "mine"}, "hosts": 1} in again


def test_one_id_runs_through_logs_audit_and_comments(service, fleet):
    job = wait(service, begin(service, {"regions": ["eu-west-1"]}))["job"]["id"]
    time.sleep(2)
    log = service.log()
    assert {"a run of discovery begins", "the run of discovery ended"} <= {line["message"] for line in log if line.get("job") == job}
    audit = [line for line in log if line.get("kind") == "audit" and job in line.get("target", "")]
    assert {line["action"] for line in audit} >= {"run begin", "run end"} and {line["request_id"] for line in audit if line["action"].startswith("run")} == {job}
    rows = service.items("/api/v1/audit", params={"action": "run begin"})
    assert job in {row["target"] for row in rows}
    assert all(comment.startswith(f"dbcensus {job} ") for (comment,) in query(service.store, "SELECT comment FROM batches b JOIN tasks t ON t.row_id = b.task_row_id JOIN jobs j ON j.row_id = t.job_row_id WHERE j.id = ?", job))


def test_metrics(service):
    text = service.get("/metrics").text
    for name in ("dbcensus_runs_total{end=\"completed\"}", "dbcensus_coverage_hosts{reason=\"ok\"}", "dbcensus_coverage_scopes{code=\"ok\"}",
                 "dbcensus_run_hosts_total{reason=\"ok\"}", "dbcensus_commands_total", "dbcensus_command_polls_total", "dbcensus_tasks_ready 0",
                 "dbcensus_oldest_task_seconds 0", "dbcensus_workers 0", "dbcensus_phase_seconds_total{phase=\"send\"}",
                 "dbcensus_aws_calls_total{action=\"ssm:SendCommand\",outcome=\"ok\"}", "dbcensus_last_completed_run_seconds"):
        assert name in text, name


def test_cancel_stops_what_was_sent_and_retry_asks_again(tmp_path):
    with Simulator("--accounts", 3, "--instances", 120, "--host-seconds", 20) as simulator, serving(tmp_path, simulator, concurrency__batches=3) as service:
        job = begin(service)
        end = time.monotonic() + 30
        while simulator.calls().get("ssm:SendCommand ok", 0) < 3:
            assert time.monotonic() < end
            time.sleep(0.1)
        answer = service.post(f"/api/v1/jobs/{job}/cancel", "")
        assert answer.status_code == 200 and answer.json()["progress"]["state"] in ("stopping", "cancelled")
        detail = wait(service, job, ["cancelled"])
        assert set(detail["progress"]["reasons"]) <= {"cancelled", "ok", "no_database"} and detail["progress"]["reasons"]["cancelled"] > 300
        assert detail["progress"]["hosts_done"] == detail["progress"]["hosts"] == 360
        assert simulator.calls()["ssm:CancelCommand ok"] == 3 == simulator.calls()["ssm:SendCommand ok"]


def test_retry_asks_only_what_failed(tmp_path):
    with Simulator("--accounts", 4, "--instances", 40, "--share", "undeliverable=0.1", "--share", "timed_out=0.1", "--share", "denied=0.3") as simulator:
        with serving(tmp_path, simulator) as service:
            job = wait(service, begin(service))["job"]["id"]
            before, _ = results(service, job)
            failed = {row["instance_id"] for row in before if row["reason"] in ("undeliverable", "timed_out")}
            sent = {row["instance_id"]: row["attempt"] for row in before}
            assert failed and service.post(f"/api/v1/jobs/{job}/retry", "").status_code == 200
            wait(service, job)
            after, _ = results(service, job)
            assert {row["instance_id"] for row in after if row["attempt"] > sent[row["instance_id"]]} == failed
            assert {row["instance_id"]: row["reason"] for row in after} == {row["instance_id"]: row["reason"] for row in before}
            tasks = service.items(f"/api/v1/jobs/{job}/tasks", params={"limit": 1000})
            assert {task["attempts"] for task in tasks if task["code"] == "access_denied"} == {2}


def test_a_document_that_fails_on_every_tenth_host_halts_the_run(collector, tmp_path):
    with Simulator("--accounts", 20, "--instances", 100, "--share", "failed=0.1") as simulator:
        settings = {"stop_at.at_least": 20, "stop_at.failures": "5%", "concurrency.batches": 5}
        run = scan(collector, simulator, tmp_path, **settings)
        reasons = run.progress["reasons"]
        assert run.code == 4 and run.progress["state"] == "halted" and run.progress["code"] == "failed"
        assert 20 <= reasons["failed"] < 60 and reasons["skipped"] > 1000 and sum(reasons.values()) == 2_000
        assert "more than 5 %" in run.progress["detail"] and simulator.calls()["ssm:SendCommand ok"] < 20
        # What was left out can be asked after the cause is gone.
        assert collector.run("jobs", "retry", run.id, "--store", run.store).returncode == 0
        again = scan(collector, simulator, tmp_path, "--attach", run.id, **settings)
        assert again.progress["state"] == "halted", "the settings of a run are its own"


def test_a_document_that_is_fine_is_not_halted(collector, tmp_path):
    with Simulator("--accounts", 10, "--instances", 100, "--share", "failed=0.03", "--share", "offline=0.1", "--share", "undeliverable=0.1") as simulator:
        run = scan(collector, simulator, tmp_path, **{"stop_at.at_least": 20, "stop_at.failures": "5%"})
        assert run.progress["state"] == "completed" and run.code == 3 and "skipped" not in run.progress["reasons"]


def test_a_new_document_goes_to_the_canary_first(collector, tmp_path):
    with Simulator("--accounts", 5, "--instances", 100, "--databases", "1=1") as simulator:
        canary = {"canary.tags": "{dbcensus: canary}", "canary.percent": 1, "document_hash": hashlib.sha256(b"").hexdigest()}
        run = scan(collector, simulator, tmp_path, **canary)
        assert run.code == 0 and run.progress["reasons"] == {"ok": 500}
        first = query(run.store, "SELECT r.is_canary FROM results r JOIN batches b ON b.row_id = r.batch_row_id GROUP BY r.is_canary ORDER BY MIN(b.row_id)")
        assert first[0] == (1,)
        last_canary, first_rest = query(run.store, """SELECT MAX(CASE WHEN is_canary THEN r.ended_at END), MIN(CASE WHEN NOT is_canary THEN b.sending_at END)
                                                      FROM results r JOIN batches b ON b.row_id = r.batch_row_id""")[0]
        assert last_canary <= first_rest, "the rest waits for the end of the canary"
        # Proven: no canary for the next run.
        again = scan(collector, simulator, tmp_path, **canary)
        assert again.code == 0 and not [row for row in again.results().values() if row["is_canary"]]
        # Without a hash, or while a new document is rolled out, nothing tells which document was proven.
        other = {**canary, "previous_document_hash": "0" * 64}
        for unpinned in ({**canary, "document_hash": None}, other, other):
            run = scan(collector, simulator, tmp_path, **unpinned)
            assert run.code == 0 and [row for row in run.results().values() if row["is_canary"]]


@pytest.mark.parametrize("share, code", [("failed=1", "failed"), ("undeliverable=1", "canary_unanswered")])
def test_a_canary_that_is_not_clean_stops_the_run(collector, tmp_path, share, code):
    with Simulator("--accounts", 5, "--instances", 100, "--share", share) as simulator:
        run = scan(collector, simulator, tmp_path, **{"canary.percent": 1, "stop_at.at_least": 20})
        assert run.code == 4 and run.progress["code"] == code
        asked = [row for row in run.results().values() if row["batch_row_id"]]
        assert len(asked) == 5 and run.progress["reasons"]["skipped"] == 495


def test_a_canary_without_a_host_stops_the_run(collector, tmp_path):
    with Simulator("--accounts", 2, "--instances", 10) as simulator:
        run = scan(collector, simulator, tmp_path, **{"canary.accounts": "999999999999"})
        assert run.code == 4 and run.progress["code"] == "canary_empty" and "ssm:SendCommand ok" not in simulator.calls()


def test_the_schedule_begins_runs(tmp_path):
    with Simulator("--accounts", 1, "--instances", 5) as simulator, serving(tmp_path, simulator, schedule__cron="* * * * *") as service:
        seconds = float(next(line for line in service.get("/metrics").text.splitlines() if line.startswith("dbcensus_next_run_seconds")).split()[1])
        assert 0 <= seconds <= 60
        end = time.monotonic() + 90
        while not (jobs := service.items("/api/v1/jobs")):
            assert time.monotonic() < end
            time.sleep(0.5)
        assert (jobs[0]["origin"], jobs[0]["requested_by"]) == ("schedule", "schedule")
        wait(service, jobs[0]["id"])
        assert service.get("/readyz").json() == {"status": "ready", "discovery": "ok"}


def test_a_service_does_the_work_of_a_scan_on_its_store(collector, tmp_path):
    with Simulator("--accounts", 2, "--instances", 10) as simulator, serving(tmp_path, simulator) as service:
        run = scan(collector, simulator, tmp_path, "--wait", store=service.named)
        assert run.code == 0 and run.progress["hosts"] == 20
        (tmp_path / "token").write_text(service.make_token("scan", "read"))
        remote = collector.run("scan", "--server", service.url, "--token-file", tmp_path / "token", "--wait", "--region", "eu-west-1", timeout=120)
        assert "10 databases" in remote.stdout.decode() or "on 20 hosts that answered" in remote.stdout.decode()
        for command in (["jobs"], ["jobs", "show", run.id], ["jobs", "tasks", run.id], ["jobs", "results", run.id], ["coverage"],
                        ["coverage", "instances"], ["coverage", "history"]):
            local = collector.run(*command, "--store", service.store, *([] if "show" in command else ["--format", "json"]))
            far = collector.run(*command, "--server", service.url, "--token-file", tmp_path / "token", *([] if "show" in command else ["--format", "json"]))
            assert json.loads(local.stdout) == json.loads(far.stdout), command
