"""What hosts say of themselves, on its way to terminals, spreadsheets, logs and HTTP peers."""

import json
import os
import pty
import re
import socket
import subprocess
import time

import pytest

from service import BINARY, Service, report

EVIL = "ev\u009b31mil\u202etxt\u200b\u3164\ufeff token=deadbeef outcome=stored"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("safety"), "log.level=debug") as running:
        running.send(report(1, host={"hostname": EVIL}))
        running.send(report(2, host={"hostname": "x;=HYPERLINK(1)"}))
        running.send(report(3, host={"hostname": "\u3164"}))
        running.send(report(4, host={"hostname": "z" + "\u0300" * 80}))
        yield running


def raw(text):
    return re.findall("[\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u3164]", text)


def on_a_terminal(*arguments):
    """Standard output as a terminal shows it."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([BINARY, *map(str, arguments)], stdout=follower, stderr=subprocess.DEVNULL)
    os.close(follower)
    seen = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    process.wait()
    os.close(leader)
    return seen.decode()


def test_json_shows_nothing_raw_and_means_the_same(service):
    answer = service.get("/api/v1/hosts")
    assert not raw(answer.text) and answer.json()["items"][0]["hostname"] == EVIL
    detail = service.get(f"/api/v1/hosts/{1:032x}")
    assert not raw(detail.text) and detail.json()["report"]["hostname"] == EVIL
    problem = service.get("/api/v1/hosts?" + "x\u202e=1")
    assert problem.status_code == 400 and not raw(problem.text)
    for command in [["hosts", "--format", "json"], ["show", f"{1:032x}"]]:
        shown = subprocess.run([BINARY, *command, "--store", service.store], capture_output=True, text=True).stdout
        assert not raw(shown) and EVIL in json.dumps(json.loads(shown), ensure_ascii=False)


def test_csv_on_a_terminal_and_in_a_file(service):
    shown = on_a_terminal("hosts", "--format", "csv", "--store", service.store)
    assert not raw(shown) and "\\x9b" in shown and "\\u{202e}" in shown
    kept = subprocess.run([BINARY, "hosts", "--format", "csv", "--store", service.store], capture_output=True, text=True).stdout
    assert EVIL in kept and "x;'=HYPERLINK(1)" in kept
    assert "x;'=HYPERLINK(1)" in service.get("/api/v1/hosts", headers={"Accept": "text/csv"}).text


def test_tables_show_what_is_there(service):
    shown = on_a_terminal("hosts", "--store", service.store)
    assert "\\u{3164}" in shown and shown.count("\u0300") <= 8


def test_logs_have_one_value_a_field(tmp_path):
    log = tmp_path / "serve.log"
    with Service(tmp_path) as running:
        running.stop()
    with log.open("ab") as file:
        process = subprocess.Popen([BINARY, "serve", "--store", tmp_path / "inventory.sqlite", "--set", "server.port=0", "--set", "log.format=text",
                                    "--set", "log.level=debug"], stderr=file)
        end = time.monotonic() + 20
        while "NOTICE" not in log.read_text() and time.monotonic() < end:
            time.sleep(0.05)
        port = int(re.findall(r"url=http://127.0.0.1:(\d+)", log.read_text())[-1])
        with socket.create_connection(("127.0.0.1", port)) as link:
            link.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            link.recv(1000)
        process.terminate()
        process.wait()
    text = log.read_text()
    assert not raw(text)
    line = next(line for line in text.splitlines() if "request" in line and "healthz" in line)
    fields = re.findall(r' (\w+)=("(?:[^"\\]|\\.)*"|[^ "]*)', line)
    assert {name for name, _ in fields} >= {"method", "route", "status", "address"}


def exchange(service, text, timeout=5):
    host, port = service.url.split("//")[1].split(":")
    with socket.create_connection((host, int(port)), timeout=timeout) as link:
        link.sendall(text.encode())
        answer = b""
        try:
            while part := link.recv(65536):
                answer += part
        except TimeoutError:
            pass
    return answer


@pytest.mark.parametrize("head, status", [
    ("GET /healthz HTTP/1.1\r\nConnection: close\r\n", 400),
    ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n", 400),
    ("GET /healthz HTTP/1.1\r\nHost: a\r\nhost: a\r\nConnection: close\r\n", 400),
    ("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", 200),
    ("GET /healthz HTTP/1.0\r\n", 200),
    ("POST /api/v1/reports HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
    ("POST /api/v1/reports HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501),
    ("POST /api/v1/reports HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n", 501),
])
def test_the_head_of_a_request(service, head, status):
    answer = exchange(service, head + "\r\n", timeout=3)
    if status == 501 and not answer.startswith(b"HTTP/1.1 501"):
        assert answer.startswith(b"HTTP/1.1 400") or answer == b"", "the parser refuses some forms itself"
        return
    assert answer.startswith(f"HTTP/1.1 {status}".encode()) or answer.startswith(f"HTTP/1.0 {status}".encode()), answer[:200]
    if status != 200:
        assert b"problem+json" in answer and answer.count(b"HTTP/1.") == 1


def test_expect_100_continue_is_answered_at_once(service, tmp_path):
    body = tmp_path / "body"
    body.write_text(json.dumps(report(9)))
    done = subprocess.run(["curl", "-sS", "-v", "-H", "Expect: 100-continue", "-H", f"Authorization: Bearer {service.token}", "--expect100-timeout", "20",
                           "-m", "10", "--data-binary", f"@{body}", f"{service.url}/api/v1/reports"], capture_output=True, text=True)
    assert done.returncode == 0 and '"stored"' in done.stdout, done
    assert "100 Continue" in done.stderr and "200 OK" in done.stderr


def test_the_first_token_ends(tmp_path):
    with Service(tmp_path) as running:
        first = running.token
        (row,) = running.items("/api/v1/tokens")
        assert row["loopback_only"] and row["expires_at"]
        for header in [{"X-Client-IP": "1.2.3.4"}, {"True-Client-IP": "1.2.3.4"}, {"Host": "127.0.0.1:x@evil"}, {"Host": "127.0.0.1:1:2"}]:
            assert running.get("/api/v1/tokens", headers=header).status_code in (400, 401), header
        running.token = running.make_token("admin")
        assert running.get("/api/v1/tokens", token=first).status_code == 401
        assert running.get("/api/v1/tokens").status_code == 200


def test_a_hosts_name_is_not_another_hosts_id(service):
    victim = f"{21:032x}"
    service.send(report(21))
    service.send(report(22, host={"hostname": victim}))
    assert [row["id"] for row in service.items(f"/api/v1/hosts?host={victim}")] == [victim]
    assert {row["host_id"] for row in service.items(f"/api/v1/databases?host={victim}")} == {victim}
    assert [row["id"] for row in service.items("/api/v1/hosts?host=db21")] == [victim]


def test_a_cluster_is_of_one_account(service):
    for number, account in [(31, "111122223333"), (32, "999999999999")]:
        cloud = {"provider": "aws", "account_id": account, "region": "eu-west-1", "instance_id": f"i-0aaaaaaaaaaaaaa{number}", "availability_zone": None,
                 "instance_type": None}
        service.send(report(number, host={"cloud": cloud}, identity={"system_identifier": "7300000000000000001"}))
    clusters = [row for row in service.items("/api/v1/clusters?limit=1000") if "7300000000000000001" in row["id"]]
    assert [row["databases"] for row in clusters] == [1, 1]
