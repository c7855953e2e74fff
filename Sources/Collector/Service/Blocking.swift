import NIOPosix

/// Work that blocks, such as reading the store, on threads of its own: those that serve requests never wait for it.
enum Blocking {
    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(body)
    }
}
