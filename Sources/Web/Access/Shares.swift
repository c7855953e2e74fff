import Inventory
import Synchronization

/// How limits are shared among the processes on a store, so that all together keep to them.
public final class Shares: Sendable {
    private struct Counts {
        var serving = 1
        var working = 1
        /// The process that serves and is nearest to the store; nil before the first count.
        var nearest: String?
    }

    private let counts = Mutex(Counts())

    /// Milliseconds that make no difference.
    private static let asFar = 20

    /// Whether a process is the one, of those that serve, that does what one of them has to do.
    public func isNearest(_ id: String) -> Bool { counts.withLock { $0.nearest == id } }

    /// One process, until it is told of others.
    public init() {}

    /// Takes note of all processes.
    public func update(_ all: [CollectorProcess]) {
        counts.withLock { counts in
            counts.serving = max(1, all.count { $0.kind == .serve })
            counts.working = max(1, all.count { $0.takesTasks })
            // Of those that are as far, the one that came first: it stays the same one.
            counts.nearest =
                all.filter { $0.kind == .serve }.min {
                    $0.roundTrip / Self.asFar < $1.roundTrip / Self.asFar
                }?.id
        }
    }

    /// How many processes serve the API, at least 1.
    public var serving: Int { counts.withLock { $0.serving } }
    /// How many processes work on runs of discovery, at least 1.
    public var working: Int { counts.withLock { $0.working } }
}
