import Inventory
import Synchronization

/// How limits are shared among the processes on a store, so that all together keep to them.
public final class Shares: Sendable {
    private struct Counts {
        var serving = 1
        var working = 1
    }

    private let counts = Mutex(Counts())

    /// One process, until it is told of others.
    public init() {}

    /// Takes note of all processes.
    public func update(_ all: [CollectorProcess]) {
        counts.withLock { counts in
            counts.serving = max(1, all.count { $0.kind == .serve })
            counts.working = max(1, all.count { $0.takesTasks })
        }
    }

    /// How many processes serve the API, at least 1.
    public var serving: Int { counts.withLock { $0.serving } }
    /// How many processes work on runs of discovery, at least 1.
    public var working: Int { counts.withLock { $0.working } }
}
