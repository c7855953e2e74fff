"""A store in PostgreSQL whose network, disk or certificate fails; and a row for each trap that the driver avoids."""

import os
import shutil
import socket
import subprocess
import threading
import time

import psycopg
import pytest
from conftest import alone
from postgres import BINARIES, StoreServer
from service import ROOT, Service, report

pytestmark = pytest.mark.skipif(BINARIES is None or os.geteuid() != 0, reason="no PostgreSQL server, or not root")
FAST = ("limits.requests_per_second=100000", "limits.request_burst=100000")
COLLECTOR = ROOT / ".build/debug/dbcensus-collector"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    alone()
    with StoreServer(tmp_path_factory.mktemp("postgres") / "server") as server:
        yield server


def hosts(server, name):
    return server.sql("SELECT id FROM hosts ORDER BY row_id", name).split()


class Proxy:
    """Forwards connections to a server, and cuts one in the middle of every commit that `plan` names.

    "before": the server never gets the COMMIT. "after": the server commits, and its answer is lost.
    """

    def __init__(self, port, plan):
        self.port, self.plan, self.cuts = port, iter(plan), []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", self.port))
            cut = threading.Event()
            threading.Thread(target=self.forward, args=[client, upstream, cut], daemon=True).start()
            threading.Thread(target=self.back, args=[upstream, client, cut], daemon=True).start()

    def forward(self, client, upstream, cut):
        try:
            while data := client.recv(65536):
                how = next(self.plan, None) if b"COMMIT\0" in data else None
                if how == "before":
                    self.cuts.append(how)
                    break
                if how == "after":
                    self.cuts.append(how)
                    cut.set()
                    upstream.sendall(data)
                    time.sleep(0.3)
                    break
                upstream.sendall(data)
        except OSError:
            pass
        self.close(client, upstream)

    def back(self, upstream, client, cut):
        try:
            while data := upstream.recv(65536):
                if not cut.is_set():
                    client.sendall(data)
        except OSError:
            pass
        self.close(client, upstream)

    @staticmethod
    def close(*sockets):
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def test_a_network_that_drops_in_mid_commit(server, tmp_path):
    """The outcome is found out, not guessed: each report is acknowledged, and is there once."""
    address = server.database("dropped")
    with Service(tmp_path, store=address) as service:
        service.stop()
    plan = ["after", None, "before", None, None, "after", "before", "after", None, "before"] * 3
    proxy = Proxy(server.port, plan)
    with Service(tmp_path, *FAST, store=address.replace(f":{server.port}/", f":{proxy.address}/")) as service:
        service.token = service.first_token or subprocess.run(
            [COLLECTOR, "token", "create", "--store", address, "--name", "x", "--scopes", "admin"], capture_output=True, text=True).stdout.strip()
        for number in range(20):
            # A write that is cut five times in a row is not acknowledged, and may be there: a sender sends it again.
            answers = [service.send(report(number))]
            while answers[-1].status_code == 503 and len(answers) < 4:
                answers.append(service.send(report(number)))
            outcome = answers[-1].json()["items"][0]["outcome"] if answers[-1].status_code == 200 else answers[-1].text
            assert outcome == "stored" or outcome == "duplicate" and len(answers) > 1, [answer.text for answer in answers]
        assert service.stop() == 0
    assert {"before", "after"} <= set(proxy.cuts) and len(proxy.cuts) >= 10, proxy.cuts
    assert hosts(server, "dropped") == [f"{number:032x}" for number in range(20)], "each once, and in the order in which they came"
    assert server.sql("SELECT count(*) FROM reports", "dropped") == "20"


def test_a_disk_that_fills_on_the_server(tmp_path):
    """What the server cannot store is not acknowledged; when there is room again, it goes on without a restart."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90m", "none", disk], check=True)
    try:
        # The log is elsewhere: a server that cannot write it ends itself.
        class Small(StoreServer):
            def make(self):
                logs = self.folder / "wal"
                self.run("initdb", "-D", self.data, "-X", logs, "-U", "dbcensus", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")

        with Small(tmp_path / "server") as server:
            shutil.chown(disk, "postgres")
            server.sql(f"CREATE TABLESPACE small LOCATION '{disk}'")
            server.sql("CREATE DATABASE tight TABLESPACE small")
            with Service(tmp_path, *FAST, store=server.address("tight")) as service:
                assert service.send(report(0)).status_code == 200
                ballast = disk / "ballast"
                with ballast.open("wb") as file:
                    file.write(bytes(shutil.disk_usage(disk).free - (1 << 20)))
                stored, refused = {f"{0:032x}"}, None
                noise = os.urandom(60_000).hex()
                for number in range(1, 200):
                    answer = service.send(report(number, evidence=[{"field": "version", "value": noise, "source": "x"}]))
                    if answer.status_code != 200:
                        refused = answer
                        break
                    stored.add(f"{number:032x}")
                assert refused is not None and refused.status_code == 507 and int(refused.headers["Retry-After"]) > 0, refused
                assert service.get("/api/v1/hosts").status_code == 200, "questions are still answered"
                ballast.unlink()
                end = time.monotonic() + 30
                while (again := service.send(report(1000))).status_code != 200:
                    assert time.monotonic() < end, again.text
                    time.sleep(0.2)
                stored.add(f"{1000:032x}")
                assert set(hosts(server, "tight")) == stored
                assert service.stop() == 0
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def certificate(folder, name, authority=None):
    """A key and a certificate for `name`, by an authority or by itself."""
    key, file = folder / f"{name}.key", folder / f"{name}.pem"
    signing = ["-CA", authority[1], "-CAkey", authority[0], "-addext", f"subjectAltName=DNS:{name}"] if authority else []
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-keyout", key, "-out", file, *signing], check=True, capture_output=True)
    return key, file


def test_a_server_is_who_it_says(tmp_path):
    ours, other = certificate(tmp_path, "authority"), certificate(tmp_path, "another")
    with StoreServer(tmp_path / "server") as server:
        server.database("secret")

        def present(name):
            key, file = certificate(tmp_path, name, ours)
            for source, target in ((key, "server.key"), (file, "server.crt")):
                shutil.copy(source, server.data / target)
                shutil.chown(server.data / target, "postgres")
                os.chmod(server.data / target, 0o600)
            server.sql("ALTER SYSTEM SET ssl = on")
            server.sql("SELECT pg_reload_conf()")
            time.sleep(1)

        def ask(authority, host="localhost"):
            address = f"postgresql://dbcensus@{host}:{server.port}/secret?sslmode=verify-full&sslrootcert={authority[1]}"
            return subprocess.run([COLLECTOR, "token", "create", "--name", "x", "--scopes", "read", "--store", address], capture_output=True, text=True)

        # Without TLS it is refused: nothing is sent.
        plain = ask(ours)
        assert plain.returncode == 74 and "does not support SSL" in plain.stderr, plain.stderr
        present("localhost")
        assert ask(ours).returncode == 0
        wrong = ask(other)
        assert wrong.returncode == 74 and "certificate verify failed" in wrong.stderr, wrong.stderr
        present("db.example.com")
        elsewhere = ask(ours)
        assert elsewhere.returncode == 74 and "does not match host name" in elsewhere.stderr, elsewhere.stderr


def test_the_doctor_warns_of_an_address_that_trusts_every_server(server):
    address = server.database("trusting")

    def doctor(address):
        return subprocess.run([COLLECTOR, "doctor", "--store", address], capture_output=True, text=True).stdout
    subprocess.run([COLLECTOR, "token", "create", "--name", "x", "--scopes", "read", "--store", address], check=True, capture_output=True)
    assert "ok       server identity" in doctor(address)
    # The name of this machine is not that of the loopback.
    named = address.replace("127.0.0.1", "0.0.0.0")
    assert "warning  server identity: the certificate of the server" in doctor(named)
    assert "warning  server identity" in doctor(f"{address}?hostaddr=0.0.0.0")
    assert "warning  server identity" in doctor(f"{named}?sslmode=disable")


# The traps of PostgreSQL for a store, each as a question to the database after the collector wrote to it.

def test_rows_are_numbered_in_the_order_of_their_commits(server, tmp_path):
    """Two programs write at once: who reads on after the last row that it saw misses none."""
    address = server.database("ordered")
    with Service(tmp_path, *FAST, store=address) as one:
        second = tmp_path / "second"
        second.mkdir()
        with Service(second, *FAST, store=address) as two:
            two.token = one.token
            stop = threading.Event()
            seen, last = [], 0

            def watch():
                nonlocal last
                with psycopg.connect(address, autocommit=True) as connection:
                    while not stop.is_set():
                        for (row,) in connection.execute("SELECT row_id FROM hosts WHERE row_id > %s ORDER BY row_id", [last]):
                            seen.append(row)
                            last = row

            def send(service, first):
                for number in range(first, first + 60):
                    assert service.send(report(number)).status_code == 200
            threads = [threading.Thread(target=send, args=[s, f]) for s, f in ((one, 0), (one, 1000), (two, 2000), (two, 3000))]
            watcher = threading.Thread(target=watch)
            watcher.start()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            time.sleep(0.5)
            stop.set()
            watcher.join()
            assert len(seen) == 240 == len(hosts(server, "ordered"))
            assert two.stop() == 0
        assert one.stop() == 0


def test_text_sorts_by_its_bytes_whatever_the_database_sorts_by(server, tmp_path):
    server.sql("CREATE DATABASE sorted TEMPLATE template0 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'")
    with Service(tmp_path, *FAST, store=server.address("sorted")) as service:
        names = ["a", "B", "ä", "z", "Z", "_", "a-b", "a b", "ab", "\U00010348", "\uffee"]
        for number, name in enumerate(names):
            assert service.send(report(number, host={"hostname": name})).status_code == 200
        page, found = "/api/v1/hosts?sort=hostname&limit=3", []
        cursor = ""
        while cursor is not None:
            answer = service.get(page + (f"&cursor={cursor}" if cursor else "")).json()
            found += [item["hostname"] for item in answer["items"]]
            cursor = answer["next_cursor"]
        assert found == sorted(names, key=lambda name: name.encode())
    columns = server.sql("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'text' AND collation_name"
                         " IS DISTINCT FROM 'C'", "sorted")
    assert columns == "0"


def test_one_bad_report_of_a_batch_costs_itself_alone(server, tmp_path):
    """An error ends the transaction of a batch: its other reports are stored in savepoints."""
    with Service(tmp_path, *FAST, store=server.database("mixed")) as service:
        server.sql("ALTER TABLE hosts ADD CONSTRAINT trap CHECK (hostname <> 'db3')", "mixed")
        outcomes = [item["outcome"] for item in service.send(*[report(number) for number in range(6)]).json()["items"]]
        assert outcomes == ["stored", "stored", "stored", "rejected", "stored", "stored"]
        assert len(hosts(server, "mixed")) == 5


@pytest.mark.parametrize("state", ["40001", "40P01", "57P01"])
def test_an_error_that_passes_is_tried_again_as_a_whole(server, tmp_path, state):
    """The server refuses the first attempts of a transaction with this state."""
    name = "again" + state.lower()
    with Service(tmp_path, *FAST, store=server.database(name)) as service:
        server.sql(f"""
            CREATE SEQUENCE attempts;
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('attempts') < 3 THEN RAISE EXCEPTION 'not now' USING ERRCODE = '{state}'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON hosts FOR EACH ROW EXECUTE FUNCTION refuse()""", name)
        assert service.send(report(1)).json()["items"][0]["outcome"] == "stored"
        assert server.sql("SELECT last_value FROM attempts", name) == "3" and len(hosts(server, name)) == 1
        assert server.sql("SELECT count(*) FROM reports", name) == "1"


def test_a_commit_has_no_time_limit_of_the_server(server, tmp_path):
    """A limit on statements would cancel the wait for a standby, and the server would answer as if all were well."""
    address = server.database("limited")
    server.sql("ALTER ROLE dbcensus IN DATABASE limited SET statement_timeout = '1s'")
    with Service(tmp_path, *FAST, store=address) as service:
        with psycopg.connect(server.address("postgres")) as holder, psycopg.connect(address) as writer:
            writer.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(b"dbcensus")])
            answers = []
            sender = threading.Thread(target=lambda: answers.append(service.send(report(1)).status_code))
            sender.start()
            # Longer than the limit.
            time.sleep(2.5)
            assert not answers
            writer.rollback()
            holder.rollback()
            sender.join()
        assert answers == [200]
