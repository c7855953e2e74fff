"""Runtimes' own state files."""

import json

from fixture_host import elf
from scenarios.data import mariadb_data, mongodb_data, mysql_data, postgresql_data


def containers(scenario):
    """Runtimes' own state files, on the control groups of both versions."""
    image = lambda number: f"{number:064x}"

    h = scenario("docker", "debian")
    h.user("root", 0)
    h.process(700, "/usr/bin/dockerd", ["/usr/bin/dockerd", "-H", "fd://"])
    h.process(701, "/usr/bin/docker-proxy", ["/usr/bin/docker-proxy", "-proto", "tcp", "-host-port", "13306", "-container-port", "3306"],
              tcp=[("0.0.0.0", 13306)])
    def docker(pid, number, name, image_name, ports, mode="bridge", running=True, labels=None):
        config = {"ID": image(number), "Name": f"/{name}", "Image": "sha256:0", "State": {"Running": running, "Pid": pid},
                  "Config": {"Image": image_name, "Env": ["MYSQL_ROOT_PASSWORD=canary"], "Labels": labels or {}},
                  "NetworkSettings": {"Ports": ports}}
        at = f"var/lib/docker/containers/{image(number)}"
        h.write(f"{at}/config.v2.json", json.dumps(config))
        h.write(f"{at}/hostconfig.json", json.dumps({"NetworkMode": mode}))
        return f"12:memory:/docker/{image(number)}\n1:name=systemd:/docker/{image(number)}\n0::/system.slice/containerd.service\n"
    root = "var/lib/docker/overlay2/aa/merged"
    mysql_data(h, f"{root}/var/lib/mysql", "8.0.36", uuid="aaaaaaaa-0000-0000-0000-000000000000")
    h.write(f"{root}/etc/passwd", "mysql:x:999:999::/var/lib/mysql:/bin/bash\n")
    h.write(f"{root}/usr/sbin/mysqld", elf("MySQL 8.0.36"))
    h.user("systemd-coredump", 999)
    h.process(1000, "/usr/sbin/mysqld", ["mysqld"], cwd=f"/{root}/var/lib/mysql", user="systemd-coredump", root=f"/{root}",
              tcp=[("::", 3306), ("::", 33060)], mount_namespace=4026532900, net_namespace=4026532901,
              environ=["MYSQL_VERSION=8.0.36-1.el8", "MYSQL_ROOT_PASSWORD=canary"],
              cgroup=docker(1000, 10, "orders-db", "mysql:8.0", {"3306/tcp": [{"HostIp": "0.0.0.0", "HostPort": "13306"}, {"HostIp": "::", "HostPort": "13306"}], "33060/tcp": None}))
    # A sidecar in the network of another container, which publishes its port.
    root = "var/lib/docker/overlay2/bb/merged"
    postgresql_data(h, f"{root}/var/lib/postgresql/data", "16")
    h.write(f"{root}/usr/local/bin/postgres", elf("PostgreSQL 16.3 on x86_64-pc-linux-musl, compiled by gcc"))
    h.write(f"{root}/etc/passwd", "postgres:x:70:70::/var/lib/postgresql:/bin/sh\n")
    h.user("unknown", 100070)
    docker(0, 11, "front", "nginx:1.27", {"80/tcp": [{"HostIp": "", "HostPort": "8080"}], "5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": "15432"}]})
    h.process(1001, "/usr/local/bin/postgres", ["postgres"], cwd=f"/{root}/var/lib/postgresql/data", user="unknown", root=f"/{root}",
              tcp=[("0.0.0.0", 5432)], unix=["/var/run/postgresql/.s.PGSQL.5432"], mount_namespace=4026532910, net_namespace=4026532911,
              uid_map="         0     100000      65536\n", environ=["PG_VERSION=16.3", "PGDATA=/var/lib/postgresql/data"],
              cgroup=docker(1001, 12, "side", "postgres:16-alpine", None, mode=f"container:{image(11)}"))
    # On the host's network, and stopped: its volume is left.
    root = "var/lib/docker/overlay2/cc/merged"
    mongodb_data(h, f"{root}/data/db", "7.0.5")
    h.process(1002, "/usr/bin/mongod", ["mongod", "--bind_ip_all"], user="systemd-coredump", root=f"/{root}", tcp=[("0.0.0.0", 27017)],
              open=[f"/{root}/data/db/mongod.lock"], mount_namespace=4026532920, cgroup=docker(1002, 13, "metrics", "mongo:7.0", {}, mode="host"))
    mariadb_data(h, "var/lib/docker/volumes/legacy/_data", "10.11.6")
    # A volume that its container filled: links and settings that lead out of it.
    volume = "var/lib/docker/volumes/evil/_data"
    h.write("root/.pgpass", "db.prod:5432:orders:postgres:canary-password\n")
    h.write("root/canary.conf", "cluster_name = 'canary'\nport = 6666\n")
    h.write("root/canary_hba", "host all all canary.example trust\n")
    mariadb_data(h, volume, "10.11.6")
    h.unlink(f"{volume}/mysql_upgrade_info")
    h.link(f"{volume}/mysql_upgrade_info", "/root/.pgpass")
    postgresql_data(h, f"{volume}/16/docker", "16")
    h.write(f"{volume}/16/docker/postgresql.conf", "include '/root/canary.conf'\ninclude '../../../../../../../../root/canary.conf'\n"
            "hba_file = '/root/canary_hba'\nlogging_collector = on\nlog_directory = '/root'\n")
    h.finish()

    h = scenario("kubernetes", "al2023")
    h.user("polkitd", 999)
    pod = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
    slice = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{pod.replace('-', '_')}.slice"
    task = lambda number: f"run/containerd/io.containerd.runtime.v2.task/k8s.io/{image(number)}"
    h.write("var/lib/cni/results/aws-cni-" + image(20) + "-eth0", json.dumps({
        "kind": "cniCacheV1", "containerId": image(20), "ifName": "eth0", "capabilityArgs": {
            "io.kubernetes.cri.pod-annotations": {"last-applied": "canary"},
            "portMappings": [{"HostPort": 30306, "ContainerPort": 3306, "Protocol": "tcp", "HostIP": ""}]}}))
    for number, name, pid in [(21, "mysql", 2001), (22, "replica", 2002)]:
        h.write(f"{task(number)}/init.pid", str(pid))
        h.write(f"{task(number)}/config.json", json.dumps({"process": {"env": ["MYSQL_ROOT_PASSWORD=canary"]}, "annotations": {
            "io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": name,
            "io.kubernetes.cri.image-name": "docker.io/library/mysql:8.4", "io.kubernetes.cri.sandbox-id": image(20),
            "io.kubernetes.cri.sandbox-name": "orders-0", "io.kubernetes.cri.sandbox-namespace": "shop"}}))
        rootfs = f"{task(number)}/rootfs"
        mysql_data(h, f"{rootfs}/var/lib/mysql", "8.4.3", uuid=f"bbbbbbbb-0000-0000-0000-0000000000{number}")
        h.write(f"{rootfs}/etc/passwd", "mysql:x:999:999::/var/lib/mysql:/bin/bash\n")
        h.write(f"{rootfs}/usr/sbin/mysqld", elf("MySQL 8.4.3"))
        h.process(pid, "/usr/sbin/mysqld", ["mysqld", f"--port={3285 + number}"], cwd=f"/{rootfs}/var/lib/mysql", user="polkitd", root=f"/{rootfs}",
                  tcp=[("::", 3285 + number)], mount_namespace=4026533000 + number, net_namespace=4026533000,
                  cgroup=f"0::{slice}/cri-containerd-{image(number)}.scope\n")
    # containerd's files are gone; the kubelet's links of logs still tell.
    h.write("var/log/pods/shop_cache-1_" + pod[::-1] + "/postgres/0.log", "")
    h.link(f"var/log/containers/cache-1_shop_postgres-{image(23)}.log", f"/var/log/pods/shop_cache-1_{pod[::-1]}/postgres/0.log")
    rootfs = "run/rootfs-of-23"
    postgresql_data(h, f"{rootfs}/var/lib/postgresql/data", "15")
    h.process(2003, "/usr/lib/postgresql/15/bin/postgres", ["postgres"], cwd=f"/{rootfs}/var/lib/postgresql/data", user="polkitd", root=f"/{rootfs}",
              tcp=[("0.0.0.0", 5432)], mount_namespace=4026533023, net_namespace=4026533123, environ=["PG_VERSION=15.6-1.pgdg120+2"],
              cgroup=f"0::/kubepods/burstable/pod{pod[::-1]}/{image(23)}\n")
    # Of a third pod nothing is left but its uid in the control group.
    rootfs = "run/rootfs-of-24"
    postgresql_data(h, f"{rootfs}/var/lib/postgresql/data", "15")
    h.process(2004, "/usr/lib/postgresql/15/bin/postgres", ["postgres"], cwd=f"/{rootfs}/var/lib/postgresql/data", user="polkitd", root=f"/{rootfs}",
              tcp=[("0.0.0.0", 5432)], mount_namespace=4026533024, net_namespace=4026533124, environ=["PG_VERSION=15.6-1.pgdg120+2"],
              cgroup=f"0::/kubepods/burstable/pod{pod}/{image(24)}\n")
    h.finish()

    h = scenario("podman-crio", "rhel")
    h.user("mysql", 27)
    storage = "var/lib/containers/storage"
    h.write(f"{storage}/overlay-containers/{image(30)}/userdata/config.json", json.dumps({"annotations": {"io.container.manager": "libpod"}}))
    h.write(f"{storage}/overlay-containers/containers.json", json.dumps([{"id": image(30), "names": ["shop-db"], "image": "0", "metadata": json.dumps(
        {"image-name": "quay.io/sclorg/mariadb-1011-c9s:latest", "name": "shop-db"})}]))
    h.database(f"{storage}/db.sql", "CREATE TABLE ContainerConfig (ID TEXT PRIMARY KEY NOT NULL, Name TEXT, PodID TEXT, JSON TEXT)",
               "CREATE TABLE PodConfig (ID TEXT PRIMARY KEY NOT NULL, Name TEXT, JSON TEXT)",
               ("INSERT INTO ContainerConfig VALUES (?, ?, ?, ?)", [image(30), "shop-db", "pod1", json.dumps(
                   {"id": image(30), "pod": "pod1", "netNsCtr": image(31), "spec": {"process": {"env": ["PASSWORD=canary"]}}})]),
               ("INSERT INTO ContainerConfig VALUES (?, ?, ?, ?)", [image(31), "infra", "pod1", json.dumps(
                   {"id": image(31), "newPortMappings": [{"host_ip": "10.0.3.17", "container_port": 3306, "host_port": 3307, "range": 1, "protocol": "tcp"}]})]),
               ("INSERT INTO PodConfig VALUES (?, ?, ?)", ["pod1", "shop", "{}"]))
    root = f"{storage}/overlay/dd/merged"
    mariadb_data(h, f"{root}/var/lib/mysql/data", "10.11.6")
    h.write(f"{root}/usr/libexec/mariadbd", elf("MariaDB 10.11.6"))
    h.process(3000, "/usr/libexec/mariadbd", ["/usr/libexec/mariadbd"], cwd=f"/{root}/var/lib/mysql/data", user="mysql", root=f"/{root}",
              tcp=[("::", 3306)], mount_namespace=4026533300, net_namespace=4026533301,
              cgroup=f"0::/machine.slice/machine-libpod_pod_{image(9)}.slice/libpod-{image(30)}.scope/container\n")
    h.write(f"{storage}/overlay-containers/{image(41)}/userdata/config.json", json.dumps({"annotations": {
        "io.container.manager": "cri-o", "io.kubernetes.container.name": "postgres", "io.kubernetes.pod.name": "ledger-0", "io.kubernetes.pod.namespace": "bank",
        "io.kubernetes.cri-o.ImageName": "registry.example/postgres:16", "io.kubernetes.cri-o.SandboxID": image(40)}}))
    h.write(f"{storage}/overlay-containers/{image(40)}/userdata/config.json", json.dumps({"annotations": {
        "io.kubernetes.cri-o.PortMappings": json.dumps([{"HostPort": 5433, "ContainerPort": 5432, "Protocol": "TCP", "HostIP": ""}])}}))
    root = f"{storage}/overlay/ee/merged"
    postgresql_data(h, f"{root}/var/lib/pgsql/data", "16")
    h.write(f"{root}/usr/bin/postgres", elf("PostgreSQL 16.3 on x86_64-redhat-linux-gnu"))
    h.process(3001, "/usr/bin/postgres", ["postgres", "-D", "/var/lib/pgsql/data"], cwd=f"/{root}/var/lib/pgsql/data", user="mysql", root=f"/{root}",
              tcp=[("0.0.0.0", 5432)], mount_namespace=4026533310, net_namespace=4026533311,
              cgroup=f"0::/kubepods.slice/kubepods-pod{pod.replace('-', '_')}.slice/crio-{image(41)}.scope/container\n")
    h.finish()

    h = scenario("ecs", "al2023")
    h.user("mysql", 999)
    at = f"var/lib/docker/containers/{image(50)}"
    h.write(f"{at}/config.v2.json", json.dumps({"Name": "/ecs-orders-3-db-c0ffee", "State": {"Running": True, "Pid": 4000}, "Config": {
        "Image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/db:3", "Labels": {"com.amazonaws.ecs.container-name": "db", "com.amazonaws.ecs.cluster": "shop"}},
        "NetworkSettings": {"Ports": {}}}))
    root = "var/lib/docker/overlay2/ff/merged"
    mariadb_data(h, f"{root}/var/lib/mysql", "11.4.2")
    h.write(f"{root}/usr/sbin/mariadbd", elf("MariaDB 11.4.2"))
    h.process(4000, "/usr/sbin/mariadbd", ["mariadbd"], cwd=f"/{root}/var/lib/mysql", user="mysql", root=f"/{root}", tcp=[("0.0.0.0", 3306)],
              mount_namespace=4026533400, net_namespace=4026533401,
              cgroup=f"0::/ecstasks.slice/ecstasks-{'ab' * 16}.slice/docker-{image(50)}.scope\n")
    h.finish()

    h = scenario("hostile-containers", "debian")
    h.user("mysql", 113)
    h.package("mysql-community-server-core", "8.0.36-1debian12", "/usr/sbin/mysqld")
    # A service that made up the name of its control group, and one that took another container's.
    mysql_data(h, "var/lib/mysql", "8.0.36")
    h.process(5000, "/usr/sbin/mysqld", ["/usr/sbin/mysqld"], cwd="/var/lib/mysql", user="mysql", tcp=[("127.0.0.1", 3306)],
              cgroup=f"0::/system.slice/docker-{image(60)}.scope\n")
    h.process(5001, "/usr/bin/nginx", ["nginx"], mount_namespace=4026533501)
    h.write(f"var/lib/docker/containers/{image(61)}/config.v2.json", json.dumps({"Name": "/front", "State": {"Pid": 5001}, "Config": {"Image": "nginx"}}))
    mysql_data(h, "srv/second", "8.0.36", uuid="22222222-0000-0000-0000-000000000000")
    h.process(5002, "/usr/sbin/mysqld", ["/usr/sbin/mysqld"], cwd="/srv/second", user="mysql", tcp=[("127.0.0.1", 3307)],
              mount_namespace=4026533502, cgroup=f"0::/system.slice/docker-{image(61)}.scope\n")
    # State that is no JSON, says strange things, or leads elsewhere.
    h.write(f"var/lib/docker/containers/{image(62)}/config.v2.json", '{"Name": "/cut", "Config": {"Image": "my')
    h.write(f"var/lib/docker/containers/{image(63)}/config.v2.json", json.dumps({
        "Name": "/\u001b[31mred\n=cmd", "Config": {"Image": ["a", "list"], "Labels": "none"}, "State": {"Pid": -7},
        "NetworkSettings": {"Ports": {"3306/tcp": [{"HostIp": "x" * 5000, "HostPort": "99999"}, {"HostIp": "9.9.9.9", "HostPort": "3399"}, 7], "x/y": [{}]}}}))
    h.write(f"var/lib/docker/containers/{image(63)}/hostconfig.json", json.dumps({"NetworkMode": "container:../../../etc"}))
    for pid, number in [(5003, 62), (5004, 63)]:
        root = f"var/lib/docker/overlay2/{number}/merged"
        mysql_data(h, f"{root}/var/lib/mysql", "8.0.36", uuid=f"cccccccc-0000-0000-0000-0000000000{number}")
        h.process(pid, "/usr/sbin/mysqld", ["mysqld"], cwd=f"/{root}/var/lib/mysql", user="mysql", root=f"/{root}", tcp=[("::", 3306)],
                  mount_namespace=4026533500 + number, net_namespace=4026533600 + number, cgroup=f"0::/docker/{image(number)}\n")
    # A port of the host cannot lead to a server that listens on its own loopback address alone.
    h.write(f"var/lib/docker/containers/{image(65)}/config.v2.json", json.dumps({
        "Name": "/inward", "State": {"Pid": 5006}, "Config": {}, "NetworkSettings": {"Ports": {"3306/tcp": [{"HostIp": "", "HostPort": "3366"}]}}}))
    root = "var/lib/docker/overlay2/65/merged"
    mysql_data(h, f"{root}/var/lib/mysql", "8.0.36", uuid="cccccccc-0000-0000-0000-000000000065")
    h.process(5006, "/usr/sbin/mysqld", ["mysqld"], cwd=f"/{root}/var/lib/mysql", user="mysql", root=f"/{root}", tcp=[("127.0.0.1", 3306)],
              mount_namespace=4026533565, net_namespace=4026533665, cgroup=f"0::/docker/{image(65)}\n")
    # systemd in a container: the server has mounts of its own, and the container's first process is its grandparent.
    h.write(f"var/lib/docker/containers/{image(66)}/config.v2.json", json.dumps({
        "Name": "/machine", "State": {"Pid": 5010}, "Config": {"Image": "ubi-init"}, "NetworkSettings": {"Ports": {"3306/tcp": [{"HostIp": "", "HostPort": "3377"}]}}}))
    root = "var/lib/docker/overlay2/66/merged"
    mysql_data(h, f"{root}/var/lib/mysql", "8.0.36", uuid="cccccccc-0000-0000-0000-000000000066")
    h.process(5010, "/usr/lib/systemd/systemd", ["/sbin/init"], root=f"/{root}", mount_namespace=4026533566)
    h.process(5011, "/usr/sbin/mysqld", ["mysqld"], cwd=f"/{root}/var/lib/mysql", user="mysql", root=f"/{root}", tcp=[("0.0.0.0", 3306)], ppid=5010,
              mount_namespace=4026533567, net_namespace=4026533666, cgroup=f"0::/docker/{image(66)}/system.slice/mysqld.service\n")
    # A user's own runtime, in a container that he made up, that says it is another's.
    inner = f"home/alice/root/var/lib/docker/containers/{image(67)}/config.v2.json"
    h.write(inner, json.dumps({"Name": "/payments", "State": {"Pid": 5021}, "Config": {"Image": "x"},
                               "NetworkSettings": {"Ports": {"3306/tcp": [{"HostIp": "0.0.0.0", "HostPort": "1"}]}}}))
    mysql_data(h, "home/alice/root/var/lib/mysql", "8.0.36", uuid="cccccccc-0000-0000-0000-000000000067")
    h.process(5020, "/usr/bin/sh", ["sh"], root="/home/alice/root", mount_namespace=4026533568)
    h.process(5021, "/usr/sbin/mysqld", ["mysqld"], cwd="/home/alice/root/var/lib/mysql", user="mysql", root="/home/alice/root", tcp=[("0.0.0.0", 3306)],
              ppid=5020, mount_namespace=4026533569, net_namespace=4026533667,
              cgroup=f"0::/user.slice/docker-{image(68)}.scope/docker-{image(67)}.scope\n")
    # A container whose root is gone: no file of it can be read.
    h.process(5005, "/usr/sbin/mysqld", ["mysqld", "--datadir=/var/lib/mysql"], cwd="/var/lib/docker/overlay2/gone/merged/var/lib/mysql", user="mysql",
              root="/var/lib/docker/overlay2/gone/merged", tcp=[("::", 3306)], mount_namespace=4026533505, net_namespace=4026533605,
              cgroup=f"0::/docker/{image(64)}\n")
    h.finish()
