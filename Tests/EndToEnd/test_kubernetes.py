"""The manifests of packaging/kubernetes: valid for the API server's schema, and what they start works in a real engine."""

import subprocess
import time

import kubernetes_validate
import pytest
import yaml

import release
from docker_engine import Docker

DOCUMENTS = list(yaml.safe_load_all((release.ROOT / "packaging/kubernetes/dbcensus.yaml").read_text()))
KINDS = {document["kind"]: document for document in DOCUMENTS}


@pytest.mark.parametrize("version", ["1.30", "1.33", "1.37"])
def test_the_schema_of_the_api_server(version):
    for document in DOCUMENTS:
        kubernetes_validate.validate(document, version, strict=True)
    wrong = {**KINDS["Deployment"], "spec": {**KINDS["Deployment"]["spec"], "replica": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, version, strict=True)


def test_the_parts_fit_together():
    pod = KINDS["Deployment"]["spec"]["template"]
    labels = pod["metadata"]["labels"]
    assert KINDS["Deployment"]["spec"]["selector"]["matchLabels"] == labels == KINDS["Service"]["spec"]["selector"]
    assert KINDS["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert KINDS["Deployment"]["spec"]["replicas"] == 1 and KINDS["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
    (container,) = pod["spec"]["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    for document in DOCUMENTS[1:]:
        assert document["metadata"]["namespace"] == KINDS["Namespace"]["metadata"]["name"]


@pytest.mark.skipif(Docker.missing() is not None, reason=f"no {Docker.missing()} on this machine")
def test_the_pod_in_a_real_engine(released, tmp_path):
    """The same arguments, settings, user, capabilities and read-only root; the probes answer."""
    pod = KINDS["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    # As kubelet writes a ConfigMap: a link to a link to the file.
    settings = tmp_path / "settings"
    (settings / "..2026").mkdir(parents=True)
    (settings / "..data").symlink_to("..2026")
    for name, text in KINDS["ConfigMap"]["data"].items():
        (settings / "..2026" / name).write_text(text)
        (settings / name).symlink_to(f"..data/{name}")
    tmp_path.chmod(0o755)
    options = ["--detach", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--publish=127.0.0.1:8631:8629",
               f"--user={pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}", f"--volume={settings}:/etc/dbcensus:ro"]
    with Docker() as docker:
        (archive,) = released.glob("*-image-*.tar.gz")
        docker("load", "--input", archive)
        running = docker("run", *options, "dbcensus", *container["args"])
        try:
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                url = f"http://127.0.0.1:8631{container[probe]['httpGet']['path']}"
                end = time.monotonic() + 60
                while subprocess.run(["curl", "--silent", "--fail", "--noproxy", "*", url], stdout=subprocess.DEVNULL).returncode:
                    assert time.monotonic() < end, docker("logs", running)
                    time.sleep(0.2)
        finally:
            docker("rm", "--force", "--volumes", running)
