import Inventory
import Synchronization

/// What discovery counts of itself since the program began.
package final class FleetMetrics: Sendable {
    private let counts = Mutex(DiscoveryCounters())

    package init() {}

    /// The counters now, without the calls to AWS.
    package var now: DiscoveryCounters { counts.withLock { $0 } }

    func change(_ body: (inout DiscoveryCounters) -> Void) { counts.withLock { body(&$0) } }
}
