"""Servers that a Java virtual machine runs."""

JAVA = "/usr/lib/jvm/java-17-openjdk-amd64/bin/java"
BUNDLED = "/usr/share/elasticsearch/jdk/bin/java"


def search(scenario):
    h = scenario("java-search", "debian")
    h.user("elasticsearch", 150)
    h.user("opensearch", 151)
    h.package("elasticsearch", "8.12.0", "/usr/share/elasticsearch/bin/elasticsearch")
    h.write("usr/share/elasticsearch/lib/elasticsearch-8.12.0.jar", "")
    h.write("etc/elasticsearch/elasticsearch.yml", "cluster.name: orders\nnode.name: n1\npath.data: /var/lib/elasticsearch\npath.logs: /var/log/elasticsearch\n"
            "network.host: 0.0.0.0\nhttp.port: 9201\nxpack.security.enabled: true\nxpack.security.http.ssl:\n  enabled: true\n  keystore.path: canary.p12\n"
            "xpack.notification.email.account.x.smtp.password: canary\ndiscovery.seed_hosts: [\"a\", \"b\"]\n")
    h.write("var/lib/elasticsearch/node.lock", "")
    h.write("var/lib/elasticsearch/_state/node-0.st", "")
    h.write("var/log/elasticsearch/orders.log", "")
    # The launcher, and what it starts: both run the same java.
    h.process(300, BUNDLED, [BUNDLED, "-Xms4m", "-Dcli.name=server", "-Des.path.home=/usr/share/elasticsearch", "-cp", "/usr/share/elasticsearch/lib/*:/usr/share/elasticsearch/lib/cli-launcher/*",
                             "org.elasticsearch.launcher.CliToolLauncher", "-p", "/run/es.pid"], user="elasticsearch")
    h.process(301, BUNDLED, [BUNDLED, "-Des.networkaddress.cache.ttl=60", "-Djava.security.manager=allow", "-XX:+UseG1GC", "-Des.distribution.type=deb", "-Djavax.net.ssl.keyStorePassword=canary",
                             "--module-path", "/usr/share/elasticsearch/lib", "--add-modules=jdk.net", "--add-opens", "java.base/java.io=ALL-UNNAMED",
                             "-Des.path.home=/usr/share/elasticsearch", "-Des.path.conf=/etc/elasticsearch", "-m",
                             "org.elasticsearch.server/org.elasticsearch.bootstrap.Elasticsearch"], cwd="/usr/share/elasticsearch", user="elasticsearch", ppid=300,
              tcp=[("::", 9201), ("::", 9300)], open=["/var/lib/elasticsearch/node.lock"])
    # An archive, with an argument file and everything by argument.
    h.write("opt/opensearch-2.11.1/bin/opensearch", "#!/bin/sh\n")
    h.write("opt/opensearch-2.11.1/lib/opensearch-2.11.1.jar", "")
    h.write("opt/opensearch-2.11.1/lib/opensearch-core-2.11.1.jar", "")
    h.write("opt/opensearch-2.11.1/config/opensearch.yml", "cluster.name: \"logs\"\nplugins.security.disabled: true\ndiscovery.type: single-node\n")
    h.write("opt/opensearch-2.11.1/data/nodes/0/node.lock", "")
    h.write("opt/opensearch-2.11.1/start.args", "# the class path\n-cp\n'/opt/opensearch-2.11.1/lib/*'\n-Dx=\"canary y\"\norg.opensearch.bootstrap.OpenSearch\n")
    h.process(310, JAVA, ["java", "-Dopensearch.path.home=/opt/opensearch-2.11.1", "-Dopensearch.path.conf=config", "@start.args", "-Ehttp.port=9210"],
              cwd="/opt/opensearch-2.11.1", user="opensearch", tcp=[("127.0.0.1", 9210)])
    # No databases: an exporter, a client, a program of somebody's, and one whose arguments have no end.
    h.process(320, JAVA, ["java", "-jar", "/opt/cassandra-exporter.jar", "org.elasticsearch.bootstrap.Elasticsearch"], tcp=[("::", 9300 + 1)])
    h.process(321, JAVA, ["java", "-cp", "/usr/share/elasticsearch/lib/*", "org.elasticsearch.index.shard.ShardToolCli", "canary"])
    h.process(322, JAVA, ["java", "@missing.args"], tcp=[("::", 8080)])
    h.process(323, JAVA, ["java"] + [f"-Dcanary{n}={n}" for n in range(3000)] + ["com.example.Application"], tcp=[("::", 8081)])
    # Named like one, with nothing of it.
    h.process(324, JAVA, ["java", "-cp", "/tmp", "org.elasticsearch.bootstrap.Elasticsearch"], tcp=[("::", 8082)])
    h.finish()


def wide(scenario):
    h = scenario("java-stores", "rhel")
    for number, name in enumerate(["cassandra", "neo4j", "solr", "hbase"], 160):
        h.user(name, number)
    h.rpm("cassandra", "4.1.3", "1", "/usr/sbin/cassandra")
    classes = ":".join(["/etc/cassandra"] + [f"/usr/share/cassandra/lib/library-{n}-1.0.jar" for n in range(300)] + ["/usr/share/cassandra/apache-cassandra-4.1.3.jar"])
    h.write("usr/share/cassandra/apache-cassandra-4.1.3.jar", "")
    h.write("etc/cassandra/cassandra.yaml", "cluster_name: 'Test Cluster'\nnum_tokens: 16\ndata_file_directories:\n    - /var/lib/cassandra/data\n    - /srv/more\n"
            "commitlog_directory: /srv/commitlog\nnative_transport_port: 9042\nrpc_address: 10.0.3.17\nauthenticator:\n  class_name: PasswordAuthenticator\n"
            "client_encryption_options:\n  enabled: false\n  keystore_password: canary\n")
    for place in ["var/lib/cassandra/data/system/x", "var/lib/cassandra/data/system_schema/x", "srv/more/system/x", "srv/commitlog/x"]:
        h.write(place, "")
    h.process(400, JAVA, ["java", "-ea", "-Xms2G", "-Dcassandra.storagedir=/var/lib/cassandra", "-Dcom.sun.management.jmxremote.password.file=/canary", "-cp", classes,
                          "org.apache.cassandra.service.CassandraDaemon"], user="cassandra", tcp=[("10.0.3.17", 9042), ("10.0.3.17", 7000), ("127.0.0.1", 7199)])
    h.write("usr/share/neo4j/lib/neo4j-kernel-5.15.0.jar", "")
    h.write("usr/share/neo4j/bin/neo4j", "")
    h.write("etc/neo4j/neo4j.conf", "server.directories.data=/var/lib/neo4j/data\nserver.default_listen_address=0.0.0.0\n#dbms.security.auth_enabled=false\nserver.bolt.listen_address=:7688\n"
            "dbms.ssl.policy.bolt.private_key_password=canary\n")
    h.write("var/lib/neo4j/data/databases/store_lock", "")
    h.write("var/lib/neo4j/data/transactions/x", "")
    h.process(410, JAVA, ["/usr/bin/java", "-cp", "/var/lib/neo4j/plugins/*:/etc/neo4j/*:/usr/share/neo4j/lib/*", "-XX:+UseG1GC", "-Djdk.tls.ephemeralDHKeySize=2048",
                          "org.neo4j.server.Neo4jCommunity", "--home-dir=/var/lib/neo4j", "--config-dir=/etc/neo4j"], cwd="/var/lib/neo4j", user="neo4j",
              tcp=[("::", 7688), ("::", 7474)], open=["/var/lib/neo4j/data/databases/store_lock"])
    h.write("opt/solr-9.4.0/bin/solr", "")
    h.write("opt/solr-9.4.0/server/solr-webapp/webapp/WEB-INF/lib/solr-core-9.4.0.jar", "")
    h.write("var/solr/data/solr.xml", "")
    h.process(420, JAVA, ["java", "-server", "-Djetty.port=8984", "-Djetty.home=/opt/solr-9.4.0/server", "-Dsolr.solr.home=/var/solr/data", "-Dsolr.install.dir=/opt/solr-9.4.0",
                          "-Dsolr.jetty.truststore.password=canary", "-jar", "start.jar", "--module=http"], cwd="/opt/solr-9.4.0/server", user="solr", tcp=[("127.0.0.1", 8984)])
    h.write("opt/hbase/lib/hbase-server-2.5.5-hadoop3.jar", "")
    h.write("opt/hbase/conf/hbase-site.xml", "<configuration>\n<property><name>hbase.rootdir</name><value>file:///srv/hbase</value></property>\n"
            "<property><name>hbase.cluster.distributed</name><value>false</value></property>\n<property><name>ssl.server.keystore.password</name><value>canary</value></property>\n</configuration>\n")
    for part in ["hbase.version", "hbase.id"]:
        h.write(f"srv/hbase/{part}", "")
    h.process(430, JAVA, ["java", "-Dproc_master", "-Dhbase.home.dir=/opt/hbase", "-cp", "/opt/hbase/conf:/opt/hbase/lib/*", "org.apache.hadoop.hbase.master.HMaster", "start"],
              user="hbase", tcp=[("::", 16000), ("::", 16010)])
    h.finish()


PLACES = [
    ("var/lib/elasticsearch/nodes/0/x",), ("var/lib/opensearch/_state/x", "var/lib/opensearch/indices/x"),
    ("var/lib/cassandra/data/system/x", "var/lib/cassandra/data/system_schema/x"), ("var/lib/neo4j/data/databases/x", "var/lib/neo4j/data/transactions/x"),
    ("var/solr/data/solr.xml",), ("var/lib/hbase/hbase.version", "var/lib/hbase/hbase.id"),
]


def without_servers(scenario):
    h = scenario("java-stopped", "debian")
    for files in PLACES:
        for file in files:
            h.write(file, "")
    h.finish()
    h = scenario("java-installed", "debian")
    for name, version, path in [
            ("elasticsearch", "7.17.16", "/usr/share/elasticsearch/bin/elasticsearch"), ("opensearch", "2.11.1", "/usr/share/opensearch/bin/opensearch"),
            ("cassandra", "4.0.11", "/usr/sbin/cassandra"), ("neo4j", "1:5.15.0", "/usr/share/neo4j/bin/neo4j")]:
        h.package(name, version, path)
    h.write("opt/solr-8.11.2/bin/solr", "")
    h.write("opt/solr-8.11.2/server/lib/solr-core-8.11.2.jar", "")
    h.write("opt/hbase-2.4.17/bin/hbase", "")
    h.write("opt/hbase-2.4.17/lib/hbase-server-2.4.17.jar", "")
    h.finish()


def java(scenario):
    for make in [search, wide, without_servers]:
        make(scenario)
