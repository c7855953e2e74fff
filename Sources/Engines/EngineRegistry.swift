/// Every engine that the agent knows.
public enum EngineRegistry {
    /// Those that every scan looks for, in the order in which they are asked.
    ///
    /// A process belongs to the first that claims it and finds it genuine.
    public static let established: [any Engine] = [
        MySQLFamily.mySQL,
        MySQLFamily.mariaDB,
        PostgreSQL(),
        MongoDB(),
    ]

    /// Those that a scan looks for only when it is asked to (`--also`): they are new, and may be wrong.
    public static let preview: [any Engine] = [
        RedisFamily.redis,
        RedisFamily.valkey,
        RedisFamily.keyDB,
        Dragonfly(),
        Memcached(),
        Etcd(),
        InfluxDB(),
        Prometheus(),
        VictoriaMetrics(),
        ClickHouse(),
        CockroachDB(),
        TiDB(),
        TiKV(),
        ScyllaDB(),
        ArangoDB(),
        Firebird(),
        SQLServer(),
        Lucene.elasticsearch,
        Lucene.openSearch,
        Cassandra(),
        Neo4j(),
        Solr(),
        HBase(),
    ]

    /// All of them.
    public static let all = established + preview
}
