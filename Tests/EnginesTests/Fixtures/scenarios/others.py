"""Time series, distributed SQL, and servers of other families: each running, stopped and installed."""

from fixture_host import elf


def time_series(scenario):
    h = scenario("time-series", "debian")
    h.user("influxdb", 120)
    h.user("metrics", 121)
    # InfluxDB 1 of a package, and 2 of an archive.
    h.package("influxdb", "1.8.10-1", "/usr/bin/influxd")
    h.write("etc/influxdb/influxdb.conf", "reporting-disabled = true\n[meta]\n  dir = \"/var/lib/influxdb/meta\"\n[data]\n  dir = \"/var/lib/influxdb/data\"\n"
            "  wal-dir = \"/srv/influx-wal\"\n[http]\n  bind-address = \":8086\"\n  auth-enabled = true\n  https-enabled = false\n  shared-secret = \"canary\"\n"
            "[[opentsdb]]\n  bind-address = \":4242\"\n")
    for part in ["meta/meta.db", "data/_internal/x", "../../../srv/influx-wal/x"]:
        h.write(f"var/lib/influxdb/{part}", "")
    h.process(400, "/usr/bin/influxd", ["/usr/bin/influxd", "-config", "/etc/influxdb/influxdb.conf"], user="influxdb",
              tcp=[("::", 8086), ("127.0.0.1", 8088)], environ=["INFLUXDB_ADMIN_PASSWORD=canary"])
    h.write("opt/influxdb2/influxd", elf("build\t-ldflags=\"-s -w -X main.version=v2.7.4 -X main.commit=19e5c0e1b7\"\n"))
    h.write("srv/influx2/influxd.bolt", bytes(64))
    h.write("srv/influx2/engine/data/x", "")
    h.process(410, "/opt/influxdb2/influxd", ["influxd", "--bolt-path=/srv/influx2/influxd.bolt", "--engine-path", "/srv/influx2/engine",
                                              "--http-bind-address=127.0.0.1:9999", "--vault-token=canary"], user="influxdb", tcp=[("127.0.0.1", 9999)],
              open=["/srv/influx2/influxd.bolt"])
    h.package("prometheus", "2.42.0+ds-5+b5", "/usr/bin/prometheus")
    for part in ["wal/00000001", "chunks_head/000001", "lock", "queries.active"]:
        h.write(f"var/lib/prometheus/metrics2/{part}", "")
    h.process(420, "/usr/bin/prometheus", ["/usr/bin/prometheus", "--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/var/lib/prometheus/metrics2/",
                                           "--web.listen-address=0.0.0.0:9091"], cwd="/var/lib/prometheus", user="metrics", tcp=[("0.0.0.0", 9091)],
              open=["/var/lib/prometheus/metrics2/lock"])
    h.write("usr/local/bin/victoria-metrics-prod", elf("victoria-metrics-20240201-153023-tags-v1.97.1-0-g94b1b1b"))
    for part in ["data/small/x", "indexdb/x", "flock.lock"]:
        h.write(f"srv/vm/{part}", "")
    h.process(430, "/usr/local/bin/victoria-metrics-prod", ["victoria-metrics-prod", "-storageDataPath=/srv/vm", "-retentionPeriod=12", "-httpAuth.password=canary"],
              user="metrics", tcp=[("0.0.0.0", 8428)], open=["/srv/vm/flock.lock"])
    h.write("usr/local/bin/vminsert-prod", elf("vminsert-20240201-153023-tags-v1.97.1-cluster-0-g94b1b1b"))
    h.process(440, "/usr/local/bin/vminsert-prod", ["vminsert-prod", "-storageNode=10.0.0.1:8400,10.0.0.2:8400"], user="metrics", tcp=[("0.0.0.0", 8480)])
    h.process(450, "/usr/bin/prometheus-node-exporter", ["prometheus-node-exporter"], tcp=[("::", 9100)])
    h.finish()


def distributed(scenario):
    h = scenario("distributed-sql", "ubuntu")
    for number, name in enumerate(["clickhouse", "cockroach", "tidb", "scylla"], 130):
        h.user(name, number)
    h.package("clickhouse-common-static", "23.8.9.54", "/usr/bin/clickhouse")
    h.link("usr/bin/clickhouse-server", "/usr/bin/clickhouse")
    h.write("etc/clickhouse-server/config.xml", "<?xml version=\"1.0\"?>\n<clickhouse>\n  <logger><level>trace</level><log>/var/log/clickhouse-server/clickhouse-server.log</log></logger>\n"
            "  <http_port>8123</http_port>\n  <tcp_port>9000</tcp_port>\n  <interserver_http_credentials><password>canary</password></interserver_http_credentials>\n"
            "  <!-- <tcp_port_secure>9440</tcp_port_secure> -->\n  <path>/var/lib/clickhouse/</path>\n  <max_connections>4096</max_connections>\n"
            "  <mysql_port from_env=\"CANARY\"/>\n</clickhouse>\n")
    h.write("etc/clickhouse-server/config.d/network.xml", "<yandex><listen_host>::</listen_host><http_port replace=\"1\">8124</http_port></yandex>\n")
    h.write("etc/clickhouse-server/users.xml", "<clickhouse><users><default><password>canary</password></default></users></clickhouse>\n")
    h.write("var/lib/clickhouse/status", "PID: 500\nStarted at: 2026-09-21 14:13:20\nRevision: 54474\n")
    h.write("var/lib/clickhouse/uuid", "0a1b2c3d-0000-4000-8000-00000000000a")
    h.write("var/lib/clickhouse/metadata/default.sql", "")
    h.write("var/lib/clickhouse/store/x", "")
    h.process(499, "/usr/bin/clickhouse", ["clickhouse-watchdog", "--config=/etc/clickhouse-server/config.xml"], user="clickhouse")
    h.process(500, "/usr/bin/clickhouse", ["/usr/bin/clickhouse-server", "--config=/etc/clickhouse-server/config.xml"], cwd="/var/lib/clickhouse",
              user="clickhouse", ppid=499, tcp=[("::", 8124), ("::", 9000)], open=["/var/lib/clickhouse/status"])
    h.process(510, "/usr/bin/clickhouse", ["clickhouse", "client", "--password=canary"])
    h.write("usr/local/bin/cockroach", elf("build\t-ldflags=\"-X github.com/cockroachdb/cockroach/pkg/build.tag=v23.1.14 -X x=y\"\n"))
    for part, text in [("STORAGE_MIN_VERSION", "22.2"), ("cockroach.listen-addr", "10.0.3.17:26257"), ("LOCK", "")]:
        h.write(f"srv/crdb/{part}", text)
    h.process(520, "/usr/local/bin/cockroach", ["cockroach", "start", "--insecure", "--store=path=/srv/crdb,attrs=ssd", "--listen-addr=10.0.3.17:26257",
                                               "--join=10.0.3.18", "--cluster-name", "orders"], user="cockroach",
              tcp=[("10.0.3.17", 26257), ("::", 8080)], open=["/srv/crdb/LOCK"])
    h.process(525, "/usr/local/bin/cockroach", ["cockroach", "sql", "--url=postgresql://root:canary@localhost"], tcp=[])
    h.write("opt/tidb/bin/tidb-server", elf("-X github.com/pingcap/tidb/pkg/parser/mysql.TiDBReleaseVersion=v7.5.0 "))
    h.process(530, "/opt/tidb/bin/tidb-server", ["/opt/tidb/bin/tidb-server", "-P", "4000", "--status=10080", "--store=tikv", "--path=10.0.0.1:2379"], user="tidb",
              tcp=[("::", 4000), ("::", 10080)])
    h.write("opt/tidb/bin/tikv-server", elf("Release Version:   7.5.0"))
    h.write("tidb-deploy/tikv.toml", "[server]\naddr = \"0.0.0.0:20160\"\n[storage]\ndata-dir = \"/tidb-data/tikv-20160\"\n[security]\nca-path = \"/canary.pem\"\n")
    for part in ["db/LOCK", "raft-engine/x", "last_tikv.toml", "LOCK"]:
        h.write(f"tidb-data/tikv-20160/{part}", "")
    h.process(540, "/opt/tidb/bin/tikv-server", ["bin/tikv-server", "--config", "/tidb-deploy/tikv.toml"], user="tidb",
              tcp=[("0.0.0.0", 20160), ("0.0.0.0", 20180)], open=["/tidb-data/tikv-20160/db/LOCK"])
    h.package("scylla-server", "5.4.1-0.20240101.abc", "/opt/scylladb/libexec/scylla")
    h.write("etc/scylla/scylla.yaml", "cluster_name: 'orders'\nworkdir: /var/lib/scylla\ncommitlog_directory: /srv/commitlog\nnative_transport_port: 9042\nrpc_address: 10.0.3.17\n"
            "authenticator: PasswordAuthenticator\nsuperuser_salted_password: canary\nclient_encryption_options:\n    enabled: true\n    keyfile: canary\n")
    for part in ["data/system/x", "view_hints/x", "../../../srv/commitlog/x"]:
        h.write(f"var/lib/scylla/{part}", "")
    h.process(550, "/opt/scylladb/libexec/scylla", ["/usr/bin/scylla", "--options-file", "/etc/scylla/scylla.yaml", "--smp", "4"], user="scylla",
              tcp=[("10.0.3.17", 9042), ("10.0.3.17", 7000), ("127.0.0.1", 10000)])
    h.finish()


def families(scenario):
    h = scenario("other-families", "rhel")
    for number, name in enumerate(["mssql", "firebird", "arangodb", "dfly"], 140):
        h.user(name, number)
    h.rpm("mssql-server", "16.0.4115.5", "2", "/opt/mssql/bin/sqlservr")
    h.write("var/opt/mssql/mssql.conf", "[sqlagent]\nenabled = false\n[network]\ntcpport = 1444\nforceencryption = 1\ntlskey = /canary\n[EULA]\naccepteula = Y\n"
            "[filelocation]\ndefaultlogdir = /srv/mssql-log\n")
    h.write("var/opt/mssql/data/master.mdf", bytes(64))
    h.write("var/opt/mssql/log/errorlog", b"\xff\xfe" + "2026-09-21 14:13:21.10 Server      Microsoft SQL Server 2022 (RTM-CU12) (KB5033663) - 16.0.4115.5 (X64) \n".encode("utf-16-le"))
    h.write("srv/mssql-log/x", "")
    h.process(600, "/opt/mssql/bin/sqlservr", ["/opt/mssql/bin/sqlservr"], cwd="/", user="mssql", environ=["MSSQL_SA_PASSWORD=canary"])
    h.process(601, "/opt/mssql/bin/sqlservr", ["/opt/mssql/bin/sqlservr"], cwd="/", user="mssql", ppid=600, tcp=[("::", 1444), ("127.0.0.1", 1434)],
              open=["/var/opt/mssql/data/master.mdf"], environ=["MSSQL_SA_PASSWORD=canary"])
    h.write("opt/firebird/bin/firebird", elf("LI-V4.0.4.3010 Firebird 4.0"))
    h.write("opt/firebird/firebird.conf", "#RemoteServicePort = 3050\nRemoteBindAddress = localhost\nWireCrypt = Required\nKeyHolderPlugin = canary\n")
    h.write("opt/firebird/security4.fdb", bytes(64))
    h.process(610, "/opt/firebird/bin/firebird", ["/opt/firebird/bin/firebird"], cwd="/", user="firebird", tcp=[("127.0.0.1", 3050)],
              open=["/opt/firebird/security4.fdb"])
    h.rpm("arangodb3", "3.11.5", "1.0", "/usr/sbin/arangod")
    h.write("etc/arangodb3/arangod.conf", "[database]\ndirectory = /var/lib/arangodb3\n[server]\nendpoint = ssl://0.0.0.0:8529\nauthentication = true\njwt-secret-keyfile = /canary\n[log]\nfile = /var/log/arangodb3/arangod.log\n")
    for part, text in [("ENGINE", "rocksdb"), ("SERVER", '{"createdTime":"x","serverId":"230214478327652"}'), ("LOCK", "620")]:
        h.write(f"var/lib/arangodb3/{part}", text)
    h.process(620, "/usr/sbin/arangod", ["/usr/sbin/arangod", "--uid", "arangodb"], cwd="/", user="arangodb", tcp=[("0.0.0.0", 8529)], open=["/var/lib/arangodb3/LOCK"])
    h.rpm("dragonfly", "1.14.1", "1", "/usr/bin/dragonfly")
    h.write("etc/dragonfly/dragonfly.conf", "--pidfile=/var/run/dragonfly/dragonfly.pid\n--dir=/var/lib/dragonfly\n--requirepass=canary\n--max_log_size=20\n")
    h.write("var/lib/dragonfly/dump-summary.dfs", "")
    h.process(630, "/usr/bin/dragonfly", ["/usr/bin/dragonfly", "--flagfile=/etc/dragonfly/dragonfly.conf"], cwd="/var/lib/dragonfly", user="dfly", tcp=[("::", 6379)])
    # Another program that is called as one of them.
    h.process(640, "/opt/couchbase/bin/memcached", ["/opt/couchbase/bin/memcached", "-C", "/opt/couchbase/memcached.json"], tcp=[("::", 11210)])
    h.finish()


DATA = {
    "influxdb": ["var/lib/influxdb/meta/meta.db"], "prometheus": ["prometheus/wal/0", "prometheus/chunks_head/0"],
    "victoria": ["var/lib/victoria-metrics/data/x", "var/lib/victoria-metrics/indexdb/x"],
    "clickhouse": ["var/lib/clickhouse/metadata/x", "var/lib/clickhouse/store/x", "var/lib/clickhouse/status"],
    "cockroach": ["var/lib/cockroach/STORAGE_MIN_VERSION"], "tikv": ["var/lib/tikv/db/x", "var/lib/tikv/raft/x"],
    "scylla": ["var/lib/scylla/data/system/x", "var/lib/scylla/view_hints/x"], "mssql": ["var/opt/mssql/data/master.mdf"],
    "firebird": ["var/lib/firebird/3.0/system/security3.fdb"], "arangodb": ["var/lib/arangodb3/ENGINE", "var/lib/arangodb3/SERVER"],
    "dragonfly": ["var/lib/dragonfly/dump.dfs"],
}
PACKAGES = [
    ("influxdb2", "2.7.4-1", "/usr/bin/influxd"), ("prometheus", "2.42.0+ds-5", "/usr/bin/prometheus"),
    ("victoria-metrics", "1.79.5+ds1-2", "/usr/bin/victoria-metrics"), ("clickhouse-server", "18.16.1+ds-7.3", "/usr/sbin/clickhouse-server"),
    ("cockroach", "23.1.14", "/usr/bin/cockroach"), ("tidb", "7.5.0", "/usr/bin/tidb-server"), ("tikv", "7.5.0", "/usr/bin/tikv-server"),
    ("scylla-server", "5.4.1", "/usr/bin/scylla"), ("mssql-server", "15.0.4335.1-3", "/opt/mssql/bin/sqlservr"),
    ("firebird3.0-server-core", "3.0.11.33637.ds4-2", "/usr/sbin/firebird"), ("arangodb3", "3.11.5-1", "/usr/sbin/arangod"),
    ("dragonfly", "1.14.1", "/usr/bin/dragonfly"),
]


def without_servers(scenario):
    h = scenario("others-stopped", "debian")
    for files in DATA.values():
        for file in files:
            h.write(file, "22.2" if file.endswith("MIN_VERSION") else "{}")
    h.finish()
    h = scenario("others-installed", "debian")
    for name, version, executable in PACKAGES:
        h.package(name, version, executable)
    h.finish()


def others(scenario):
    for make in [time_series, distributed, families, without_servers]:
        make(scenario)
