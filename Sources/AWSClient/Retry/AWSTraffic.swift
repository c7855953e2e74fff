import Foundation
import Synchronization

/// What the calls of all clients of a program share: retry budgets, rate limits and counters.
package final class AWSTraffic: Sendable {
    /// Budgets and rates are kept for so many accounts, regions and actions; beyond, the oldest are forgotten.
    static let capacity = 200_000

    struct Key: Hashable {
        var account: String
        var region: String
        var action: String
    }

    /// A bucket for each, so that one throttled account slows no other.
    struct Lane: Sendable {
        let budget = RetryBudget()
        let rate: AdaptiveRate
    }

    private let lanes = Mutex<[Key: Lane]>([:])
    package let metrics: AWSCallMetrics

    package init(metrics: AWSCallMetrics = AWSCallMetrics()) { self.metrics = metrics }

    func lane(_ key: Key, at time: Double) -> Lane {
        lanes.withLock { lanes in
            if let lane = lanes[key] { return lane }
            if lanes.count >= Self.capacity { lanes.removeAll() }
            let lane = Lane(rate: AdaptiveRate(at: time))
            lanes[key] = lane
            return lane
        }
    }
}
