"""Servers that keep their data in memory: Redis and its forks, Memcached; and etcd."""

from fixture_host import BOOT, elf

NODE = "07c37dfeb235213a872192d90877d0cd55635b91"


def snapshot(**entries):
    """An RDB file: auxiliary entries, then the end."""
    def text(value):
        return (b"\xc2" + value.to_bytes(4, "little")) if isinstance(value, int) else bytes([len(value)]) + value.encode()

    head = b"".join(b"\xfa" + text(name.replace("_", "-")) + text(value) for name, value in entries.items())
    return b"REDIS0011" + head + b"\xff" + bytes(8)


def redis(scenario):
    h = scenario("debian-redis", "debian")
    h.user("redis", 114)
    h.package("redis-server", "5:7.0.15-1~deb12u1")
    h.package("redis-tools", "5:7.0.15-1~deb12u1", "/usr/bin/redis-check-rdb", "/usr/bin/redis-cli")
    h.link("usr/bin/redis-server", "redis-check-rdb")
    h.link("usr/bin/redis-sentinel", "redis-check-rdb")
    h.write("etc/redis/redis.conf", "# what Debian ships\nbind 127.0.0.1 -::1\nprotected-mode yes\nport 6379\ntcp-backlog 511\n"
            "unixsocket /run/redis/redis-server.sock\nlogfile /var/log/redis/redis-server.log\ndir /var/lib/redis\nmaxclients 4000\n"
            "requirepass canary\nmasterauth canary\nuser canary on >canary ~* +@all\nrename-command CONFIG canary\n"
            "loadmodule /canary.so canary\ninclude /etc/redis/local.conf\n")
    h.write("etc/redis/local.conf", "appendonly yes\nmaxclients \"5000\"\n")
    h.write("var/lib/redis/dump.rdb", snapshot(redis_ver="7.0.15", redis_bits=64, ctime=BOOT + 90, used_mem=1000))
    h.write("var/lib/redis/appendonlydir/appendonly.aof.1.base.rdb", snapshot(redis_ver="7.0.11", redis_bits=64, ctime=BOOT - 90, aof_base=1))
    h.process(700, "/usr/bin/redis-check-rdb", ["/usr/bin/redis-server 127.0.0.1:6379"], cwd="/var/lib/redis", user="redis",
              tcp=[("127.0.0.1", 6379), ("::1", 6379)], unix=["/run/redis/redis-server.sock"],
              open=["/var/lib/redis/appendonlydir/appendonly.aof.1.incr.aof"], environ=["REDIS_PASSWORD=canary"])
    h.process(710, "/usr/bin/redis-check-rdb", ["/usr/bin/redis-sentinel *:26379 [sentinel]"], cwd="/var/lib/redis", user="redis",
              tcp=[("0.0.0.0", 26379)])
    # A member of a cluster, without a package; and one that was started by hand, with everything by argument.
    h.write("opt/redis/bin/redis-server", elf("7.2.4", "c11-builtin"))
    h.write("srv/cluster/nodes.conf", f"{NODE} 10.0.3.17:7001@17001,h myself,slave {NODE[::-1]} 0 0 3 connected\n"
            f"{NODE[::-1]} 10.0.3.18:7001@17001 master - 0 1 3 connected 0-16383\nvars currentEpoch 3 lastVoteEpoch 0\n")
    h.process(720, "/opt/redis/bin/redis-server", ["redis-server *:7001 [cluster]"], cwd="/srv/cluster", user="redis",
              tcp=[("0.0.0.0", 7001), ("0.0.0.0", 17001)])
    h.process(730, "/opt/redis/bin/redis-server", ["redis-server *:6390"], cwd="/", user="redis", tcp=[("0.0.0.0", 6390)])
    h.process(740, "/usr/local/bin/redis_exporter", ["redis_exporter", "-redis.password=canary"], tcp=[("::", 9121)])
    h.process(750, "/usr/bin/redis-check-rdb", ["redis-cli", "-a", "canary"], user="redis")
    h.finish()

    h = scenario("redis-forks", "al2023")
    h.user("valkey", 995)
    h.rpm("valkey", "8.0.1", "1.amzn2023", "/usr/bin/valkey-server")
    h.write("etc/valkey/valkey.conf", "port 0\ntls-port 6380\nbind * -::*\ndir /var/lib/valkey\nreplicaof 10.0.3.9 6380\n")
    h.write("var/lib/valkey/dump.rdb", snapshot(valkey_ver="8.0.0", redis_bits=64, ctime=BOOT - 900))
    h.process(800, "/usr/bin/valkey-server", ["/usr/bin/valkey-server *:6380"], cwd="/var/lib/valkey", user="valkey", tcp=[("0.0.0.0", 6380)])
    h.rpm("keydb", "6.3.4", "1", "/usr/bin/keydb-server")
    h.write("etc/keydb/keydb.conf", "bind 10.0.3.17\nport 6381\ndir /var/lib/keydb\n")
    h.process(810, "/usr/bin/keydb-server", ["/usr/bin/keydb-server 10.0.3.17:6381"], cwd="/var/lib/keydb", user="valkey", tcp=[("10.0.3.17", 6381)])
    h.write("var/lib/keydb/dump.rdb", snapshot(redis_ver="6.3.4", redis_bits=64, ctime=BOOT + 60))
    h.finish()


def memcached(scenario):
    h = scenario("memcached", "debian")
    h.user("memcache", 115)
    h.package("memcached", "1.6.18-1+deb12u1", "/usr/bin/memcached")
    h.process(900, "/usr/bin/memcached", ["/usr/bin/memcached", "-m", "64", "-p", "11211", "-u", "memcache", "-l", "127.0.0.1", "-P", "/run/memcached.pid"],
              user="memcache", tcp=[("127.0.0.1", 11211)])
    h.write("opt/mc/bin/memcached", elf("memcached 1.6.31", "VERSION 1.6.31"))
    h.process(910, "/opt/mc/bin/memcached", ["memcached", "-s", "/run/mc.sock", "-Y", "/etc/canary", "-c4096"], user="memcache", unix=["/run/mc.sock"])
    h.finish()


def etcd(scenario):
    h = scenario("etcd", "debian")
    h.user("etcd", 116)
    h.write("usr/local/bin/etcd", elf("path\tgo.etcd.io/etcd/server/v3\nmod\tgo.etcd.io/etcd/server/v3\t(devel)\t\ndep\tgo.etcd.io/etcd/api/v3\tv3.5.12\t\n=>\t../api\n"))
    h.write("var/lib/etcd/member/snap/db", bytes(64))
    h.write("var/lib/etcd/member/wal/0.tmp", bytes(64))
    h.process(950, "/usr/local/bin/etcd", ["etcd", "--name=m1", "--data-dir=/var/lib/etcd", "--listen-client-urls=https://10.0.3.17:2379,https://127.0.0.1:2379",
                                         "--client-cert-auth=true", "--trusted-ca-file=/canary.crt", "--initial-cluster-token=orders"],
              user="etcd", tcp=[("10.0.3.17", 2379), ("127.0.0.1", 2379), ("10.0.3.17", 2380)], open=["/var/lib/etcd/member/snap/db"],
              environ=["ETCD_ROOT_PASSWORD=canary"])
    h.write("etc/etcd/etcd.conf.yml", "name: 'm2'\ndata-dir: /srv/etcd # the second one\nlisten-client-urls: http://127.0.0.1:4379\n"
            "client-transport-security:\n  trusted-ca-file: canary\n  client-cert-auth: false\n")
    h.write("srv/etcd/member/snap/db", bytes(64))
    h.write("srv/etcd/member/wal/0.tmp", bytes(64))
    h.finish()


def without_servers(scenario):
    h = scenario("caches-stopped", "ubuntu")
    h.package("redis-tools", "5:6.0.16-1ubuntu1", "/usr/bin/redis-check-rdb")
    h.link("usr/bin/redis-server", "redis-check-rdb")
    h.write("var/lib/redis/dump.rdb", snapshot(redis_ver="6.0.16", redis_bits=64, ctime=BOOT - 500))
    h.package("valkey", "8.0.1", "/usr/bin/valkey-server")
    h.write("var/lib/valkey/dump.rdb", snapshot(valkey_ver="8.0.1", redis_bits=64, ctime=BOOT - 500))
    h.write("var/lib/keydb/appendonly.aof", "")
    h.write("var/lib/etcd/member/snap/db", bytes(64))
    h.write("var/lib/etcd/member/wal/0.tmp", bytes(64))
    h.finish()

    h = scenario("caches-installed", "ubuntu")
    h.package("redis-server", "5:6.0.16-1ubuntu1", "/usr/bin/redis-server")
    h.package("valkey", "8.0.1", "/usr/bin/valkey-server")
    h.package("keydb-server", "6.3.4", "/usr/bin/keydb-server")
    h.package("memcached", "1.6.14-1", "/usr/bin/memcached")
    h.package("etcd-server", "3.4.23-4", "/usr/bin/etcd")
    h.finish()


def caches(scenario):
    for make in [redis, memcached, etcd, without_servers]:
        make(scenario)
