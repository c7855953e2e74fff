"""packaging/aws/monitoring.yaml: every alarm and widget reads what a running collector sends, and has its section in the manual."""

import json
import re
import time

import pytest
from cfnlint.decode import cfn_yaml as decoder
from prometheus_client.parser import text_string_to_metric_families

from aws import REGION, Moto
from discovery import serving
from service import report
from simulator import ROOT, Simulator
from test_discovery_api import begin, wait
from test_templates import deploy

TEMPLATE = ROOT / "packaging/aws/monitoring.yaml"
MANUAL = "https://github.com/dbcensus/dbcensus/blob/main/docs/operate/alarms.md"


@pytest.fixture(scope="module")
def resources():
    return decoder.load(str(TEMPLATE))["Resources"]


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """The lines that a collector with discovery, backups and a rejected report writes, and the metrics that it has."""
    folder = tmp_path_factory.mktemp("monitoring")
    (folder / "backups").mkdir()
    with Simulator("--accounts", 3, "--instances", 4, "--share", "denied=0.4", "--share", "failed=0.2") as simulator:
        with serving(folder, simulator, "metrics.embedded=true", "metrics.embedded_seconds=1", f"backup.to={folder / 'backups'}", "backup.every=1h",
                     schedule__cron="0 0 1 1 *") as service:
            wait(service, begin(service), timeout=60)
            service.send(report(1))
            service.post("/api/v1/reports", b"not a report")
            # The run is in the metrics, and the coverage in the log.
            deadline = time.monotonic() + 200
            while time.monotonic() < deadline:
                lines = service.log()
                if any("dbcensus_failed_hosts_percent" in line for line in lines) and any(line.get("kind") == "coverage" for line in lines):
                    break
                time.sleep(0.5)
            time.sleep(2)
            families = {family.name: family.type for family in text_string_to_metric_families(service.get("/metrics").text)}
            service.stop()
        lines = service.log()
    return lines, families


def metrics(resources):
    """`{where it is used: name}` of all metrics in alarms and widgets."""
    for name, resource in resources.items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            for part in properties.get("Metrics", []):
                if "MetricStat" in part:
                    yield name, part["MetricStat"]["Metric"]["Namespace"], part["MetricStat"]["Metric"]["MetricName"]
            if "MetricName" in properties:
                yield name, properties["Namespace"], properties["MetricName"]
    for widget in widgets(resources):
        for namespace, metric in widget["properties"].get("metrics", []):
            yield widget["properties"]["title"], namespace, metric


def widgets(resources):
    return json.loads(resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]


def test_every_alarm_and_widget_reads_what_is_sent(resources, sent):
    lines, families = sent
    embedded = [line for line in lines if "_aws" in line]
    # Without labels, so that an alarm can name them; each line says its dimensions.
    assert embedded and all(directive["Dimensions"] == [[]] for line in embedded for directive in line["_aws"]["CloudWatchMetrics"])
    names = {metric["Name"] for line in embedded for directive in line["_aws"]["CloudWatchMetrics"] for metric in directive["Metrics"]}
    used = list(metrics(resources))
    assert len(used) > 20
    for where, namespace, name in used:
        assert namespace == "dbcensus", where
        kind = families.get(name.removesuffix("_total")) or families.get(name)
        # A counter that did not grow is not sent: only its name can be compared.
        assert name in names or kind == "counter", (where, name, kind)
    assert {name for _, _, name in used if name.startswith("dbcensus_http_answers")} <= names


def test_every_query_reads_fields_that_are_logged(resources, sent):
    lines, _ = sent
    queries = [widget["properties"]["query"] for widget in widgets(resources) if widget["type"] == "log"]
    assert len(queries) == 4
    fields = {"coverage": {"account_id", "hosts", "answered"}, "metrics": {"dbcensus_http_requests_total", "route", "status", "dbcensus_aws_calls_total", "action", "outcome"}}
    for kind, wanted in fields.items():
        found = {key for line in lines if line.get("kind") == kind for key in line}
        assert wanted <= found, (kind, wanted - found)
    words = set(re.findall(r"[a-z_]+", " ".join(queries)))
    for wanted in fields.values():
        assert wanted <= words, "the queries name these fields"
    coverage = [line for line in lines if line.get("kind") == "coverage"]
    assert len({line["account_id"] for line in coverage}) == len(coverage) and sum(line["hosts"] for line in coverage) >= 4
    assert all(isinstance(line["hosts"], int) for line in coverage)


def test_each_alarm_has_its_section(resources):
    headings = re.findall("(?m)^## (.+)$", (ROOT / "docs/operate/alarms.md").read_text())
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    linked = set()
    for name, resource in resources.items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            (anchor,) = re.findall(re.escape(MANUAL) + "#([a-z-]+)", resource["Properties"]["AlarmDescription"])
            assert resource["Properties"]["AlarmName"] == {"Fn::Sub": "${NamePrefix}-" + anchor}
            assert resource["Properties"]["AlarmActions"] == resource["Properties"]["OKActions"] == [{"Ref": "TopicArn"}]
            linked.add(anchor)
    linked |= set(re.findall(re.escape(MANUAL) + "#([a-z-]+)", (ROOT / "packaging/aws/hub.yaml").read_text()))
    assert linked == anchors
    for section in (ROOT / "docs/operate/alarms.md").read_text().split("\n## ")[1:]:
        assert all(f"**{part}.**" in section for part in ("Meaning", "Check", "Fix")), section[:40]


def test_silence_is_an_alarm(resources):
    missing = {name: resource["Properties"]["TreatMissingData"] for name, resource in resources.items() if "TreatMissingData" in resource["Properties"]}
    assert [name for name, value in missing.items() if value == "breaching"] == ["Silent"]


def test_the_dashboard_in_moto():
    with Moto() as moto:
        deploy(moto, "monitoring", "monitoring", TopicArn=f"arn:aws:sns:{REGION}:123456789012:dbcensus-alerts", NamePrefix="acme")
        body = json.loads(moto.client("cloudwatch").get_dashboard(DashboardName="acme")["DashboardBody"])
        assert {widget["properties"]["region"] for widget in body["widgets"]} == {REGION}
        assert all("/acme/collector" in widget["properties"]["query"] for widget in body["widgets"] if widget["type"] == "log")
