import Foundation
import Synchronization

/// Token buckets by name, at most so many of them: the ones that were idle longest make room.
final class RateLimiter: Sendable {
    private struct Bucket {
        var level: Double
        var time: ContinuousClock.Instant
    }

    private let perSecond: Double
    private let burst: Double
    private let buckets = Mutex<[String: Bucket]>([:])
    /// The most names that are remembered.
    private static let limit = 10_000

    /// `perSecond` on average, `burst` at once.
    init(perSecond: Double, burst: Double) {
        self.perSecond = perSecond
        self.burst = burst
    }

    /// Takes one from the bucket of `name`; else the seconds until there is one.
    func take(_ name: String, now: ContinuousClock.Instant = .now) -> Int? {
        buckets.withLock { buckets in
            var bucket = level(buckets[name], now)
            defer { buckets[name] = bucket }
            if buckets.count >= Self.limit, buckets[name] == nil { Self.makeRoom(&buckets) }
            guard bucket.level >= 1 else { return wait(bucket) }
            bucket.level -= 1
            return nil
        }
    }

    private func level(_ bucket: Bucket?, _ now: ContinuousClock.Instant) -> Bucket {
        guard let bucket else { return Bucket(level: burst, time: now) }
        let seconds = (now - bucket.time) / .seconds(1)
        return Bucket(level: min(burst, bucket.level + max(0, seconds) * perSecond), time: now)
    }

    private func wait(_ bucket: Bucket) -> Int { max(1, Int(((1 - bucket.level) / perSecond).rounded(.up))) }

    private static func makeRoom(_ buckets: inout [String: Bucket]) {
        for (name, _) in buckets.sorted(by: { $0.value.time < $1.value.time }).prefix(limit / 10) {
            buckets[name] = nil
        }
    }
}
