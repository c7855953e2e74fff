extension RedisFamily {
    /// Valkey, which began as Redis 7.2.
    static let valkey = RedisFamily(
        profile: profile(
            id: "valkey", title: "Valkey", name: "valkey", executableAliases: ["valkey-check-rdb", "valkey-check-aof"],
            versionMarks: [],
            environmentNames: ["VALKEY_VERSION"]),
        versionEntry: "valkey-ver", vendor: "valkey")
}
