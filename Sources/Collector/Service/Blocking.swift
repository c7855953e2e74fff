import NIOPosix

/// Work that blocks, on threads of its own: those that serve requests never wait for it.
enum Blocking {
    /// Bodies are read by so many threads, and no more are inflated at a time; nothing else waits behind them.
    private static let parsers: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()

    /// Reads or writes the store.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    /// Reads a body.
    static func parse<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await parsers.runIfActive(body)
    }
}
