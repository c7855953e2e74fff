"""Who gets in, how often, and over which wire."""

import concurrent.futures
import json
import os
import re
import socket
import ssl
import subprocess
import time

import psutil
import pytest
import requests

import stores
from service import BINARY, Service, report


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("access"), "limits.header_seconds=2", "limits.body_seconds=3", "limits.idle_seconds=3",
                 "limits.requests_per_second=1000", "limits.request_burst=1000") as running:
        yield running


def test_the_first_token_is_shown_once_and_stays_on_this_machine(tmp_path):
    with Service(tmp_path) as first:
        assert first.token and first.get("/api/v1/tokens").status_code == 200
        for header in [{"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-Proto": "https"}, {"Via": "1.1 x"}, {"Host": "dbcensus.example.com"},
                       {"Host": "127.0.0.1.example.com:1"}]:
            assert first.get("/api/v1/tokens", headers=header).status_code == 401
        for host in ["localhost", "[::1]", "[::1]:8629", "127.0.0.2:1"]:
            assert first.get("/api/v1/tokens", headers={"Host": host}).status_code == 200
        first.ask("DELETE", f"/api/v1/tokens/{first.token.split('_')[1]}")
        assert first.stop() == 0
    with Service(tmp_path) as second:
        assert second.log_path.read_text().count("dbc_") == 1
        assert second.token is None
    if stores.SERVER:
        kept = str(stores.query(first.store, "SELECT * FROM tokens")).encode()
    else:
        kept = b"".join(path.read_bytes() for path in tmp_path.glob("inventory.sqlite*"))
    assert first.token.split("_")[2].encode() not in kept and first.token.split("_")[1].encode() in kept


def test_nothing_but_the_probes_answers_without_a_token(service):
    document = service.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method in operations:
            answer = service.ask(method.upper(), path.replace("{id}", "x"), token=None)
            assert answer.status_code == (200 if path in ("/healthz", "/readyz") else 401), (method, path)
            if answer.status_code == 401:
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            time.sleep(5.1 if answer.status_code == 429 else 0)
            if "WWW-Authenticate" in answer.headers:
                reset(service)


def reset(service):
    """Failures count by address: each comes from another one of this machine's."""
    reset.number += 1
    source = f"127.0.{reset.number // 250}.{reset.number % 250 + 2}"
    service.session.mount("http://", Source(source))


reset.number = 0


class Source(requests.adapters.HTTPAdapter):
    """Connections from one address."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, source_address=(self.address, 0), **options)


def test_scopes_and_ends_hold(service):
    reader, sender = service.make_token("read"), service.make_token("ingest")
    assert service.get("/api/v1/hosts", token=reader).status_code == 200
    assert service.get("/api/v1/audit", token=reader).status_code == 403
    assert service.send(report(), token=reader).status_code == 403
    assert service.send(report(), token=sender).status_code == 200
    assert service.get("/api/v1/hosts", token=sender).status_code == 403
    assert service.get("/api/v1/hosts", token=reader[:-1] + ("0" if reader[-1] != "0" else "1")).status_code == 401
    stores.change(service.store, "UPDATE tokens SET expires_at = '2026-01-01T00:00:00.000Z' WHERE id = ?", reader.split("_")[1])
    assert service.get("/api/v1/hosts", token=reader).status_code == 401
    service.ask("DELETE", f"/api/v1/tokens/{sender.split('_')[1]}")
    assert service.send(report(1), token=sender).status_code == 401
    for form in ["Basic eDp5", "Bearer", "Bearer x", f"Bearer {service.token} y", "Bearer dbc__", "bearer " + service.token]:
        answer = service.get("/api/v1/hosts", token=None, headers={"Authorization": form})
        assert answer.status_code == (200 if form.startswith("bearer") else 401)
        reset(service)


def test_guesses_are_slowed_and_a_good_token_from_the_same_address_is_not(service):
    guesser = requests.Session()
    guesser.mount("http://", Source("127.9.9.9"))
    statuses = [guesser.get(service.url + "/api/v1/hosts", headers={"Authorization": f"Bearer dbc_{n:012x}_{'0' * 64}"}).status_code
                for n in range(30)]
    assert statuses[:10] == [401] * 10 and statuses[12:] == [429] * 18
    assert int(guesser.get(service.url + "/api/v1/hosts").headers["Retry-After"]) >= 1
    good = service.make_token("read")
    assert guesser.get(service.url + "/api/v1/hosts", headers={"Authorization": f"Bearer {good}"}).status_code == 200


def test_one_address_does_not_take_every_connection(tmp_path):
    with Service(tmp_path, "limits.connections=60", "limits.connections_per_address=50") as busy:
        host, port = re.match(r"http://([^:]+):(\d+)", busy.url).groups()
        connections = [socket.create_connection((host, int(port)), source_address=("127.7.7.7", 0)) for _ in range(100)]
        time.sleep(0.5)
        assert busy.get("/healthz").status_code == 200
        for connection in connections:
            connection.close()


def test_uploads_that_only_promise_take_no_room(service):
    host, port = re.match(r"http://([^:]+):(\d+)", service.url).groups()
    head = f"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.make_token('ingest')}\r\nContent-Length: 16777216\r\n\r\n"
    connections = []
    for _ in range(8):
        connection = socket.create_connection((host, int(port)))
        connection.sendall(head.encode())
        connections.append(connection)
    assert service.send(report(77)).status_code == 200
    for connection in connections:
        connection.close()


def test_a_token_that_asks_too_often_waits(tmp_path):
    with Service(tmp_path, "limits.requests_per_second=2", "limits.request_burst=5") as slow:
        with concurrent.futures.ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(lambda _: slow.get("/openapi.json"), range(60)))
        allowed = sum(answer.status_code == 200 for answer in answers)
        assert 5 <= allowed and {answer.status_code for answer in answers} == {200, 429}
        late = next(a for a in answers if a.status_code == 429)
        assert late.json()["retry_after"] == int(late.headers["Retry-After"]) == 1
        time.sleep(1.1)
        assert slow.get("/openapi.json").status_code == 200


def talk(service, *parts, pause=0.0):
    """Sends parts, and returns what came until the other side closed, and how long that took."""
    host, port = re.match(r"http://([^:]+):(\d+)", service.url).groups()
    start = time.monotonic()
    received = b""
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            while data := connection.recv(65536):
                received += data
        except (BrokenPipeError, ConnectionResetError):
            pass
    return received, time.monotonic() - start


def test_slow_and_oversized_requests_are_cut_off(service):
    _, seconds = talk(service)
    assert seconds < 10, "a connection without a request"
    received, seconds = talk(service, *[b"GET / HTTP/1.1\r\n"] + [b"X-A: b\r\n"] * 40, pause=0.25)
    assert b"200 OK" not in received and seconds < 10, "a header that drips"
    token = service.token.encode()
    head = b"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + b"\r\nContent-Length: 1000\r\n\r\n"
    received, seconds = talk(service, head, *[b"x"] * 60, pause=0.2)
    assert b"200 OK" not in received and seconds < 15, "a body that drips"
    received, _ = talk(service, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n")
    assert b"200 OK" not in received
    received, _ = talk(service, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(2000)) + b"\r\n")
    assert b"200 OK" not in received
    received, _ = talk(service, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200))
    assert b"200 OK" not in received
    assert service.get("/healthz").status_code == 200


def test_a_reader_that_never_reads_costs_nothing_but_itself(service):
    service.send(*[report(n, databases=20) for n in range(3000, 3060)])
    host, port = re.match(r"http://([^:]+):(\d+)", service.url).groups()
    request = (f"GET /api/v1/databases?limit=1000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.token}\r\n\r\n" * 20).encode()
    before = service.memory()
    connections = []
    for _ in range(20):
        connection = socket.create_connection((host, int(port)))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(request)
        connections.append(connection)
    time.sleep(2)
    assert service.get("/healthz").status_code == 200
    assert service.memory() - before < 200 << 20
    ports = {connection.getsockname()[1] for connection in connections}

    def held():
        return sum(c.raddr.port in ports for c in psutil.Process(service.process.pid).net_connections() if c.raddr)
    assert held() > 0
    for _ in range(900):
        if held() == 0:
            break
        time.sleep(0.2)
    assert held() == 0
    for connection in connections:
        connection.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    for name in ["one", "two"]:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "30",
                        "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"], cwd=folder, check=True, capture_output=True)
    return folder


def common_name(service):
    host, port = re.match(r"https://([^:]+):(\d+)", service.url).groups()
    pem = ssl.get_server_certificate((host, int(port)))
    done = subprocess.run(["openssl", "x509", "-noout", "-subject"], input=pem.encode(), capture_output=True, check=True)
    return done.stdout.decode().split("CN")[-1].strip(" =\n")


def test_tls_and_its_reload(tmp_path, certificates, collector):
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"

    def use(name):
        certificate.write_bytes((certificates / f"{name}.pem").read_bytes())
        key.write_bytes((certificates / f"{name}.key").read_bytes())
    use("one")
    running = Service(tmp_path, f"server.certificate={certificate}", f"server.private_key={key}", "server.address=0.0.0.0")
    running.verify = str(certificates / "one.pem")
    with running:
        running.url = running.url.replace("0.0.0.0", "127.0.0.1")
        answer = running.get("/api/v1/hosts")
        assert answer.status_code == 200 and "max-age" in answer.headers["Strict-Transport-Security"]
        assert common_name(running) == "one"
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(running.url.replace("https", "http") + "/healthz", timeout=5)
        token = tmp_path / "token"
        token.write_text(running.token + "\n")
        asked = collector.run("hosts", "--server", running.url, "--token-file", token, "--ca-file", certificates / "one.pem")
        assert b"No such host" in asked.stdout
        refused = collector.run("hosts", "--server", running.url, "--token-file", token, check=False)
        assert refused.returncode == 69, "a certificate that nobody vouches for"
        use("two")
        running.process.send_signal(1)
        for _ in range(100):
            if common_name(running) == "two":
                break
            time.sleep(0.05)
        assert common_name(running) == "two"
        key.write_text("nonsense")
        running.process.send_signal(1)
        time.sleep(0.5)
        assert common_name(running) == "two" and "reload failed, nothing changed" in running.log_path.read_text()


def test_what_would_be_unsafe_is_refused(collector, tmp_path):
    def refusal(*settings, **environment):
        arguments = [part for setting in settings for part in ("--set", setting)]
        done = collector.run("serve", "--store", tmp_path / "x.sqlite", *arguments, check=False, env={**os.environ, **environment})
        assert done.returncode == 78, done.stderr
        return done.stderr.decode()
    assert "not a loopback address" in refusal("server.address=0.0.0.0")
    assert "not a loopback address" in refusal(DBCENSUS_SERVER_ADDRESS="10.0.0.1")
    assert "not a loopback address" in refusal("server.address=127.0.0.1.example.com")
    assert "belong together" in refusal("server.certificate=/x")
    assert "not a readable certificate" in refusal("server.certificate=/x", "server.private_key=/y")
    with Service(tmp_path, "server.address=0.0.0.0", "server.trust_proxy=true") as proxied:
        proxied.url = proxied.url.replace("0.0.0.0", "127.0.0.1")
        assert proxied.get("/healthz").status_code == 200
        assert proxied.get("/api/v1/hosts").status_code == 401, "behind a proxy everybody seems to be on this machine"


def test_the_configuration_names_the_line_of_a_mistake(collector, tmp_path):
    file = tmp_path / "collector.yaml"

    def refusal(text, **environment):
        file.write_text(text)
        done = collector.run("serve", "--config", file, "--store", tmp_path / "x.sqlite", check=False, env={**os.environ, **environment})
        assert done.returncode == 78, done.stderr
        return done.stderr.decode()
    assert f"{file}, line 3: there is no setting \"server.prot\"" in refusal("# a comment\nserver:\n  prot: 1\n")
    assert "line 2: server.port must be a whole number from 0 to 65535, not \"x\"" in refusal("server:\n  port: x\n")
    assert "line 2: server.port must be a whole number from 0 to 65535, not a list or a map" in refusal("server:\n  port: [1]\n")
    assert "line 1" in refusal("- a\n") and "line 1" in refusal("server: 1\n")
    assert str(file) in refusal("server: [\n")
    assert "DBCENSUS_SERVER_PROT" in refusal("", DBCENSUS_SERVER_PROT="1")
    file.write_text("server:\n  port: 1\nlog:\n  level: debug\n")
    with Service(tmp_path, environment={"DBCENSUS_SERVER_PORT": "2"}) as running:
        assert running.get("/healthz").status_code == 200, "a flag wins over the environment and the file"
