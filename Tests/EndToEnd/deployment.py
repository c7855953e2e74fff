"""Releases and deployments for tests."""

import gzip
import hashlib
import json

from discovery import environment, flags


def release(folder, version, agent=None, delivery="presigned"):
    """A folder as `make release` writes it, with agents that are no programs; its document's SHA-256."""
    folder.mkdir()
    sums = {}
    for architecture in ("x86_64", "aarch64"):
        path = folder / f"dbcensus-agent-{version}-linux-{architecture}.gz"
        path.write_bytes(gzip.compress((agent or f"agent {version} {architecture}").encode(), mtime=0))
        sums[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    steps = [{"action": "aws:runShellScript", "name": name, "inputs": {"runCommand": [f"# {' '.join(sums.values())}"]}}
             for name in ["scan"] + [f"output-{number}" for number in range(2, 11)]]
    document = {"schemaVersion": "2.2", "description": f"dbcensus {version}: a test.", "mainSteps": steps, "parameters": {
        "fetch": {"type": "String", "default": "no"}, "url": {"type": "String", "default": "https://localhost/"}}}
    path = folder / f"dbcensus-document-{version}-{delivery}.json"
    path.write_text(json.dumps(document))
    sums[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "SHA256SUMS").write_text("".join(f"{sum}  {name}\n" for name, sum in sums.items()))
    return sums[path.name]


class Deployed:
    """What `deploy` printed."""

    def __init__(self, done):
        self.code, self.messages, self.text = done.returncode, done.stderr.decode(), done.stdout.decode()
        answer = json.loads(self.text) if self.text.startswith("{") else {}
        self.plan, self.digest, self.is_applied = answer.get("plan"), answer.get("plan_digest"), answer.get("is_applied")

    @property
    def steps(self):
        """`[(kind, region)]`"""
        return [(step["kind"], step["region"]) for step in self.plan["steps"]]


def deploy(collector, simulator, home, *arguments, check=True, env=None, text=False, **settings):
    """One command of `deploy`."""
    format = () if text else ("--format", "json")
    done = collector.run("deploy", *arguments, *format, *flags(**settings), check=False, timeout=120,
                         env={**environment(simulator, home), **(env or {})})
    deployed = Deployed(done)
    assert not check or deployed.code == 0, deployed.messages
    return deployed
