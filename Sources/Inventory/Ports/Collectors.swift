import FoundationEssentials
import Synchronization

/// A process that works on a store.
public struct CollectorProcess: Sendable, Equatable {
    /// What it does.
    public enum Kind: String, Sendable, CaseIterable { case serve, work, scan }

    /// Its host, its process and a random part: unique among all.
    public var id: String
    public var kind: Kind
    /// Whether it works on runs of discovery.
    public var takesTasks: Bool
    public var version: String

    /// A process with all that is known of it.
    public init(id: String, kind: Kind, takesTasks: Bool, version: String) {
        self.id = id
        self.kind = kind
        self.takesTasks = takesTasks
        self.version = version
    }
}

/// Keeps which processes work on a store.
public protocol CollectorRegistry: StoreClock {
    /// Says that a process works on the store, and gives all that do: those that said so within 45 seconds.
    ///
    /// A store in a file has one process, and keeps nothing.
    func present(_ process: CollectorProcess) throws -> [CollectorProcess]

    /// The processes that work on the store; nil for a store in a file.
    func collectors() throws -> [CollectorProcess]?

    /// Says that a process ends.
    func leave(_ id: String) throws
}

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
