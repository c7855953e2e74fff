"""Every field of the report against what the servers say of themselves."""

import os
import pathlib
import pwd
import shutil
import subprocess
import time
from datetime import datetime

import psutil
import pytest
from folders import open_to_all


def only(report, **fields):
    found = [d for d in report["databases"] if all(d[name] == value for name, value in fields.items())]
    assert len(found) == 1, (fields, [(d["key"], d["state"]) for d in report["databases"]])
    return found[0]


# Seconds by which the clock may be set while the tests run.
STEPS = 600


def by_data(report, path):
    found = [d for d in report["databases"] if d["data_directories"] and d["data_directories"][0]["path"] == str(path)]
    assert len(found) == 1, [d["key"] for d in report["databases"]]
    return found[0]


def sources(database, field):
    return [e["source"] for e in database["evidence"] if e["field"] == field]


def check_process(database, server, user):
    """Process, listeners' owner and package against psutil and dpkg."""
    process, truth = database["process"], psutil.Process(server.process.pid)
    assert process["pid"] == truth.pid and process["ppid"] == truth.ppid()
    assert process["user"] == user and process["uid"] == pwd.getpwnam(user).pw_uid
    assert process["executable"] == truth.exe() and process["executable_deleted"] is False
    assert process["container_pid"] is None and database["container"] is None
    # psutil keeps the time of the boot, which moves with the clock: a machine that was paused sets it afterwards.
    assert abs(datetime.fromisoformat(process["started_at"]).timestamp() - truth.create_time()) < STEPS
    assert process["memory_bytes"] > 1 << 20
    listeners = {(c.laddr.ip, c.laddr.port) for c in truth.net_connections("tcp") if c.status == "LISTEN"}
    assert {(l["address"], l["port"]) for l in database["listeners"]} == listeners
    owner = subprocess.run(["dpkg", "-S", truth.exe()], capture_output=True, text=True).stdout.split(":")[0]
    if owner:
        version = subprocess.check_output(["dpkg-query", "-W", "-f", "${Version}", owner], text=True)
        assert database["package"] == {"manager": "dpkg", "name": owner, "version": version}
    else:
        assert database["package"] is None


def check_directory(directory, path, purpose):
    assert directory["path"] == directory["host_path"] == str(path)
    assert directory["purpose"] == purpose and directory["complete"] is True
    disk = os.statvfs(path)
    filesystem = directory["filesystem"]
    mount = subprocess.check_output(["findmnt", "-nrvo", "TARGET,SOURCE,FSTYPE", "-T", path], text=True).split()
    assert [filesystem["mount_point"], filesystem["device"], filesystem["type"]] == mount
    assert filesystem["total_bytes"] == disk.f_blocks * disk.f_frsize
    assert 0 < filesystem["available_bytes"] <= filesystem["total_bytes"]


def test_mariadb(scan, mariadb):
    truth = mariadb.ask()
    database = by_data(scan, mariadb.data)
    assert database["engine"] == database["vendor"] == "mariadb"
    assert database["key"] == f"mariadb:{mariadb.data}" and database["state"] == "running"
    assert database["version"] == truth["version()"].split("-")[0] and database["version_precision"] == "exact"
    assert any("ib_logfile0" in source for source in sources(database, "version"))
    assert pathlib.Path(truth["@@datadir"]) == mariadb.data
    check_process(database, mariadb, "mysql")
    check_directory(database["data_directories"][0], mariadb.data, "data")
    assert len(database["data_directories"]) == 1
    assert database["listeners"] == [{
        "address": "127.0.0.1", "port": int(truth["@@port"]), "protocol": "tcp", "exposure": "loopback", "container_port": None,
        "purpose": "client"}]
    assert database["unix_sockets"] == [truth["@@socket"]]
    assert database["config_files"] == [str(mariadb.config), f"{mariadb.directory}/included/more.cnf"]
    assert database["process"]["arguments"] == [
        "mariadbd", f"--defaults-file={mariadb.config}", f"--port={mariadb.port}"]
    settings = database["settings"]
    assert settings == {
        "port": truth["@@port"], "bind": truth["@@bind_address"], "max_connections": truth["@@max_connections"],
        "server_id": truth["@@server_id"], "socket": truth["@@socket"], "log_bin": "on", "log_destination": "stderr",
        "tls": "on" if truth["@@have_ssl"] == "YES" else "off", "authentication": "enabled"}
    assert truth["@@log_bin"] == "1"
    assert database["role"] is None and database["identity"] == {}


def test_a_second_server_in_a_network_namespace_of_its_own(scan, namespaced_mariadb, mariadb):
    truth = namespaced_mariadb.ask()
    database = by_data(scan, namespaced_mariadb.data)
    assert database["key"] == f"mariadb:{namespaced_mariadb.data}" and database["engine"] == "mariadb"
    assert [(l["address"], l["port"], l["purpose"]) for l in database["listeners"]] == [
        ("127.0.0.1", int(truth["@@port"]), "client")]
    assert database["unix_sockets"] == [truth["@@socket"]]
    assert truth["@@port"] not in {str(l["port"]) for l in by_data(scan, mariadb.data)["listeners"]}


def test_postgresql(scan, postgresql):
    truth = postgresql.ask()
    database = by_data(scan, truth["data_directory"])
    assert database["engine"] == "postgresql" and database["vendor"] == "community"
    assert database["key"] == f"postgresql:{postgresql.data}" and database["state"] == "running"
    assert database["version"] == truth["server_version"].split()[0] and database["version_precision"] == "exact"
    assert any(s.startswith("/var/lib/dpkg/status: postgresql") for s in sources(database, "version"))
    check_process(database, postgresql, "postgres")
    (space,) = postgresql.space.glob("PG_*")
    paths = [(postgresql.data, "data"), (postgresql.wal, "wal"), (space, "tablespace")]
    assert database["process"]["arguments"] == [
        f"{postgresql.binaries()}/postgres", f"--data_directory={postgresql.data}"][:1] + [
        "-D", str(postgresql.data), "-p", str(postgresql.port), "-h", "127.0.0.1", "-k", str(postgresql.directory)]
    assert len(database["data_directories"]) == 3
    for directory, (path, purpose) in zip(database["data_directories"], paths):
        check_directory(directory, path, purpose)
    assert [(l["address"], str(l["port"]), l["protocol"], l["exposure"], l["purpose"]) for l in database["listeners"]] == [
        (truth["listen_addresses"], truth["port"], "tcp", "loopback", "client")]
    assert database["unix_sockets"] == [f"{postgresql.directory}/.s.PGSQL.{truth['port']}"]
    assert database["config_files"] == [truth["config_file"], f"{postgresql.data}/postgresql.auto.conf"]
    assert database["settings"] == {
        "port": truth["port"], "bind": truth["listen_addresses"], "max_connections": truth["max_connections"],
        "tls": truth["ssl"], "wal_level": truth["wal_level"], "archive_mode": truth["archive_mode"],
        "log_destination": "stderr", "authentication": "trust_local"}
    assert database["role"] == "standalone" and truth["in_recovery"] == "f"
    assert database["identity"] == {"system_identifier": truth["system_identifier"]}


def test_stopped_postgresql(scan, stopped_postgresql):
    truth = stopped_postgresql.truth
    database = by_data(scan, truth["data_directory"])
    assert database["state"] == "stopped" and database["process"] is None and database["listeners"] == []
    assert database["version"] == truth["server_version"].split()[0]
    assert database["settings"]["port"] == truth["port"]
    assert database["settings"]["max_connections"] == truth["max_connections"]
    assert database["config_files"] == [truth["config_file"], f"{stopped_postgresql.data}/postgresql.auto.conf"]
    assert database["identity"] == {"system_identifier": truth["system_identifier"]}
    assert database["package"]["name"] == f"postgresql-{stopped_postgresql.version}"
    check_directory(database["data_directories"][0], stopped_postgresql.data, "data")


def test_a_stopped_tree_is_measured_as_du_measures_it(scan, stopped_postgresql):
    """The data directory, and the tablespace and the WAL outside it."""
    directories = by_data(scan, stopped_postgresql.data)["data_directories"]
    assert [d["purpose"] for d in directories] == ["data", "wal", "tablespace"]
    for directory in directories:
        apparent, allocated = (
            int(subprocess.check_output(["du", *flags, directory["path"]], text=True).split()[0])
            for flags in (["-sb"], ["-s", "--block-size=1"]))
        found = sum(1 + len(files) for _, _, files in os.walk(directory["path"]))
        links = sum(os.path.islink(os.path.join(at, name)) for at, names, _ in os.walk(directory["path"]) for name in names)
        assert (directory["bytes"], directory["allocated_bytes"], directory["files"]) == (apparent, allocated, found + links)


def test_mongodb(scan, mongodb):
    truth = mongodb.ask()
    database = by_data(scan, truth["parsed"]["storage"]["dbPath"])
    assert database["engine"] == "mongodb" and database["state"] == "running"
    assert database["key"] == f"mongodb:{mongodb.data}"
    assert database["version"] == truth["version"] and database["version_precision"] == "exact"
    assert any("diagnostic.data/metrics." in source for source in sources(database, "version"))
    assert truth["pid"] == mongodb.process.pid
    check_process(database, mongodb, "mongodb")
    check_directory(database["data_directories"][0], mongodb.data, "data")
    net = truth["parsed"]["net"]
    assert [(l["address"], l["port"], l["protocol"], l["exposure"], l["purpose"]) for l in database["listeners"]] == [
        (net["bindIp"], net["port"], "tcp", "loopback", "client")]
    assert database["process"]["arguments"] == [
        f"{mongodb.directory}/mongod", "-f", str(mongodb.config), "--port", str(mongodb.port)]
    assert database["unix_sockets"] == [f"{mongodb.directory}/mongodb-{net['port']}.sock"]
    assert database["config_files"] == [truth["parsed"]["config"]]
    assert database["settings"] == {
        "port": str(net["port"]), "bind": net["bindIp"], "max_connections": str(net["maxIncomingConnections"]),
        "log_destination": truth["parsed"]["systemLog"]["path"], "storage_engine": truth["engine"],
        "tls": "off", "authentication": "disabled"}
    assert database["role"] == "standalone" and database["identity"] == {} and database["vendor"] is None


def test_the_host(scan):
    host = scan["host"]
    assert host["hostname"] == os.uname().nodename and host["kernel"] == os.uname().release
    assert host["architecture"] == os.uname().machine and host["cpus"] == psutil.cpu_count()
    assert host["memory_bytes"] == psutil.virtual_memory().total
    assert abs(datetime.fromisoformat(host["booted_at"]).timestamp() - psutil.boot_time()) < STEPS
    assert host["boot_id"] == pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    addresses = {a.address.split("%")[0] for list in psutil.net_if_addrs().values() for a in list if a.family.name != "AF_PACKET"}
    assert set(host["addresses"]) == {a for a in addresses if not a.startswith(("127.", "169.254.", "fe80", "::1"))}
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    assert host["os"]["id"] == release["ID"].strip('"') and host["os"]["name"] == release["PRETTY_NAME"].strip('"')
    machine = pathlib.Path("/etc/machine-id")
    assert host["machine_id"] == (machine.read_text().strip() if machine.exists() else None) or not machine.exists()
    assert scan["scan"]["privileged"] is True


def test_no_password_of_any_configuration_is_in_the_report(scan, mariadb):
    import json

    assert "canary" in mariadb.config.read_text()
    assert "canary" not in json.dumps(scan)


def test_backends_wrappers_and_look_alikes_are_no_databases(agent, postgresql, tmp_path):
    """Beside a server with backends: a shell script called mongod, an exporter, an editor, a sleep called mysqld."""
    script = tmp_path / "mongod"
    script.write_text("#!/bin/sh\nsleep 60; exit\n")
    exporter, impostor = tmp_path / "mysqld_exporter", tmp_path / "mysqld"
    for copy in [exporter, impostor]:
        shutil.copy("/bin/sleep", copy)
    commands = [["/bin/sh", script], [exporter, "60"], [impostor, "60"], ["tail", "-f", "/dev/null", "my.cnf", "mysqld"]]
    processes = [subprocess.Popen([str(word) for word in command], cwd=tmp_path) for command in commands]
    try:
        time.sleep(0.2)
        report = agent.json("scan", "--format", "json", "--no-sizes")
        pids = {d["process"]["pid"] for d in report["databases"] if d["process"]}
        backends = {p.pid for p in psutil.Process(postgresql.process.pid).children()}
        assert backends and not pids & backends
        assert not pids & {p.pid for p in processes}
        assert postgresql.process.pid in pids
        refused = [p["subject"] for p in report["scan"]["problems"] if p["code"] == "not_a_database"]
        assert refused == [f"pid {processes[2].pid}"]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_an_unprivileged_scan_says_what_it_could_not_see(agent, scan, mariadb, postgresql, mongodb, tmp_path):
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv")
    program = tmp_path / "agent"
    shutil.copy(agent.path, program)
    open_to_all(program)
    agent = type(agent)(program)
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    report = agent.json("scan", "--format", "json", prefix=as_nobody, cwd="/")
    assert report["scan"]["privileged"] is False and report["scan"]["status"] == "partial"
    codes = {p["code"] for p in report["scan"]["problems"]}
    assert {"not_privileged", "denied"} <= codes
    running = {d["process"]["pid"]: d for d in report["databases"] if d["state"] == "running"}
    for server in [mariadb, postgresql, mongodb]:
        assert server.process.pid in running
    assert running[mariadb.process.pid]["listeners"] == [] and running[mariadb.process.pid]["process"]["executable"] is None
    assert not [d for d in report["databases"] if d["state"] == "stopped" and d["engine"] == "postgresql"], "may be a server's"


def test_a_hidden_process_table_is_said(agent, tmp_path):
    """/proc mounted with hidepid=2 in a mount namespace of its own: other users' processes do not exist for nobody."""
    program = tmp_path / "agent"
    shutil.copy(agent.path, program)
    open_to_all(program)
    script = ("mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups "
              f"{program} scan --format json --no-sizes")
    done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "sh", "-c", script], capture_output=True, cwd="/")
    if not done.stdout and (b"unshare" in done.stderr or b"mount" in done.stderr):
        pytest.skip(f"no mount namespace to be had: {done.stderr.decode()}")
    import json

    report = json.loads(done.stdout)
    assert "hidden_processes" in {p["code"] for p in report["scan"]["problems"]}
    assert report["scan"]["status"] == "partial"
