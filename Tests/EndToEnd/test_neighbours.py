"""What other users of a host do beside the databases: load, impostors, files that are not theirs, and noise."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

import servers
from folders import open_to_all
from impostor import NOBODY, Impostor, build

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="other users' processes take root")
LOOP = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "sh", "-c", "while :; do :; done"]


@pytest.fixture(scope="session")
def listener(tmp_path_factory):
    return build(tmp_path_factory.mktemp("listener"))


def report_of(agent, *arguments, **options):
    return agent.json("scan", "--no-sizes", "--format", "json", *arguments, **options)


def running(report):
    return {d["key"]: (d["process"]["pid"], d["version"]) for d in report["databases"] if d["state"] == "running"}


def codes(report):
    return [p["code"] for p in report["scan"]["problems"]]


@pytest.mark.parametrize("loops", [8, 20])
def test_a_saturated_host_hides_no_server(agent, mariadb, postgresql, mongodb, loops):
    """So many busy loops of another user on this host's processors: what an idle scan finds, a busy one finds within ten seconds."""
    idle = report_of(agent)
    crowd = [subprocess.Popen(LOOP, start_new_session=True) for _ in range(loops)]
    try:
        busy = report_of(agent, "--deadline", "10s")
        measured = agent.json("scan", "--format", "json", "--deadline", "10s")
    finally:
        for process in crowd:
            process.kill()
            process.wait()
    assert running(busy) == running(idle) and len(running(busy)) >= 3
    assert busy["scan"]["status"] == "complete"
    # Sizes may be cut by the deadline: each says so itself, and no database is missing because of it.
    assert running(measured) == running(idle) and measured["scan"]["status"] == "complete"


def test_it_looks_at_ordinary_priority_and_measures_at_the_lowest(agent, postgresql, tmp_path):
    trace = tmp_path / "trace"
    agent.run("scan", "--format", "json", prefix=["strace", "-f", "-y", "-e", "trace=setpriority,ioprio_set,openat,statx,clone", "-o", trace])
    lines = [" ".join(line.split()) for line in trace.read_text().splitlines()]
    polite = [i for i, line in enumerate(lines) if "setpriority(PRIO_PROCESS, 0, 19) = 0" in line]
    idle = [i for i, line in enumerate(lines) if "ioprio_set(IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)) = 0" in line]
    assert len(polite) == len(idle) == 1
    files = [i for i, line in enumerate(lines) if "openat(" in line and any(name in line for name in ["pg_control", "postgresql.conf", "dpkg/status"])]
    assert files and max(files) < polite[0]
    sizes = [i for i, line in enumerate(lines) if "statx" in line and "AT_NO_AUTOMOUNT" in line]
    assert sizes and min(sizes) > polite[0]


@pytest.mark.parametrize("name", ["mysqld", "mariadbd"])
@pytest.mark.parametrize("uid", [0, "mysql"])
def test_an_impostor_inherits_no_data_directory(agent, mariadb, listener, name, uid):
    """It listens, is called like the server, stands in its data directory and names it: of two claims the one that is proven counts."""
    uid = uid if uid == 0 else servers.pwd.getpwnam(uid).pw_uid
    environment = {"MYSQL_VERSION": "9.9.9", "MARIADB_VERSION": "9.9.9"}
    with Impostor(listener, name, f"--datadir={mariadb.data}", directory=mariadb.data, uid=uid, environment=environment) as impostor:
        report = report_of(agent)
    assert impostor.pid not in {d["process"]["pid"] for d in report["databases"] if d["process"]}
    (real,) = [d for d in report["databases"] if d["data_directories"] and d["data_directories"][0]["path"] == str(mariadb.data)]
    assert real["process"]["pid"] == mariadb.process.pid and real["state"] == "running" and "#" not in real["key"]
    assert ("not_a_database", f"pid {impostor.pid}") in {(p["code"], p["subject"]) for p in report["scan"]["problems"]}
    assert report["scan"]["status"] == "complete"


@pytest.mark.parametrize("name, fixture", [("postgres", "postgresql"), ("mongod", "mongodb"), ("mongos", "mongodb")])
def test_an_impostor_of_another_engine(agent, listener, request, name, fixture):
    server = request.getfixturevalue(fixture)
    with Impostor(listener, name, "-D", server.data, "--dbpath", server.data, directory=server.data) as impostor:
        report = report_of(agent)
    assert impostor.pid not in {d["process"]["pid"] for d in report["databases"] if d["process"]}
    assert [d["process"]["pid"] for d in report["databases"] if d["key"].endswith(str(server.data)) and d["process"]] == [server.process.pid]


def test_an_impostor_does_not_serve_what_is_stopped(agent, stopped_postgresql, listener):
    """Nothing but a name and a working directory: the cluster is stopped, or its state unknown, and never running."""
    with Impostor(listener, "postgres", "-D", stopped_postgresql.data, directory=stopped_postgresql.data):
        report = report_of(agent)
    assert not [d for d in report["databases"] if d["state"] == "running" and str(stopped_postgresql.data) in d["key"]]


CANARY = "canary31337"
SECRET = {
    "ini": f"[mysqld]\nport={CANARY}\nsocket={CANARY}\nbind-address={CANARY}.example\nlog-error={CANARY}.err\n"
           f"wsrep_cluster_name={CANARY}\n[auto]\nserver-uuid={CANARY}\n",
    "yaml": f"net:\n  port: {CANARY}\n  bindIp: {CANARY}.example\nsystemLog:\n  path: /{CANARY}\nreplication:\n  replSetName: {CANARY}\n",
    "conf": f"port = {CANARY}\nlisten_addresses = '{CANARY}.example'\ncluster_name = '{CANARY}'\n",
    "first": f"10.11.6-{CANARY}\n", "uuid": f"uuid:    {CANARY}\nseqno: 1\n",
}


@pytest.fixture
def secrets(tmp_path):
    """Files of root's alone, that a user knows the names of: closed by their mode, and by a directory above them."""
    directory = tmp_path / "secrets"
    directory.mkdir()
    for name, text in SECRET.items():
        for place in [directory, directory / "below"]:
            place.mkdir(exist_ok=True)
            (place / name).write_text(text)
            (place / name).chmod(0o600 if place == directory else 0o644)
    (directory / "below").chmod(0o700)
    open_to_all(directory)
    return directory


@pytest.mark.parametrize("place", [".", "below"])
def test_a_users_server_reveals_no_file_of_root(agent, listener, secrets, tmp_path, place):
    """By arguments, includes, and links in its data directory; the directory carries an engine's marks, so the fake is a server."""
    home = tmp_path / "home"
    data = home / "data"
    (data / "mysql").mkdir(parents=True)
    for mark in ["ibdata1", "aria_log_control", "PG_VERSION"]:
        (data / mark).write_bytes(b"15\n" if mark == "PG_VERSION" else bytes(64))
    (data / "global").mkdir()
    files = secrets / place
    for link, name in {"auto.cnf": "ini", "grastate.dat": "uuid", "mysql_upgrade_info": "first", "postgresql.conf": "conf", "mysqld-auto.cnf": "ini",
                       "postgresql.auto.conf": "conf", "binlog.000001": "first", "ib_logfile0": "first"}.items():
        (data / link).symlink_to(files / name)
    (home / "include.cnf").write_text(f"!include {files}/ini\n")
    for path in [home, data, *data.rglob("*"), home / "include.cnf"]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    fakes = [
        ("mysqld", f"--defaults-file={files}/ini", f"--datadir={data}"),
        ("mariadbd", f"--defaults-file={home}/include.cnf", f"--datadir={data}"),
        ("postgres", "-D", data, "-c", f"config_file={files}/conf"),
        ("mongod", "-f", f"{files}/yaml", "--dbpath", data),
    ]
    for name, *arguments in fakes:
        with Impostor(listener, name, *arguments, directory=data, uid=NOBODY):
            report = agent.run("scan", "--no-sizes", "--format", "json").stdout.decode()
        assert CANARY not in report, name
        assert json.loads(report)["scan"]["status"] == "complete", name
    # The same by links alone, without a process, in a place where stopped databases are looked for.
    stopped = pathlib.Path("/var/lib/mysql-dbcensus-test")
    shutil.copytree(data, stopped, symlinks=True)
    try:
        for path in [stopped, *stopped.rglob("*")]:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        report = agent.run("scan", "--no-sizes", "--format", "json").stdout.decode()
        assert str(stopped) in report and CANARY not in report
    finally:
        shutil.rmtree(stopped)


def test_what_the_servers_own_user_may_read_is_read(agent, mariadb):
    """The same rule does not cost a real server its settings: its option file is readable to its user."""
    (real,) = [d for d in report_of(agent)["databases"] if d["process"] and d["process"]["pid"] == mariadb.process.pid]
    assert real["settings"]["max_connections"] == "77" and real["settings"]["server_id"] == "4711"


@pytest.mark.parametrize("name, option", [
    ("mysqld", "--bind-address=user:PWcanary@10.0.0.1"), ("mysqld", "--socket=mysql://user:PWcanary@host"), ("mysqld", "--log-error=u:PWcanary@h.err"),
    ("mysqld", "--port=PWcanary"), ("mysqld", "--user=u:PWcanary@h"), ("mysqld", "--server-id=PWcanary"), ("mysqld", "-PPWcanary"),
    ("postgres", "--listen_addresses=postgres://user:PWcanary@host"), ("postgres", "-cport=PWcanary"), ("postgres", "-kpostgres://u:PWcanary@h"),
    ("mongod", "--bind_ip=mongodb://user:PWcanary@host"), ("mongod", "--replSet=mongodb://u:PWcanary@h"), ("mongod", "--configdb=u:PWcanary@h"),
])
def test_values_of_another_form_do_not_leave(agent, listener, name, option, mariadb, postgresql, mongodb):
    """The process is a server by its executable's strings; the value is not reported, and a problem says which one without quoting it."""
    words = {"mysqld": b"\0MySQL 8.0.36\0", "postgres": b"\0PostgreSQL 15.6\0", "mongod": b"\x006.0.5\0tcmalloc\0"}[name]
    program = listener.parent / "speaking" / name
    if not program.exists():
        program.parent.mkdir(exist_ok=True)
        source = program.parent / f"{name}.c"
        text = "".join(f"\\{byte:03o}" for byte in words)
        source.write_text(f'#include "{pathlib.Path(__file__).parent}/listener.c"\nconst char words[] __attribute__((used)) = "{text}";\n')
        subprocess.run(["cc", "-static", "-O1", "-o", program, source], check=True)
    with Impostor(program, name, option, uid=NOBODY) as fake:
        report = report_of(agent)
    (found,) = [d for d in report["databases"] if d["process"] and d["process"]["pid"] == fake.pid]
    assert "canary" not in json.dumps(report)
    assert [p for p in report["scan"]["problems"] if p["code"] == "invalid_value" and str(fake.pid) in p["subject"]]


@pytest.mark.parametrize("form", ["link", "open directory", "group directory", "nested link"])
def test_output_goes_through_no_place_of_another_user(agent, tmp_path, form):
    open_to_all(tmp_path)
    private, place = tmp_path / "private", tmp_path / "place"
    for directory in [private, place]:
        directory.mkdir(mode=0o700)
    (private / "cron.job").write_text("kept")
    way = place / "way"
    if form.endswith("link"):
        place.chmod(0o1777)
        way.symlink_to(private if form == "link" else "other")
        (place / "other").symlink_to(private)
        for link in [way, place / "other"]:
            os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    else:
        way.symlink_to(private)
        os.chown(place, 0, NOBODY)
        place.chmod(0o777 if form == "open directory" else 0o775)
    for target in [way / "cron.job", way / "new", os.path.relpath(way / "new", "/tmp")]:
        done = agent.run("scan", "--no-sizes", "--output", target, check=False, cwd="/tmp")
        assert done.returncode == 1 and b"cannot write" in done.stderr, target
    assert (private / "cron.job").read_text() == "kept" and os.listdir(private) == ["cron.job"]


def test_output_goes_through_ones_own_links_and_through_tmp(agent, tmp_path):
    (tmp_path / "way").symlink_to(tmp_path)
    agent.run("scan", "--no-sizes", "--format", "json", "--output", tmp_path / "way" / "x" / ".." / "report", check=False)
    agent.run("scan", "--no-sizes", "--format", "json", "--output", tmp_path / "way" / "report")
    assert json.loads((tmp_path / "report").read_text())["schema"] == "dbcensus.report/1"


def test_many_copies_are_one_problem(agent, tmp_path):
    """Sixty clusters copied from one initdb."""
    for number in range(60):
        place = tmp_path / f"var/lib/postgresql/15/c{number}"
        (place / "global").mkdir(parents=True)
        (place / "PG_VERSION").write_text("15\n")
        control = (7300000000000000001).to_bytes(8, "little") + (1300).to_bytes(4, "little") + (202209061).to_bytes(4, "little") + (1).to_bytes(4, "little")
        (place / "global/pg_control").write_bytes(control + bytes(8192 - len(control)))
    report = report_of(agent, "--root", tmp_path)
    assert len(report["databases"]) == 60
    (problem,) = [p for p in report["scan"]["problems"] if p["code"] == "identity_shared"]
    assert "60 databases" in problem["message"] and "and 56 more" in problem["message"]


def fake_servers(listener, home, count, arguments):
    return [Impostor(listener, "mysqld", *arguments(number), directory=home, uid=NOBODY) for number in range(count)]


@pytest.mark.parametrize("trick", ["odd links", "includes", "many refused", "many directories"])
def test_what_one_user_does_limits_that_user_alone(agent, mariadb, listener, tmp_path, trick):
    """The scan stays complete for everybody else, so that what is gone can be marked missing; the report names the user."""
    home = tmp_path / "home"
    data = home / "data"
    (data / "mysql").mkdir(parents=True)
    for mark in ["ibdata1", "aria_log_control"]:
        (data / mark).write_bytes(bytes(64))
    open_to_all(tmp_path)
    count, arguments = 1, lambda _: (f"--datadir={data}", f"--defaults-file={home}/my.cnf")
    (home / "my.cnf").write_text("[mysqld]\n")
    if trick == "odd links":
        for name in ["auto.cnf", "grastate.dat", "mysql_upgrade_info", "mysqld-auto.cnf"]:
            os.mkfifo(data / name)
        (home / "my.cnf").write_text(f"!include {home}/loop\n!includedir /proc/self/fd\n")
        (home / "loop").symlink_to(home / "loop")
    elif trick == "includes":
        (home / "my.cnf").write_text(f"!includedir {home}/many\n")
        (home / "many").mkdir()
        for number in range(2_000):
            (home / f"many/{number}.cnf").write_text(f"!include {home}/many/{(number + 1) % 2_000}.cnf\n")
    elif trick == "many refused":
        count, arguments = 130, lambda _: ()
    else:
        count, arguments = 12, lambda number: (f"--datadir={home}/none{number}",)
    for path in [home, *home.rglob("*")]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    import contextlib
    with contextlib.ExitStack() as stack:
        fakes = [stack.enter_context(fake) for fake in fake_servers(listener, home, count, arguments)]
        report = report_of(agent)
    assert report["scan"]["status"] == "complete", report["scan"]["problems"]
    assert set(report["scan"]["limited_users"]) <= {NOBODY}
    if trick != "many directories":
        assert report["scan"]["limited_users"] == [NOBODY]
    assert mariadb.process.pid in {d["process"]["pid"] for d in report["databases"] if d["process"]}
    for code in set(codes(report)):
        assert codes(report).count(code) <= 30, code
    assert codes(report).count("include_limit") <= 1 and len(fakes) == count
