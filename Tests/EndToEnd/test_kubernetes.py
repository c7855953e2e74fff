"""The manifests of packaging/kubernetes: valid for the API server's schema, and what they start works in a real engine."""

import subprocess
import time

import kubernetes_validate
import pytest
import yaml

import release
from docker_engine import Docker

DOCUMENTS = list(yaml.safe_load_all((release.ROOT / "packaging/kubernetes/dbcensus.yaml").read_text()))
RESTORE = yaml.safe_load((release.ROOT / "packaging/kubernetes/restore.yaml").read_text())
KINDS = {document["kind"]: document for document in DOCUMENTS}


@pytest.mark.parametrize("version", ["1.30", "1.33", "1.37"])
def test_the_schema_of_the_api_server(version):
    for document in [*DOCUMENTS, RESTORE]:
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
    # What the level `restricted` of Pod Security asks for, https://kubernetes.io/docs/concepts/security/pod-security-standards/
    security = container["securityContext"]
    assert security == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True and pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not any(pod["spec"].get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
    assert {port["name"] for port in container["ports"]} == {"http"} == {port["targetPort"] for port in KINDS["Service"]["spec"]["ports"]}
    assert RESTORE["spec"]["volumes"][0] in pod["spec"]["volumes"]
    assert RESTORE["spec"]["containers"][0]["image"] == container["image"]
    for document in [*DOCUMENTS[1:], RESTORE]:
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
    security = container["securityContext"]
    options = ["--detach", f"--read-only={str(security['readOnlyRootFilesystem']).lower()}",
               *(f"--cap-drop={name}" for name in security["capabilities"]["drop"]),
               *(["--security-opt=no-new-privileges"] if not security["allowPrivilegeEscalation"] else []), "--publish=127.0.0.1:8631:8629",
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
        # The pod that restores: what it starts, on a volume with a backup.
        volume = docker("volume", "create")
        mount = f"--volume={volume}:/var/lib/dbcensus"
        docker("run", "--rm", mount, "dbcensus", "token", "create", "--name", "x", "--scopes", "read")
        docker("run", "--rm", mount, "dbcensus", "backup", "--store", "/var/lib/dbcensus/dbcensus.sqlite", "/var/lib/dbcensus/restore.sqlite")
        docker("run", "--rm", mount, "--read-only", "--cap-drop=ALL", "dbcensus", *RESTORE["spec"]["containers"][0]["args"])
