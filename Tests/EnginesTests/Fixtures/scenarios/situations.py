"""Hosts that are out of the ordinary: several servers, stopped ones, units, strange and hostile files."""

import shutil

from fixture_host import elf, redo
from scenarios.data import mariadb_data, mongodb_data, mongodb_member, mysql_data, postgresql_data


def situations(scenario):
    h = scenario("two-instances", "debian")
    h.user("mysql", 113)
    h.package("mysql-community-server-core", "8.4.0-1debian12", "/usr/sbin/mysqld")
    h.write("etc/my.cnf", "[mysqld@Replica01]\nport=3307\nserver-id=3\n[mysqld@other]\nserver-id=9\n")
    mysql_data(h, "srv/replica01", "8.4.0", uuid="33333333-0000-0000-0000-000000000000")
    h.process(300, "/usr/sbin/mysqld", ["/usr/sbin/mysqld", "--defaults-group-suffix=@Replica01"], cwd="/srv/replica01", user="mysql",
              tcp=[("127.0.0.1", 3307)])
    for number, port in [(1, 3306), (2, 3399)]:
        h.write(f"etc/mysql/{number}.cnf", f"[mysqld]\nport={port}\ndatadir=/srv/mysql{number}\nsocket=/run/mysqld/{number}.sock\n")
        mysql_data(h, f"srv/mysql{number}", "8.4.0", uuid=f"{number * 11111111}-0000-0000-0000-000000000000")
        h.process(100 * number, "/usr/sbin/mysqld", ["/usr/sbin/mysqld", f"--defaults-file=/etc/mysql/{number}.cnf"],
                  cwd=f"/srv/mysql{number}", user="mysql", tcp=[("127.0.0.1", port)], unix=[f"/run/mysqld/{number}.sock"])
    h.finish()

    h = scenario("stopped", "debian")
    h.package("mariadb-server-core", "1:10.11.6-0+deb12u1", "/usr/sbin/mariadbd")
    h.package("postgresql-16", "16.2-1.pgdg120+2", "/usr/lib/postgresql/16/bin/postgres")
    h.package("mongodb-org-server", "7.0.5", "/usr/bin/mongod")
    h.write("etc/mongod.conf", "storage:\n  dbPath: /srv/mongo\n")
    h.write("etc/mysql/my.cnf", "[mysqld]\ndatadir = /srv/maria\nport = 3310\n")
    mariadb_data(h, "srv/maria", "10.11.4")
    mysql_data(h, "var/lib/mysql", "5.7.44", old=True)
    postgresql_data(h, "var/lib/postgresql/16/main", "16", 1)
    mongodb_data(h, "srv/mongo", "7.0.4")
    h.finish()

    h = scenario("installed-only", "debian")
    h.package("mysql-community-server-core", "8.0.36-1debian12", "/usr/sbin/mysqld")
    h.package("postgresql-15", "15.6-0+deb12u1", "/usr/lib/postgresql/15/bin/postgres")
    h.package("mongodb-org-server", "7.0.5", "/usr/bin/mongod")
    h.write("opt/mariadb/bin/mariadbd", elf("MariaDB 11.4.2"))
    h.finish()

    h = scenario("replaced-executable", "debian")
    h.user("mysql", 113)
    h.package("mysql-community-server-core", "8.0.41-1debian12", "/usr/sbin/mysqld")
    mysql_data(h, "var/lib/mysql", "8.0.36")
    h.process(812, "/usr/sbin/mysqld (deleted)", ["/usr/sbin/mysqld"], cwd="/var/lib/mysql", user="mysql", tcp=[("::", 3306)])
    h.finish()

    h = scenario("pending", "debian")
    h.user("mysql", 113)
    h.package("mariadb-server-core", "1:10.11.6-0+deb12u1", "/usr/sbin/mariadbd")
    mariadb_data(h, "var/lib/mysql", "10.6.17")
    h.process(500, "/usr/sbin/mariadbd", ["/usr/sbin/mariadbd"], cwd="/var/lib/mysql", user="mysql", tcp=[("127.0.0.1", 3306)])
    h.package("postgresql-16", "16.8-1.el9", "/usr/bin/postgres")
    postgresql_data(h, "var/lib/pgsql/data", "13", 1)
    # The emergency server of one user, without a socket: its directory is no stopped one.
    postgresql_data(h, "srv/single", "16", 1)
    h.write("etc/systemd/system/single.service", "[Service]\nExecStart=/usr/bin/postgres -D /srv/single\n")
    h.process(510, "/usr/bin/postgres", ["/usr/bin/postgres", "--single", "-D", "/srv/single", "x"], cwd="/srv/single", user="mysql")
    h.finish()

    h = scenario("alpine", "alpine")
    h.user("postgres", 70)
    h.apk("musl", "1.2.5-r0", "/lib/libc.musl-x86_64.so.1")
    h.apk("postgresql16", "16.3-r0", "/usr/libexec/postgresql16/postgres")
    h.apk("mariadb", "10.11.8-r0", "/usr/bin/mariadbd")
    h.apk("mariadb-client", "10.11.8-r0", "/usr/bin/mariadb")
    postgresql_data(h, "var/lib/postgresql/16/data", "16")
    h.process(400, "/usr/libexec/postgresql16/postgres", ["/usr/libexec/postgresql16/postgres", "-D", "/var/lib/postgresql/16/data"],
              cwd="/var/lib/postgresql/16/data", user="postgres", tcp=[("127.0.0.1", 5432)])
    h.finish()

    h = scenario("units", "rhel")
    h.rpm("mongodb-org-server", "7.0.5", "1.el9", "/usr/bin/mongod")
    h.write("etc/systemd/system/orders.service", "[Unit]\nDescription=orders\n[Service]\nEnvironment=ROOT_PASSWORD=canary 'DATA=/srv/orders db'\n"
            "ExecStartPre=/bin/true --datadir=/srv/wrong\nExecStart=-/opt/mysql/8.0/bin/mysqld \\\n  --no-defaults --datadir=\"${DATA}\" --init-file=$ROOT_PASSWORD\n")
    mysql_data(h, "srv/orders db", "8.0.36")
    h.write("opt/mysql/8.0/bin/mysqld", elf("MySQL 8.0.39", "x"))
    h.write("usr/lib/systemd/system/postgresql-16.service", "[Service]\nEnvironment=PGDATA=/var/lib/pgsql/16/data/\nExecStart=/usr/pgsql-16/bin/postgres -D ${PGDATA}\n")
    h.write("etc/systemd/system/postgresql-16.service.d/override.conf", "[Service]\nEnvironment=PGDATA=/srv/pg16\n")
    postgresql_data(h, "srv/pg16", "16", 1)
    h.write("usr/pgsql-16/bin/postgres", elf("PostgreSQL 16.3 on x86_64-redhat-linux-gnu"))
    h.write("usr/lib/systemd/system/mongod@.service", "[Service]\nEnvironmentFile=-/etc/sysconfig/mongod\nExecStart=/usr/bin/mongod $OPTIONS --dbpath /srv/mongo-%i\n")
    h.write("etc/sysconfig/mongod", "OPTIONS=\"-f /etc/mongod.conf\"\n")
    h.link("etc/systemd/system/multi-user.target.wants/mongod@blue.service", "/usr/lib/systemd/system/mongod@.service")
    mongodb_data(h, "srv/mongo-blue", "7.0.4")
    mariadb_data(h, "opt/mariadb/11/data", "11.4.1")
    h.write("opt/mariadb/11/bin/mariadbd", elf("MariaDB 11.4.2"))
    # A copy of a running server's files, and data of a newer server than the software.
    h.user("mysql", 27)
    h.rpm("mysql-community-server", "8.0.35", "1.el9", "/usr/sbin/mysqld")
    mysql_data(h, "var/lib/mysql", "8.0.36", uuid="44444444-0000-0000-0000-000000000000")
    h.process(600, "/usr/sbin/mysqld", ["/usr/sbin/mysqld"], cwd="/var/lib/mysql", user="mysql", tcp=[("::", 3306)],
              open=["/var/lib/mysql/ibdata1", "/var/lib/mysql/mysql.ibd"])
    mysql_data(h, "var/lib/mysql-copy", "8.0.36", uuid="44444444-0000-0000-0000-000000000000")
    h.finish()

    h = scenario("hidepid", "debian", proc_options=",hidepid=2")
    postgresql_data(h, "var/lib/postgresql/16/main", "16")
    h.package("mysql-community-server-core", "8.0.36-1debian12", "/usr/sbin/mysqld")
    mysql_data(h, "var/lib/mysql", "8.0.36")
    h.finish()

    h = scenario("vanished", "debian")
    h.user("mysql", 113)
    h.process(812, "/usr/sbin/mysqld", ["/usr/sbin/mysqld"], cwd="/var/lib/mysql", user="mysql", stat=False)
    postgresql_data(h, "var/lib/postgresql/16/main", "16", 1)
    h.finish()

    h = scenario("own-mount-namespace", "debian")
    h.user("mysql", 106)
    h.package("mariadb-server-core", "1:10.11.6-0+deb12u1", "/usr/sbin/mariadbd")
    mariadb_data(h, "var/lib/mysql", "10.11.4")
    h.process(655, "/usr/sbin/mariadbd", ["/usr/sbin/mariadbd"], cwd="/var/lib/mysql", user="mysql", tcp=[("127.0.0.1", 3306)],
              mount_namespace=4026532777)
    h.finish()

    h = scenario("containers", "debian")
    h.user("mysql", 999)
    mysql_data(h, "var/lib/mysql", "5.7.44", old=True, uuid="00000000-0000-0000-0000-00000000000a")
    for number in [1, 2]:
        mysql_data(h, f"containers/{number}/var/lib/mysql", f"8.0.3{number}", uuid=f"00000000-0000-0000-0000-00000000000{number}")
        h.write(f"containers/{number}/etc/my.cnf", f"[mysqld]\nserver-id={number}\n[mysqld-5.7]\nmax_connections=7\n!include /../../../../etc/passwd\n")
        h.write(f"containers/{number}/etc/passwd", "mysql:x:999:999::/var/lib/mysql:/bin/sh\n")
        h.process(1000 + number, "/usr/sbin/mysqld", ["mysqld", "--skip-log-bin", f"-P{3305 + number}"], cwd="/var/lib/mysql", user="mysql", tcp=[("0.0.0.0", 3305 + number)],
                  root=f"/containers/{number}", mount_namespace=4026532800 + number)
    h.finish()

    h = scenario("no-process-table", "debian")
    shutil.rmtree(h.root / "proc")
    postgresql_data(h, "var/lib/postgresql/16/main", "16", 1)

    h = scenario("strange-configuration", "debian")
    h.user("mongodb", 114)
    h.user("mysql", 113)
    h.write("etc/mongod.conf", "storage: {dbPath: /srv/mongo}\nsecurity: {authorization: enabled}\nnet: {port: 27099, bindIp: 0.0.0.0}\n")
    mongodb_data(h, "srv/mongo", "7.0.5")
    h.process(480, "/usr/bin/mongod", ["mongod", "-f", "/etc/mongod.conf"], user="mongodb", tcp=[("0.0.0.0", 27099)], open=["/srv/mongo/mongod.lock"])
    h.write("etc/mongod24.conf", "dbpath=/srv/mongo24\nauth = false\nconfigsvr = false\nshardsvr = true\n")
    mongodb_data(h, "srv/mongo24", "6.0.14")
    mongodb_member(h, "srv/mongo24", "rs-old", 7, nested="shard")
    h.process(481, "/usr/bin/mongod", ["mongod", "-f", "/etc/mongod24.conf"], user="mongodb", tcp=[("127.0.0.1", 27018)], open=["/srv/mongo24/mongod.lock"])
    h.write("etc/my.cnf", "[mysqld]\nskip-grant-tables   # temporary\nport=3310#x\nskip-log-bin\nlog_error='/var/log/a#b.log' # c\nlog-bin-index=x\n"
            "innodb_log_group_home_dir=../redo\ninnodb_undo_directory=/\nread_only=ON\nsuper_read_only=OFF\ninnodb_data_home_dir=/var/lib/mysql-innodb\n")
    h.write("var/lib/mysql-innodb/ibdata1", bytes(512))
    mysql_data(h, "srv/mysql", "8.0.36")
    h.write("srv/redo/#innodb_redo/#ib_redo1", redo("MySQL 8.0.36"))
    h.process(482, "/usr/sbin/mysqld", ["mysqld", "--datadir=/srv/mysql"], cwd="/srv/mysql", user="mysql", tcp=[("::", 3310)])
    h.finish()

    h = scenario("hostile", "debian")
    h.user("mysql", 113)
    h.user("mongodb", 114)
    evil = b"--datadir=/var/lib/\x1b[31mred\n\xff\xfe\xe2\x80\xae"
    h.process(300, "/usr/sbin/mysqld", ["/usr/sbin/mysqld", evil, "--port=3306"], cwd="/", user="mysql", tcp=[("0.0.0.0", 3306)])
    h.process(301, "/tmp/mongod", ["mongod", "--dbpath", "/does/not/exist"], user="mongodb")
    mysql_data(h, "srv/shared", "8.0.36")
    for pid in [310, 311]:
        h.process(pid, "/usr/sbin/mysqld", ["/usr/sbin/mysqld", "--datadir=/srv/shared", f"--port={pid}"], cwd="/srv/shared", user="mysql",
                  tcp=[("127.0.0.1", pid)])
    # The data directory was deleted under a server, and another put in its place.
    mysql_data(h, "srv/replaced", "8.0.36", uuid="55555555-0000-0000-0000-000000000000")
    h.process(320, "/usr/sbin/mysqld", ["/usr/sbin/mysqld", "--datadir=/srv/replaced"], cwd="/srv/replaced (deleted)", user="mysql",
              tcp=[("127.0.0.1", 3320)], open=["/srv/replaced/ibdata1 (deleted)"])
    h.link("etc/my.cnf", "my.cnf")
    h.write("etc/mysql/my.cnf", "!include /etc/mysql/my.cnf\n!include /etc/mysql/loop.cnf\n[mysqld]\n!includedir /etc/mysql/none\n")
    h.write("etc/mysql/loop.cnf", "!include /etc/mysql/my.cnf\n")
    h.link("srv/loop/a", "../loop/b")
    h.link("srv/loop/b", "a")
    postgresql_data(h, "var/lib/postgresql/15/cut", "15")
    h.write("var/lib/postgresql/15/cut/global/pg_control", b"short")
    postgresql_data(h, "var/lib/postgresql/15/wrong", "15")
    h.write("var/lib/postgresql/15/wrong/PG_VERSION", "16\n")
    mongodb_data(h, "var/lib/mongodb", "7.0.5")
    h.write("var/lib/mongodb/diagnostic.data/metrics.2026-01-02T03-04-05Z-00000", b"\xff\xff\xff\x7f\x03doc\0")
    h.finish()
