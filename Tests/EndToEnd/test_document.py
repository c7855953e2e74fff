"""The shell of the SSM document as root, under dash, bash and busybox: it runs what it verified, and leaves nothing else."""

import gzip
import hashlib
import json
import os
import re
import subprocess

import pytest

import document
from document import MACHINE, OTHER, Host

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the document's shell runs as root")

# An agent that shows that it ran, and with what.
FAKE = b'#!/bin/sh\necho "ran $*" >>/var/lib/marker\necho "frame"\n'
EVIL = b"#!/bin/sh\necho evil >>/var/lib/marker\n"


def agent(body):
    return b"#!/bin/sh\n" + body.encode() + b"\n"


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """The documents, one for each agent and setting that the tests ask for."""
    made = {}

    def get(content=FAKE, other=b"for another machine", **settings):
        key = (content, other, *settings.items())
        if key not in made:
            agents = {MACHINE: content} | ({OTHER: other} if other else {})
            made[key] = document.build(tmp_path_factory.mktemp("dist"), agents=agents, **settings)
        return made[key]

    return get


@pytest.fixture(params=Host.SHELLS)
def make(request, tmp_path, documents):
    """`make(agent)`: a new host with the document for this agent, under each of the shells."""
    def make(content=FAKE, **settings):
        host = Host(tmp_path / f"host-{len(list(tmp_path.iterdir()))}", documents(content, **settings), request.param)
        host.agent, host.download = content, gzip.compress(content, mtime=0)
        host.name = "dbcensus-agent/agent-" + hashlib.sha256(content).hexdigest()
        return host

    return make


def failed(result, status, detail):
    code, output, error = result
    assert (code, error) == (status, ""), result
    assert re.fullmatch(rf"dbcensus: {detail}: [^\n]+\n", output), output
    return output


def ran(host):
    marker = host.lib / "marker"
    return marker.read_text().splitlines() if marker.exists() else []


def test_the_first_run_keeps_the_agent_and_later_runs_need_no_download(make):
    host = make()
    assert host.scan(host.download) == (0, "frame\n", "")
    assert list(host.outputs()) == [""] * 9
    assert host.left() == {host.name, "marker"}
    status = (host.lib / host.name).stat()
    assert (status.st_mode & 0o7777, status.st_uid) == (0o700, 0)
    assert host.kept.stat().st_mode & 0o7777 == 0o700
    assert host.scan() == (0, "frame\n", "")
    assert host.left() == {host.name, "marker", "dbcensus-frame"}, "the last output step removes the frame"
    list(host.outputs())
    assert host.left() == {host.name, "marker"}
    assert ran(host) == ["ran scan --format frame --frame 2 --max-output 238900 --deadline 60s"] * 2


def test_the_document_is_one_that_run_command_takes(documents):
    content = json.loads(documents().read_text())
    assert content["schemaVersion"] == "2.2"
    assert documents().stat().st_size <= 64 << 10
    for step in content["mainSteps"]:
        if step["action"] == "aws:runShellScript":
            # A parameter would be put into the shell's text before the shell reads it.
            assert "{{" not in json.dumps(step)
    pattern = re.compile(content["parameters"]["url"]["allowedPattern"])
    good = "https://b.s3.eu-west-1.amazonaws.com/p/dbcensus-agent.gz?X-Amz-Credential=AKIA%2F1&X-Amz-Signature=0f"
    assert pattern.fullmatch(good) and pattern.match("https://localhost/")
    for bad in ('https://h/"', "https://h/ x", "https://h/$(id)", "https://h/`id`", "https://h/;id", "http://h/", "https://h/\n", "file:///etc"):
        assert not re.match(content["parameters"]["url"]["allowedPattern"].replace("$", r"\Z"), bad), bad


def test_an_older_agent_is_removed_and_a_file_of_another_name_is_not(make):
    host = make()
    host.kept.mkdir(mode=0o700)
    for name in ("agent-" + "0" * 64, ".fresh.1", ".fresh.2", "notes"):
        (host.kept / name).write_bytes(EVIL)
    os.utime(host.kept / ".fresh.1", (0, 0))
    assert host.scan(host.download)[0] == 0
    list(host.outputs())
    assert host.left() == {host.name, "dbcensus-agent/.fresh.2", "dbcensus-agent/notes", "marker"}, "a run may be writing .fresh.2"


def test_without_a_kept_agent_or_a_download(make):
    host = make()
    failed(host.scan(), 50, "agent_missing")
    assert host.left() == set()
    # The download step ran and brought nothing.
    failed(host.scan(before='mkdir "$RUN/awsdownloadContent"'), 52, "download_failed")
    # It was refused.
    failed(host.scan(b""), 52, "download_failed")
    assert host.left() == set()


@pytest.mark.parametrize("download", [
    gzip.compress(EVIL), gzip.compress(FAKE, mtime=0)[:-9], gzip.compress(FAKE, mtime=0) + gzip.compress(EVIL), EVIL, FAKE,
], ids=["tampered", "truncated", "appended", "not-gzip", "unpacked"])
def test_a_download_that_is_not_the_agent_is_not_run(make, download):
    host = make()
    assert "nothing was run" in failed(host.scan(download), 53, "hash_mismatch")
    assert host.left() == set()


def test_an_agent_that_differs_from_its_document_is_not_run(make, tmp_path, documents):
    # The archive is the document's, what it unpacks to is not: a build that went wrong.
    dist = tmp_path / "dist"
    document.build(dist, agents={MACHINE: FAKE})
    packed = gzip.compress(EVIL, mtime=0)
    (dist / (document.agent_name() + ".gz")).write_bytes(packed)
    host = make()
    host.shells = document.steps(document.build(dist))
    failed(host.scan(packed), 53, "hash_mismatch")
    assert host.left() == set()


def other_content(path):
    path.write_bytes(EVIL)
    path.chmod(0o700)


def a_symlink(path):
    path.parent.parent.joinpath("elsewhere").write_bytes(FAKE)
    path.symlink_to("../elsewhere")


def foreign_owner(path):
    path.write_bytes(FAKE)
    path.chmod(0o700)
    os.chown(path, 1000, 1000)


def group_writable(path):
    path.write_bytes(FAKE)
    path.chmod(0o770)


def second_name(path):
    path.parent.parent.joinpath("elsewhere").write_bytes(FAKE)
    os.link(path.parent.parent / "elsewhere", path)


@pytest.mark.parametrize("plant", [other_content, a_symlink, foreign_owner, group_writable, second_name])
def test_a_kept_agent_that_another_could_have_changed_is_removed(make, plant):
    host = make()
    host.kept.mkdir(mode=0o700)
    plant(host.lib / host.name)
    failed(host.scan(), 51, "kept_agent_changed")
    assert host.name not in host.left()
    assert ran(host) == []
    # With a download in hand it is replaced at once.
    plant_again = host.lib / "elsewhere"
    plant_again.unlink(missing_ok=True)
    plant(host.lib / host.name)
    assert host.scan(host.download)[:2] == (0, "frame\n")
    assert (host.lib / host.name).read_bytes() == FAKE and not (host.lib / host.name).is_symlink()


def test_a_folder_at_the_agents_name_is_not_removed(make):
    host = make()
    (host.lib / host.name).mkdir(parents=True)
    host.kept.chmod(0o700)
    failed(host.scan(host.download), 46, "unsafe_directory")
    assert (host.lib / host.name).is_dir() and ran(host) == []


@pytest.mark.parametrize("before", [
    "mkdir /var/lib/other; ln -s other /var/lib/dbcensus-agent",
    "ln -s nowhere /var/lib/dbcensus-agent",
    "touch /var/lib/dbcensus-agent",
    "mkdir -m 700 /var/lib/dbcensus-agent; chown 1000 /var/lib/dbcensus-agent",
    "mkdir -m 770 /var/lib/dbcensus-agent",
    "mkdir -m 1777 /var/lib/dbcensus-agent",
    "chmod 777 /var/lib",
    "chmod 1777 /var/lib",
    "chown 1000 /var/lib",
], ids=["link", "dangling-link", "file", "foreign-owner", "group-writable", "world-writable", "writable-parent", "sticky-parent", "foreign-parent"])
def test_a_directory_that_is_not_roots_alone_is_refused(make, before):
    host = make()
    failed(host.scan(host.download, before), 46, "unsafe_directory")
    assert ran(host) == []
    assert {name for name in host.left() if "agent-" in name} == set()


MOUNT = "mkdir -m 700 /var/lib/dbcensus-agent; mount -t tmpfs -o mode=700,{} tmpfs /var/lib/dbcensus-agent"


@pytest.mark.parametrize("before, status, detail", [
    (MOUNT.format("size=64k"), 48, "disk_full"),
    (MOUNT.format("ro"), 47, "read_only"),
    ("mount -t tmpfs -o mode=755,ro tmpfs /var/lib", 47, "read_only"),
    (MOUNT.format("noexec"), 54, "noexec"),
    ('mkdir -p "$RUN/scan"; mount -t tmpfs -o size=64k tmpfs "$RUN/../full"; ln -s ../full/frame "$RUN/dbcensus-frame"', 48, "disk_full"),
], ids=["full", "read-only", "read-only-parent", "noexec", "full-at-the-frame"])
def test_a_file_system_that_takes_no_agent(make, before, status, detail):
    host = make(FAKE + b"dd if=/dev/zero bs=200000 count=1\nexit $?\n" + b"#" * 200_000 + b"\n")
    (host.folder / "full").mkdir()
    failed(host.scan(host.download, before), status, detail)
    assert [name for name in host.left() if "fresh" in name or "downloads" in name] == []


def test_a_host_that_keeps_no_agent_needs_no_directory(make):
    host = make(KEEP="false")
    assert host.scan(host.download, "chmod 777 /var/lib") == (0, "frame\n", "")
    list(host.outputs())
    assert host.left() == {"marker"}
    failed(host.scan(), 50, "agent_missing")


@pytest.mark.parametrize("missing, status, detail", [
    ("gzip", 45, "gzip_missing"), ("sha256sum shasum openssl", 44, "sha256sum_missing")])
def test_a_missing_tool(make, missing, status, detail):
    host = make()
    if host.shell == "busybox":
        host.BUSYBOX = [applet for applet in host.BUSYBOX if applet not in missing.split()]
        before = ""
    else:
        before = 'mkdir "$RUN/o"; mount -t tmpfs tmpfs "$RUN/o"; mkdir "$RUN/o/u" "$RUN/o/w"\n' + (
            'mount -t overlay overlay -o "lowerdir=/usr/bin,upperdir=$RUN/o/u,workdir=$RUN/o/w" /usr/bin\n'
            f'cd /usr/bin; rm -f {missing}; [ -h /bin ] || mount --bind /usr/bin /bin')
    failed(host.scan(host.download, before), status, detail)
    assert ran(host) == []


def test_shasum_or_openssl_will_do(documents, tmp_path):
    host = Host(tmp_path, documents())
    hide = ('mkdir "$RUN/o"; mount -t tmpfs tmpfs "$RUN/o"; mkdir "$RUN/o/u" "$RUN/o/w"\n'
            'mount -t overlay overlay -o "lowerdir=/usr/bin,upperdir=$RUN/o/u,workdir=$RUN/o/w" /usr/bin\ncd /usr/bin; rm -f {}')
    for tools in ("sha256sum", "sha256sum shasum"):
        assert host.scan(gzip.compress(FAKE, mtime=0), hide.format(tools)) == (0, "frame\n", ""), tools


def test_the_other_architectures(make):
    host = make()
    failed(host.scan(gzip.compress(b"for another machine", mtime=0)), 43, "wrong_architecture")
    if host.shell != "busybox":
        failed(host.scan(host.download, prefix="setarch i686" if MACHINE == "x86_64" else "setarch armv7l"), 42, "unsupported_architecture")
    alone = make(other=None)
    failed(alone.scan(gzip.compress(b"for another machine", mtime=0)), 53, "hash_mismatch")
    assert ran(host) + ran(alone) == []


def test_not_root(documents, tmp_path):
    host = Host(tmp_path, documents())
    result = host.scan(gzip.compress(FAKE, mtime=0), "chmod -R a+rwX $RUN; exec 9<$RUN/scan/_script.sh; exec setpriv --reuid 65534 --clear-groups sh /dev/fd/9")
    failed(result, 41, "not_root")
    assert ran(host) == []


@pytest.mark.parametrize("body, status, detail", [
    ("echo broken >&2; exit 3", 57, "agent_failed"), ("echo one >&2; echo two >&2; exit 3", 57, "agent_failed"),
    ("exit 194", 57, "agent_failed"),
    ("exit 168", 57, "agent_failed"),
    ("exit 1", 57, "agent_failed"),
    ("kill -9 $$", 56, "agent_killed"),
    ("kill -11 $$", 56, "agent_killed"),
    ("sleep 30", 55, "timed_out"),
    # A gibibyte and a half does not fit the memory limit.
    ("dd if=/dev/zero of=/dev/null bs=1500M count=1", 57, "agent_failed"),
])
def test_an_agent_that_fails(make, body, status, detail):
    host = make(agent(body), TIMEOUT="2")
    failed(host.scan(host.download), status, detail)
    assert host.left() == {host.name}


def test_an_agent_that_ignores_the_timeouts_signal(documents, tmp_path):
    content = agent("trap '' TERM; sleep 30; sleep 30")
    host = Host(tmp_path, documents(content, TIMEOUT="1"))
    failed(host.scan(gzip.compress(content, mtime=0)), 55, "timed_out")


def test_the_steps_together_print_the_whole_frame(make):
    host = make(agent("i=0; while [ $i -lt 9700 ]; do echo part-of-the-frame-$i; i=$((i + 1)); done"))
    code, output, error = host.scan(host.download)
    assert (code, error) == (0, "")
    parts = [output, *host.outputs()]
    assert "".join(parts) == "".join(f"part-of-the-frame-{number}\n" for number in range(9700))
    # 24,000 characters of a step are shown.
    assert [len(part) for part in parts] == [23900] * (len("".join(parts)) // 23900) + [len("".join(parts)) % 23900]
    assert host.left() == {host.name}


def test_several_runs_at_once(make):
    host = make(agent("sleep 0.2; echo frame"))
    runs = [host.start(host.download) for _ in range(6)]
    assert [host.finish(run) for run in runs] == [(0, "frame\n", "")] * 6
    assert [name for name in host.left() if name.startswith("dbcensus-agent/")] == [host.name]


def test_the_shell_is_posix(documents):
    for name, text in document.steps(documents()).items():
        for shell in (["dash"], ["bash", "--posix"], ["busybox", "sh"]):
            assert subprocess.run([*shell, "-n"], input=text, capture_output=True, text=True).stderr == "", (name, shell)
    found = subprocess.run(["shellcheck", "-s", "sh", "-e", "SC3045,SC2050", "-"], input=document.steps(documents())["scan"], capture_output=True, text=True)
    assert found.stdout == ""


@pytest.mark.parametrize("settings, message", [
    ({"DELIVERY": "ftp"}, "write presigned, s3 or https"),
    ({"DELIVERY": "s3"}, "needs BUCKET"),
    ({"DELIVERY": "s3", "BUCKET": "b-1", "REGION": "here"}, "needs BUCKET and|the bucket's region"),
    ({"DELIVERY": "s3", "BUCKET": "b-1", "REGION": "eu-west-1", "PREFIX": '"$(id)/'}, "PREFIX is"),
    ({"DELIVERY": "https", "URL": "http://mirror"}, "needs URL"),
    ({"DELIVERY": "https", "URL": 'https://mirror/"'}, "needs URL"),
    ({"KEEP": "maybe"}, "write true or false"),
])
def test_wrong_settings_make_no_document(tmp_path, settings, message):
    (tmp_path / document.agent_name()).write_bytes(FAKE)
    (tmp_path / (document.agent_name() + ".gz")).write_bytes(FAKE)
    done = subprocess.run([document.ROOT / "packaging/build-document"], capture_output=True, text=True, env={**os.environ, "DIST": str(tmp_path), **settings})
    assert done.returncode == 64
    assert re.search(message, done.stderr + done.stdout)
    assert not list(tmp_path.glob("*.json"))


def test_without_an_agent_there_is_no_document(tmp_path):
    done = subprocess.run([document.ROOT / "packaging/build-document"], capture_output=True, text=True, env={**os.environ, "DIST": str(tmp_path)})
    assert done.returncode == 1 and "run make agent" in done.stderr + done.stdout


def test_every_exit_code_is_documented(documents):
    used = set(re.findall(r"fail (\d+) (\w+)", (document.ROOT / "packaging/document/scan.sh").read_text()))
    listed = set(re.findall(r"^\| (\d+) \| `(\w+)` \|", (document.ROOT / "docs/operate/ssm-document.md").read_text(), re.M))
    assert used == listed
    # The SSM agent takes them for a reboot and for success.
    assert not {code for code, _ in used} & {"194", "168"}
