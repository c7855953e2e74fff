"""`store migrate`: a store moves to a PostgreSQL server and back, row for row, and goes on after an interruption."""

import json
import subprocess

from service import Service, report
from test_postgresql import FAST, QUESTIONS, pytestmark, server  # noqa: F401


def filled(folder, store):
    """A store with hosts, tokens, tags, changes and a rejected report."""
    folder.mkdir()
    with Service(folder, *FAST, store=store) as service:
        for number in range(60):
            for minute in range(2):
                changed = report(number, minute, databases=3)
                changed["databases"][0]["version"] = f"8.{minute}.\\t\u4e2d\n\U0001f600"
                assert service.send(changed).status_code == 200
        service.send({**report(1), "schema": "dbcensus.report/9"})
        assert service.ask("PATCH", f"/api/v1/hosts/{1:032x}/tags", json={"owner": "o\u2028ps"}).status_code in (200, 204)
        return {question: service.get("/api/v1" + question).json() for question in QUESTIONS if "missing" not in question}


def test_a_store_moves_to_a_server_and_back(server, collector, tmp_path):
    file, address, back = tmp_path / "a.sqlite", server.database("moved"), tmp_path / "b.sqlite"
    before = filled(tmp_path / "before", file)
    there = collector.run("store", "migrate", "--from", file, "--to", address).stderr.decode()
    home = collector.run("store", "migrate", "--from", address, "--to", back).stderr.decode()
    sums = [said.split("checksum ")[1].split(".")[0] for said in (there, home)]
    assert "is a complete copy of" in there and sums[0] != "cbf29ce484222325"
    # The copy wrote one line of audit of its own.
    rows = [int(said.split(": ")[-1].split(" rows")[0]) for said in (there, home)]
    assert rows[1] == rows[0] + 1
    for name, store in (("server", address), ("back", back)):
        for question in ("databases", "hosts", "changes"):
            shown = json.loads(collector.run(question, "--store", store, "--format", "json").stdout)["items"]
            wanted = before["/" + question]["items"]
            assert shown[:len(wanted)] == wanted, (name, question)
        found = json.loads(collector.run("databases", "--store", store, "--search", "mysql1", "--format", "json").stdout)
        assert len(found["items"]) == 60
    # What is copied has partitions of its own time.
    assert server.sql("SELECT count(*) FROM reports_default", "moved") == "0"
    # Both go on where the other ended: rows have new numbers.
    for number, store in ((900, address), (901, back)):
        collector.run("ingest", "--store", store, "-", input=json.dumps(report(number)).encode())


def test_a_move_that_is_interrupted_goes_on(server, collector, tmp_path):
    file, address = tmp_path / "a.sqlite", server.database("interrupted")
    filled(tmp_path / "before", file)
    command = [str(collector.path), "store", "migrate", "--from", str(file), "--to", address]
    for _ in range(6):
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        for line in process.stderr:
            if b"copying reports" in line or b"copying databases" in line:
                break
        process.kill()
        process.wait()
    done = collector.run("databases", "--store", address, check=False)
    assert done.returncode == 0 or b"is an incomplete copy" in done.stderr
    if done.returncode:
        # Another store does not go into it.
        filled(tmp_path / "other", tmp_path / "other.sqlite")
        other = collector.run("store", "migrate", "--from", tmp_path / "other.sqlite", "--to", address, check=False)
        assert other.returncode != 0 and b"is an incomplete copy of" in other.stderr
        said = collector.run("store", "migrate", "--from", file, "--to", address).stderr.decode()
        assert "is a complete copy of" in said
    done = collector.run("store", "migrate", "--from", file, "--to", address, check=False)
    assert done.returncode != 0 and b"with contents" in done.stderr
    assert len(json.loads(collector.run("hosts", "--store", address, "--format", "json").stdout)["items"]) == 60
