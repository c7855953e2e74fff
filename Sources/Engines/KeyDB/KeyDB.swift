extension RedisFamily {
    /// KeyDB, which began as Redis 5.
    static let keyDB = RedisFamily(
        profile: profile(
            id: "keydb", title: "KeyDB", name: "keydb", executableAliases: ["keydb-check-rdb", "keydb-check-aof"],
            versionMarks: [],
            environmentNames: []),
        versionEntry: "redis-ver", vendor: "keydb")
}
