import NIOPosix

/// Work that blocks, on threads of its own: those that serve requests never wait for it.
public enum Blocking {
    /// Bodies are read by so many threads, and no more are inflated at a time; nothing else waits behind them.
    private static let parsers: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()

    /// Large bodies are read one at a time: what one of them takes of memory is bounded, and small ones do not wait
    /// behind it.
    private static let largeParser: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        return pool
    }()

    /// Questions that read a whole report have threads of their own: sign-in, lists and ingest never wait behind them.
    private static let details: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()

    /// The spool is written one batch at a time, whatever waits for the store.
    private static let spooler: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        return pool
    }()

    /// From so many bytes on, inflated, a body is large.
    static let large = 8 << 20

    /// Reads a whole report for one question.
    static func detail<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await details.runIfActive(body)
    }

    /// Writes to the spool.
    static func spool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await spooler.runIfActive(body)
    }

    /// Reads or writes the store.
    public static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    /// Reads a body that may inflate to `bytes`.
    static func parse<Value: Sendable>(
        _ bytes: Int, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await (bytes > large ? largeParser : parsers).runIfActive(body)
    }
}
