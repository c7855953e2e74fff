import NIOPosix

/// Work that blocks, on threads of its own: those that serve requests never wait for it.
public enum Blocking {
    /// Bodies are read by so many threads, and no more are inflated at a time; nothing else waits behind them.
    private static let parsers = threads(2)

    /// Large bodies are read one at a time: what one of them takes of memory is bounded, and small ones do not wait
    /// behind it.
    private static let largeParser = threads(1)

    /// Questions that read a whole report have threads of their own: sign-in, lists and ingest never wait behind them.
    private static let details = threads(2)

    /// The spool is written one batch at a time, whatever waits for the store.
    private static let spooler = threads(1)

    /// Copies of the store near by are read while all other threads may wait for a primary that does not answer.
    private static let nearReaders = threads(4)

    private static func threads(_ count: Int) -> NIOThreadPool {
        let pool = NIOThreadPool(numberOfThreads: count)
        pool.start()
        return pool
    }

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

    /// Reads a copy of the store near by.
    static func near<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await nearReaders.runIfActive(body)
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
