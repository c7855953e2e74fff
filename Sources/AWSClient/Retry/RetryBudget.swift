import Synchronization

/// The token bucket of the standard retry mode.
///
/// A retry costs tokens, and a success gives them back. An empty bucket means that the service is in trouble: no retry
/// adds to it. Source: "Retry behavior", AWS SDKs and Tools Reference Guide (500 tokens; a retry costs 14 after a
/// transient error, 5 after a throttled one).
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
