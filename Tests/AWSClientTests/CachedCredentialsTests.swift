import Foundation
import Synchronization
import Testing

@testable import AWSClient

@Suite("Cached credentials")
struct CachedCredentialsTests {
    /// Gives a new key each time, valid for `lifetime`; fails while `isBroken`.
    final class Source: CredentialsProvider {
        let clock: FakeClock
        let lifetime: Double
        private let state = Mutex<(count: Int, isBroken: Bool)>((0, false))

        init(_ clock: FakeClock, lifetime: Double = 3_600) {
            self.clock = clock
            self.lifetime = lifetime
        }

        var count: Int { state.withLock { $0.count } }
        func setBroken(_ isBroken: Bool) { state.withLock { $0.isBroken = isBroken } }

        func credentials() async throws(AWSError) -> AWSCredentials {
            let (count, isBroken) = state.withLock { state in
                state.count += 1
                return (state.count, state.isBroken)
            }
            for _ in 0..<20 { await Task.yield() }
            if isBroken { throw AWSError(.network, "down") }
            return AWSCredentials(
                accessKeyID: "K\(count)", secretAccessKey: "s", expiration: clock.now.addingTimeInterval(lifetime),
                source: "test")
        }
    }

    @Test("a hundred callers at once: one refresh")
    func once() async throws {
        let clock = FakeClock()
        let source = Source(clock)
        let cache = CachedCredentials(source, now: { clock.now })
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try await cache.credentials().accessKeyID } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(keys == ["K1"] && source.count == 1)
    }

    @Test("refreshed a quarter of an hour ahead, and kept before that")
    func ahead() async throws {
        let clock = FakeClock()
        let cache = CachedCredentials(Source(clock), now: { clock.now })
        _ = try await cache.credentials()
        clock.advance(3_600 - CachedCredentials.advisory - 1)
        #expect(try await cache.credentials().accessKeyID == "K1")
        clock.advance(2)
        #expect(try await cache.credentials().accessKeyID == "K2")
    }

    @Test("a refresh that fails ahead of the end does no harm, and is not repeated at each call; at the end it does")
    func broken() async throws {
        let clock = FakeClock()
        let source = Source(clock)
        let cache = CachedCredentials(source, now: { clock.now })
        _ = try await cache.credentials()
        source.setBroken(true)
        clock.advance(3_000)
        for _ in 0..<3 { #expect(try await cache.credentials().accessKeyID == "K1") }
        #expect(source.count == 2)
        clock.advance(CachedCredentials.pause)
        #expect(try await cache.credentials().accessKeyID == "K1")
        #expect(source.count == 3)
        clock.advance(3_600)
        let error = await awsError { () async throws(AWSError) in try await cache.credentials() }
        #expect(error?.kind == .network)
        source.setBroken(false)
        #expect(try await cache.credentials().accessKeyID == "K5")
    }

    @Test("credentials that AWS called expired are asked for again, once")
    func invalidated() async throws {
        let clock = FakeClock()
        let cache = CachedCredentials(Source(clock), now: { clock.now })
        let first = try await cache.credentials()
        await cache.invalidate(first)
        #expect(try await cache.credentials().accessKeyID == "K2")
        await cache.invalidate(first)
        #expect(try await cache.credentials().accessKeyID == "K2")
    }

    @Test("credentials that live for five minutes only are not fetched at each call")
    func short() async throws {
        let clock = FakeClock()
        let source = Source(clock, lifetime: 300)
        let cache = CachedCredentials(source, now: { clock.now })
        for _ in 0..<5 { _ = try await cache.credentials() }
        clock.advance(100)
        _ = try await cache.credentials()
        #expect(source.count == 1)
    }
}
