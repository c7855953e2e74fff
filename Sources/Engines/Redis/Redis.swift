extension RedisFamily {
    /// Redis, with Redis Stack.
    static let redis = RedisFamily(
        profile: profile(
            id: "redis", title: "Redis", name: "redis", executableAliases: ["redis-check-rdb", "redis-check-aof"],
            // The version stands before the name of the atomic operations that the build uses (`INFO server`).
            versionMarks: [
                .before("\0c11-builtin\0"), .before("\0atomic-builtin\0"), .before("\0sync-builtin\0"),
                .after("\0REDIS_VERSION\0"),
            ],
            environmentNames: ["REDIS_VERSION"], isShownByServer: true),
        versionEntry: "redis-ver", vendor: "redis")
}
