import Synchronization

/// The token bucket of the standard retry mode: retries cost tokens, successes give them back, and an empty bucket means
/// that AWS is down for us, so that no retry makes it worse.
///
/// Source: "Retry behavior", AWS SDKs and Tools Reference Guide: 500 tokens, 14 for a transient error, 5 for a throttled one.
package final class RetryBudget: Sendable {
    static let capacity = 500
    static let transientCost = 14
    static let throttledCost = 5

    private let tokens = Mutex(RetryBudget.capacity)

    package init() {}

    /// Takes tokens for one retry; `nil` when there are not enough.
    func take(isThrottled: Bool) -> Int? {
        let cost = isThrottled ? Self.throttledCost : Self.transientCost
        return tokens.withLock { tokens in
            guard tokens >= cost else { return nil }
            tokens -= cost
            return cost
        }
    }

    /// Gives back what a call's last retry took, or one token for a call that needed none.
    func succeeded(taken: Int?) {
        tokens.withLock { $0 = min(Self.capacity, $0 + (taken ?? 1)) }
    }

    var left: Int { tokens.withLock { $0 } }
}
