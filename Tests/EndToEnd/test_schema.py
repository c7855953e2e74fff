"""Reports against docs/report.schema.json, by a third party's validator."""

import base64
import copy
import gzip
import json
import pathlib
import re
import zlib

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/report.schema.json").read_text())
HOSTS = sorted(path.name for path in (ROOT / "Tests/EnginesTests/Fixtures/hosts").iterdir())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def closed(schema):
    """The schema with the words alone that it knows of each open enumeration."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema and "enum" in schema["anyOf"][0]:
        return {"anyOf": schema["anyOf"][:1]}
    return {name: closed(part) for name, part in schema.items()}


KNOWN = jsonschema.Draft202012Validator(closed(SCHEMA), format_checker=jsonschema.FormatChecker())


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_report_of_real_servers(scan):
    VALIDATOR.validate(scan)


@pytest.mark.parametrize("host", HOSTS)
def test_the_report_of_a_fixture_host(agent, fixtures, host):
    VALIDATOR.validate(agent.json("scan", "--format", "json", "--recorded-proc", "--root", fixtures / host))


@pytest.mark.parametrize("path", [path for path in (ROOT / "Tests/AgentTests/Golden").glob("*.json")], ids=lambda p: p.stem)
def test_a_golden_report(path):
    VALIDATOR.validate(json.loads(path.read_text()))
    KNOWN.validate(json.loads(path.read_text()))  # the schema knows every word that this agent writes


def test_enumerations_are_open_but_for_the_status(scan):
    def changed(change):
        report = copy.deepcopy(scan)
        change(report)
        return VALIDATOR.is_valid(report), KNOWN.is_valid(report)

    assert changed(lambda r: None) == (True, True)
    assert changed(lambda r: r["databases"][0].update(state="paused")) == (True, False)
    assert changed(lambda r: r["databases"][0].update(role="witness")) == (True, False)
    assert changed(lambda r: r["scan"]["engines"][0].update(outcome="skipped")) == (True, False)
    assert changed(lambda r: r["scan"].update(status="skipped")) == (False, False)


def test_the_schema_refuses_what_breaks_the_contract(scan):
    def broken(change):
        report = copy.deepcopy(scan)
        change(report)
        return not VALIDATOR.is_valid(report)

    assert broken(lambda r: r.pop("host"))
    assert broken(lambda r: r.update(schema="dbcensus.report/2"))
    assert broken(lambda r: r["databases"][0].update(state="Paused!"))
    assert broken(lambda r: r["databases"][0].update(state=None))
    assert broken(lambda r: r["scan"].update(started_at="yesterday"))
    assert broken(lambda r: next(d for d in r["databases"] if d["state"] == "running").update(process=None))
    assert broken(lambda r: next(d for d in r["databases"] if d["version"]).update(version_precision=None))


def test_json_has_sorted_keys_and_the_frame_holds_the_same(agent, fixtures):
    host = fixtures / "two-instances"
    text = agent.run("scan", "--format", "json", "--recorded-proc", "--root", host).stdout
    report = json.loads(text)
    ordered = json.loads(text, object_pairs_hook=lambda pairs: [key for key, _ in pairs] == sorted(k for k, _ in pairs))
    assert ordered
    frame = agent.run("scan", "--format", "frame", "--recorded-proc", "--root", host).stdout.decode()
    begin, length, checksum, body, end = re.fullmatch(
        r"(-----BEGIN DBCENSUS REPORT 1) (\d+) ([0-9a-f]{8})-----\n([A-Za-z0-9+/=]+)\n(-----END DBCENSUS REPORT-----\n)", frame).groups()
    packed = base64.b64decode(body, validate=True)
    assert len(packed) == int(length) and zlib.crc32(packed) == int(checksum, 16)
    minified = gzip.decompress(packed)
    framed = json.loads(minified)
    for one in [report, framed]:
        one["scan"].pop("duration_ms"), one["scan"].pop("started_at"), one["scan"].pop("engines")
    assert framed == report and b"\n" not in minified and b'": ' not in minified
    decoded = json.loads(agent.run("decode", input=frame.encode()).stdout)
    assert decoded["databases"] == framed["databases"]
