"""Each engine as each distribution lays it out."""

from fixture_host import elf
from scenarios.data import mariadb_data, mongodb_data, mongodb_member, mysql_data, postgresql_data


def debian(scenario):
    h = scenario("debian-mysql", "ubuntu")
    h.user("mysql", 113)
    h.package("mysql-server-core-8.0", "8.0.36-0ubuntu0.22.04.1", "/usr/sbin/mysqld")
    h.link("etc/mysql/my.cnf", "/etc/alternatives/my.cnf")
    h.link("etc/alternatives/my.cnf", "/etc/mysql/mysql.cnf")
    h.write("etc/mysql/mysql.cnf", "!includedir /etc/mysql/conf.d/\n!includedir /etc/mysql/mysql.conf.d/\n")
    h.write("etc/mysql/conf.d/mysql.cnf", "[mysql]\npassword=canary\n")
    h.write("etc/mysql/mysql.conf.d/mysqld.cnf", "[mysqld]\nuser = mysql\nbind-address\t= 0.0.0.0\nmysqlx-bind-address = 127.0.0.1\n"
            "max_connections = 151 # the default\nlog_error = /var/log/mysql/error.log\nlog_bin = /var/log/mysql/mysql-bin.log\nserver-id = 1\n")
    mysql_data(h, "var/lib/mysql", "8.0.36")
    h.write("var/lib/mysql/mysqld-auto.cnf", '{"Version": 2, "mysql_static_variables": {"max_connections": {"Value": "500", '
            '"Metadata": {"Host": "localhost", "User": "root", "Timestamp": 1}}}}')
    h.write("var/log/mysql/mysql-bin.000001", b"\xfebin")
    h.process(812, "/usr/sbin/mysqld", ["/usr/sbin/mysqld"], cwd="/var/lib/mysql", user="mysql",
              tcp=[("0.0.0.0", 3306), ("127.0.0.1", 33060)], unix=["/run/mysqld/mysqld.sock", "/run/mysqld/mysqlx.sock"],
              open=["/var/lib/mysql/ibdata1"], environ=["MYSQL_PWD=canary", "MYSQL_ROOT_PASSWORD=canary", "MYSQL_HOME=/srv/mysql-home"])
    h.write("srv/mysql-home/my.cnf", "[client]\npassword=canary\n[mysqld]\ninit-connect='SET @p=canary'\nloose-ldap-password=canary\n")
    h.process(901, "/usr/local/bin/mysqld_exporter", ["mysqld_exporter", "--config.my-cnf=/etc/.my.cnf"], tcp=[("::", 9104)])
    h.finish()

    h = scenario("debian-percona", "debian")
    h.user("mysql", 113)
    h.package("percona-server-server", "8.0.35-27-1.bookworm", "/usr/sbin/mysqld")
    h.write("etc/my.cnf", "[mysqld]\nport=3307\nsuper-read-only\n")
    mysql_data(h, "var/lib/mysql", "8.0.35")
    h.write("var/lib/mysql/ip-10-0-3-17-relay-bin.index", "./ip-10-0-3-17-relay-bin.000001\n")
    h.process(700, "/usr/sbin/mysqld", ["/usr/sbin/mysqld", "--daemonize"], cwd="/var/lib/mysql", user="mysql",
              tcp=[("::", 3307)])
    h.finish()

    h = scenario("debian-mariadb", "debian")
    h.user("mysql", 106)
    h.package("mariadb-server-core", "1:10.11.6-0+deb12u1", "/usr/sbin/mariadbd")
    h.link("usr/sbin/mysqld", "mariadbd")
    h.write("etc/mysql/my.cnf", "[client-server]\nsocket = /run/mysqld/mysqld.sock\n!includedir /etc/mysql/mariadb.conf.d/\n")
    h.write("etc/mysql/mariadb.conf.d/50-server.cnf", "[mysqld]\nbind-address = 127.0.0.1\n[mariadbd-10.11]\nmax_connections=42\n"
            "[galera]\nwsrep_on = ON\nwsrep_cluster_name = \"orders\"\n")
    mariadb_data(h, "var/lib/mysql", "10.11.6")
    h.write("var/lib/mysql/master.info", "33\nmysqld-bin.000007\n328\nprimary\nrepl\ncanary-password\n3306\n")
    h.write("var/lib/mysql/relay-log.info", "4\n./relay\n4\n")
    h.write("var/lib/mysql/grastate.dat", "# GALERA saved state\n")
    h.process(655, "/usr/sbin/mariadbd", ["/usr/sbin/mariadbd", "--wsrep_start_position=x", "--password=canary"],
              cwd="/var/lib/mysql", user="mysql", tcp=[("127.0.0.1", 3306), ("0.0.0.0", 4567)], unix=["/run/mysqld/mysqld.sock"])
    h.finish()

    h = scenario("debian-postgresql", "debian")
    h.user("postgres", 107)
    h.package("postgresql-15", "15.6-0+deb12u1", "/usr/lib/postgresql/15/bin/postgres")
    h.package("postgresql-13", "13.14-1.pgdg120+1", "/usr/lib/postgresql/13/bin/postgres")
    h.package("postgresql-16", "16.2-1.pgdg120+2", "/usr/lib/postgresql/16/bin/postgres")
    for major, cluster, port in [("15", "main", 5432), ("13", "old", 5433)]:
        h.write(f"etc/postgresql/{major}/{cluster}/postgresql.conf",
                f"data_directory = '/var/lib/postgresql/{major}/{cluster}'\t# use data in another directory\nport = {port}\n"
                "listen_addresses = '*'\nmax_connections = 100\nssl = on\ninclude_dir = 'conf.d'\n")
        postgresql_data(h, f"var/lib/postgresql/{major}/{cluster}", major, 6 if major == "15" else 1)
    h.write("var/lib/postgresql/15/main/pg_hba.conf", "local all postgres peer\nhost all all 10.0.0.0/8 ldap ldapserver=x ldapbindpasswd=\"canary\"\n"
            "host repl all 0.0.0.0/0 trust map=canary\n")
    h.write("var/lib/postgresql/.pgpass", "*:*:*:*:canary\n")
    h.write("etc/postgresql/15/main/conf.d/tuning.conf", "max_connections = 300\nwal_level = 'logical'\nlog_destination = 'stderr'\n")
    h.write("var/lib/postgresql/15/main/postgresql.auto.conf", "primary_conninfo = 'password=canary'\nmax_connections = '400'\n")
    h.write("var/lib/postgresql/15/main/pg_replslot/standby1/state", bytes(16))
    h.link("var/lib/postgresql/15/main/pg_tblspc/16399", "/mnt/fast")
    h.write("mnt/fast/PG_15_202209061/.keep", "")
    h.write("var/lib/postgresql/15/main/postmaster.pid", "600\n/var/lib/postgresql/15/main\n1790000042\n5432\n/var/run/postgresql\n*\n  5432001    131072\nready   \n")
    h.write("usr/lib/postgresql/15/bin/postgres", elf("PostgreSQL 15.6 (Debian 15.6-0+deb12u1) on x86_64"))
    h.process(600, "/usr/lib/postgresql/15/bin/postgres",
              ["/usr/lib/postgresql/15/bin/postgres", "-D", "/var/lib/postgresql/15/main", "-c", "config_file=/etc/postgresql/15/main/postgresql.conf"],
              cwd="/var/lib/postgresql/15/main", user="postgres", tcp=[("0.0.0.0", 5432), ("::", 5432)], unix=["/var/run/postgresql/.s.PGSQL.5432"],
              environ=["PGPASSWORD=canary", "PGDATA=/var/lib/postgresql/15/main", "PATH=/canary"])
    for pid, title in enumerate(["postgres: 15/main: checkpointer ", "postgres: 15/main: walsender repl 10.0.0.9(4711) streaming"], 610):
        h.process(pid, "/usr/lib/postgresql/15/bin/postgres", [title], cwd="/var/lib/postgresql/15/main", user="postgres", ppid=600)
    h.finish()

    h = scenario("debian-mongodb", "ubuntu")
    h.user("mongodb", 114)
    h.package("mongodb-org-server", "7.0.5", "/usr/bin/mongod")
    h.write("etc/mongod.conf", "# mongod.conf\nstorage:\n  dbPath: /var/lib/mongodb\nsystemLog:\n  destination: file\n  path: /var/log/mongodb/mongod.log\n"
            "net:\n  port: 27018\n  bindIp: 127.0.0.1,10.0.3.17\n  tls:\n    mode: requireTLS\n    certificateKeyFilePassword: canary\n"
            "security:\n  authorization: enabled\n  keyFile: /etc/mongo.key\nreplication:\n  replSetName: \"rs-orders\"\n")
    mongodb_data(h, "var/lib/mongodb", "7.0.5")
    mongodb_member(h, "var/lib/mongodb", "rs-orders", 2)
    h.process(480, "/usr/bin/mongod", ["/usr/bin/mongod", "--config", "/etc/mongod.conf"], user="mongodb",
              tcp=[("127.0.0.1", 27018), ("10.0.3.17", 27018)], unix=["/tmp/mongodb-27018.sock"], open=["/var/lib/mongodb/mongod.lock"])
    h.package("mongodb-org-mongos", "7.0.5", "/usr/bin/mongos")
    h.process(490, "/usr/bin/mongos", ["/usr/bin/mongos", "--configdb", "cfg/10.0.0.1:27019", "--port", "27017"], user="mongodb",
              tcp=[("0.0.0.0", 27017)])
    h.finish()


def rpm_layouts(scenario):
    """Amazon Linux 2023 and RHEL: other paths, rpm; RHEL's PostgreSQL and MongoDB without a package."""
    for system in ["al2023", "rhel"]:
        h = scenario(f"{system}-mysql", system)
        h.user("mysql", 27)
        exe = "/usr/sbin/mysqld" if system == "al2023" else "/usr/libexec/mysqld"
        h.rpm("mysql-community-server" if system == "al2023" else "mysql-server", "8.0.37", "1.el9", exe, vendor="Oracle")
        h.write("etc/my.cnf", "[mysqld]\ndatadir=/var/lib/mysql\nsocket=/var/lib/mysql/mysql.sock\nlog-error=/var/log/mysqld.log\n!includedir /etc/my.cnf.d\n")
        h.write("etc/my.cnf.d/tuning.cnf", "[mysqld]\nmax_connections=1000\nskip-grant-tables\n[mysqld-8.0]\nrequire_secure_transport=ON\n")
        mysql_data(h, "var/lib/mysql", "8.0.37", uuid="99999999-aaaa-bbbb-cccc-dddddddddddd")
        h.process(1300, exe, [exe, "--basedir=/usr"], cwd="/var/lib/mysql", user="mysql",
                  tcp=[("::", 3306), ("::", 33060)], unix=["/var/lib/mysql/mysql.sock"])
        if system == "al2023":
            h.write("sys/devices/virtual/dmi/id/sys_vendor", "Amazon EC2\n")
            h.write("sys/devices/virtual/dmi/id/board_asset_tag", "i-0123456789abcdef0\n")
            h.write("sys/devices/virtual/dmi/id/product_name", "m7i.large\n")
            h.write("run/cloud-init/instance-data-sensitive.json", '{"ds": {"dynamic": {"instance-identity": {"document": {"accountId": "123456789012", '
                    '"instanceType": "m7i.large", "imageId": "ami-1"}}}, "meta_data": {"iam": {"security-credentials": {"role": {"Token": "canary"}}}}}, '
                    '"userdata": "canary", "v1": {"availability_zone": "eu-central-1b", "cloud_name": "aws", "instance_id": "i-0123456789abcdef0", '
                    '"platform": "ec2", "region": "eu-central-1"}}')
        h.finish()

        h = scenario(f"{system}-mariadb", system)
        h.user("mysql", 27)
        exe = "/usr/libexec/mariadbd"
        h.rpm("mariadb105-server" if system == "al2023" else "mariadb-server", "10.5.25", "1.el9", exe)
        h.write("etc/my.cnf", "[client-server]\n!includedir /etc/my.cnf.d\n")
        h.write("etc/my.cnf.d/mariadb-server.cnf", "[mysqld]\ndatadir=/var/lib/mysql\nsocket=/var/lib/mysql/mysql.sock\nlog-error=/var/log/mariadb/mariadb.log\n[galera]\n#wsrep_on=ON\n")
        mariadb_data(h, "var/lib/mysql", "10.5.25")
        h.process(1300, exe, [exe, "--basedir=/usr"], cwd="/var/lib/mysql", user="mysql", tcp=[("::", 3306)], unix=["/var/lib/mysql/mysql.sock"])
        h.finish()

        h = scenario(f"{system}-postgresql", system)
        h.user("postgres", 26)
        pgdg = system == "rhel"
        exe = "/usr/pgsql-16/bin/postgres" if pgdg else "/usr/bin/postgres"
        major, data = ("16", "/var/lib/pgsql/16/data") if pgdg else ("15", "/var/lib/pgsql/data")
        minor = {"16": "16.3", "15": "15.7"}[major]
        h.write(exe, elf(f"PostgreSQL {minor} on x86_64-redhat-linux-gnu"))
        h.link("usr/bin/postmaster", "postgres") if not pgdg else None
        postgresql_data(h, data, major, 5)
        h.write(f"{data}/postgresql.conf", "listen_addresses = 'localhost'\nlogging_collector = on\nlog_directory = 'log'\nmax_connections = 100\n")
        h.write(f"{data}/standby.signal", "")
        h.write(f"{data}/postmaster.pid", f"1400\n{data}\n1790000042\n5432\n/var/run/postgresql\nlocalhost\n 1 2\nstandby \n")
        h.process(1400, exe, [exe, "-D", data], cwd=data, user="postgres", tcp=[("127.0.0.1", 5432), ("::1", 5432)],
                  unix=["/var/run/postgresql/.s.PGSQL.5432"], environ=["PGDATA=" + data, "PGPASSWORD=canary"])
        h.finish()

        h = scenario(f"{system}-mongodb", system)
        h.user("mongod", 991)
        h.write("usr/bin/mongod", elf("6.0.14", "tcmalloc"))
        h.write("etc/mongod.conf", "systemLog:\n  destination: file\n  path: /var/log/mongodb/mongod.log\nstorage:\n  dbPath: /var/lib/mongo\n"
                "net:\n  bindIpAll: true\nsharding:\n  clusterRole: configsvr\nreplication:\n  replSetName: cfg\n")
        mongodb_data(h, "var/lib/mongo", "6.0.14", **({"psmdbVersion": "6.0.14-11"} if system == "rhel" else {}))
        h.process(1500, "/usr/bin/mongod", ["/usr/bin/mongod", "-f", "/etc/mongod.conf"], user="mongod",
                  tcp=[("0.0.0.0", 27019)], open=["/var/lib/mongo/mongod.lock"])
        h.finish()
