import Foundation
import Synchronization

/// Token buckets by name, at most so many of them: the ones that were idle longest make room.
final class RateLimiter: Sendable {
    private struct Bucket {
        var level: Double
        var time: ContinuousClock.Instant
    }

    private let buckets = Mutex<[String: Bucket]>([:])
    /// The most names that are remembered.
    private static let limit = 10_000

    /// Takes one from the bucket of `name`, which holds `burst` and gets `perSecond`; else the seconds until there is
    /// one.
    func take(
        _ name: String, perSecond: Double, burst: Double, now: ContinuousClock.Instant = .now
    ) -> Int? {
        buckets.withLock { buckets in
            if buckets.count >= Self.limit, buckets[name] == nil { Self.makeRoom(&buckets) }
            var bucket = buckets[name] ?? Bucket(level: burst, time: now)
            let seconds = max(0, (now - bucket.time) / .seconds(1))
            bucket = Bucket(level: min(burst, bucket.level + seconds * perSecond), time: now)
            defer { buckets[name] = bucket }
            guard bucket.level >= 1 else { return max(1, Int(((1 - bucket.level) / perSecond).rounded(.up))) }
            bucket.level -= 1
            return nil
        }
    }

    /// Takes `amount` more from the bucket of `name`, which may fall below nothing: then the next one waits until that
    /// is made up for.
    func charge(
        _ name: String, _ amount: Double, perSecond: Double, burst: Double, now: ContinuousClock.Instant = .now
    ) {
        buckets.withLock { buckets in
            guard var bucket = buckets[name] else { return }
            let seconds = max(0, (now - bucket.time) / .seconds(1))
            bucket = Bucket(level: min(burst, bucket.level + seconds * perSecond), time: now)
            // At most a minute of waiting: a slow disk must not lock a token out.
            bucket.level = max(bucket.level - amount, -60 * perSecond)
            buckets[name] = bucket
        }
    }

    private static func makeRoom(_ buckets: inout [String: Bucket]) {
        for (name, _) in buckets.sorted(by: { $0.value.time < $1.value.time }).prefix(limit / 10) {
            buckets[name] = nil
        }
    }
}
