import Foundation
import Synchronization

/// A bucket of tokens for each account, region and action. Source: "Request throttling for the Amazon EC2 API".
final class Throttle: Sendable {
    /// Calls a second; 0 never throttles.
    let rate: Double
    let burst: Double
    /// Regions, or accounts, that throttle every call of SSM and EC2.
    let always: Set<String>
    private let buckets = Mutex<[String: (tokens: Double, at: ContinuousClock.Instant)]>([:])

    init(rate: Double, burst: Double, always: Set<String> = []) {
        self.always = always
        self.rate = rate
        self.burst = burst
    }

    func takes(account: String, region: String, action: String, isRegional: Bool) -> Bool {
        if isRegional, always.contains(region) || always.contains(account) { return false }
        guard rate > 0 else { return true }
        let now = ContinuousClock.now
        return buckets.withLock { buckets in
            let key = "\(account)/\(region)/\(action)"
            var bucket = buckets[key] ?? (burst, now)
            let elapsed = now - bucket.at
            bucket.tokens = min(burst, bucket.tokens + rate * (elapsed / .seconds(1)))
            bucket.at = now
            defer { buckets[key] = bucket }
            guard bucket.tokens >= 1 else { return false }
            bucket.tokens -= 1
            return true
        }
    }
}
