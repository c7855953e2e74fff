// swift-format-ignore-file
// Made by scripts/frame-dictionary, and frozen: a test pins it. Frames and stored reports cannot be read without it.

extension PresetDictionary {
    /// The first dictionary: 32,768 bytes, Adler-32 637bcfb7.
    static let one = PresetDictionary(
        number: 1, adler32: 0x637bcfb7,
        text: #"""
        ar/lib/mysql-copy)","subject":"mysql:/var/lib/mysql"}],"processes_seen":2,"sandbox":{"landlock":fals\#
        e,"seccomp":false},"started_"10.0.3.17"],"architecture":null,"boot_id":"6f1c2d8e-0000-4000-8000-46b2\#
        017331b5","booted_at":"2026-09-21T14:13:20.000Z","cloud":null,"cpus":4,"hostname":"pendi","version":\#
        "0.1.0"},"databases":[],"host":{"addresses":["10.0.3.17"],"architecture":null,"boot_id":"6f1c2d8e-00\#
        00-4000-8000-b1c4161cc6c3","booted_at":"2026-09-","container_port":null,"exposure":"loopback","port"\#
        :27018,"protocol":"tcp","purpose":"client"}],"package":null,"process":{"arguments":["mongod","-f","/\#
        etc/mong","bind":"127.0.0.1","log_bin":"off","log_destination":"stderr","max_connections":"42","port\#
        ":"3306","socket":"/run/mysqld/mysqld.sock","tls":"off","wsrep_on":"","--bind_ip_all"],"container_pi\#
        d":null,"executable":"/usr/bin/mongod","executable_deleted":false,"memory_bytes":102400000,"pid":100\#
        2,"ppid":1,"started_at":"202 buildInfo","value":"7.0.4"},{"field":"version","source":"/var/lib/dpkg/\#
        status: mongodb-org-server","value":"7.0.5"},{"field":"settings.port","source":"default" 0","value":\#
        "8.4.0"},{"field":"version","source":"/srv/replica01/#innodb_redo/#ib_redo41","value":"8.4.0"},{"fie\#
        ld":"settings.port","source":"default","value":"","source":"/proc/1400/cwd","value":"/var/lib/pgsql/\#
        16/data"},{"field":"data_directories","source":"/proc/1400/cmdline: data_directory","value":"/var/li\#
        b/pgsql/","executable_deleted":false,"memory_bytes":102400000,"pid":3000,"ppid":1,"started_at":"2026\#
        -09-21T14:14:02.000Z","uid":27,"user":null},"role":null,"settings":{","evidence":[{"field":"engine",\#
        "source":"/proc/1500/exe","value":"/usr/bin/mongod"},{"field":"data_directories","source":"/proc/150\#
        0/fd: /var/lib/mongo/mongod.","/etc/my.cnf.d/mariadb-server.cnf"],"container":null,"data_directories\#
        ":[{"allocated_bytes":null,"bytes":null,"complete":false,"files":null,"filesystem":null,","value":"s\#
        hop"},{"field":"listeners","source":"/var/lib/cni/results/aws-cni-0000000000000000000000000000000000\#
        000000000000000000000000000014-eth0","value":"0.","source":"/var/lib/mysql/ib_logfile0","value":"10.\#
        5.25"},{"field":"settings.port","source":"default","value":"3306"},{"field":"settings.bind","source"\#
        :"defaul","evidence":[{"field":"engine","source":"/proc/812/exe","value":"/usr/sbin/mysqld"},{"field\#
        ":"data_directories","source":"/proc/812/cwd","value":"/var/lib/mysq replication.replSetName","value\#
        ":"cfg"},{"field":"role","source":"/etc/mongod.conf sharding.clusterRole","value":"config"},{"field"\#
        :"process","source":"/proc/1 0","value":"8.0.37"},{"field":"version","source":"/var/lib/mysql/#innod\#
        b_redo/#ib_redo41","value":"8.0.37"},{"field":"settings.port","source":"default","value"/libexec/pos\#
        tgresql16/postgres","executable_deleted":false,"memory_bytes":102400000,"pid":400,"ppid":1,"started_\#
        at":"2026-09-21T14:14:02.000Z","uid":70,"user":"-burstable-pod0b1c2d3e_4f50_6172_8394_a5b6c7d8e9f0.s\#
        lice/cri-containerd-0000000000000000000000000000000000000000000000000000000000000015.scope","value":\#
        "0000000","socket":"/var/lib/mysql/mysql.sock","tls":"off"},"state":"running","unix_sockets":["/var/\#
        lib/mysql/mysql.sock"],"vendor":"mariadb","version":"10.5.25","versi","container_port":5432,"exposur\#
        e":"all","port":5433,"protocol":"tcp","purpose":null}],"package":null,"process":{"arguments":["postg\#
        res","-D","/var/lib/pgsql/da","cloud":null,"cpus":4,"hostname":"replaced-executable","kernel":"6.1.0\#
        -18-cloud-amd64","machine_id":"1c07623f6b0052a9f2090313850e3385","memory_bytes":81872814 mariadb-ser\#
        ver-core","value":"mariadb"},{"field":"process","source":"/proc/500/stat","value":"500"},{"field":"l\#
        isteners","source":"/proc/500/fd + kernel socket mariadb-server-core","value":"1:10.11.6-0+deb12u1"}\#
        ,{"field":"settings.port","source":"/etc/mysql/my.cnf [mysqld] port","value":"3310"},{"field":"setti\#
        ngs.port 15432 \u2192 5432"}],"identity":{"system_identifier":"7300000000000000001"},"key":"postgres\#
        ql:/var/lib/docker/overlay2/bb/merged/var/lib/postgresql/data","list + kernel socket table","value":\#
        "0.0.0.0 27017"},{"field":"container","source":"/proc/1002/cgroup: /docker/0000000000000000000000000\#
        0000000000000000000000000000/mysqld","--defaults-file=/etc/mysql/2.cnf"],"container_pid":null,"execu\#
        table":"/usr/sbin/mysqld","executable_deleted":false,"memory_bytes":102400000,"pid":200,-0000-4000-8\#
        000-f716150b8011","booted_at":"2026-09-21T14:13:20.000Z","cloud":null,"cpus":4,"hostname":"debian-my\#
        sql","kernel":"6.5.0-1014-aws","machine_id":"f71","source":"default","value":"stderr"},{"field":"set\#
        tings.read_only","source":"/etc/my.cnf [mysqld] super-read-only","value":"on"},{"field":"settings.au\#
        thentica","source":"default","value":"disabled"},{"field":"role","source":"no replica set in argumen\#
        ts or file","value":"standalone"},{"field":"data_directories","sourc","executable_deleted":false,"me\#
        mory_bytes":102400000,"pid":600,"ppid":1,"started_at":"2026-09-21T14:14:02.000Z","uid":107,"user":"p\#
        ostgres"},"role":"primary","","container_port":null,"exposure":"loopback","port":5432,"protocol":"tc\#
        p","purpose":"client"},{"address":"::1","container_port":null,"exposure":"loopback","por /var/lib/my\#
        sql, and no binary log","value":"standalone"},{"field":"package","source":"/var/lib/rpm/rpmdb.sqlite\#
        ","value":"mariadb-server 10.5.25-1.el9"},{"fiel /var/lib/mysql as its data directory","value":"stop\#
        ped"},{"field":"engine","source":"/var/lib/mysql/auto.cnf","value":"mysql"},{"field":"identity.serve\#
        r_uuid",-4000-8000-6398aa0d149f","booted_at":"2026-09-21T14:13:20.000Z","cloud":null,"cpus":4,"hostn\#
        ame":"containers","kernel":"6.1.0-18-cloud-amd64","machine_id":"6398","source":"/var/lib/docker/cont\#
        ainers/0000000000000000000000000000000000000000000000000000000000000032/config.v2.json","value":"123\#
        456789012.dkr.ecr.eu-central","source":"/usr/lib/postgresql/15/bin/postgres","value":"installed"},{"\#
        field":"package","source":"/var/lib/dpkg/status","value":"postgresql-15 15.6-0+deb12u1"}","log_bin":\#
        "off","log_destination":"/var/log/a#b.log","port":"3310","read_only":"on"},"state":"running","unix_s\#
        ockets":[],"vendor":null,"version":"8.0.36","ver mysql-community-server-core","value":"8.0.36-1debia\#
        n12"}],"identity":{},"key":"mysql:software:/usr/sbin/mysqld","listeners":[],"package":{"manager":"dp\#
        kg","nam","source":"/proc/2003/environ: PG_VERSION","value":"15.6-1.pgdg120+2"},{"field":"identity.s\#
        ystem_identifier","source":"/var/lib/postgresql/data/global/pg_contr","source":"/proc/1300/net/unix"\#
        ,"value":"/var/lib/mysql/mysql.sock"}],"identity":{"server_uuid":"99999999-aaaa-bbbb-cccc-dddddddddd\#
        dd"},"key":"mysql:/var/lib/m","evidence":[{"field":"engine","source":"/proc/1300/exe","value":"/usr/\#
        libexec/mariadbd"},{"field":"data_directories","source":"/proc/1300/cwd","value":"/var/l0-8000-e8c06\#
        2be9fc7","booted_at":"2026-09-21T14:13:20.000Z","cloud":null,"cpus":4,"hostname":"debian-mariadb","k\#
        ernel":"6.1.0-18-cloud-amd64","machine_id":"e8c0","value":"00000000000000000000000000000000000000000\#
        00000000000000000000018"},{"field":"container.pod","source":"/kubepods/burstable/pod0b1c2d3e-4f50-61\#
        72-8394-","container_port":null,"exposure":"all","port":27019,"protocol":"tcp","purpose":"client"}],\#
        "package":null,"process":{"arguments":["/usr/bin/mongod","-f","/etc/ mariadb","value":"mariadb"},{"f\#
        ield":"version","source":"/lib/apk/db/installed: mariadb","value":"10.11.8-r0"}],"identity":{},"key"\#
        :"mariadb:software:/usr/bin/ + kernel socket table","value":"10.0.3.17 27018"},{"field":"listeners",\#
        "source":"/proc/480/fd + kernel socket table","value":"127.0.0.1 27018"},{"field":"unix_","socket":"\#
        /var/lib/mysql/mysql.sock","tls":"off"},"state":"running","unix_sockets":["/var/lib/mysql/mysql.sock\#
        "],"vendor":"oracle","version":"8.0.37","version","/var/lib/pgsql/16/data"],"container_pid":null,"ex\#
        ecutable":"/usr/pgsql-16/bin/postgres","executable_deleted":false,"memory_bytes":102400000,"pid":140\#
        0,"ppid"","value":"percona-server-server 8.0.35-27-1.bookworm"},{"field":"vendor","source":"/var/lib\#
        /dpkg/status: percona-server-server","value":"percona"},{"field":"pr","value":"11.4.1"},{"field":"da\#
        ta_directories","source":"standard path /opt/*/*/data","value":"/opt/mariadb/11/data"}],"identity":{\#
        },"key":"mariadb:/opt/mariad","source":"/usr/sbin/mysqld","value":"installed"},{"field":"package","s\#
        ource":"/var/lib/dpkg/status","value":"mysql-community-server-core 8.0.36-1debian12"},{" directory",\#
        "subject":"/proc"}],"processes_seen":0,"sandbox":{"landlock":false,"seccomp":false},"started_at":"20\#
        26-11-18T11:06:40.000Z","status":"partial"},"sch [mysqld] server-id","value":"1"},{"field":"settings\#
        .log_bin","source":"/proc/1001/cmdline: skip_log_bin","value":"off"},{"field":"role","source":"it wr\#
        ites, or","version":"15.6","version_precision":"exact"}],"host":{"addresses":["10.0.3.17"],"architec\#
        ture":null,"boot_id":"6f1c2d8e-0000-4000-8000-61cf8e8f16c8","booted_ (postgresql:/run/rootfs-of-23/v\#
        ar/lib/postgresql/data, postgresql:/run/rootfs-of-24/var/lib/postgresql/data)","subject":"postgresql\#
        :/run/rootfs-of-23/var/lib/palpine","kernel":"6.6.54-0-virt","machine_id":"0c7d462c7b7a76bae27327009\#
        5741796","memory_bytes":8187281408,"os":{"id":"alpine","name":"Alpine Linux v3.20","vers"/proc/600/e\#
        xe","value":"/usr/lib/postgresql/15/bin/postgres"},{"field":"data_directories","source":"/proc/600/c\#
        wd","value":"/var/lib/postgresql/15/main"},{"fie":"percona","version":"8.0.35","version_precision":"\#
        exact"}],"host":{"addresses":["10.0.3.17"],"architecture":null,"boot_id":"6f1c2d8e-0000-4000-8000-77\#
        e4dbd000"container.namespace","source":"/var/log/containers/cache-1_shop_postgres-000000000000000000\#
        0000000000000000000000000000000000000000000017.log","value":"shop"}]"/var/lib/postgresql/15/main","p\#
        ath":"/var/lib/postgresql/15/main","purpose":"data","uid":null},{"allocated_bytes":null,"bytes":null\#
        ,"complete":false,"files":nu","evidence":[{"field":"engine","source":"/proc/655/exe","value":"/usr/s\#
        bin/mariadbd"},{"field":"data_directories","source":"/proc/655/cwd","value":"/var/lib/my 5","value":\#
        "replica"},{"field":"role","source":"/var/lib/pgsql/16/data/standby.signal","value":"replica"},{"fie\#
        ld":"settings.port","source":"default","value":"-16","version":"16.2-1.pgdg120+2"},"process":null,"r\#
        ole":null,"settings":{},"state":"installed","unix_sockets":[],"vendor":"community","version":"16.2",\#
        "version","value":"/var/log/mongodb/mongod.log"},{"field":"settings.cluster_role","source":"/etc/mon\#
        god.conf sharding.clusterRole","value":"configsvr"},{"field":"settin","port":27017,"protocol":"tcp",\#
        "purpose":"client"}],"package":null,"process":{"arguments":["mongod","--bind_ip_all"],"container_pid\#
        ":null,"executable":"/usr/bi","source":"/proc/812/cwd","value":"/var/lib/mysql"},{"field":"data_dire\#
        ctories","source":"/proc/812/fd: /var/lib/mysql/ibdata1","value":"/var/lib/mysql"},{"fie max_connect\#
        ions","value":"400"},{"field":"settings.max_connections","source":"/etc/postgresql/15/main/conf.d/tu\#
        ning.conf max_connections","value":"300"},{"fiel","source":"/srv/maria/mysql_upgrade_info","value":"\#
        10.11.4-MariaDB"},{"field":"version","source":"/srv/maria/ib_logfile0","value":"10.11.4"},{"field":"\#
        version"","container_port":3306,"exposure":"all","port":30306,"protocol":"tcp","purpose":"client"}],\#
        "package":null,"process":{"arguments":["mysqld","--port=3306"],"cont /opt/mariadb/11/data as its dat\#
        a directory","value":"stopped"},{"field":"engine","source":"/opt/mariadb/11/data/aria_log_control","\#
        value":"mariadb"},{"field":"/data","path":"/var/lib/postgresql/data","purpose":"data","uid":null}],"\#
        engine":"postgresql","evidence":[{"field":"engine","source":"/proc/2003/exe","value":"/u","source":"\#
        /var/lib/mysql/ib_logfile0","value":"5.7.44"},{"field":"data_directories","source":"standard path /v\#
        ar/lib/mysql","value":"/var/lib/mysql"}],"identi0000000000000000000000000000000000000000000000000002\#
        9","image":"registry.example/postgres:16","name":"postgres","namespace":"bank","pod":"ledger-0","run\#
        time":"c","cluster_role":"shardsvr","port":"27018","storage_engine":"wiredTiger","tls":"off"},"state\#
        ":"running","unix_sockets":[],"vendor":null,"version":"6.0.14","vers + kernel socket table","value":\#
        "::1 5432"},{"field":"unix_sockets","source":"/proc/1400/net/unix","value":"/var/run/postgresql/.s.P\#
        GSQL.5432"}],"identity":{"sy/cc/merged/data/db","path":"/data/db","purpose":"data","uid":null}],"eng\#
        ine":"mongodb","evidence":[{"field":"engine","source":"/proc/1002/exe","value":"/usr/bin"*","log_bin\#
        ":"on","log_destination":"/var/log/mysqld.log","max_connections":"1000","port":"3306","socket":"/var\#
        /lib/mysql/mysql.sock","tls":"off"},"state":"run/mongod","--config","/etc/mongod.conf"],"container_p\#
        id":null,"executable":"/usr/bin/mongod","executable_deleted":false,"memory_bytes":102400000,"pid":48\#
        0,"ppid""/usr/sbin/mysqld","--basedir=/usr"],"container_pid":null,"executable":"/usr/sbin/mysqld","e\#
        xecutable_deleted":false,"memory_bytes":102400000,"pid":1300,"ppid": catalog 202007201","value":"13"\#
        },{"field":"role","source":"no standby.signal, no replication slot in /var/lib/pgsql/data/pg_replslo\#
        t, no walsender","value":"st [mysqld] bind-address","value":"0.0.0.0"},{"field":"settings.bind","sou\#
        rce":"default","value":"*"},{"field":"settings.max_connections","source":"/var/lib/mysql","source":"\#
        /opt/mariadb/bin/mariadbd","value":"11.4.2"}],"identity":{},"key":"mariadb:software:/opt/mariadb/bin\#
        /mariadbd","listeners":[],"package":null,"proces net.port","value":"27018"},{"field":"settings.port"\#
        ,"source":"default","value":"27017"},{"field":"settings.bind","source":"/etc/mongod.conf net.bindIp"\#
        ,"value" [galera] wsrep_cluster_name","value":"orders"},{"field":"package","source":"/var/lib/dpkg/s\#
        tatus","value":"mariadb-server-core 1:10.11.6-0+deb12u1"},{"field":" 3306"},{"field":"listeners","so\#
        urce":"/proc/1000/fd + kernel socket table","value":":: 33060"},{"field":"container","source":"/proc\#
        /1000/cgroup: /docker/000000 postgresql-15","value":"community"},{"field":"process","source":"/proc/\#
        600/stat","value":"600"},{"field":"listeners","source":"/proc/600/fd + kernel socket tab a name: the\#
         value is not reported","subject":"/proc/300/cmdline: defaults_group_suffix"}],"processes_seen":4,"s\#
        andbox":{"landlock":false,"seccomp":false},"star","/etc/mysql/conf.d/mysql.cnf","/etc/mysql/mysql.co\#
        nf.d/mysqld.cnf","/srv/mysql-home/my.cnf","/var/lib/mysql/mysqld-auto.cnf"],"container":null,"data_d\#
        irectori","uid":991,"user":"mongod"},"role":"config","settings":{"authentication":"disabled","bind":\#
        "*","cluster_role":"configsvr","log_destination":"/var/log/mongodb/m wal_level","value":"logical"},{\#
        "field":"settings.wal_level","source":"default","value":"replica"},{"field":"settings.archive_mode",\#
        "source":"default","value":"","source":"/var/lib/postgresql/16/main/PG_VERSION","value":"16"},{"fiel\#
        d":"identity.system_identifier","source":"/var/lib/postgresql/16/main/global/pg_control" + kernel so\#
        cket table","value":":: 3307"}],"identity":{"server_uuid":"11111111-2222-3333-4444-555555555555"},"k\#
        ey":"mysql:/var/lib/mysql","listeners":[{"addres/ee/merged/var/lib/pgsql/data","listeners":[{"addres\#
        s":"0.0.0.0","container_port":null,"exposure":"private","port":5432,"protocol":"tcp","purpose":null}\#
        ,{"addre,"pid":655,"ppid":1,"started_at":"2026-09-21T14:14:02.000Z","uid":106,"user":"mysql"},"role"\#
        :"replica","settings":{"authentication":"enabled","bind":"127.0.0.1"","log_destination":"stderr","ma\#
        x_connections":"151","port":"3306","tls":"off"},"state":"stopped","unix_sockets":[],"vendor":null,"v\#
        ersion":"5.7.44","version_pr"/usr/sbin/mysqld"],"container_pid":null,"executable":"/usr/sbin/mysqld"\#
        ,"executable_deleted":false,"memory_bytes":102400000,"pid":812,"ppid":1,"started_at":"20","value":"s\#
        tandby"},{"field":"process","source":"/proc/1400/stat","value":"1400"},{"field":"listeners","source"\#
        :"/proc/1400/fd + kernel socket table","value":"","value":"480"},{"field":"listeners","source":"/pro\#
        c/480/fd + kernel socket table","value":"0.0.0.0 27099"}],"identity":{},"key":"mongodb:/srv/mongo","\#
        listener","source":"/etc/postgresql/13/old/postgresql.conf listen_addresses","value":"*"},{"field":"\#
        settings.bind","source":"default","value":"localhost"},{"field":"setatus: mysql-community-server-cor\#
        e","value":"oracle"},{"field":"process","source":"/proc/812/stat","value":"812"},{"field":"listeners\#
        ","source":"/proc/812/fd + kbdata1","value":"/var/lib/mysql"},{"field":"engine","source":"/var/lib/m\#
        ysql/auto.cnf","value":"mysql"},{"field":"engine","source":"/var/lib/mysql/mysql.ibd","v [mysqld] ma\#
        x_connections","value":"1000"},{"field":"settings.max_connections","source":"default","value":"151"}\#
        ,{"field":"settings.socket","source":"/etc/my.cncome":"partial"},{"duration_ms":0,"id":"mongodb","ou\#
        tcome":"complete"}],"limited_users":[0],"privileged":true,"problems":[{"code":"not_a_database","mess\#
        age":"po","source":"/proc/3001/cmdline: data_directory","value":"/var/lib/pgsql/data"},{"field":"ver\#
        sion","source":"/usr/bin/postgres","value":"16.3"},{"field":"versiongresql/*/*","value":"/var/lib/po\#
        stgresql/16/main"}],"identity":{"system_identifier":"7300000000000000001"},"key":"postgresql:/var/li\#
        b/postgresql/16/main","liste","source":"/proc/1001/stat","value":"1001"},{"field":"listeners","sourc\#
        e":"/proc/1001/fd + kernel socket table","value":"0.0.0.0 3306"}],"identity":{"server_uu replSetGetS\#
        tatus","value":"rs-orders"},{"field":"role","source":"/var/lib/mongodb/diagnostic.data/metrics.inter\#
        im replSetGetStatus","value":"replica"},{"field"/config.json","value":"shop-db"},{"field":"container\#
        .image","source":"/var/lib/containers/storage/overlay-containers/00000000000000000000000000000000000\#
        00000000"/var/lib/mysql/data/mysql_upgrade_info","value":"10.11.6-MariaDB"},{"field":"version","sour\#
        ce":"/var/lib/mysql/data/ib_logfile0","value":"10.11.6"},{"field":"rysqld] port","value":"3310"},{"f\#
        ield":"settings.log_destination","source":"/etc/my.cnf [mysqld] log_error","value":"/var/log/a#b.log\#
        "},{"field":"settings.read_o":null,"version":"16","version_precision":"major"}],"host":{"addresses":\#
        ["10.0.3.17"],"architecture":null,"boot_id":"6f1c2d8e-0000-4000-8000-a437b5c9d330","boot","uid":114,\#
        "user":"mongodb"},"role":null,"settings":{"storage_engine":"wiredTiger"},"state":"running","unix_soc\#
        kets":[],"vendor":null,"version":"7.0.5","versio"vendor":"community","version":"13.14","version_prec\#
        ision":"exact"},{"config_files":["/etc/postgresql/15/main/postgresql.conf","/etc/postgresql/15/main/\#
        conf.d/t","name":"mariadb-server-core","version":"1:10.11.6-0+deb12u1"},"process":{"arguments":["/us\#
        r/sbin/mariadbd"],"container_pid":null,"executable":"/usr/sbin/maria00000000000000000000000000000000\#
        0000000000000000000a","value":"000000000000000000000000000000000000000000000000000000000000000a"},{"\#
        field":"container.name","sou","evidence":[{"field":"engine","source":"/proc/1001/exe","value":"/usr/\#
        sbin/mysqld"},{"field":"data_directories","source":"/proc/1001/cwd","value":"/var/lib/my","source":"\#
        /proc/655/stat","value":"655"},{"field":"listeners","source":"/proc/655/fd + kernel socket table","v\#
        alue":"127.0.0.1 3306"},{"field":"listeners","so","uid":999,"user":null},"role":null,"settings":{},"\#
        state":"running","unix_sockets":[],"vendor":"mariadb","version":"11.4.2","version_precision":"exact"\#
        }],"host.sqlite: mariadb-server","value":"mariadb"},{"field":"process","source":"/proc/1300/stat","v\#
        alue":"1300"},{"field":"listeners","source":"/proc/1300/fd + kernel  catalog 202209061","value":"15"\#
        },{"field":"role","source":"no standby.signal, no replication slot in /var/lib/postgresql/data/pg_re\#
        plslot, no walsender","value","outcome":"complete"},{"duration_ms":0,"id":"mongodb","outcome":"compl\#
        ete"}],"limited_users":[],"privileged":true,"problems":[],"processes_seen":1,"sandbox":{":{"argument\#
        s":["postgres"],"container_pid":null,"executable":"/usr/local/bin/postgres","executable_deleted":fal\#
        se,"memory_bytes":102400000,"pid":1001,"ppid":1,c/1500/stat","value":"1500"},{"field":"listeners","s\#
        ource":"/proc/1500/fd + kernel socket table","value":"0.0.0.0 27019"}],"identity":{"replica_set":"cf\#
        g"},"key/16/main","purpose":"data","uid":null}],"engine":"postgresql","evidence":[{"field":"state","\#
        source":"no server process has /var/lib/postgresql/16/main as its da":"process_vanished","message":"\#
        mysqld ended during the scan: open /proc/812/stat: No such file or directory","subject":"pid 812"}],\#
        "processes_seen":2,"sandbox"ngo","path":"/srv/mongo","purpose":"data","uid":null}],"engine":"mongodb\#
        ","evidence":[{"field":"engine","source":"/proc/480/exe","value":"/usr/bin/mongod"},{"fia set in arg\#
        uments or file","value":"standalone"},{"field":"process","source":"/proc/1002/stat","value":"1002"},\#
        {"field":"listeners","source":"/proc/1002/fd + k","max_connections":"500","port":"3306","server_id":\#
        "1","tls":"off"},"state":"running","unix_sockets":["/run/mysqld/mysqld.sock","/run/mysqld/mysqlx.soc\#
        k"],"venbin":"on","log_destination":"stderr","max_connections":"151","port":"3307","read_only":"on",\#
        "tls":"off"},"state":"running","unix_sockets":[],"vendor":"percona",","bind":"localhost","port":"270\#
        17","storage_engine":"wiredTiger","tls":"off"},"state":"stopped","unix_sockets":[],"vendor":"mongodb\#
        ","version":"7.0.4","versionnts":["mysqld","--skip-log-bin","-P3307"],"container_pid":null,"executab\#
        le":"/usr/sbin/mysqld","executable_deleted":false,"memory_bytes":102400000,"pid":1002,"pserver 7.0.5\#
        "},{"field":"vendor","source":"/var/lib/dpkg/status: mongodb-org-server","value":"mongodb"},{"field"\#
        :"process","source":"/proc/480/stat","value":"48","message":"its data was last written by 8.0.36 (/v\#
        ar/lib/mysql/mysql.ibd page 0), the server that runs is 8.0.35","subject":"mysql:/var/lib/mysql"},{"\#
        code":"v/postgresql.conf log_directory","value":"/var/lib/pgsql/16/data/log"},{"field":"settings.por\#
        t","source":"/var/lib/pgsql/16/data/postmaster.pid","value":"5432"},":"i-0123456789abcdef0","instanc\#
        e_type":"m7i.large","provider":"aws","region":"eu-central-1"},"cpus":4,"hostname":"al2023-mysql","ke\#
        rnel":"6.1.106-116.188.amzn2","value":"6.0.14"},{"field":"settings.port","source":"default","value":\#
        "27019"},{"field":"settings.bind","source":"/etc/mongod.conf net.bindIpAll","value":"*"}"6.5.0-1014-\#
        aws","machine_id":"93041251e40322c77d0a737d0a0d43eb","memory_bytes":8187281408,"os":{"id":"ubuntu","\#
        name":"Ubuntu 22.04.4 LTS","version":"22.04"}},"","value":"99999999-aaaa-bbbb-cccc-dddddddddddd"},{"\#
        field":"version","source":"/var/lib/rpm/rpmdb.sqlite: mysql-server","value":"8.0.37-1.el9"},{"field"\#
        :"versio":[],"container":null,"data_directories":[],"engine":"mariadb","evidence":[{"field":"state",\#
        "source":"/opt/mariadb/bin/mariadbd","value":"installed"},{"field":"/docker/containers/0000000000000\#
        00000000000000000000000000000000000000000000000000a/config.v2.json NetworkSettings.Ports","value":":\#
        : 13306 \u2192 3306"}],"iden","port":3307,"protocol":"tcp","purpose":null}],"package":{"manager":"dp\#
        kg","name":"mysql-community-server-core","version":"8.4.0-1debian12"},"process":{"argume":"upgrade_p\#
        ending","message":"its data belongs to 13, and only 16.8-1.el9 is installed","subject":"postgresql:/\#
        var/lib/pgsql/data"}],"processes_seen":3,"sandbo","uid":27,"user":null},"role":"standalone","setting\#
        s":{},"state":"running","unix_sockets":[],"vendor":null,"version":"16.3","version_precision":"exact"\#
        }],"host"/etc/mysql/my.cnf [mysqld] datadir","value":"/srv/maria"}],"identity":{},"key":"mariadb:/sr\#
        v/maria","listeners":[],"package":{"manager":"dpkg","name":"mariadb-"0000000000000000000000000000000\#
        00000000000000000000000000000000a","image":"mysql:8.0","name":"orders-db","namespace":null,"pod":nul\#
        l,"runtime":"docker"},"data_/main/postgresql.conf max_connections","value":"100"},{"field":"settings\#
        .max_connections","source":"default","value":"100"},{"field":"settings.wal_level","sourc/16/data","p\#
        urpose":"data","uid":null}],"engine":"postgresql","evidence":[{"field":"engine","source":"/proc/1400\#
        /exe","value":"/usr/pgsql-16/bin/postgres"},{"fi","source":"/proc/1002/cmdline: port","value":"3307"\#
        },{"field":"settings.server_id","source":"/etc/my.cnf [mysqld] server-id","value":"2"},{"field":"set\#
        tings.lo":"postgresql:software:/usr/lib/postgresql/15/bin/postgres","listeners":[],"package":{"manag\#
        er":"dpkg","name":"postgresql-15","version":"15.6-0+deb12u1"},"proce","source":"/proc/1500/fd: /var/\#
        lib/mongo/mongod.lock","value":"/var/lib/mongo"},{"field":"data_directories","source":"/etc/mongod.c\#
        onf storage.dbPath","value":":"identity.replica_set","source":"/etc/mongod.conf replication.replSetN\#
        ame","value":"cfg"},{"field":"role","source":"/etc/mongod.conf sharding.clusterRole","va [mysqld] so\#
        cket","value":"/var/lib/mysql/mysql.sock"},{"field":"settings.log_destination","source":"/etc/my.cnf\#
        .d/mariadb-server.cnf [mysqld] log-error","value","source":"/proc/1400/cmdline: data_directory","val\#
        ue":"/var/lib/pgsql/data"},{"field":"data_directories","source":"/proc/1400/environ: PGDATA","value"\#
        :"/var/l","cloud":null,"cpus":4,"hostname":"rhel-mongodb","kernel":"5.14.0-427.13.1.el9_4.x86_64","m\#
        achine_id":"1011dffa6716ef6cfe1fbed689188e40","memory_bytes":8187281 2023.5.20240903","version":"202\#
        3"}},"scan":{"duration_ms":0,"engines":[{"duration_ms":0,"id":"mysql","outcome":"complete"},{"durati\#
        on_ms":0,"id":"mariadb","out","version":"10.5.25-1.el9"},"process":{"arguments":["/usr/libexec/maria\#
        dbd","--basedir=/usr"],"container_pid":null,"executable":"/usr/libexec/mariadbd","execut","source":"\#
        /var/lib/mysql/auto.cnf","value":"aaaaaaaa-0000-0000-0000-000000000000"},{"field":"vendor","source":\#
        "/usr/sbin/mysqld","value":"oracle"},{"field":"vation":"disabled","bind":"*","cluster_role":"configs\#
        vr","log_destination":"/var/log/mongodb/mongod.log","port":"27019","storage_engine":"wiredTiger","tl\#
        s":"off"ity":{"replica_set":"rs-orders"},"key":"mongodb:/var/lib/mongodb","listeners":[{"address":"1\#
        0.0.3.17","container_port":null,"exposure":"private","port":27018,"p","subject":"/var/lib/mysql"},{"\#
        code":"state_unknown","message":"a data directory of PostgreSQL; the agent cannot tell whether a ser\#
        ver uses it: processes are h","uid":26,"user":"postgres"},"role":"replica","settings":{"archive_mode\#
        ":"off","bind":"localhost","log_destination":"stderr","max_connections":"100","port":"54"/var/lib/dp\#
        kg/status","value":"postgresql-16 16.2-1.pgdg120+2"},{"field":"vendor","source":"/var/lib/dpkg/statu\#
        s: postgresql-16","value":"community"},{"field":","cloud":null,"cpus":4,"hostname":"debian-postgresq\#
        l","kernel":"6.1.0-18-cloud-amd64","machine_id":"403ca1ac373b913aae32c080d935f016","memory_bytes":81\#
        87281408"/usr/sbin/mariadbd"},{"field":"data_directories","source":"/proc/4000/cwd","value":"/var/li\#
        b/mysql"},{"field":"engine","source":"/var/lib/mysql/aria_log_contro"value":"151"},{"field":"setting\#
        s.log_destination","source":"default","value":"stderr"},{"field":"settings.authentication","source":\#
        "default","value":"enabled"} table","value":"0.0.0.0 5432"},{"field":"container","source":"/proc/300\#
        1/cgroup: /kubepods.slice/kubepods-pod0b1c2d3e_4f50_6172_8394_a5b6c7d8e9f0.slice/crio-00","source":"\#
        no relay log in /var/lib/mysql, and no binary log","value":"standalone"},{"field":"data_directories"\#
        ,"source":"standard path /var/lib/mysql","value"lient"},{"address":"::","container_port":null,"expos\#
        ure":"all","port":33060,"protocol":"tcp6","purpose":"mysqlx"}],"package":{"manager":"rpm","name":"my\#
        sql-serv/16/data/global/pg_control catalog 202307071","value":"16"},{"field":"role","source":"/var/l\#
        ib/pgsql/16/data/global/pg_control state 5","value":"replica"},{"fie and no replica is connected now\#
        ","value":"unknown"},{"field":"package","source":"/var/lib/rpm/rpmdb.sqlite","value":"mysql-communit\#
        y-server 8.0.37-1.el9"},{"fiue":"/run/mysqld/1.sock"}],"identity":{"server_uuid":"11111111-0000-0000\#
        -0000-000000000000"},"key":"mysql:/srv/mysql1","listeners":[{"address":"127.0.0.1","contalue":"local\#
        host"},{"field":"settings.log_destination","source":"/etc/mongod.conf systemLog.path","value":"/var/\#
        log/mongodb/mongod.log"},{"field":"settings.clus"*","log_bin":"off","log_destination":"/var/log/mari\#
        adb/mariadb.log","max_connections":"151","port":"3306","socket":"/var/lib/mysql/mysql.sock","tls":"o\#
        ff"},"st":{"id":"rhel","name":"Red Hat Enterprise Linux 9.4 (Plow)","version":"9.4"}},"scan":{"durat\#
        ion_ms":0,"engines":[{"duration_ms":0,"id":"mysql","outcome":"comple1.el9"},{"field":"version","sour\#
        ce":"/var/lib/mysql/mysql_upgrade_info","value":"10.5.25-MariaDB"},{"field":"version","source":"/var\#
        /lib/mysql/ib_logfile0","val":"identity_shared","message":"2 databases have one system_identifier: a\#
        ll but one of them are copies (postgresql:/var/lib/docker/overlay2/bb/merged/var/lib/pos"vendor":"or\#
        acle","version":"8.0.36","version_precision":"exact"},{"config_files":["/var/lib/postgresql/data/pos\#
        tgresql.auto.conf"],"container":{"id":"000000000_connections":"100","port":"5432","tls":"off","wal_l\#
        evel":"replica"},"state":"running","unix_sockets":["/var/run/postgresql/.s.PGSQL.5432"],"vendor":nul\#
        l,"versi":"mongodb","evidence":[{"field":"state","source":"no server process has /srv/mongo as its d\#
        ata directory","value":"stopped"},{"field":"settings.storage_engine"osure":"loopback","port":5432,"p\#
        rotocol":"tcp6","purpose":"client"}],"package":null,"process":{"arguments":["/usr/bin/postgres","-D"\#
        ,"/var/lib/pgsql/data"],"con116.188.amzn2023.x86_64","machine_id":"72dd9a3d05daaaab9cd3fb11ebd4cb87"\#
        ,"memory_bytes":8187281408,"os":{"id":"amzn","name":"Amazon Linux 2023.5.20240903","vers/mongo/stora\#
        ge.bson","value":"wiredTiger"},{"field":"version","source":"/srv/mongo/diagnostic.data/metrics.2026-\#
        01-02T03-04-05Z-00000 buildInfo","value":"7.0.5"/pgsql/data/PG_VERSION","value":"16"},{"field":"iden\#
        tity.system_identifier","source":"/var/lib/pgsql/data/global/pg_control","value":"730000000000000000\#
        1"},{"fialue":":: 3306"},{"field":"unix_sockets","source":"/proc/1300/net/unix","value":"/var/lib/my\#
        sql/mysql.sock"}],"identity":{},"key":"mariadb:/var/lib/mysql","listad_only","value":"on"},{"field":\#
        "settings.authentication","source":"/etc/my.cnf [mysqld] skip-grant-tables","value":"disabled"},{"fi\#
        eld":"settings.log_bin","soud","listeners":[],"package":{"manager":"dpkg","name":"mongodb-org-server\#
        ","version":"7.0.5"},"process":null,"role":null,"settings":{},"state":"installed","unix_ibd","value"\#
        :"mysql"},{"field":"identity.server_uuid","source":"/srv/orders db/auto.cnf","value":"11111111-2222-\#
        3333-4444-555555555555"},{"field":"package","sou"value":"3306"},{"field":"settings.bind","source":"d\#
        efault","value":"*"},{"field":"settings.max_connections","source":"/etc/my.cnf.d/tuning.cnf [mysqld]\#
         max_con:10.11.6-0+deb12u1"},{"field":"vendor","source":"/var/lib/dpkg/status: mariadb-server-core",\#
        "value":"mariadb"},{"field":"process","source":"/proc/500/stat","valource":"no standby.signal, no re\#
        plication slot in /var/lib/postgresql/16/main/pg_replslot, no walsender","value":"standalone"},{"fie\#
        ld":"data_directories","sour/mysql/mysql.ibd page 0","value":"8.0.36"},{"field":"version","source":"\#
        /var/lib/mysql/#innodb_redo/#ib_redo41","value":"8.0.36"},{"field":"settings.port","souriles":["/etc\#
        /my.cnf"],"container":null,"data_directories":[{"allocated_bytes":null,"bytes":null,"complete":false\#
        ,"files":null,"filesystem":null,"host_path":"/sr"field":"listeners","source":"/proc/400/fd + kernel \#
        socket table","value":"127.0.0.1 5432"}],"identity":{"system_identifier":"7300000000000000001"},"key\#
        ":"postggod","-f","/etc/mongod.conf"],"container_pid":null,"executable":"/usr/bin/mongod","executabl\#
        e_deleted":false,"memory_bytes":102400000,"pid":1500,"ppid":1,"start"field":"settings.tls","source":\#
        "default","value":"off"},{"field":"role","source":"it writes, or may write, a binary log, and no rep\#
        lica is connected now","valu21T14:14:02.000Z","uid":113,"user":"mysql"},"role":"standalone","setting\#
        s":{"authentication":"enabled","bind":"*","log_bin":"off","log_destination":"stderr","ma034a7c547043\#
        1","memory_bytes":8187281408,"os":{"id":"debian","name":"Debian GNU/Linux 12 (bookworm)","version":"\#
        12"}},"scan":{"duration_ms":0,"engines":[{"durat","listeners":[{"address":"0.0.0.0","container_port"\#
        :null,"exposure":"all","port":3306,"protocol":"tcp","purpose":"client"}],"package":null,"process":{"\#
        argumentcture":null,"boot_id":"6f1c2d8e-0000-4000-8000-5dc1d73a2ac6","booted_at":"2026-09-21T14:13:2\#
        0.000Z","cloud":null,"cpus":4,"hostname":"stopped","kernel":"6.1.0-1,"tls":"off"},"state":"running",\#
        "unix_sockets":[],"vendor":"mariadb","version":"10.11.6","version_precision":"exact"}],"host":{"addr\#
        esses":["10.0.3.17"],"archit,"id":"postgresql","outcome":"complete"},{"duration_ms":0,"id":"mongodb"\#
        ,"outcome":"complete"}],"limited_users":[],"privileged":true,"problems":[{"code":"identisql","path":\#
        "/var/lib/mysql","purpose":"data","uid":null}],"engine":"mysql","evidence":[{"field":"engine","sourc\#
        e":"/proc/1300/exe","value":"/usr/sbin/mysqld"},{"agent":{"architecture":"any","version":"0.1.0"},"d\#
        atabases":[{"config_files":[],"container":null,"data_directories":[{"allocated_bytes":null,"bytes":n\#
        ull,"coms":[],"processes_seen":2,"sandbox":{"landlock":false,"seccomp":false},"started_at":"2026-11-\#
        18T11:06:40.000Z","status":"complete"},"schema":"dbcensus.report/1"}
        """#)
}
