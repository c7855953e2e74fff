"""The packages on machines with systemd: installed, started, upgraded, removed, and what goes wrong on the way."""

import gzip
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess

import pytest

import release
from machine import ROOTS, Machine, Root, run

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "StoreTests/Fixtures"
STORE = "/var/lib/dbcensus/dbcensus.sqlite"
CONFIGURATION = "/etc/dbcensus/collector.yaml"
UNIT = "dbcensus-collector"


@pytest.fixture(scope="module")
def first(packages):
    return packages


@pytest.fixture(scope="module")
def second(packages, tmp_path_factory):
    major, minor, _ = packages.version.split(".")
    return release.Packages.built(tmp_path_factory.mktemp("second"), f"{major}.{int(minor) + 1}.0")


class Debian:
    """What an administrator types on Debian and Ubuntu."""

    base = ROOTS / "bookworm"
    starts_by_itself = True

    @staticmethod
    def package(packages, name="collector"):
        return packages.deb(name)

    install = upgrade = ("dpkg", "--install")
    remove = ("dpkg", "--remove", "dbcensus-collector")


class RPM:
    """What an administrator types on Amazon Linux and RHEL."""

    base = ROOTS / "rpm"
    starts_by_itself = False

    @staticmethod
    def package(packages, name="collector"):
        return packages.rpm(name)

    install = ("rpm", "--install")
    upgrade = ("rpm", "--upgrade")
    remove = ("rpm", "--erase", "dbcensus-collector")


@pytest.fixture(scope="module", params=[Debian, RPM], ids=["deb", "rpm"])
def system(request):
    assert request.param.base.exists(), "run scripts/roots first"
    return request.param


def install(machine, system, packages, *names, verb="install", starts=True, **options):
    files = [machine.copy(system.package(packages, name)) for name in names or ["collector"]]
    done = machine(*getattr(system, verb), *files, **options)
    if options.get("check", True) and verb == "install" and not system.starts_by_itself and isinstance(machine, Machine):
        assert "systemctl enable --now dbcensus-collector" in done.stdout + done.stderr
        machine("systemctl", "enable", "--now", UNIT, check=starts)
    return done


def api(machine, path, token, *options, check=True, **more):
    """The machine has no curl: the host's, in its network."""
    return run("nsenter", f"--target={machine.pid}", "--net", "curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "20",
               "--noproxy", "*", "-H", f"Authorization: Bearer {token}", *options, f"http://127.0.0.1:8629{path}", check=check, **more)


def token(machine):
    found = []
    machine.wait(lambda: found.extend(re.findall(r"dbc_[0-9a-f]{12}_[0-9a-f]{64}", machine.journal())) or found, "the first token")
    return found[0]


def test_the_log_goes_to_a_file_that_the_cloudwatch_agent_reads(first):
    """As docs/operate/monitor.md shows it."""
    with Machine(Debian.base) as machine:
        install(machine, Debian, first)
        machine.active()
        examples = "/usr/share/doc/dbcensus-collector/examples"
        wanted = json.loads(machine("cat", f"{examples}/cloudwatch-agent.json").stdout)["logs"]["logs_collected"]["files"]["collect_list"][0]
        machine("install", "-D", "-m", "644", f"{examples}/log-to-file.conf", f"/etc/systemd/system/{UNIT}.service.d/log-to-file.conf")
        machine.file("/etc/dbcensus/environment").write_text("DBCENSUS_METRICS_EMBEDDED=true\nDBCENSUS_METRICS_EMBEDDED_SECONDS=1\n")
        machine("systemctl", "daemon-reload")
        machine("systemctl", "restart", UNIT)
        machine.active()
        log = machine.file(wanted["file_path"])
        machine.wait(lambda: '"_aws"' in log.read_text(), "the metrics in the log")
        assert all(json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
        assert machine("stat", "-c", "%U %a", wanted["file_path"]).stdout.split() == ["root", "600"]
        assert wanted["file_path"] in machine("cat", f"{examples}/logrotate.conf").stdout


def test_installed_started_upgraded_and_removed(system, first, second):
    with Machine(system.base) as machine:
        install(machine, system, first, "agent", "collector")
        machine.active()
        shown = machine.show("Type", "User", "StatusText", "WatchdogUSec", "NRestarts", "MainPID")
        assert (shown["Type"], shown["User"], shown["StatusText"], shown["WatchdogUSec"], shown["NRestarts"]) == (
            "notify", "dbcensus", "Serving", "1min", "0")
        assert machine("stat", "-c", "%U:%G %a", "/var/lib/dbcensus", STORE, CONFIGURATION).stdout.splitlines() == [
            "dbcensus:dbcensus 750", "dbcensus:dbcensus 600", "root:dbcensus 640"]

        # The agent of its package reports to the service.
        secret = token(machine)
        frame = machine("dbcensus-agent", "scan", "--format", "frame", "--no-sizes").stdout
        api(machine, "/api/v1/reports", secret, "--data-binary", "@-", input=frame)
        (host,) = json.loads(api(machine, "/api/v1/hosts", secret).stdout)["items"]

        # A reload reads the settings again; the unit is active all the time.
        machine("systemctl", "reload", UNIT)
        machine.wait(lambda: '"message":"reloaded"' in machine.journal(), "the reload")
        assert machine.show("MainPID", "StatusText") == {"MainPID": shown["MainPID"], "StatusText": "Serving"}

        # The administrator's settings survive the upgrade, and the service runs on the new program.
        machine("sh", "-c", f"echo '# mine' >>{CONFIGURATION}")
        done = install(machine, system, second, "agent", "collector", verb="upgrade")
        machine.active()
        assert machine.show("MainPID")["MainPID"] != shown["MainPID"]
        assert machine("tail", "-n", "1", CONFIGURATION).stdout == "# mine\n"
        assert machine("stat", "-c", "%U:%G %a", CONFIGURATION).stdout == "root:dbcensus 640\n"
        assert json.loads(api(machine, "/api/v1/hosts", secret).stdout)["items"][0]["id"] == host["id"]

        machine(*system.remove)
        assert machine.show("ActiveState", "LoadState")["ActiveState"] == "inactive"
        assert not machine.file("/usr/bin/dbcensus-collector").exists() and machine.file(STORE).exists()
        if system is Debian:
            assert machine.file(CONFIGURATION).exists()
            install(machine, system, second)
            machine.active()
            assert machine("systemctl", "is-enabled", UNIT).stdout == "enabled\n"
            machine(*system.remove)
            done = machine("dpkg", "--purge", "dbcensus-collector")
            assert not machine.file("/etc/dbcensus").exists()
            # Installed again, it goes on where it was.
            assert "rm -r /var/lib/dbcensus" in done.stderr and machine.file(STORE).exists()
        else:
            assert machine.file(CONFIGURATION + ".rpmsave").read_text().endswith("# mine\n")
        install(machine, system, second)
        machine.active()
        assert json.loads(api(machine, "/api/v1/hosts", secret).stdout)["items"][0]["id"] == host["id"]


def test_a_service_that_hangs_is_started_again(system, first):
    with Machine(system.base) as machine:
        drop_in = machine.file("/etc/systemd/system/dbcensus-collector.service.d/fast.conf")
        drop_in.parent.mkdir(parents=True)
        drop_in.write_text("[Service]\nWatchdogSec=4\nRestartSec=0\n")
        install(machine, system, first)
        machine.active()
        pid = machine.show("MainPID")["MainPID"]
        machine("sh", "-c", f"kill -STOP {pid}")
        machine.wait(lambda: machine.show("NRestarts")["NRestarts"] == "1", "the watchdog")
        machine.active()
        assert "Watchdog timeout" in machine.journal()
        assert machine.show("MainPID")["MainPID"] != pid


def test_an_older_store_is_upgraded_and_a_newer_one_refused(system, first):
    """Rollback: what the older version finds, and the way back that its message names."""
    with Machine(system.base) as machine:
        folder = machine.file("/var/lib/dbcensus")
        folder.mkdir(parents=True)
        (folder / "dbcensus.sqlite").write_bytes(gzip.decompress((FIXTURES / "store-0003.sqlite.gz").read_bytes()))
        done = install(machine, system, first, starts=False)
        assert "chown -R dbcensus:dbcensus /var/lib/dbcensus" in done.stdout + done.stderr
        machine("chown", "-R", "dbcensus:dbcensus", "/var/lib/dbcensus")
        machine("systemctl", "restart", UNIT)
        machine.active()
        assert "upgraded the store of an older version" in machine.journal()
        backup = f"{STORE}.before-0004"
        assert machine("stat", "-c", "%U %a", backup).stdout == "dbcensus 600\n"
        with sqlite3.connect(machine.file(backup)) as old:
            applied = [name for name, in old.execute("SELECT identifier FROM grdb_migrations ORDER BY 1")]
            hosts = old.execute("SELECT COUNT(*) FROM hosts").fetchone()
        assert applied[-1].startswith("0003") and hosts[0] > 0

        # The store of a version to come.
        machine("systemctl", "stop", UNIT)
        with sqlite3.connect(machine.file(STORE)) as newer:
            newer.execute("INSERT INTO grdb_migrations VALUES ('9999 to come')")
        newer.close()
        machine("systemctl", "start", UNIT, check=False)
        machine.wait(lambda: "was written by a newer dbcensus-collector" in machine.journal(), "the refusal")
        message = next(line for line in machine.journal().splitlines() if "was written by a newer" in line)
        command = re.search(r"dbcensus-collector restore --store \S+ \S+", message)[0]
        assert command.endswith(backup)
        machine("systemctl", "stop", UNIT)
        machine("runuser", "-u", "dbcensus", "--", *command.split())
        machine("systemctl", "start", UNIT)
        machine.active()
        with sqlite3.connect(machine.file(STORE)) as store:
            assert store.execute("SELECT COUNT(*) FROM hosts").fetchone() == hosts


def test_over_an_installation_by_hand(system, first):
    """As docs/operate/run-the-collector.md of earlier versions had it: a unit with DynamicUser=, and a program in /usr/local."""
    with Machine(system.base) as machine:
        program = machine.file("/usr/local/bin/dbcensus-collector")
        shutil.copy(release.PROGRAMS / "dbcensus-collector", program)
        unit = machine.file("/etc/systemd/system/dbcensus-collector.service")
        unit.write_text("[Service]\nExecStart=/usr/local/bin/dbcensus-collector serve --store /var/lib/dbcensus/dbcensus.sqlite\n"
                        "DynamicUser=yes\nStateDirectory=dbcensus\n[Install]\nWantedBy=multi-user.target\n")
        machine("systemctl", "daemon-reload")
        machine("systemctl", "enable", "--now", UNIT)
        secret = token(machine)
        done = install(machine, system, first)
        said = done.stdout + done.stderr
        assert "systemctl daemon-reload" in said and "rm /usr/local/bin/dbcensus-collector" in said
        # What it says, done.
        unit.unlink()
        program.unlink()
        machine("systemctl", "daemon-reload")
        machine("systemctl", "restart", UNIT)
        machine.active()
        assert machine.show("User")["User"] == "dbcensus"
        machine.wait(lambda: api(machine, "/api/v1/hosts", secret, check=False).returncode == 0, "the API")
        assert machine("stat", "-c", "%U %F", "/var/lib/dbcensus").stdout == "dbcensus directory\n"


def test_a_user_of_the_same_name(system, first):
    with Machine(system.base) as machine:
        machine("useradd", "--create-home", "--shell", "/bin/bash", "dbcensus")
        done = install(machine, system, first, check=False)
        assert done.returncode != 0 and "a person's account has the name dbcensus" in done.stdout + done.stderr
        assert not machine.file("/usr/bin/dbcensus-collector").exists()
        # What it says, done.
        machine("usermod", "--login", "person", "dbcensus")
        machine("groupmod", "--new-name", "person", "dbcensus")
        install(machine, system, first)
        machine.active()
        assert machine("stat", "-c", "%U", STORE).stdout == "dbcensus\n"
    with Machine(system.base) as machine:
        machine("useradd", "--system", "--shell", "/bin/bash", "dbcensus")
        done = install(machine, system, first)
        assert "the existing user dbcensus has the login shell /bin/bash" in done.stdout + done.stderr
        machine.active()
    with Machine(system.base) as machine:
        machine("groupadd", "dbcensus")
        install(machine, system, first)
        machine.active()
        assert machine("id", "-gn", "dbcensus").stdout == "dbcensus\n"


def test_a_configuration_that_is_wrong_waits_for_its_administrator(system, first):
    with Machine(system.base) as machine:
        install(machine, system, first)
        machine.active()
        machine("sh", "-c", f"printf 'server:\\n  prot: 1\\n' >{CONFIGURATION}")
        assert machine("systemctl", "restart", UNIT, check=False).returncode != 0
        shown = machine.show("ActiveState", "NRestarts", "ExecMainStatus")
        assert shown == {"ActiveState": "failed", "NRestarts": "0", "ExecMainStatus": "78"}
        assert f'{CONFIGURATION}, line 2: there is no setting "server.prot"; did you mean server.port?' in machine.journal()


def test_a_root_without_systemd(system, first):
    """A container, or a chroot: the package says how to start the service, and that works."""
    with Root(system.base) as root:
        done = install(root, system, first)
        command = re.search(r"runuser -u dbcensus -- (dbcensus-collector serve --config \S+)", done.stdout + done.stderr)[0]
        done = root("timeout", "3", *command.split(), check=False)
        assert '"message":"serving"' in done.stderr and root.file(STORE).exists(), done.stderr
        root(*system.remove)
        install(root, system, first)
        assert not root.file(f"/etc/systemd/system/{UNIT}.service").is_symlink()  # which would mask it


def test_a_disk_that_fills_while_it_installs(system, first, second):
    with Root(system.base, size="2g") as root:
        install(root, system, first)
        used = int(run("df", "--output=used", "--block-size=1K", root.upper).stdout.split()[1])
        file = root.copy(system.package(second))
        size = pathlib.Path(system.package(second)).stat().st_size // 1024
        root.resize(f"{used + size + 4096}k")
        done = root(*system.upgrade, file, check=False)
        assert done.returncode != 0 and re.search(r"[Nn]o space left|needs \d+.*B.* more space|needs .* on the / filesystem", done.stdout + done.stderr), done.stderr
        # The version that was there works, and so does a second try.
        assert root("dbcensus-collector", "--version").stdout == f"{first.version}\n"
        root.resize("2g")
        root(*system.upgrade, file)
        query = ("dpkg-query", "-W", "-f", "${Version}", "dbcensus-collector") if system is Debian else ("rpm", "-q", "--qf", "%{VERSION}", "dbcensus-collector")
        assert root(*query).stdout == second.version


def test_a_package_of_another_architecture(first, tmp_path):
    tree = tmp_path / "tree"
    run("dpkg-deb", "--raw-extract", first.deb("agent"), tree)
    control = tree / "DEBIAN/control"
    other = {"amd64": "arm64", "arm64": "amd64"}[release.DEBIAN]
    control.write_text(control.read_text().replace(f"Architecture: {release.DEBIAN}", f"Architecture: {other}"))
    run("dpkg-deb", "-Znone", "--build", tree, tmp_path / "other.deb")
    with Root(Debian.base) as root:
        done = root("dpkg", "--install", root.copy(tmp_path / "other.deb"), check=False)
        assert done.returncode != 0 and f"package architecture ({other}) does not match system ({release.DEBIAN})" in done.stderr


def test_the_archive_as_the_page_says(first):
    """docs/operate/install.md, "Install from an archive", typed on a machine."""
    page = (release.ROOT / "docs/operate/install.md").read_text()
    block = page.split("## Install from an archive\n")[1].split("\n\n")[0]
    commands = [line.strip().replace("sudo ", "").replace("x86_64", release.ARCHITECTURE) for line in block.splitlines()]
    with Machine(Debian.base) as machine:
        machine.copy(first.tar())
        machine("sh", "-e", "-c", "cd /root\n" + "\n".join(commands))
        machine.active()
        assert token(machine)


def test_every_program_needs_glibc_2_34_and_no_other_library(first, tmp_path):
    run("dpkg-deb", "--extract", first.deb(), tmp_path)
    for program in ("usr/bin/dbcensus-collector", "usr/libexec/dbcensus/fleet-simulator"):
        dynamic = run("objdump", "-p", tmp_path / program).stdout
        assert set(re.findall(r"NEEDED +(\S+)", dynamic)) <= {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
        versions = re.findall(r"GLIBC_(\d+)\.(\d+)", run("objdump", "-T", tmp_path / program).stdout)
        assert (2, 17) <= max((int(major), int(minor)) for major, minor in versions) <= (2, 34)
    wanted = re.search(r"libc6 \(>= ([\d.]+)\)", run("dpkg-deb", "--field", first.deb(), "Depends").stdout)[1]
    assert wanted == "2.34"


def test_lintian_finds_nothing(first):
    done = run("lintian", "--allow-root", *[first.deb(name) for name in ("agent", "collector")], check=False)
    assert done.returncode == 0 and done.stdout.strip() == "", done.stdout


def test_pages_and_completions_know_every_command(first, tmp_path):
    run("dpkg-deb", "--extract", first.deb(), tmp_path)
    share = tmp_path / "usr/share"
    page = run("man", "--local-file", share / "man/man1/dbcensus-collector-serve.1.gz", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "100"}).stdout
    assert "dbcensus-collector serve" in page and "--config" in page
    script = f"""
        source /usr/share/bash-completion/bash_completion 2>/dev/null || true
        source {share}/bash-completion/completions/dbcensus-collector
        COMP_WORDS=(dbcensus-collector dat) COMP_CWORD=1 COMP_LINE='dbcensus-collector dat' COMP_POINT=22
        $(complete -p dbcensus-collector | sed 's/.*-F \\([^ ]*\\).*/\\1/') dbcensus-collector dat dbcensus-collector
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    assert run("bash", "-c", script, env={"PATH": f"{tmp_path}/usr/bin:/usr/bin:/bin"}).stdout.split() == ["databases"]
    run("zsh", "-n", share / "zsh/vendor-completions/_dbcensus-collector")


def test_the_unit_exposes_little():
    done = run("systemd-analyze", "security", "--offline=true", release.ROOT / "packaging/collector/dbcensus-collector.service")
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)[1]) <= 1.5
